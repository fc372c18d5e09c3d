/* links: test_support rnn_driver */
/* Recurrent layers of PyTorch in double: outputs, final states and the gradient of
 *   loss = Σ wy·y + Σ wh·hn (+ Σ wc·cn)
 * with respect to everything there is: weights, biases, inputs and initial states. */
#include "grad/grad.h"
#include "support/arrays.h"
#include "support/cell_weights.h"
#include <CUnit/Basic.h>
#include <math.h>

static const double tolerance = 1e-9;

typedef struct Case {
  const char *kind, *cell, *gates, *options, *path;
  int layers, directions;
  int64_t steps, sequences, inputs, hidden;
  bool has_memory; /* LSTM: a second state, c */
} Case;

/* One layer in one direction: PyTorch's suffix and our names. */
typedef struct Layer {
  int number; /* in h0, hn */
  bool backward;
  const char *suffix, *name; /* "l0_reverse", "b0" */
  int64_t inputs;
} Layer;

typedef struct Run {
  Session *session;
  const Case *c;
  ArraySet arrays;
  Graph *graph;
  ModelData data;
  ModelCall call;
  double worst; /* difference so far */
  int compared;
} Run;

static const struct KindRow {
  const char *kind, *cell, *gates, *options;
} kind_rows[] = {
    {"rnn_tanh", "RNN", NULL, ""},
    {"rnn_relu", "RNN", NULL, ", f = relu"},
    {"lstm", "LSTM", "ifgo", ""},
    {"gru", "GRU", "rzg", ", reset_after = true"},
};

static Case read_case(Session *s, const char *folder, const cJSON *entry) {
  Case c = {.kind = json_get(entry, "kind")->valuestring};
  for (size_t i = 0; i < sizeof kind_rows / sizeof *kind_rows; i++)
    if (!strcmp(kind_rows[i].kind, c.kind))
      c.cell = kind_rows[i].cell, c.gates = kind_rows[i].gates, c.options = kind_rows[i].options;
  c.path = arena_printf(s->arena, "%s/%s", folder, json_get(entry, "file")->valuestring);
  c.layers = json_get(entry, "layers")->valueint;
  c.directions = cJSON_IsTrue(json_get(entry, "bidirectional")) ? 2 : 1;
  c.steps = json_get(entry, "T")->valueint;
  c.sequences = json_get(entry, "B")->valueint;
  c.inputs = json_get(entry, "I")->valueint;
  c.hidden = json_get(entry, "H")->valueint;
  c.has_memory = !strcmp(c.kind, "lstm");
  return c;
}

static Layer layer_of(Session *s, const Case *c, int depth, int direction) {
  return (Layer){
      .number = depth * c->directions + direction,
      .backward = direction == 1,
      .suffix = arena_printf(s->arena, "l%d%s", depth, direction ? "_reverse" : ""),
      .name = arena_printf(s->arena, "%c%d", direction ? 'b' : 'f', depth),
      .inputs = depth ? c->directions * c->hidden : c->inputs,
  };
}

static int layer_count(const Case *c) { return c->layers * c->directions; }
static Layer layer_number(Session *s, const Case *c, int i) { return layer_of(s, c, i / c->directions, i % c->directions); }

/* --- the program ------------------------------------------------------------------------------------------------------------ */

static void add_layer(Text *t, const Case *c, const Layer *l, const char *from) {
  const char *n = l->name;
  text_add(t, "  input h_%s: [H] per sequence\n", n);
  if (c->has_memory) text_add(t, "  input c_%s: [H] per sequence\n", n);
  text_add(t, "  %s = %s[H = H](%s, backward = %s%s) start h = h_%s", n, c->cell, from, l->backward ? "true" : "false",
           c->options, n);
  text_add(t, c->has_memory ? ", c = c_%s\n" : "\n", n);
}

