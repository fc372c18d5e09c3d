/* links: rnn_middle rnn_graph rnn_front */
/* Calls of cells: copies with their own params, options, names; an LSTM against one written in C. */
#include "lower_test.h"

static const char *const lstm_text =
    "dim X = 2, H = 3\n"
    "cell LSTM[X, H](x: [X]) -> h: [H] {\n"
    "  param Wi, Wf, Wo, Wg: [H, X] ~ glorot\n"
    "  param Ui, Uf, Uo, Ug: [H, H] ~ orthogonal\n"
    "  param bi, bo, bg: [H] = 0\n"
    "  param bf: [H] = 1\n"
    "  state h, c: [H] = 0\n"
    "  i = sigmoid(Wi @ x + Ui @ h[t-1] + bi)\n"
    "  f = sigmoid(Wf @ x + Uf @ h[t-1] + bf)\n"
    "  o = sigmoid(Wo @ x + Uo @ h[t-1] + bo)\n"
    "  g = tanh(Wg @ x + Ug @ h[t-1] + bg)\n"
    "  c = f * c[t-1] + i * g\n"
    "  h = o * tanh(c)\n"
    "}\n"
    "net lstm {\n"
    "  input x: [X]\n"
    "  h = LSTM[H = H](x)\n"
    "}\n";

static double sigmoid(double x) { return 1 / (1 + exp(-x)); }

/* Any numbers will do, if they differ. */
static void some_numbers(double *x, int n, int which) {
  for (int i = 0; i < n; i++) x[i] = 0.7 * sin(1.3 * i + 2.1 * which + 0.4);
}

enum { X = 2, H = 3, T = 5, GATES = 4 };

typedef struct Gates {
  double W[GATES][H * X], U[GATES][H * H], b[GATES][H];
} Gates;

static double gate(const Gates *g, int k, int unit, const double *x, const double *h) {
  double a = g->b[k][unit];
  for (int j = 0; j < X; j++) a += g->W[k][unit * X + j] * x[j];
  for (int j = 0; j < H; j++) a += g->U[k][unit * H + j] * h[j];
  return a;
}

static void lstm_step(const Gates *g, const double *x, double *h, double *c) {
  double next[H];
  for (int u = 0; u < H; u++) {
    const double i = sigmoid(gate(g, 0, u, x, h)), f = sigmoid(gate(g, 1, u, x, h)), o = sigmoid(gate(g, 2, u, x, h));
    c[u] = f * c[u] + i * tanh(gate(g, 3, u, x, h));
    next[u] = o * tanh(c[u]);
  }
  memcpy(h, next, sizeof next);
}

static void test_lstm(void) {
  Fixture f = fixture(lstm_text);
  CU_ASSERT_PTR_NOT_NULL_FATAL(f.model);
  CU_ASSERT_EQUAL(f.model->params.len, 12);
  Gates g;
  double x[T * X], h[H] = {0}, c[H] = {0};
  some_numbers(x, T * X, 99);
  Column columns[16] = {{"x", x}};
  static const char *const letters[] = {"i", "f", "o", "g"};
  for (int k = 0, n = 1; k < GATES; k++) {
    some_numbers(g.W[k], H * X, k), some_numbers(g.U[k], H * H, k + 10), some_numbers(g.b[k], H, k + 20);
    columns[n++] = (Column){arena_printf(f.session->arena, "lstm.h.W%s", letters[k]), g.W[k]};
    columns[n++] = (Column){arena_printf(f.session->arena, "lstm.h.U%s", letters[k]), g.U[k]};
    columns[n++] = (Column){arena_printf(f.session->arena, "lstm.h.b%s", letters[k]), g.b[k]};
  }
  const double *got = value_named(unit_of(&f, NULL, UNIT_STEP), "h", columns, 1, T);
  for (int t = 0; t < T; t++) {
    lstm_step(&g, x + t * X, h, c);
    for (int u = 0; u < H; u++) NEAR(got[t * H + u], h[u]);
  }
  session_free(f.session);
}

