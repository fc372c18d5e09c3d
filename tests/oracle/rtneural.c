/* links: test_support rnn_driver */
/* Whole models of RTNeural: stacks of dense and recurrent layers in the layouts of Keras and PyTorch, over a hundred and a thousand
 * steps, in single precision. Every *.model.json of the folder that has a recurrent layer runs. */
#include "support/arrays.h"
#include "support/cell_weights.h"
#include "support/stream_run.h"
#include <CUnit/Basic.h>
#include <dirent.h>
#include <stdlib.h>

static const double tolerance = 1e-5, half_tolerance = 0.005;
static double worst_half;

typedef enum LayerKind { LAYER_DENSE, LAYER_LSTM, LAYER_GRU, LAYER_WITHOUT_MEMORY } LayerKind;

typedef struct Layer {
  LayerKind kind;
  const char *activation; /* "" for none */
  CellWeights weights;    /* of a dense layer: only W and b */
} Layer;

typedef struct Stack {
  Arena *arena;
  Vec(Layer) layers;
} Stack;

/* --- Keras: {"layers": [{"type", "activation", "weights": [kernel, recurrent kernel, bias]}]} --------------------------------- */

static const struct KindRow {
  const char *type;
  LayerKind kind;
} kind_rows[] = {
    {"dense", LAYER_DENSE},
    {"time-distributed-dense", LAYER_DENSE},
    {"lstm", LAYER_LSTM},
    {"gru", LAYER_GRU},
    {"conv1d", LAYER_WITHOUT_MEMORY},
    {"batchnorm", LAYER_WITHOUT_MEMORY},
    {"prelu", LAYER_WITHOUT_MEMORY},
    {"activation", LAYER_WITHOUT_MEMORY},
};

static LayerKind kind_of(const char *type) {
  for (size_t i = 0; i < sizeof kind_rows / sizeof *kind_rows; i++)
    if (!strcmp(kind_rows[i].type, type)) return kind_rows[i].kind;
  fprintf(stderr, "rtneural: a layer of an unknown type, %s\n", type);
  CU_FAIL_FATAL("unknown layer");
  return LAYER_WITHOUT_MEMORY;
}

static CellWeights recurrent(LayerKind kind, const char *lstm, const char *gru) {
  return (CellWeights){
      .cell = kind == LAYER_LSTM ? "LSTM" : "GRU", .gates = kind == LAYER_LSTM ? lstm : gru, .reset_after = kind == LAYER_GRU};
}

static void add_keras_layer(Stack *s, const cJSON *entry) {
  const cJSON *weights = json_get(entry, "weights");
  Layer l = {.kind = kind_of(json_get(entry, "type")->valuestring), .activation = json_get(entry, "activation")->valuestring};
  Array w[3] = {0};
  const int count = cJSON_GetArraySize(weights);
  for (int i = 0; i < count && i < 3; i++) w[i] = array_of_json(s->arena, "weights", cJSON_GetArrayItem(weights, i));
  CellWeights c = l.kind == LAYER_DENSE ? (CellWeights){.b = w[1].values} : recurrent(l.kind, "ifgo", "zrg");
  c.transposed = true;
  c.W = w[0].values;
  c.inputs = w[0].dim[0];
  c.hidden = w[0].dim[1] / cell_gates(&c);
  if (l.kind != LAYER_DENSE) c.U = w[1].values, c.b = w[2].values;
  if (l.kind == LAYER_GRU) c.bu = w[2].values + 3 * c.hidden; /* [2, 3H]: of the input, of the state */
  l.weights = c;
  vec_push(s->arena, s->layers, l);
}

/* --- PyTorch: {"lstm.weight_ih_l0": …, "dense.weight": …} in the order of the layers ----------------------------------------- */

static const double *numbers(Stack *s, const cJSON *model, const char *name) {
  return array_of_json(s->arena, name, json_get(model, name)).values;
}

