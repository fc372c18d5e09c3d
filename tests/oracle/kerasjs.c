/* links: test_support rnn_driver */
/* Recurrent and bidirectional layers of Keras (vectors of keras-js), in single precision. */
#include "support/arrays.h"
#include "support/cell_weights.h"
#include <CUnit/Basic.h>
#include <stdlib.h>

static const double tolerance = 1e-5; /* the vectors have six digits */

/* What a case's layer is written as: "LSTM(4, activation='tanh', …, return_sequences=True)". */
typedef struct Layer {
  const char *cell, *gates; /* ours */
  const char *activation, *gate, *merge;
  bool sequences, backwards, both, stateful;
  int64_t hidden, inputs;
} Layer;

typedef struct Tally {
  int compared, skipped;
  double worst;
} Tally;

/* --- reading a layer ------------------------------------------------------------------------------------------------------ */

/* The text after `name=`, without quotes; NULL when it is not said. */
static const char *said(Arena *arena, const char *layer, const char *name) {
  const size_t size = strlen(name);
  for (const char *at = strstr(layer, name); at; at = strstr(at + 1, name)) {
    if ((at[-1] != ' ' && at[-1] != '(') || at[size] != '=') continue;
    const char *value = at + size + 1 + (at[size + 1] == '\'');
    return arena_strndup(arena, value, strcspn(value, "',)"));
  }
  return NULL;
}

static bool is_said(Arena *arena, const char *layer, const char *name) {
  const char *value = said(arena, layer, name);
  return value && !strcmp(value, "True");
}

static const struct CellRow {
  const char *keras, *cell, *gates;
} cell_rows[] = {{"SimpleRNN(", "RNN", NULL}, {"LSTM(", "LSTM", "ifgo"}, {"GRU(", "GRU", "zrg"}};

static Layer read_layer(Arena *arena, const char *text) {
  Layer l = {.both = !strncmp(text, "Bidirectional(", 14)};
  const char *inner = l.both ? text + 14 : text;
  for (size_t i = 0; i < sizeof cell_rows / sizeof *cell_rows; i++) {
    const size_t size = strlen(cell_rows[i].keras);
    if (strncmp(inner, cell_rows[i].keras, size)) continue;
    l.cell = cell_rows[i].cell, l.gates = cell_rows[i].gates;
    l.hidden = strtoll(inner + size, NULL, 10);
  }
  l.activation = said(arena, inner, "activation");
  l.gate = said(arena, inner, "recurrent_activation");
  l.sequences = is_said(arena, inner, "return_sequences");
  l.backwards = is_said(arena, inner, "go_backwards");
  l.stateful = is_said(arena, inner, "stateful");
  l.merge = said(arena, text, "merge_mode");
  return l;
}

/* --- the program ------------------------------------------------------------------------------------------------------------ */

static void add_call(Text *t, const Layer *l, const char *name, bool backward) {
  text_add(t, "  %s = %s[H = H](x, backward = %s", name, l->cell, backward ? "true" : "false");
  if (l->gates) text_add(t, ", squash = %s, gate = %s)\n", l->activation, l->gate);
  else text_add(t, ", f = %s)\n", l->activation);
}

static const struct MergeRow {
  const char *mode, *format;
} merge_rows[] = {{"sum", "%s + %s"}, {"mul", "%s * %s"}, {"concat", "concat(%s, %s)"}, {"ave", "(%s + %s) / 2"}};

/* A layer that returns no sequence gives what it ends with: at the last step, or, read backwards, at the first. */
static void add_merged(Text *t, const Layer *l) {
  const char *f = l->sequences ? "f" : "f[last]", *b = l->sequences ? "b" : "b[first]";
  for (size_t i = 0; i < sizeof merge_rows / sizeof *merge_rows; i++) {
    if (!l->merge || strcmp(merge_rows[i].mode, l->merge)) continue;
    text_add(t, "  y = ");
    text_add(t, merge_rows[i].format, f, b);
  }
}

static const char *program_of(Session *s, const Layer *l) {
  Text t = {.session = s};
  text_add(&t, "use std.cells (%s)\ndim I = %d, H = %d\nnet keras {\n  input x: [I]\n", l->cell, (int)l->inputs, (int)l->hidden);
  add_call(&t, l, "f", l->backwards);
  if (l->both) add_call(&t, l, "b", true);
  if (l->both) add_merged(&t, l);
  else text_add(&t, "  y = %s", l->sequences ? "1 * f" : l->backwards ? "f[first]" : "f[last]");
  text_add(&t, "\n}\n");
  return t.at;
}

/* --- numbers ------------------------------------------------------------------------------------------------------------------ */

/* Kernel, recurrent kernel and bias; the second half of a bidirectional layer's weights is of the one that reads backwards. */
static void fill_call(ModelData *d, const Layer *l, const cJSON *weights, const char *prefix, bool second) {
  const int each = cJSON_GetArraySize(weights) / (l->both ? 2 : 1), first = second ? each : 0;
  Array w[3] = {0};
  CU_ASSERT_FATAL(each == 2 || each == 3);
  for (int i = 0; i < each; i++) w[i] = array_of_json(d->arena, "weights", cJSON_GetArrayItem(weights, first + i));
  const CellWeights all = {.cell = l->cell,
                           .gates = l->gates,
                           .transposed = true,
                           .inputs = l->inputs,
                           .hidden = l->hidden,
                           .W = w[0].values,
                           .U = w[1].values,
                           .b = w[2].values};
  CU_ASSERT_EQUAL_FATAL(w[0].count, l->inputs * l->hidden * cell_gates(&all));
  cell_fill(d, prefix, &all);
}