static const char *program_of(Session *s, const Case *c) {
  Text t = {.session = s};
  text_add(&t, "use std.cells (%s)\ndim I = %d, H = %d\n", c->cell, (int)c->inputs, (int)c->hidden);
  text_add(&t, "net torch {\n  input x: [I]\n");
  const char *from = "x";
  for (int depth = 0; depth < c->layers; depth++) {
    for (int direction = 0; direction < c->directions; direction++) {
      const Layer l = layer_of(s, c, depth, direction);
      add_layer(&t, c, &l, from);
    }
    if (c->directions == 2) text_add(&t, "  y%d = concat(f%d, b%d)\n", depth, depth, depth);
    from = arena_printf(s->arena, "%c%d", c->directions == 2 ? 'y' : 'f', depth);
  }
  text_add(&t, "  y = 1 * %s\n}\n", from);
  return t.at;
}

/* --- the loss ---------------------------------------------------------------------------------------------------------------- */

/* Σ weight · value over all there is, the weight being a new input. */
static Ref weighted_sum(Graph *g, Ref value, const char *weight) {
  const Sizes shape = g->nodes.at[value].shape;
  const GraphAxes axes = g->nodes.at[value].axes;
  const Ref w = graph_input_ref(g, graph_input(g, weight, INPUT_DATA, shape, axes));
  return graph_sum(g, graph_binary(g, OP_MUL, w, value), (1u << shape.rank) - 1, axes);
}

/* The state that a layer ends with, as an output and in the loss. */
static Ref add_final(Run *r, const Layer *l, Ref state, const char *letter) {
  Graph *g = r->graph;
  const Ref last = graph_at_end(g, state, 0, !l->backward);
  graph_output(g, arena_printf(r->session->arena, "%sn_%s", letter, l->name), OUTPUT_VALUE, 0, last);
  return weighted_sum(g, last, arena_printf(r->session->arena, "w%s_%s", letter, l->name));
}

static Ref value_named(Run *r, const char *name) {
  const Ref n = graph_named(r->graph, name);
  CU_ASSERT_FATAL(n != NO_REF);
  return n;
}

static void add_loss(Run *r) {
  Graph *g = r->graph;
  Ref loss = weighted_sum(g, g->outputs.at[graph_output_number(g, "y")].value, "wy");
  for (int i = 0; i < layer_count(r->c); i++) {
    const Layer l = layer_number(r->session, r->c, i);
    const Ref h = g->outputs.at[graph_output_number(g, l.name)].value;
    loss = graph_binary(g, OP_ADD, loss, add_final(r, &l, h, "h"));
    if (!r->c->has_memory) continue;
    const Ref c = value_named(r, arena_printf(r->session->arena, "torch.%s.c", l.name));
    loss = graph_binary(g, OP_ADD, loss, add_final(r, &l, c, "c"));
  }
  graph_output(g, "loss", OUTPUT_LOSS, 0, loss);
}

/* Of x and of the initial states; not of the weights of the loss. */
static const bool *wanted_inputs(const Run *r) {
  bool *wanted = arena_array(r->session->arena, bool, r->graph->inputs.len + 1);
  for (int i = 0; i < r->graph->inputs.len; i++) wanted[i] = r->graph->inputs.at[i].name[0] != 'w';
  return wanted;
}

/* --- numbers ------------------------------------------------------------------------------------------------------------------ */

/* PyTorch has the steps first, graph data the sequences. */
static void swap_steps(const Case *c, const double *from, double *to, int64_t n, bool to_torch) {
  for (int64_t t = 0; t < c->steps; t++)
    for (int64_t b = 0; b < c->sequences; b++) {
      const int64_t torch = (t * c->sequences + b) * n, ours = (b * c->steps + t) * n;
      memcpy(to + (to_torch ? torch : ours), from + (to_torch ? ours : torch), sizeof *to * (size_t)n);
    }
}

static const double *array(Run *r, const char *name) { return array_get(&r->arrays, name)->values; }

/* [layer][sequence][hidden]: one layer's part. */
static const double *state_part(Run *r, const Layer *l, const char *name) {
  return array(r, name) + l->number * r->c->sequences * r->c->hidden;
}