static void add_torch_cell(Stack *s, const cJSON *model, const cJSON *entry) {
  const char *stem = strstr(entry->string, "weight_ih_"), *suffix = stem + 10;
  const char *prefix = arena_strndup(s->arena, entry->string, (size_t)(stem - entry->string));
  Layer l = {.kind = strncmp(prefix, "lstm", 4) ? LAYER_GRU : LAYER_LSTM, .activation = "tanh"};
  const Array W = array_of_json(s->arena, entry->string, entry);
  l.weights = recurrent(l.kind, "ifgo", "rzg");
  l.weights.inputs = W.dim[1];
  l.weights.hidden = W.dim[0] / cell_gates(&l.weights);
  l.weights.W = W.values;
  l.weights.U = numbers(s, model, arena_printf(s->arena, "%sweight_hh_%s", prefix, suffix));
  l.weights.b = numbers(s, model, arena_printf(s->arena, "%sbias_ih_%s", prefix, suffix));
  l.weights.bu = numbers(s, model, arena_printf(s->arena, "%sbias_hh_%s", prefix, suffix));
  vec_push(s->arena, s->layers, l);
}

static void add_torch_dense(Stack *s, const cJSON *model, const cJSON *entry) {
  const Array W = array_of_json(s->arena, entry->string, entry);
  const CellWeights c = {.W = W.values, .b = numbers(s, model, "dense.bias"), .inputs = W.dim[1], .hidden = W.dim[0]};
  const Layer l = {.kind = LAYER_DENSE, .activation = "", .weights = c};
  vec_push(s->arena, s->layers, l);
}

static void add_torch_entry(Stack *s, const cJSON *model, const cJSON *entry) {
  const char *name = entry->string;
  if (strstr(name, ".weight_ih_")) add_torch_cell(s, model, entry);
  else if (!strcmp(name, "dense.weight")) add_torch_dense(s, model, entry);
  else if (!strcmp(name, "weight")) vec_push(s->arena, s->layers, (Layer){.kind = LAYER_WITHOUT_MEMORY}); /* a convolution */
  else if (!strstr(name, ".weight_hh_") && !strstr(name, "bias")) CU_FAIL_FATAL("an entry of an unknown kind");
}

static Stack read_stack(Arena *arena, const cJSON *model) {
  Stack s = {.arena = arena};
  const cJSON *layers = cJSON_GetObjectItem(model, "layers"), *entry;
  const cJSON *all = layers ? layers : model;
  cJSON_ArrayForEach(entry, all) {
    if (layers) add_keras_layer(&s, entry);
    else add_torch_entry(&s, model, entry);
  }
  return s;
}

static bool has_memory(const Stack *s) {
  for (int i = 0; i < s->layers.len; i++)
    if (s->layers.at[i].kind == LAYER_LSTM || s->layers.at[i].kind == LAYER_GRU) return true;
  return false;
}

/* --- the program ------------------------------------------------------------------------------------------------------------ */

static void add_layer(Text *t, const Layer *l, int i) {
  const char *from = i ? arena_printf(t->session->arena, "h%d", i - 1) : "x";
  text_add(t, "  h%d = ", i);
  if (l->kind == LAYER_DENSE && *l->activation) text_add(t, "Dense[Y = D%d](%s, f = %s)\n", i, from, l->activation);
  else if (l->kind == LAYER_DENSE) text_add(t, "Linear[Y = D%d](%s)\n", i, from);
  else
    text_add(t, "%s[H = D%d](%s, squash = %s%s)\n", l->weights.cell, i, from, l->activation,
             l->weights.reset_after ? ", reset_after = true" : "");
}

static const char *program_of(Session *session, const Stack *s) {
  Text t = {.session = session};
  text_add(&t, "use std.cells (LSTM, GRU)\nuse std.layers (Linear, Dense)\n");
  text_add(&t, "dim I = %d", (int)s->layers.at[0].weights.inputs);
  for (int i = 0; i < s->layers.len; i++) text_add(&t, ", D%d = %d", i, (int)s->layers.at[i].weights.hidden);
  text_add(&t, "\nnet stack {\n  input x: [I]\n");
  for (int i = 0; i < s->layers.len; i++) add_layer(&t, &s->layers.at[i], i);
  text_add(&t, "}\n");
  return t.at;
}

/* --- numbers ------------------------------------------------------------------------------------------------------------------ */

/* A dense kernel is a cell's without gates and state. */
static void fill_dense(ModelData *d, const char *prefix, const CellWeights *w) {
  double *W = data_param(d, arena_printf(d->arena, "%s.W", prefix), NULL),
         *b = data_param(d, arena_printf(d->arena, "%s.b", prefix), NULL);
  for (int64_t i = 0; i < w->hidden; i++) {
    for (int64_t j = 0; j < w->inputs; j++)
      W[i * w->inputs + j] = w->transposed ? w->W[j * w->hidden + i] : w->W[i * w->inputs + j];
    b[i] = w->b ? w->b[i] : 0;
  }
}

