/* links: test_support rnn_driver */
/* The RNN, LSTM and GRU operator tests of ONNX, in single precision. */
#include "support/arrays.h"
#include "support/cell_weights.h"
#include <CUnit/Basic.h>

static const double tolerance = 1e-5;

typedef struct Case {
  const char *name, *cell, *gates;
  bool batch_first, reset_after;
  int64_t steps, sequences, inputs, hidden;
  ArraySet arrays;
  const cJSON *in, *out; /* "X": {"npz_key": …} */
} Case;

static const struct OpRow {
  const char *op, *cell, *gates;
} op_rows[] = {{"RNN", "RNN", NULL}, {"LSTM", "LSTM", "iofg"}, {"GRU", "GRU", "zrg"}};

/* NULL when the case does not give it. */
static const Array *given(const Case *c, const cJSON *names, const char *name) {
  const cJSON *entry = cJSON_GetObjectItemCaseSensitive(names, name);
  return entry ? array_get(&c->arrays, json_get(entry, "npz_key")->valuestring) : NULL;
}

static const double *values(const Case *c, const char *name) {
  const Array *a = given(c, c->in, name);
  return a ? a->values : NULL;
}

/* --- reading a case ------------------------------------------------------------------------------------------------------- */

static void read_attributes(Case *c, const cJSON *attributes) {
  const cJSON *a;
  cJSON_ArrayForEach(a, attributes) {
    if (!strcmp(a->string, "hidden_size")) c->hidden = a->valueint;
    else if (!strcmp(a->string, "layout")) c->batch_first = a->valueint == 1;
    else if (!strcmp(a->string, "linear_before_reset")) c->reset_after = a->valueint == 1;
    else if (strcmp(a->string, "direction") || strcmp(a->valuestring, "forward")) {
      fprintf(stderr, "\n%s: an attribute that is not understood, %s\n", c->name, a->string);
      CU_FAIL("unknown attribute");
    }
  }
}

static Case read_case(Arena *arena, const char *folder, const cJSON *entry) {
  const cJSON *node = cJSON_GetArrayItem(json_get(entry, "nodes"), 0),
              *data = cJSON_GetArrayItem(json_get(entry, "data_sets"), 0);
  Case c = {.name = entry->string, .in = json_get(data, "inputs"), .out = json_get(data, "outputs")};
  for (size_t i = 0; i < sizeof op_rows / sizeof *op_rows; i++)
    if (!strcmp(op_rows[i].op, json_get(node, "op")->valuestring)) c.cell = op_rows[i].cell, c.gates = op_rows[i].gates;
  c.arrays = arrays_of_npz(arena, arena_printf(arena, "%s/%s.npz", folder, c.name));
  read_attributes(&c, json_get(node, "attrs"));
  const Array *x = given(&c, c.in, "X");
  CU_ASSERT_FATAL(c.cell && x && x->rank == 3);
  c.steps = x->dim[c.batch_first ? 1 : 0];
  c.sequences = x->dim[c.batch_first ? 0 : 1];
  c.inputs = x->dim[2];
  return c;
}

/* Batches are sorted by length, longest first. */
static const int64_t *lengths_of(Arena *arena, const Case *c) {
  const double *said = values(c, "sequence_lens");
  int64_t *length = arena_array(arena, int64_t, c->sequences);
  for (int64_t b = 0; b < c->sequences; b++) {
    length[b] = said ? (int64_t)said[b] : c->steps;
    CU_ASSERT_FATAL(length[b] <= c->steps && (!b || length[b] <= length[b - 1]));
  }
  return length;
}

/* --- the program ------------------------------------------------------------------------------------------------------------ */

static const char *program_of(Session *s, const Case *c) {
  Text t = {.session = s};
  const bool memory = values(c, "initial_c") != NULL, started = values(c, "initial_h") != NULL;
  text_add(&t, "use std.cells (%s)\ndim I = %d, H = %d\nnet onnx {\n  input x: [I]\n", c->cell, (int)c->inputs, (int)c->hidden);
  if (started) text_add(&t, "  input h0: [H] per sequence\n");
  if (memory) text_add(&t, "  input c0: [H] per sequence\n");
  text_add(&t, "  h = %s[H = H](x", c->cell);
  if (values(c, "P")) text_add(&t, ", peephole = true");
  if (c->reset_after) text_add(&t, ", reset_after = true");
  text_add(&t, ")%s%s\n  hn = h[last]\n}\n", started ? " start h = h0" : "", memory ? ", c = c0" : "");
  return t.at;
}