static CellWeights weights_of(Run *r, const Layer *l) {
  const Case *c = r->c;
  Arena *arena = r->session->arena;
  return (CellWeights){
      .cell = c->cell,
      .gates = c->gates,
      .inputs = l->inputs,
      .hidden = c->hidden,
      .reset_after = !strcmp(c->kind, "gru"),
      .W = array(r, arena_printf(arena, "weight_ih_%s", l->suffix)),
      .U = array(r, arena_printf(arena, "weight_hh_%s", l->suffix)),
      .b = array(r, arena_printf(arena, "bias_ih_%s", l->suffix)),
      .bu = array(r, arena_printf(arena, "bias_hh_%s", l->suffix)),
  };
}

static void fill_state(Run *r, const Layer *l, const char *format, const char *from) {
  int64_t n;
  double *to = data_input(&r->data, arena_printf(r->session->arena, format, l->name), &n);
  CU_ASSERT_EQUAL_FATAL(n, r->c->sequences * r->c->hidden);
  memcpy(to, state_part(r, l, from), sizeof *to * (size_t)n);
}

static void fill(Run *r) {
  const Case *c = r->c;
  swap_steps(c, array(r, "x"), data_input(&r->data, "x", NULL), c->inputs, false);
  swap_steps(c, array(r, "wy"), data_input(&r->data, "wy", NULL), c->directions * c->hidden, false);
  for (int i = 0; i < layer_count(c); i++) {
    const Layer l = layer_number(r->session, c, i);
    const CellWeights w = weights_of(r, &l);
    cell_fill(&r->data, arena_printf(r->session->arena, "torch.%s", l.name), &w);
    fill_state(r, &l, "h_%s", "h0");
    fill_state(r, &l, "wh_%s", "wh");
    if (c->has_memory) fill_state(r, &l, "c_%s", "c0"), fill_state(r, &l, "wc_%s", "wc");
  }
  data_check_complete(&r->data);
}

/* --- comparing ------------------------------------------------------------------------------------------------------------------ */

static void compare(Run *r, const char *what, const double *got, const double *expected, int64_t n) {
  const double d = worst_difference(got, expected, n, 0);
  r->compared++;
  if (!(d <= r->worst)) r->worst = d;
  if (d <= tolerance) return;
  fprintf(stderr, "\n%s: %s differs by %g\n", r->c->path, what, d);
  CU_FAIL("differs from PyTorch");
}

static void compare_steps(Run *r, const char *ours, const char *theirs, int64_t n) {
  double *got = arena_array(r->session->arena, double, r->c->steps * r->c->sequences * n);
  swap_steps(r->c, call_output(&r->call, ours, NULL), got, n, true);
  compare(r, theirs, got, array(r, theirs), r->c->steps * r->c->sequences * n);
}

static void compare_state(Run *r, const Layer *l, const char *format, const char *theirs) {
  const char *ours = arena_printf(r->session->arena, format, l->name);
  compare(r, ours, call_output(&r->call, ours, NULL), state_part(r, l, theirs), r->c->sequences * r->c->hidden);
}

/* The k-th block of rows of the gradient of a stacked matrix or bias. */
static void compare_block(Run *r, const Layer *l, const char *param, const char *theirs, int gate, int64_t columns) {
  Arena *arena = r->session->arena;
  const int64_t n = r->c->hidden * columns;
  const char *name = arena_printf(arena, "grad.%s", param);
  compare(r, name, call_output(&r->call, name, NULL), array(r, arena_printf(arena, "grad_%s_%s", theirs, l->suffix)) + gate * n,
          n);
}

