/* links: test_support rnn_driver */
/* The gradient of whole models against difference quotients of their loss, in double: for every param alone and for all together,
 * along random directions, on ragged batches and on chunks that go on from a state; and compiled against the interpreter. */
#include "grad/grad.h"
#include "support/model_rows.h"
#include <CUnit/Basic.h>
#include <dirent.h>
#include <float.h>
#include <math.h>
#include <stdlib.h>

static const int64_t lengths[] = {7, 5, 5, 2};
enum { SEQUENCES = 4, WHOLE_DIRECTIONS = 3 };

typedef struct Trial {
  const ModelRow *row;
  Session *session;
  Graph *graph; /* loss and gradients */
  const bool *tuned;
  ModelData data;
  int64_t first; /* the data are a chunk that begins here, and goes on from the kept state */
  ModelCall call;
  double **direction; /* [param]; NULL: does not move */
  double worst, worst_jit;
  int directions;
} Trial;

/* --- the derivative in a direction -------------------------------------------------------------------------------------- */

static int loss_output(const Graph *g) {
  for (int o = 0; o < g->outputs.len; o++)
    if (g->outputs.at[o].role == OUTPUT_LOSS) return o;
  return -1;
}

static void call(Trial *t) {
  if (t->first) jit_run_chunk(&t->call.run, &t->data.eval, t->first, true, false);
  else jit_run_call(&t->call.run, &t->data.eval);
}

static void move(Trial *t, double by) {
  for (int p = 0; p < t->graph->params.len; p++)
    for (int64_t k = 0; t->direction[p] && k < sizes_count(t->graph->params.at[p].shape); k++)
      t->data.param[p][k] += by * t->direction[p][k];
}

static double loss_at(Trial *t, double by) {
  double loss;
  move(t, by);
  call(t);
  jit_run_output(&t->call.run, &t->data.eval, loss_output(t->graph), &loss);
  move(t, -by);
  return loss;
}

/* Five points: the error is of fourth order in the step. */
static double quotient(Trial *t, double step) {
  return (8 * (loss_at(t, step) - loss_at(t, -step)) - (loss_at(t, 2 * step) - loss_at(t, -2 * step))) / (12 * step);
}

static double *gradient_of(Trial *t, int o) {
  double *out = arena_array(t->session->arena, double, sizes_count(t->graph->nodes.at[t->graph->outputs.at[o].value].shape) + 1);
  jit_run_output(&t->call.run, &t->data.eval, o, out);
  return out;
}

static double slope(Trial *t) {
  double sum = 0;
  call(t);
  for (int o = 0; o < t->graph->outputs.len; o++) {
    const int p = t->graph->outputs.at[o].index;
    if (t->graph->outputs.at[o].role != OUTPUT_GRAD || !t->direction[p]) continue;
    const double *g = gradient_of(t, o);
    for (int64_t k = 0; k < sizes_count(t->graph->params.at[p].shape); k++) sum += g[k] * t->direction[p][k];
  }
  return sum;
}

/* The quotient nearest to `got` of a short step, which seldom crosses a kink, and a longer one, which is less rounded. A wrong
 * derivative is near neither. */
static double best_quotient(Trial *t, double got) {
  const double near = quotient(t, 1e-4), far = quotient(t, 1e-3);
  return fabs(near - got) < fabs(far - got) ? near : far;
}

/* A derivative that drowns in what rounding does to the quotient shows nothing, and is an error of the test's numbers. */
static void check_direction(Trial *t, const char *what) {
  const double got = slope(t), expected = best_quotient(t, got);
  const double error = fabs(got - expected) / fmax(fabs(expected), fabs(got));
  const double rounding = DBL_EPSILON * fabs(loss_at(t, 0)) / 1e-3;
  const bool good = error <= 1e-6 && fabs(expected) > 10 * rounding;
  t->directions++;
  if (!(error <= t->worst)) t->worst = error;
  if (!good) fprintf(stderr, "\n%s: %s: %.15g, should be %.15g\n", t->row->name, what, got, expected);
  CU_ASSERT_TRUE(good);
}

static double *random_direction(Trial *t, int p, uint64_t *state) {
  const int64_t n = sizes_count(t->graph->params.at[p].shape);
  double *d = arena_array(t->session->arena, double, n + 1);
  for (int64_t k = 0; k < n; k++) d[k] = random_number(state);
  return d;
}

static void check_each_param(Trial *t) {
  uint64_t state = 11;
  for (int p = 0; p < t->graph->params.len; p++) {
    if (!t->tuned[p]) continue;
    t->direction = arena_array(t->session->arena, double *, t->graph->params.len);
    t->direction[p] = random_direction(t, p, &state);
    check_direction(t, t->graph->params.at[p].name);
  }
}

static void check_all_params(Trial *t) {
  uint64_t state = 12;
  for (int i = 0; i < WHOLE_DIRECTIONS; i++) {
    t->direction = arena_array(t->session->arena, double *, t->graph->params.len);
    for (int p = 0; p < t->graph->params.len; p++)
      if (t->tuned[p]) t->direction[p] = random_direction(t, p, &state);
    check_direction(t, "all params");
  }
}