static void fill(ModelData *d, const Stack *s) {
  for (int i = 0; i < s->layers.len; i++) {
    const Layer *l = &s->layers.at[i];
    const char *prefix = arena_printf(d->arena, "stack.h%d", i);
    if (l->kind == LAYER_DENSE) fill_dense(d, prefix, &l->weights);
    else cell_fill(d, prefix, &l->weights);
  }
}

/* The same step by step, and with weights as bfloat16: how far from the other implementation's numbers. */
static double stepped(Session *session, Graph *g, const ModelData *d, const Stack *s, const Array *expected, bool half) {
  StreamRun r = stream_run_new(session, g, false, half);
  stream_run_params(&r, &d->eval);
  const int o = graph_output_number(r.graph, arena_printf(session->arena, "h%d", s->layers.len - 1));
  double **y = stream_run_walk(&r, &d->eval, d->longest);
  const double worst_step = worst_difference(y[o], expected->values, expected->count, 1);
  stream_run_free(&r);
  return worst_step;
}

static double run_stack(Session *session, const Stack *s, const char *stem) {
  const Array x = array_of_csv(session->arena, arena_printf(session->arena, "%s.x.csv", stem));
  const Array expected = array_of_csv(session->arena, arena_printf(session->arena, "%s.y.csv", stem));
  Model *m = model_of_text(session, program_of(session, s));
  Graph *g = m ? model_passes(m, model_step_graph(m)) : NULL;
  CU_ASSERT_PTR_NOT_NULL_FATAL(g);
  ModelData d = model_data(session, g, 1, x.dim);
  memcpy(data_input(&d, "x", NULL), x.values, sizeof *x.values * (size_t)x.count);
  fill(&d, s);
  data_check_complete(&d);
  ModelCall call = model_call(session, g, &d, false);
  int64_t n;
  const double *y = call_output(&call, arena_printf(session->arena, "h%d", s->layers.len - 1), &n);
  CU_ASSERT_EQUAL_FATAL(n, expected.count);
  const double worst_whole = worst_difference(y, expected.values, n, 1), worst_step = stepped(session, g, &d, s, &expected, false);
  const double half = stepped(session, g, &d, s, &expected, true);
  model_call_free(&call);
  if (!(half <= worst_half)) worst_half = half;
  CU_ASSERT_TRUE(half <= half_tolerance);
  return worst_whole > worst_step ? worst_whole : worst_step;
}

/* --- models --------------------------------------------------------------------------------------------------------------------- */

static int count;
static double worst;

static void test_model(const char *folder, const char *name) {
  Session *session = session_new();
  const char *stem = arena_printf(session->arena, "%s/%s", folder, name);
  cJSON *model = json_of_file(session->arena, arena_printf(session->arena, "%s.model.json", stem));
  const Stack s = read_stack(session->arena, model);
  if (has_memory(&s)) {
    const double d = run_stack(session, &s, stem);
    printf("%s %.2g, ", name, d);
    CU_ASSERT_TRUE(d <= tolerance);
    if (!(d <= worst)) worst = d;
    count++;
  } else {
    printf("%s skipped (no memory), ", name);
  }
  cJSON_Delete(model);
  session_free(session);
}

static const char *model_name(Arena *arena, const char *file) {
  const char *end = strstr(file, ".model.json");
  return end ? arena_strndup(arena, file, (size_t)(end - file)) : NULL;
}

static void test_all(void) {
  Arena *arena = arena_new();
  const char *folder = oracle_folder(arena, "rtneural");
  DIR *d = folder ? opendir(folder) : NULL;
  for (struct dirent *e = d ? readdir(d) : NULL; e; e = readdir(d)) {
    const char *name = model_name(arena, e->d_name);
    if (name) test_model(folder, name);
  }
  if (d) closedir(d);
  if (folder) printf("%d models, whole and step by step: worst difference %.2g, with weights as bfloat16 %.2g ... ", count, worst, worst_half);
  if (folder) CU_ASSERT_TRUE(count > 0);
  arena_free(arena);
}

int main(void) {
  CU_initialize_registry();
  CU_pSuite suite = CU_add_suite("RTNeural", NULL, NULL);
  CU_add_test(suite, "stacks of layers", test_all);
  CU_basic_run_tests();
  const int failures = (int)CU_get_number_of_failures();
  CU_cleanup_registry();
  return failures != 0;
}