/* Keras gives the outputs of a layer that goes backwards in the order in which it came by. */
static void turn(double *y, int64_t steps, int64_t n) {
  for (int64_t t = 0; t < steps / 2; t++)
    for (int64_t k = 0; k < n; k++) {
      const double kept = y[t * n + k];
      y[t * n + k] = y[(steps - 1 - t) * n + k];
      y[(steps - 1 - t) * n + k] = kept;
    }
}

/* The vectors of a stateful layer are of its second call with the same input, which goes on where the first one ended: one
 * sequence of both. */
static void fill_input(ModelData *d, const Array *x, const Layer *l) {
  const int calls = l->stateful ? 2 : 1;
  double *to = data_input(d, "x", NULL);
  for (int i = 0; i < calls; i++) memcpy(to + i * x->count, x->values, sizeof *to * (size_t)x->count);
}

/* Of the second call: the later half, or, read backwards, the earlier one; in Keras's order. */
static double *own_part(const Layer *l, double *y, int64_t n, int64_t steps) {
  if (!l->sequences) return y;
  if (l->backwards) turn(y, steps, n / steps);
  return l->stateful ? y + n / 2 : y;
}

static double difference(Session *s, Graph *g, const Layer *l, const cJSON *vectors) {
  const Array x = array_of_json(s->arena, "input", json_get(vectors, "input"));
  const Array expected = array_of_json(s->arena, "expected", json_get(vectors, "expected"));
  const cJSON *weights = json_get(vectors, "weights");
  const int64_t length = x.dim[0] * (l->stateful ? 2 : 1);
  ModelData d = model_data(s, g, 1, &length);
  fill_input(&d, &x, l);
  fill_call(&d, l, weights, "keras.f", false);
  if (l->both) fill_call(&d, l, weights, "keras.b", true);
  data_check_complete(&d);
  ModelCall call = model_call(s, g, &d, false);
  int64_t n;
  double *y = call_output(&call, "y", &n);
  CU_ASSERT_EQUAL_FATAL(n, expected.count * (l->sequences && l->stateful ? 2 : 1));
  model_call_free(&call);
  return worst_difference(own_part(l, y, n, length), expected.values, expected.count, 1);
}

/* --- cases ---------------------------------------------------------------------------------------------------------------------- */

static void run_case(const char *name, const cJSON *entry, const cJSON *vectors, Tally *tally) {
  Session *s = session_new();
  const char *text = json_get(entry, "layer")->valuestring;
  Layer l = read_layer(s->arena, text);
  l.inputs = cJSON_GetArrayItem(json_get(entry, "input"), 1)->valueint;
  if (!l.cell) fprintf(stderr, "\n%s: what is %s?\n", name, text);
  CU_ASSERT_PTR_NOT_NULL_FATAL(l.cell);
  Model *m = model_of_text(s, program_of(s, &l));
  Graph *g = m ? model_passes(m, model_step_graph(m)) : NULL;
  CU_ASSERT_PTR_NOT_NULL_FATAL(g);
  const double d = difference(s, g, &l, vectors);
  if (!(d <= tolerance)) fprintf(stderr, "\n%s: %s differs by %g\n", name, text, d);
  CU_ASSERT_TRUE(d <= tolerance);
  if (!(d <= tally->worst)) tally->worst = d;
  tally->compared++;
  session_free(s);
}

/* "recurrent.LSTM.0" is of kind LSTM. */
static bool is_kind(const char *name, const char *const *kinds) {
  const char *dot = strchr(name, '.');
  const size_t size = dot ? strcspn(dot + 1, ".") : 0;
  for (; *kinds; kinds++)
    if (dot && strlen(*kinds) == size && !strncmp(dot + 1, *kinds, size)) return true;
  return false;
}

static void visit(Arena *arena, const char *folder, const cJSON *entry, Tally *tally) {
  static const char *const recurrent[] = {"SimpleRNN", "LSTM", "GRU", "Bidirectional", NULL};
  static const char *const without_memory[] = {
      "TimeDistributed",        "Conv1D", "Dense", "Activation", "Embedding", "AveragePooling1D", "MaxPooling1D",
      "GlobalAveragePooling1D", "Dot",    NULL};
  const char *name = entry->string;
  if (is_kind(name, without_memory)) {
    printf("%s%s", tally->skipped++ ? " " : "\n    skipped, no memory: ", name);
    return;
  }
  if (!is_kind(name, recurrent)) fprintf(stderr, "\n%s: a layer of an unknown kind\n", name);
  CU_ASSERT_FATAL(is_kind(name, recurrent));
  cJSON *file = json_of_file(arena, arena_printf(arena, "%s/%s", folder, json_get(entry, "file")->valuestring));
  run_case(name, entry, json_get(file, name), tally);
  cJSON_Delete(file);
}

static void test_all(void) {
  Arena *arena = arena_new();
  Tally tally = {0};
  const char *folder = oracle_folder(arena, "kerasjs");
  cJSON *index = folder ? json_of_file(arena, arena_printf(arena, "%s/index.json", folder)) : NULL;
  const cJSON *entry;
  cJSON_ArrayForEach(entry, index) visit(arena, folder, entry, &tally);
  if (folder) printf("\n    %d layers, worst difference %.2g; %d skipped ... ", tally.compared, tally.worst, tally.skipped);
  if (folder) CU_ASSERT_TRUE(tally.compared > 0);
  cJSON_Delete(index);
  arena_free(arena);
}

int main(void) {
  CU_initialize_registry();
  CU_pSuite suite = CU_add_suite("Keras", NULL, NULL);
  CU_add_test(suite, "recurrent and bidirectional layers", test_all);
  CU_basic_run_tests();
  const int failures = (int)CU_get_number_of_failures();
  CU_cleanup_registry();
  return failures != 0;
}