static void test_names(void) {
  Fixture f = fixture("dim H = 2\n"
                      "cell Inner[H](x: [H]) -> y: [H] {\n  param a: [H] = 1\n  y = a * x\n}\n"
                      "cell Outer[H](x: [H]) -> y: [H] {\n  p = Inner[H = H](x)\n  y = p + x\n}\n"
                      "net n {\n  input x: [H]\n  param w: [H] = 1\n"
                      "  u = Outer[H = H](x) + Outer[H = H](w * x)\n}\n");
  CU_ASSERT_PTR_NOT_NULL_FATAL(f.model);
  CU_ASSERT_EQUAL(f.model->params.len, 3);
  CU_ASSERT_EQUAL(param_number(&f, "n.u.p.a"), 0);
  CU_ASSERT_EQUAL(param_number(&f, "n.w"), 1);
  CU_ASSERT_EQUAL(param_number(&f, "n.u_2.p.a"), 2);
  const double x[] = {1, 2}, a[] = {3, 5}, w[] = {10, 100}, a2[] = {7, 11};
  const Column columns[] = {{"x", x}, {"n.u.p.a", a}, {"n.w", w}, {"n.u_2.p.a", a2}, {0}};
  const double *u = value_named(unit_of(&f, NULL, UNIT_STEP), "u", columns, 1, 1);
  NEAR(u[0], 3 * 1 + 1 + 7 * 10 + 10);
  NEAR(u[1], 5 * 2 + 2 + 11 * 200 + 200);
  session_free(f.session);
}

static const char *const option_text =
    "dim H = 2\n"
    "cell Leaky[H](x: [H]; leak = 0.5, peephole = false, f = tanh) -> h: [H] {\n"
    "  param p: [H] = 1\n"
    "  state h: [H] = 0\n"
    "  h = leak * h[t-1] + (if peephole then f(p * x) else f(x))\n"
    "}\n"
    "net n {\n  input x: [H]\n"
    "  a = Leaky[H = H](x)\n"
    "  b = Leaky[H = H](x, leak = 0.25, peephole = true, f = relu)\n"
    "}\n";

static void test_options(void) {
  Fixture f = fixture(option_text);
  CU_ASSERT_PTR_NOT_NULL_FATAL(f.model);
  CU_ASSERT_EQUAL(f.model->params.len, 1); /* a's p is in no chosen equation */
  CU_ASSERT_EQUAL(param_number(&f, "n.b.p"), 0);
  const double x[] = {1, -1, 2, 3}, p[] = {2, 3};
  const Column columns[] = {{"x", x}, {"n.b.p", p}, {0}};
  Graph *g = unit_of(&f, NULL, UNIT_STEP);
  const double *a = value_named(g, "a", columns, 1, 2), *b = value_named(g, "b", columns, 1, 2);
  NEAR(a[2], 0.5 * tanh(1) + tanh(2));
  NEAR(a[3], 0.5 * tanh(-1) + tanh(3));
  NEAR(b[2], 0.25 * 2 + 4);
  NEAR(b[3], 0 + 9);
  session_free(f.session);
}

static void test_shared(void) {
  Fixture f = fixture("dim H = 2\n"
                      "cell Sum[H](x: [H]) -> h: [H] {\n  param a: [H] = 1\n  state h: [H] = 0\n  h = h[t-1] + a * x\n}\n"
                      "net n {\n  input x, z: [H]\n  shared c = Sum[H = H]\n  u = c(x)\n  v = c(z)\n}\n");
  CU_ASSERT_PTR_NOT_NULL_FATAL(f.model);
  CU_ASSERT_EQUAL(f.model->params.len, 1);
  CU_ASSERT_EQUAL(param_number(&f, "n.c.a"), 0);
  const double x[] = {1, 2, 3, 4}, z[] = {10, 20, 30, 40}, a[] = {2, 3};
  const Column columns[] = {{"x", x}, {"z", z}, {"n.c.a", a}, {0}};
  Graph *g = unit_of(&f, NULL, UNIT_STEP);
  const double *u = value_named(g, "u", columns, 1, 2), *v = value_named(g, "v", columns, 1, 2);
  NEAR(u[2], 2 * 1 + 2 * 3);
  NEAR(v[3], 3 * 20 + 3 * 40);
  session_free(f.session);
}

