/* links: test_support rnn_driver */
/* Products with sparse weights against the interpreter, which knows of none: forward and through the reverse pass, in single and double,
 * for few and many sequences; and which layout a weight gets. */
#include "base/diag.h"
#include "grad/grad.h"
#include "pass/pass.h"
#include "runtime/sparse.h"
#include "support/jit_run.h"
#include "support/random_graph.h"
#include <CUnit/Basic.h>
#include <string.h>

enum { STEPS = 3, MOST_SEQUENCES = 8 };

typedef enum Pattern { RANDOM, BLOCKS, RING, DIAGONAL, FULL, EMPTY } Pattern;

static const char *const pattern_name[] = {"random", "blocks", "ring", "diagonal", "full", "empty"};

static bool kept(Pattern p, int64_t i, int64_t j, int64_t n, double density, uint64_t *state) {
  uint64_t block = (uint64_t)(i / 16 * n + j + 1);
  switch (p) {
  case RANDOM: return draw_uniform(state) < density;
  case BLOCKS: return draw_uniform(&block) < density;
  case RING: return j == (i + n - 1) % n;
  case DIAGONAL: return i == j;
  case FULL: return true;
  default: return false;
  }
}

static void fill_weight(double *w, int64_t n, Pattern p, double density, uint64_t seed) {
  uint64_t state = seed;
  for (int64_t i = 0; i < n; i++)
    for (int64_t j = 0; j < n; j++) {
      double x = draw_uniform(&state) - 0.5;
      w[i * n + j] = kept(p, i, j, n, density, &state) ? (float)x : 0;
    }
}

static void fill(double *x, int64_t count, double scale) {
  uint64_t state = 5;
  for (int64_t i = 0; i < count; i++) x[i] = (float)(scale * (2 * draw_uniform(&state) - 1));
}

/* h[t] = tanh(W h[t-1] + V u[t] + b), W and V sparse, V outside of the loop; a loss, so that Wᵀ is needed. */
static Graph *net(Session *s, int64_t n, double density) {
  Graph *g = graph_new(s, "esn");
  graph_clock(g, "t", 0);
  const GraphAxes axes = GRAPH_SEQUENCE | GRAPH_CLOCK(0);
  const Sizes vector = sizes_of(1, n), matrix = sizes_of(2, n, n);
  const int w = graph_param(g, "W", matrix, false), v = graph_param(g, "V", matrix, false), b = graph_param(g, "b", vector, true);
  g->params.at[w].density = g->params.at[v].density = density;
  Ref wr = graph_param_ref(g, w), vr = graph_param_ref(g, v), u = graph_input_ref(g, graph_input(g, "u", INPUT_DATA, vector, axes));
  Ref read = graph_read(g, NO_REF, graph_fill(g, 0.5, vector), 0, -1, vector, axes);
  Ref bias = graph_binary(g, OP_ADD, graph_contract(g, vr, u, "hx", "x", "h", 0), graph_param_ref(g, b));
  Ref h = graph_unary(g, OP_TANH, graph_binary(g, OP_ADD, graph_contract(g, wr, read, "hx", "x", "h", 0), bias));
  graph_set_read(g, read, h);
  graph_output(g, "h", OUTPUT_VALUE, 0, h);
  graph_output(g, "loss", OUTPUT_LOSS, 0, graph_sum(g, graph_binary(g, OP_MUL, h, h), 1, axes));
  return pass_run_all(s, g, NULL, NULL);
}

static void try_net(int64_t n, int sequences, Pattern p, double density) {
  Session *s = session_new();
  Jit *jit = jit_new(s, NULL);
  Graph *g = net(s, n, density), *d = pass_run_all(s, grad_reverse(s, g, NULL), NULL, NULL);
  double *w = arena_array(s->arena, double, n * n), *v = arena_array(s->arena, double, n * n), *b = arena_array(s->arena, double, n);
  double *u = arena_array(s->arena, double, n * STEPS * sequences);
  fill_weight(w, n, p, density, 3);
  fill_weight(v, n, p, density, 4);
  fill(b, n, 0.1);
  fill(u, n * STEPS * sequences, 1);
  int64_t lengths[MOST_SEQUENCES];
  for (int i = 0; i < sequences; i++) lengths[i] = i < 2 ? STEPS : STEPS - 1;
  const double *params[] = {w, v, b}, *inputs[] = {u};
  const EvalData data = {.sequences = sequences, .length = {lengths}, .param = params, .input = inputs};
  for (int is_double = 0; is_double < 2; is_double++) {
    const char *what = arena_printf(s->arena, "%s, N = %d, %d sequences, f%d", pattern_name[p], (int)n, sequences, is_double ? 64 : 32);
    CU_ASSERT(jit_agrees(jit, g, &data, is_double, what));
    if (is_double || n > 64) CU_ASSERT(jit_agrees(jit, d, &data, is_double, what));
  }
  jit_free(jit);
  session_free(s);
}