/* --- numbers ------------------------------------------------------------------------------------------------------------------ */

/* [steps][sequences][n] as graph data have it, [sequences][steps][n]; the same where the batch comes first. */
static void sequences_first(const Case *c, const double *from, double *to, int64_t n) {
  for (int64_t t = 0; t < c->steps; t++)
    for (int64_t b = 0; b < c->sequences; b++) {
      const int64_t theirs = c->batch_first ? b * c->steps + t : t * c->sequences + b;
      memcpy(to + (b * c->steps + t) * n, from + theirs * n, sizeof *to * (size_t)n);
    }
}

static void fill(ModelData *d, const Case *c) {
  const double *B = values(c, "B");
  CellWeights w = {.cell = c->cell,
                   .gates = c->gates,
                   .reset_after = c->reset_after,
                   .inputs = c->inputs,
                   .hidden = c->hidden,
                   .W = values(c, "W"),
                   .U = values(c, "R"),
                   .b = B,
                   .p = values(c, "P")};
  if (B) w.bu = B + cell_gates(&w) * c->hidden;
  if (w.p) w.peepholes = "iof";
  cell_fill(d, "onnx.h", &w);
  sequences_first(c, values(c, "X"), data_input(d, "x", NULL), c->inputs);
  const size_t state = sizeof(double) * (size_t)(c->sequences * c->hidden);
  if (values(c, "initial_h")) memcpy(data_input(d, "h0", NULL), values(c, "initial_h"), state);
  if (values(c, "initial_c")) memcpy(data_input(d, "c0", NULL), values(c, "initial_c"), state);
  data_check_complete(d);
}

static double compare(const Case *c, const ModelCall *call, const char *theirs) {
  const Array *expected = given(c, c->out, theirs);
  if (!expected) return 0;
  int64_t n;
  const bool all = !strcmp(theirs, "Y");
  const double *got = call_output(call, all ? "h" : "hn", &n);
  double *wanted = arena_array(call->session->arena, double, n);
  CU_ASSERT_EQUAL_FATAL(n, expected->count);
  if (all) sequences_first(c, expected->values, wanted, c->hidden);
  else memcpy(wanted, expected->values, sizeof *wanted * (size_t)n);
  return worst_difference(got, wanted, n, 1);
}

static double test_case(const char *folder, const cJSON *entry) {
  Session *s = session_new();
  const Case c = read_case(s->arena, folder, entry);
  Model *m = model_of_text(s, program_of(s, &c));
  Graph *g = m ? model_passes(m, model_step_graph(m)) : NULL;
  CU_ASSERT_PTR_NOT_NULL_FATAL(g);
  ModelData d = model_data(s, g, (int)c.sequences, lengths_of(s->arena, &c));
  fill(&d, &c);
  ModelCall call = model_call(s, g, &d, false);
  const double y = compare(&c, &call, "Y"), h = compare(&c, &call, "Y_h"), worst = y > h ? y : h;
  if (!(y <= tolerance && h <= tolerance)) fprintf(stderr, "\n%s: Y differs by %g, Y_h by %g\n", c.name, y, h);
  CU_ASSERT_TRUE(y <= tolerance && h <= tolerance);
  model_call_free(&call);
  session_free(s);
  return worst;
}

static void test_all(void) {
  Arena *arena = arena_new();
  const char *folder = oracle_folder(arena, "onnx_node");
  cJSON *index = folder ? json_of_file(arena, arena_printf(arena, "%s/index.json", folder)) : NULL;
  const cJSON *entry;
  double worst = 0;
  int count = 0;
  cJSON_ArrayForEach(entry, index) {
    const double d = test_case(folder, entry);
    if (!(d <= worst)) worst = d;
    count++;
  }
  if (folder) printf("%d operators, worst difference %.2g ... ", count, worst);
  if (folder) CU_ASSERT_TRUE(count > 0);
  cJSON_Delete(index);
  arena_free(arena);
}

int main(void) {
  CU_initialize_registry();
  CU_pSuite suite = CU_add_suite("ONNX", NULL, NULL);
  CU_add_test(suite, "recurrent operators", test_all);
  CU_basic_run_tests();
  const int failures = (int)CU_get_number_of_failures();
  CU_cleanup_registry();
  return failures != 0;
}