/* Two outputs: by the call's name, by names of their own, one alone; a cell that calls one; each call is made once. */
static void test_several(void) {
  Fixture f = fixture("cell Two(x: []; k = 0.5) -> h: [], c: [] {\n  param a: [] = 1\n  state h, c: [] = 0\n"
                      "  c = k * c[t-1] + a * x\n  h = c + h[t-1]\n}\n"
                      "cell Pair(x: []) -> s: [], d: [] {\n  p, r = Two(x)\n  s = p + r\n  d = p - r\n}\n"
                      "net n {\n  input x: []\n  q = Two(x) start h = 10, c = 4\n  u, v = Two(x, k = 0)\n  w = Pair(x)\n"
                      "  shared z = Two\n  z1, z2 = z(x)\n  z3 = z(x).c\n"
                      "  y = q.h[t-1] + q.c\n  all = u + v + w.s + w.d + z1 + z2 + z3\n}\n");
  CU_ASSERT_PTR_NOT_NULL_FATAL(f.model);
  CU_ASSERT_EQUAL(f.model->params.len, 4);
  const double x[] = {1, 2}, a[] = {2}, b[] = {3}, d[] = {5}, e[] = {7};
  const Column columns[] = {{"x", x}, {"n.q.a", a}, {"n.u.a", b}, {"n.w.p.a", d}, {"n.z.a", e}, {0}};
  Graph *g = unit_of(&f, NULL, UNIT_STEP);
  const double *y = value_named(g, "y", columns, 1, 2), *all = value_named(g, "all", columns, 1, 2);
  NEAR(y[0], 10 + (0.5 * 4 + 2));
  NEAR(y[1], (10 + 4) + (0.5 * 4 + 4));
  NEAR(all[0], 3 + 3 + 2 * 5 + 7 + 7 + 7);
  NEAR(all[1], (3 + 6) + 6 + 2 * (5 + 12.5) + (7 + 17.5) + 17.5 + 17.5);
  session_free(f.session);
}

/* What initialisers say about how many entries are not 0: through chains, options of a cell, values of dims; or do not say. */
static void test_density(void) {
  Fixture f = fixture("dim N = 20\n"
                      "cell C(x: [N]; share = 0.5) -> h: [N] {\n  fixed W: [N, N] ~ sparse(share)\n  h = W @ x\n}\n"
                      "net n {\n  input x: [N]\n  fixed A: [N, N] ~ normal(0, 1) | sparse(0.1) | radius(0.95)\n  fixed B: [N, N] ~ ring(0.5)\n"
                      "  fixed D: [N, N] ~ sparse(density = 0.2) | fan_in(2)\n  fixed E: [N, N] ~ normal\n  fixed F: [N, N] = 0.5\n"
                      "  fixed G: [N] ~ sparse(0.1)\n"
                      "  c = C(x, share = 0.25)\n  y = A @ x + B @ x + D @ x + E @ x + F @ x + G + c\n}\n");
  CU_ASSERT_PTR_NOT_NULL_FATAL(f.model);
  static const struct { const char *name; double density; } wanted[] = {{"n.A", 0.1}, {"n.B", 0.05}, {"n.D", 0.1}, {"n.E", 0}, {"n.F", 0}, {"n.G", 0}, {"n.c.W", 0.25}};
  for (int i = 0; i < 7; i++) {
    int found = 0;
    while (found < f.model->params.len && strcmp(f.model->params.at[found].name, wanted[i].name)) found++;
    CU_ASSERT_FATAL(found < f.model->params.len);
    NEAR(f.model->params.at[found].density, wanted[i].density);
    CU_ASSERT_EQUAL(unit_of(&f, NULL, UNIT_STEP)->params.at[found].density, f.model->params.at[found].density);
  }
  session_free(f.session);
}

int main(void) {
  const TestRow rows[] = {{"an LSTM by hand", test_lstm}, {"names", test_names}, {"options", test_options}, {"shared", test_shared},
                          {"several outputs", test_several}, {"density", test_density}};
  return run_tests("lower/cells", rows, sizeof rows / sizeof *rows);
}