/* Below and above two vectors, no multiple of one, more than one cell. FULL and, with few sequences, EMPTY are not what the density says. */
static void test_against_interpreter(void) {
  static const int64_t sizes[] = {5, 33, 70};
  static const int sequences[] = {1, 6};
  for (int n = 0; n < 3; n++)
    for (int b = 0; b < 2; b++)
      for (Pattern p = RANDOM; p <= (sizes[n] == 33 ? EMPTY : RING); p++) try_net(sizes[n], sequences[b], p, p == RANDOM ? 0.05 * (1 + b) : 0.1);
  try_net(1000, 1, RANDOM, 0.05); /* in double all of it is gathered */
}

/* --- layouts ------------------------------------------------------------------------------------------------------------------- */

enum { N = 200 };
static double weight[N * N];
static float weight_f32[N * N];
static _Alignas(64) char room[2 * N * N * sizeof(double)];

/* The kind for vectors of 64 bytes, or of 32 where two registers are not permuted. */
static int64_t kind_of(Pattern p, double density, int64_t columns, bool wide, int64_t bytes) {
  fill_weight(weight, N, p, density, 7);
  for (int i = 0; i < N * N; i++) weight_f32[i] = (float)weight[i];
  rnn_sparse_pack_f32(weight_f32, N, 1, N, N, columns, wide ? 16 : 8, wide, room, bytes);
  return ((SparseHead *)(void *)room)->kind;
}

static void test_layouts(void) {
  const int64_t bytes = sizeof room;
  CU_ASSERT_EQUAL(kind_of(RANDOM, 0.1, 1, true, bytes), SPARSE_PERMUTE);
  CU_ASSERT_EQUAL(kind_of(RANDOM, 0.1, 1, false, bytes), SPARSE_BLOCKS);
  CU_ASSERT_EQUAL(kind_of(BLOCKS, 0.1, 1, true, bytes), SPARSE_BLOCKS);
  CU_ASSERT_EQUAL(kind_of(BLOCKS, 0.1, 50, true, bytes), SPARSE_BLOCKS);
  CU_ASSERT_EQUAL(kind_of(RING, 0, 1, true, bytes), SPARSE_PERMUTE);
  CU_ASSERT_EQUAL(kind_of(RING, 0, 1, false, bytes), SPARSE_BLOCKS);
  CU_ASSERT_EQUAL(kind_of(FULL, 0, 1, true, bytes), SPARSE_NONE);
  CU_ASSERT_EQUAL(kind_of(RANDOM, 0.25, 50, true, bytes), SPARSE_NONE); /* many columns share what a dense product reads */
  CU_ASSERT_EQUAL(kind_of(RANDOM, 0.1, 1, true, 2000), SPARSE_NONE);   /* no room */
}

/* A room that is just too small stays as it was behind its end. */
static void test_room(void) {
  for (int64_t bytes = 512; bytes < 60000; bytes += 3001) {
    memset(room, 7, sizeof room);
    kind_of(RANDOM, 0.1, 1, true, bytes);
    bool untouched = true;
    for (int64_t i = bytes; i < (int64_t)sizeof room; i++) untouched &= room[i] == 7;
    CU_ASSERT_TRUE(untouched);
  }
}

/* The layout of the call before stays while the numbers are the same, and only then. */
static void test_stays(void) {
  memset(room, 0, sizeof room);
  CU_ASSERT_EQUAL_FATAL(kind_of(RANDOM, 0.1, 1, true, sizeof room), SPARSE_PERMUTE);
  float *value = (float *)(void *)(room + ((SparseHead *)(void *)room)->values);
  while (*value == 0) value++;
  *value = 99;
  kind_of(RANDOM, 0.1, 1, true, sizeof room);
  CU_ASSERT_EQUAL(*value, 99);
  kind_of(RANDOM, 0.1, 2, true, sizeof room);
  CU_ASSERT_NOT_EQUAL(*value, 99);
  *value = 99;
  for (int i = 0, turned = 0; turned < 2; i++)
    if (weight_f32[16 * i] != 0) weight_f32[16 * i] *= -1, turned++; /* 64 bytes apart, the last bit of each */
  rnn_sparse_pack_f32(weight_f32, N, 1, N, N, 2, 16, true, room, sizeof room);
  CU_ASSERT_NOT_EQUAL(*value, 99);
}

int main(void) {
  CU_initialize_registry();
  CU_pSuite suite = CU_add_suite("llvm_sparse", NULL, NULL);
  CU_add_test(suite, "against the interpreter", test_against_interpreter);
  CU_add_test(suite, "layouts", test_layouts);
  CU_add_test(suite, "room", test_room);
  CU_add_test(suite, "stays", test_stays);
  CU_basic_run_tests();
  return CU_get_number_of_failures() ? 1 : 0;
}