static void compare_layer(Run *r, const Layer *l) {
  Arena *arena = r->session->arena;
  const CellWeights w = weights_of(r, l);
  const char *prefix = arena_printf(arena, "torch.%s", l->name);
  for (int k = 0; k < cell_gates(&w); k++) {
    const char *b = cell_param(arena, prefix, &w, "b", k);
    const bool apart = w.reset_after && w.gates[k] == 'g';
    compare_block(r, l, cell_param(arena, prefix, &w, "W", k), "weight_ih", k, l->inputs);
    compare_block(r, l, cell_param(arena, prefix, &w, "U", k), "weight_hh", k, w.hidden);
    compare_block(r, l, b, "bias_ih", k, 1);
    compare_block(r, l, apart ? arena_printf(arena, "%s.bu", prefix) : b, "bias_hh", k, 1);
  }
  compare_state(r, l, "hn_%s", "hn");
  compare_state(r, l, "grad.h_%s", "grad_h0");
  if (!r->c->has_memory) return;
  compare_state(r, l, "cn_%s", "cn");
  compare_state(r, l, "grad.c_%s", "grad_c0");
}

static void compare_all(Run *r) {
  compare_steps(r, "y", "y", r->c->directions * r->c->hidden);
  compare_steps(r, "grad.x", "grad_x", r->c->inputs);
  compare(r, "loss", call_output(&r->call, "loss", NULL), array(r, "loss"), 1);
  for (int i = 0; i < layer_count(r->c); i++) {
    const Layer l = layer_number(r->session, r->c, i);
    compare_layer(r, &l);
  }
}

/* --- one case ------------------------------------------------------------------------------------------------------------------ */

static bool compile(Run *r) {
  Model *m = model_of_text(r->session, program_of(r->session, r->c));
  r->graph = m ? model_step_graph(m) : NULL;
  if (!r->graph) return false;
  add_loss(r);
  r->graph = model_passes(m, r->graph);
  if (r->graph) r->graph = model_passes(m, grad_reverse_inputs(r->session, r->graph, NULL, wanted_inputs(r)));
  return r->graph != NULL;
}

static void run_case(const Case *c, Run *r) {
  int64_t *lengths = arena_array(r->session->arena, int64_t, c->sequences);
  for (int64_t b = 0; b < c->sequences; b++) lengths[b] = c->steps;
  r->data = model_data(r->session, r->graph, (int)c->sequences, lengths);
  fill(r);
  r->call = model_call(r->session, r->graph, &r->data, true);
  compare_all(r);
  model_call_free(&r->call);
}

static double test_case(const char *folder, const cJSON *entry, int *compared) {
  Session *s = session_new();
  const Case c = read_case(s, folder, entry);
  Run r = {.session = s, .c = &c};
  if (!c.cell) fprintf(stderr, "%s: a layer of an unknown kind, %s\n", c.path, c.kind);
  CU_ASSERT_PTR_NOT_NULL_FATAL(c.cell);
  r.arrays = arrays_of_npz(s->arena, c.path);
  const bool compiled = compile(&r);
  CU_ASSERT_TRUE(compiled);
  if (compiled) run_case(&c, &r);
  const double worst = compiled ? r.worst : INFINITY;
  *compared += r.compared;
  session_free(s);
  return worst;
}

static void test_all(void) {
  Arena *arena = arena_new();
  const char *folder = oracle_folder(arena, "torch_gradients");
  cJSON *index = folder ? json_of_file(arena, arena_printf(arena, "%s/index.json", folder)) : NULL;
  const cJSON *entry;
  double worst = 0;
  int count = 0, compared = 0;
  cJSON_ArrayForEach(entry, index) {
    const double d = test_case(folder, entry, &compared);
    if (!(d <= worst)) worst = d;
    count++;
  }
  if (folder) printf("%d layers, %d arrays, worst relative difference %.2g ... ", count, compared, worst);
  if (folder) CU_ASSERT_TRUE(count > 0);
  cJSON_Delete(index);
  arena_free(arena);
}

int main(void) {
  CU_initialize_registry();
  CU_pSuite suite = CU_add_suite("PyTorch's gradients", NULL, NULL);
  CU_add_test(suite, "recurrent layers", test_all);
  CU_basic_run_tests();
  const int failures = (int)CU_get_number_of_failures();
  CU_cleanup_registry();
  return failures != 0;
}