/* The gradient of a later chunk is that of its own loss from where it began: what came before is fixed. */
static void check_chunk(Trial *t) {
  enum { FIRST = 3 };
  int64_t before[SEQUENCES], after[SEQUENCES];
  for (int b = 0; b < SEQUENCES; b++) {
    before[b] = lengths[b] < FIRST ? lengths[b] : FIRST;
    after[b] = lengths[b] - before[b];
  }
  const ModelData start = data_part(&t->data, 0, SEQUENCES, before, 0);
  jit_run_chunk(&t->call.run, &start.eval, 0, false, true);
  t->data = data_part(&t->data, 0, SEQUENCES, after, FIRST);
  t->first = FIRST;
  check_all_params(t);
}

/* --- compiled against the interpreter ------------------------------------------------------------------------------------- */

static void check_interpreter(Trial *t) {
  jit_run_call(&t->call.run, &t->data.eval);
  for (int o = 0; o < t->graph->outputs.len; o++) {
    const int64_t n = graph_eval_count(t->graph, &t->data.eval, t->graph->outputs.at[o].value);
    double *expected = arena_array(t->session->arena, double, n + 1);
    graph_eval(t->graph, &t->data.eval, o, expected);
    const double d = worst_difference(gradient_of(t, o), expected, n, 0);
    if (!(d <= t->worst_jit)) t->worst_jit = d;
    if (!(d <= 1e-10))
      fprintf(stderr, "\n%s: compiled %s differs from the interpreter's by %g\n", t->row->name, t->graph->outputs.at[o].name, d);
    CU_ASSERT_TRUE(d <= 1e-10);
  }
}

/* --- models ------------------------------------------------------------------------------------------------------------------ */

static Graph *gradient_graph(Model *m, const ModelRow *row, const bool *tuned) {
  Graph *g = model_loss_graph(m, row->stage);
  return g ? model_passes(m, grad_reverse(m->session, g, tuned)) : NULL;
}

static void try_model(Trial *t) {
  Model *m = model_row_load(t->session, t->row);
  t->tuned = model_tuned(m, t->row->stage);
  t->graph = gradient_graph(m, t->row, t->tuned);
  CU_ASSERT_PTR_NOT_NULL_FATAL(t->graph);
  t->data = model_data(t->session, t->graph, SEQUENCES, lengths);
  model_row_fill(&t->data, t->row, 7);
  t->call = model_call(t->session, t->graph, &t->data, true);
  check_interpreter(t);
  check_each_param(t);
  check_all_params(t);
  if (!t->row->reads_future) check_chunk(t);
  model_call_free(&t->call);
}

static void test_models(void) {
  double worst = 0, worst_jit = 0;
  int models = 0, directions = 0;
  for (int i = 0; i < model_row_count; i++) {
    if (!model_row_present(&model_rows[i])) continue;
    Trial t = {.row = &model_rows[i], .session = session_new()};
    try_model(&t);
    if (!(t.worst <= worst)) worst = t.worst;
    if (!(t.worst_jit <= worst_jit)) worst_jit = t.worst_jit;
    models++, directions += t.directions;
    session_free(t.session);
  }
  printf("%d models, %d directions, worst relative error %.2g, interpreter %.2g ... ", models, directions, worst, worst_jit);
}

/* A new cell of the library needs a row. */
static bool has_row(const char *cell) {
  for (int i = 0; i < model_row_count; i++)
    if (model_rows[i].call && !strncmp(model_rows[i].call, cell, strlen(cell))) return true;
  return false;
}

static void check_library(const char *path) {
  Session *s = session_new();
  const int file = source_read(s, path);
  const char *text = file ? s->sources.at[file]->text : "";
  for (const char *at = strstr(text, "\ncell "); at; at = strstr(at + 1, "\ncell ")) {
    const char *name = arena_strndup(s->arena, at + 6, strcspn(at + 6, "[("));
    if (!has_row(name)) fprintf(stderr, "\n%s: no test of the gradient of `%s`\n", path, name);
    CU_ASSERT_TRUE(has_row(name));
  }
  session_free(s);
}

static void test_every_cell(void) {
  DIR *d = opendir("stdlib");
  CU_ASSERT_PTR_NOT_NULL_FATAL(d);
  for (struct dirent *e = readdir(d); e; e = readdir(d)) {
    const char *dot = strrchr(e->d_name, '.');
    char path[300];
    snprintf(path, sizeof path, "stdlib/%s", e->d_name);
    if (dot && !strcmp(dot, ".rnn")) check_library(path);
  }
  closedir(d);
}

int main(void) {
  CU_initialize_registry();
  CU_pSuite suite = CU_add_suite("gradients of models", NULL, NULL);
  CU_add_test(suite, "against difference quotients", test_models);
  CU_add_test(suite, "every cell of the library has a row", test_every_cell);
  CU_basic_run_tests();
  const int failures = (int)CU_get_number_of_failures();
  CU_cleanup_registry();
  return failures != 0;
}
