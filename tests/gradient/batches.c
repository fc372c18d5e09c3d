/* links: test_support rnn_driver */
/* How sequences are put together changes nothing: a ragged batch is its sequences one by one; chunks that carry the state, down to
 * single steps, are the whole sequence. In double, for every model of support/model_rows.c. */
#include "grad/grad.h"
#include "support/model_rows.h"
#include <CUnit/Basic.h>
#include <math.h>

static const double tolerance = 1e-12; /* sums may be taken in another order */
static const int64_t lengths[] = {7, 5, 5, 2};
enum { SEQUENCES = 4 };

typedef struct Trial {
  const ModelRow *row;
  Session *session;
  Graph *graph;
  ModelData data; /* the whole batch */
  ModelCall call;
  double worst;
} Trial;

static void check(Trial *t, const char *what, double difference) {
  if (!(difference <= t->worst)) t->worst = difference;
  if (!(difference <= tolerance)) fprintf(stderr, "\n%s: %s differs by %g\n", t->row->name, what, difference);
  CU_ASSERT_TRUE(difference <= tolerance);
}

static double *output_of(Trial *t, const ModelData *d, int o) {
  double *out = arena_array(t->session->arena, double, graph_eval_count(t->graph, &d->eval, t->graph->outputs.at[o].value) + 1);
  jit_run_output(&t->call.run, &d->eval, o, out);
  return out;
}

static double **outputs_of(Trial *t, const ModelData *d) {
  double **all = arena_array(t->session->arena, double *, t->graph->outputs.len + 1);
  for (int o = 0; o < t->graph->outputs.len; o++) all[o] = output_of(t, d, o);
  return all;
}

static const Node *output_node(const Trial *t, int o) { return &t->graph->nodes.at[t->graph->outputs.at[o].value]; }

/* --- a batch is its sequences -------------------------------------------------------------------------------------------------- */

/* What does not depend on data counts in one part only. */
static void share(const Trial *t, ModelData *part, double value) {
  for (int i = 0; i < t->graph->inputs.len; i++)
    if (t->graph->inputs.at[i].role == INPUT_SHARE) part->input[i][0] = value;
}

static double **sums_of_sequences(Trial *t) {
  double **sum = arena_array(t->session->arena, double *, t->graph->outputs.len + 1);
  for (int o = 0; o < t->graph->outputs.len; o++)
    sum[o] = arena_array(t->session->arena, double, sizes_count(output_node(t, o)->shape) + 1);
  for (int b = 0; b < SEQUENCES; b++) {
    ModelData one = data_part(&t->data, b, 1, &lengths[b], 0);
    share(t, &one, b == 0);
    jit_run_call(&t->call.run, &one.eval);
    double **own = outputs_of(t, &one);
    for (int o = 0; o < t->graph->outputs.len; o++)
      for (int64_t k = 0; k < sizes_count(output_node(t, o)->shape); k++) sum[o][k] += own[o][k];
  }
  return sum;
}

static void check_gradients(Trial *t) {
  double **whole = outputs_of(t, &t->data), **sum = sums_of_sequences(t);
  for (int o = 0; o < t->graph->outputs.len; o++)
    check(t, t->graph->outputs.at[o].name, worst_difference(sum[o], whole[o], sizes_count(output_node(t, o)->shape), 1));
}

/* Numbers of one step: its elements, at all steps of a clock of fixed length inside it. */
static int64_t step_count(const Graph *g, const Node *n) {
  int64_t count = sizes_count(n->shape);
  for (int c = 0; c < g->clocks.len; c++)
    if (n->axes & GRAPH_CLOCK(c) && g->clocks.at[c].length) count *= g->clocks.at[c].length;
  return count;
}

static void compare_sequence(Trial *t, int b, const ModelData *one, double **whole) {
  double **own = outputs_of(t, one);
  for (int o = 0; o < t->graph->outputs.len; o++) {
    const Node *n = output_node(t, o);
    const int64_t count = graph_eval_count(t->graph, &one->eval, t->graph->outputs.at[o].value);
    double *expected = arena_array(t->session->arena, double, count + 1);
    data_copy(&t->data, whole[o], one, b, 0, n->axes, sizes_count(n->shape), expected);
    check(t, t->graph->outputs.at[o].name, worst_difference(own[o], expected, count, 1));
  }
}

