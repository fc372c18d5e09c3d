/* lower_test.h — for the tests of lowering: a program from text, and its graphs' values by the slow interpreter. */
#ifndef LOWER_TEST_H
#define LOWER_TEST_H
#include "ast/ast.h"
#include "base/diag.h"
#include "lower/lower.h"
#include "pass/pass.h"
#include <CUnit/Basic.h>
#include <math.h>
#include <stdlib.h>

/* A named array: a param's "net.W" or an input's "u" (data), "data.y". */
typedef struct Column {
  const char *name;
  const double *values;
} Column;

typedef struct Fixture {
  Session *session;
  Program *program;
  Model *model;
} Fixture;

static inline void show_diags(Session *s) {
  if (s->diags.len) diag_print_all(s, stderr, false);
}

static inline Fixture fixture_of(Session *s, const char *path, int file) {
  Fixture f = {.session = s};
  Ast *ast = ast_parse(s, file);
  f.program = ast->broken || s->errors ? NULL : sema_check(s, ast);
  f.model = f.program ? lower_model(s, f.program, path) : NULL;
  if (!f.model && getenv("RNN_SHOW")) show_diags(s);
  return f;
}

static inline Fixture fixture(const char *text) {
  Session *s = session_new();
  return fixture_of(s, "test.rnn", source_add(s, "test.rnn", text, strlen(text)));
}

static inline const Decl *stage_named(const Fixture *f, const char *name) {
  for (int i = 0; i < f->program->stages.len; i++)
    if (!strcmp(f->program->stages.at[i]->name, name)) return f->program->stages.at[i];
  return NULL;
}

static inline Graph *unit_of(const Fixture *f, const char *stage, UnitKind kind) {
  Graph *g = kind == UNIT_STEP ? lower_unit(f->model, NULL, f->program->nets.at[0], kind)
                               : lower_unit(f->model, stage_named(f, stage), NULL, kind);
  if (!g) return show_diags(f->session), NULL;
  CU_ASSERT_TRUE(graph_verify(g, NULL));
  return g;
}

static inline const double *column(const Column *columns, const char *name) {
  for (int i = 0; columns && columns[i].name; i++)
    if (!strcmp(columns[i].name, name)) return columns[i].values;
  return NULL;
}

/* What the runtime would give where a test says nothing: everything counts, nothing is scaled or forced. */
static inline double fallback(const GraphInput *in, int sequences, int64_t steps) {
  const bool per_step = !strncmp(in->name, "steps", 5);
  switch (in->role) {
  case INPUT_WEIGHT:
  case INPUT_SHARE:
  case INPUT_STD: return 1;
  case INPUT_NORM: return 1.0 / (sequences * (per_step ? (double)steps : 1));
  default: return 0;
  }
}

static inline int64_t input_count(const Graph *g, const GraphInput *in, int sequences, int64_t steps) {
  int64_t n = sizes_count(in->shape) * (in->axes & GRAPH_SEQUENCE ? sequences : 1);
  for (int i = 0; i < g->clocks.len; i++)
    if (in->axes & GRAPH_CLOCK(i)) n *= g->clocks.at[i].length ? g->clocks.at[i].length : steps;
  return n;
}

static inline double *filled(Session *s, int64_t n, double value) {
  double *x = arena_array(s->arena, double, n + 1);
  for (int64_t i = 0; i < n; i++) x[i] = value;
  return x;
}

static inline const double *given_input(const Graph *g, int i, const Column *columns, int sequences, int64_t steps) {
  const GraphInput *in = &g->inputs.at[i];
  static const char *const prefix[] = {[INPUT_FORCE] = "force.", [INPUT_MEAN] = "mean.", [INPUT_STD] = "std.", [INPUT_WEIGHT] = "weight."};
  const char *before = in->role < sizeof prefix / sizeof *prefix && prefix[in->role] ? prefix[in->role] : "";
  const double *values = column(columns, arena_printf(g->session->arena, "%s%s", before, in->name));
  if (values && in->role != INPUT_NORM) return values;
  return filled(g->session, input_count(g, in, sequences, steps), fallback(in, sequences, steps));
}

/* The value of the output of that name: [sequence][step][shape], as its axes say. All clocks have `steps` steps. */
static inline const double *value_named(const Graph *g, const char *name, const Column *columns, int sequences, int64_t steps) {
  Arena *arena = g->session->arena;
  const double **param = arena_array(arena, const double *, g->params.len + 1);
  const double **input = arena_array(arena, const double *, g->inputs.len + 1);
  EvalData data = {.sequences = sequences, .param = param, .input = input, .seed = 1};
  for (int i = 0; i < g->clocks.len; i++) {
    int64_t *length = arena_array(arena, int64_t, sequences);
    for (int k = 0; k < sequences; k++) length[k] = g->clocks.at[i].length ? g->clocks.at[i].length : steps;
    data.length[i] = length;
  }
  for (int i = 0; i < g->params.len; i++) {
    param[i] = column(columns, g->params.at[i].name);
    if (!param[i]) param[i] = filled(g->session, sizes_count(g->params.at[i].shape), 0);
  }
  for (int i = 0; i < g->inputs.len; i++) input[i] = given_input(g, i, columns, sequences, steps);
  for (int o = 0; o < g->outputs.len; o++) {
    if (strcmp(g->outputs.at[o].name, name)) continue;
    double *out = arena_array(arena, double, graph_eval_count(g, &data, g->outputs.at[o].value) + 1);
    graph_eval(g, &data, o, out);
    return out;
  }
  CU_FAIL("no such output");
  fprintf(stderr, "graph %s has no output %s\n", g->name, name);
  return filled(g->session, 4096, NAN);
}

static inline int param_number(const Fixture *f, const char *name) {
  for (int i = 0; i < f->model->params.len; i++)
    if (!strcmp(f->model->params.at[i].name, name)) return i;
  return -1;
}

/* With the line of the caller, so that a failure says where. */
static inline void near(double a, double b, int line) {
  const bool good = fabs(a - b) <= 1e-9;
  CU_ASSERT_TRUE(good);
  if (!good) fprintf(stderr, "\n    line %d: %.12g is not %.12g\n", line, a, b);
}
#define NEAR(a, b) near((a), (b), __LINE__)

typedef struct TestRow {
  const char *name;
  CU_TestFunc run;
} TestRow;

static inline int run_tests(const char *suite, const TestRow *rows, int n) {
  if (CU_initialize_registry() != CUE_SUCCESS) return 1;
  CU_pSuite s = CU_add_suite(suite, NULL, NULL);
  for (int i = 0; i < n; i++) CU_add_test(s, rows[i].name, rows[i].run);
  CU_basic_set_mode(CU_BRM_VERBOSE);
  CU_basic_run_tests();
  const unsigned failures = CU_get_number_of_failures();
  CU_cleanup_registry();
  return failures ? 1 : 0;
}

#endif