static void check_outputs(Trial *t) {
  double **whole = outputs_of(t, &t->data);
  for (int b = 0; b < SEQUENCES; b++) {
    ModelData one = data_part(&t->data, b, 1, &lengths[b], 0);
    jit_run_call(&t->call.run, &one.eval);
    compare_sequence(t, b, &one, whole);
  }
}

/* --- chunks ----------------------------------------------------------------------------------------------------------------------- */

static void compare_chunk(Trial *t, const ModelData *chunk, int64_t first, double **whole) {
  double **own = outputs_of(t, chunk);
  for (int o = 0; o < t->graph->outputs.len; o++) {
    const Node *n = output_node(t, o);
    const int64_t count = step_count(t->graph, n);
    if (!(n->axes & ~GRAPH_SEQUENCE)) continue; /* `last` is of a whole sequence only */
    for (int b = 0; b < SEQUENCES; b++)
      check(t, t->graph->outputs.at[o].name,
            worst_difference(own[o] + b * chunk->longest * count, whole[o] + (b * t->data.longest + first) * count,
                             chunk->eval.length[0][b] * count, 1));
  }
}

/* Rows that have ended have no steps in the chunks that follow. */
static void check_chunks(Trial *t, int64_t size) {
  jit_run_call(&t->call.run, &t->data.eval);
  double **whole = outputs_of(t, &t->data);
  for (int64_t first = 0; first < t->data.longest; first += size) {
    int64_t own[SEQUENCES];
    for (int b = 0; b < SEQUENCES; b++) {
      const int64_t left = lengths[b] - first;
      own[b] = left < 0 ? 0 : left < size ? left : size;
    }
    ModelData chunk = data_part(&t->data, 0, SEQUENCES, own, first);
    jit_run_chunk(&t->call.run, &chunk.eval, first, first > 0, true);
    compare_chunk(t, &chunk, first, whole);
  }
}

/* --- models ------------------------------------------------------------------------------------------------------------------------- */

static Graph *gradient_graph(Model *m, const ModelRow *row) {
  Graph *g = model_loss_graph(m, row->stage);
  return g ? model_passes(m, grad_reverse(m->session, g, model_tuned(m, row->stage))) : NULL;
}

static void start(Trial *t, Graph *g) {
  CU_ASSERT_PTR_NOT_NULL_FATAL(g);
  t->graph = g;
  t->data = model_data(t->session, g, SEQUENCES, lengths);
  model_row_fill(&t->data, t->row, 17);
  t->call = model_call(t->session, g, &t->data, true);
}

typedef void TrialCheck(Trial *t, Model *m);

static void gradients_of_sequences(Trial *t, Model *m) {
  if (t->row->loss) return; /* of a batch: it is no sum */
  start(t, gradient_graph(m, t->row));
  check_gradients(t);
  model_call_free(&t->call);
}

static Graph *values_graph(Model *m, const ModelRow *row) { return model_passes(m, model_values_graph(m, row->stage)); }

static void outputs_of_sequences(Trial *t, Model *m) {
  start(t, values_graph(m, t->row));
  check_outputs(t);
  model_call_free(&t->call);
}

static void chunks(Trial *t, Model *m) {
  if (t->row->reads_future) return;
  start(t, values_graph(m, t->row));
  for (int64_t size = 1; size <= 4; size++) check_chunks(t, size); /* 1 is streaming */
  model_call_free(&t->call);
}

static void for_every_model(TrialCheck *run) {
  double worst = 0;
  for (int i = 0; i < model_row_count; i++) {
    if (!model_row_present(&model_rows[i])) continue;
    Trial t = {.row = &model_rows[i], .session = session_new()};
    run(&t, model_row_load(t.session, t.row));
    if (!(t.worst <= worst)) worst = t.worst;
    session_free(t.session);
  }
  printf("worst difference %.2g ... ", worst);
}

static void test_outputs(void) { for_every_model(outputs_of_sequences); }
static void test_gradients(void) { for_every_model(gradients_of_sequences); }
static void test_chunks(void) { for_every_model(chunks); }

int main(void) {
  CU_initialize_registry();
  CU_pSuite suite = CU_add_suite("batches and chunks", NULL, NULL);
  CU_add_test(suite, "outputs of a batch are those of its sequences", test_outputs);
  CU_add_test(suite, "gradients of a batch are the sum of its sequences'", test_gradients);
  CU_add_test(suite, "chunks and single steps are the whole sequence", test_chunks);
  CU_basic_run_tests();
  const int failures = (int)CU_get_number_of_failures();
  CU_cleanup_registry();
  return failures != 0;
}
