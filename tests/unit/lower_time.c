/* links: rnn_middle rnn_graph rnn_front */
/* Reads at other steps: impulse responses, windows, histories, both directions, forcing. */
#include "lower_test.h"

static void test_impulse(void) {
  Fixture f = fixture("net n {\n  input p: []\n  state a: [] = 0\n  a = p + 0.5 * a[t-1]\n}\n");
  CU_ASSERT_PTR_NOT_NULL_FATAL(f.model);
  const double p[] = {1, 0, 0, 0, 0};
  const double *a = value_named(unit_of(&f, NULL, UNIT_STEP), "a", (Column[]){{"p", p}, {0}}, 1, 5);
  for (int t = 0; t < 5; t++) NEAR(a[t], pow(0.5, t));
  session_free(f.session);
}

static void test_loop_through_names(void) {
  Fixture f = fixture("net n {\n  input p: []\n  output y: [] = 2\n  state x: [] = 0\n  x = p + 0.5 * x[t-1] + y[t-1]\n  y = 3 * x\n}\n");
  CU_ASSERT_PTR_NOT_NULL_FATAL(f.model);
  const double p[] = {1, 1, 1};
  const double *y = value_named(unit_of(&f, NULL, UNIT_STEP), "y", (Column[]){{"p", p}, {0}}, 1, 3);
  double x = 0, before = 2;
  for (int t = 0; t < 3; t++) x = 1 + 0.5 * x + before, before = 3 * x, NEAR(y[t], before);
  session_free(f.session);
}

static void test_causality(void) {
  Fixture f = fixture("net n {\n  input p: []\n  state a, b: [] = 0\n  a = p + b\n  b = a\n}\n");
  if (!f.model) return session_free(f.session); /* an earlier stage may find it too */
  Graph *g = unit_of(&f, NULL, UNIT_STEP);
  CU_ASSERT_PTR_NOT_NULL_FATAL(g);
  CU_ASSERT_PTR_NULL(pass_causality(f.session, g));
  session_free(f.session);
}

/* y at t of a linear map over the last two outputs, newest first. */
static const char *const window_text =
    "dim Y = 1, L = 2\n"
    "net n {\n  output y: [Y] = 0.5\n  param A: [Y, L, Y] ~ glorot\n  param d: [Y] = 0\n  y = A @ y[t-1..t-L] + d\n}\n"
    "train n as forced {\n  data csv(\"a.csv\", y = \"y\")\n  force y\n  loss sse(y, data.y)\n}\n"
    "train n as partly {\n  data csv(\"a.csv\", y = \"y\")\n  force y for 2 steps\n  loss sse(y, data.y)\n}\n"
    "run n as free {\n  data csv(\"a.csv\", y = \"y\")\n  report rmse(y, data.y)\n}\n"
    "run n as next {\n  data csv(\"a.csv\", y = \"y\")\n  force y\n  report rmse(y, data.y)\n}\n";

enum { STEPS = 4 };

/* The same with `entered[t]` saying whether the delay line holds data. */
static void window_by_hand(const double *data, const int *entered, double *y) {
  for (int t = 0; t < STEPS; t++) {
    double tap[2];
    for (int k = 1; k <= 2; k++) tap[k - 1] = t - k < 0 ? 0.5 : entered[t - k] ? data[t - k] : y[t - k];
    y[t] = 0.6 * tap[0] - 0.3 * tap[1] + 0.1;
  }
}

static double sum_of_squares(const double *y, const double *d) {
  double sum = 0;
  for (int t = 0; t < STEPS; t++) sum += (y[t] - d[t]) * (y[t] - d[t]);
  return sum;
}

static void test_force(void) {
  Fixture f = fixture(window_text);
  CU_ASSERT_PTR_NOT_NULL_FATAL(f.model);
  const double data[STEPS] = {1, -2, 3, 0.5}, A[] = {0.6, -0.3}, d[] = {0.1}, flag[STEPS] = {1, 1, 0, 0};
  const Column columns[] = {{"data.y", data}, {"n.A", A}, {"n.d", d}, {"force.y", flag}, {0}};
  const int all[STEPS] = {1, 1, 1, 1}, two[STEPS] = {1, 1, 0, 0}, none[STEPS] = {0};
  double y[STEPS];
  window_by_hand(data, all, y);
  Graph *forced = unit_of(&f, "forced", UNIT_LOSS);
  NEAR(value_named(forced, "loss", columns, 1, STEPS)[0], sum_of_squares(y, data));
  const Components c = graph_components(f.session, forced);
  for (int i = 0; i < c.count; i++) CU_ASSERT_FALSE(c.loops[i]); /* the loop is gone */
  const double *next = value_named(unit_of(&f, "next", UNIT_RUN), "r0", columns, 1, STEPS);
  for (int t = 0; t < STEPS; t++) NEAR(next[t], y[t]);
  window_by_hand(data, two, y);
  NEAR(value_named(unit_of(&f, "partly", UNIT_LOSS), "loss", columns, 1, STEPS)[0], sum_of_squares(y, data));
  window_by_hand(data, none, y);
  const double *free_run = value_named(unit_of(&f, "free", UNIT_RUN), "r0", columns, 1, STEPS);
  for (int t = 0; t < STEPS; t++) NEAR(free_run[t], y[t]);
  session_free(f.session);
}

/* y needs h now and before, and h needs y before: the window's first tap is an edge within the step. */
static void test_window_in_loop(void) {
  Fixture f = fixture("dim L = 2\nnet n {\n  output y: [] = 0\n  state h: [] = 1\n  param c: [L + 1] = 1\n"
                      "  h = 2 * y[t-1] + 3\n  y = c @ h[t..t-L]\n}\n"
                      "run n as all {\n  steps 5\n  report mean(y)\n}\n");
  CU_ASSERT_PTR_NOT_NULL_FATAL(f.model);
  Graph *g = unit_of(&f, NULL, UNIT_STEP);
  CU_ASSERT_PTR_NOT_NULL_FATAL(g);
  CU_ASSERT_PTR_NOT_NULL(pass_causality(f.session, g));
  const double c[] = {0.5, -0.25, 0.1};
  const double *got = value_named(g, "y", (Column[]){{"n.c", c}, {0}}, 1, 5);
  double h[7] = {1, 1}, before = 0;
  for (int t = 0; t < 5; t++) {
    h[t + 2] = 2 * before + 3;
    before = c[0] * h[t + 2] + c[1] * h[t + 1] + c[2] * h[t];
    NEAR(got[t], before);
  }
  session_free(f.session);
}

static void test_both_directions(void) {
  Fixture f = fixture("dim C = 2\n"
                      "net n {\n  input x: []\n  state f, r: [] = 1\n  f = x + 0.5 * f[t-1]\n  r = x - 0.5 * r[t+1]\n"
                      "  m = mean over t (f * r)\n  e = f[last] + 10 * r[first]\n}\n");
  CU_ASSERT_PTR_NOT_NULL_FATAL(f.model);
  const double x[] = {1, 2, -1};
  double forward[3], backward[3], before = 1, after = 1, mean = 0;
  for (int t = 0; t < 3; t++) before = forward[t] = x[t] + 0.5 * before;
  for (int t = 2; t >= 0; t--) after = backward[t] = x[t] - 0.5 * after;
  for (int t = 0; t < 3; t++) mean += forward[t] * backward[t] / 3;
  Graph *g = unit_of(&f, NULL, UNIT_STEP);
  const Column columns[] = {{"x", x}, {0}};
  const double *r = value_named(g, "r", columns, 1, 3);
  for (int t = 0; t < 3; t++) NEAR(r[t], backward[t]);
  NEAR(value_named(g, "m", columns, 1, 3)[0], mean);
  NEAR(value_named(g, "e", columns, 1, 3)[0], forward[2] + 10 * backward[0]);
  session_free(f.session);
}

static void test_start(void) {
  Fixture f = fixture("dim H = 2\n"
                      "cell Two[H](x: [H]) -> h: [H] {\n  state h, c: [H] = 0\n  c = c[t-1] + x\n  h = 0.5 * h[t-1] + c\n}\n"
                      "net n {\n  input x: [H]\n  input p: [H] per sequence\n"
                      "  a = Two[H = H](x) start p\n  b = Two[H = H](x) start h = 2 * p, c = p\n}\n");
  CU_ASSERT_PTR_NOT_NULL_FATAL(f.model);
  const double x[] = {1, 2}, p[] = {10, 20};
  Graph *g = unit_of(&f, NULL, UNIT_STEP);
  const Column columns[] = {{"x", x}, {"p", p}, {0}};
  const double *a = value_named(g, "a", columns, 1, 1), *b = value_named(g, "b", columns, 1, 1);
  for (int i = 0; i < 2; i++) NEAR(a[i], 0.5 * p[i] + x[i]), NEAR(b[i], 0.5 * 2 * p[i] + p[i] + x[i]);
  session_free(f.session);
}

static void test_two_clocks(void) {
  Fixture f = fixture("time s, t\ndim H = 2\n"
                      "cell Sum[H](x: [H]) -> h: [H] {\n  state h: [H] = 0\n  h = h[t-1] + x\n}\n"
                      "net n {\n  input e: [H] on s\n  input q: [H] on t\n  enc = Sum[H = H](e)\n"
                      "  a = softmax over s (dot(enc, q))\n  c = sum over s (a * enc)\n  d = Sum[H = H](c) start enc[last]\n}\n");
  if (!f.model) { /* the checker does not let a second clock pass yet */
    printf("\n    skipped: two clocks are not built\n");
    session_free(f.session);
    return;
  }
  const double e[] = {1, 0, 0, 1}, q[] = {1, 2, -1, 0.5};
  const double enc[2][2] = {{1, 0}, {1, 1}};
  double d[2] = {1, 1};
  const double *got = value_named(unit_of(&f, NULL, UNIT_STEP), "d", (Column[]){{"e", e}, {"q", q}, {0}}, 1, 2);
  for (int t = 0; t < 2; t++) {
    double power[2], total = 0;
    for (int s = 0; s < 2; s++) total += power[s] = exp(enc[s][0] * q[2 * t] + enc[s][1] * q[2 * t + 1]);
    for (int i = 0; i < 2; i++) d[i] += (power[0] * enc[0][i] + power[1] * enc[1][i]) / total, NEAR(got[2 * t + i], d[i]);
  }
  session_free(f.session);
}

/* The tree (4 1 (3 2)), in postorder 1 2 3 4. */
static void test_trees(void) {
  Fixture f = fixture("tree n\nnet m {\n  input x: []\n  state h, s, g: [] = 5\n  h = x + h[n.left] + 10 * h[n.right]\n"
                      "  s = x + sum over n.children (s)\n  k = sum over n.children (1 + x * s)\n  y = h[last]\n"
                      "  f = sum over n.children (x[n] * s - k)\n  m = mean over n.children (s)\n  l = min over n.children (s)\n"
                      "  g = x + max over n.children (g * x[n] + sum over n.children (x))\n}\n");
  CU_ASSERT_PTR_NOT_NULL_FATAL(f.model);
  const double x[] = {1, 2, 3, 4}, left[] = {-1, -1, 1, 0}, right[] = {-1, -1, -1, 2}, left_parent[] = {3, 2, -1, -1}, right_parent[] = {-1, -1, 3, -1},
               first[] = {-1, -1, 1, 0}, next[] = {2, -1, -1, -1}, parent[] = {3, 2, 3, -1};
  const Column columns[] = {{"x", x}, {"n.left", left}, {"n.right", right}, {"n.left.parent", left_parent}, {"n.right.parent", right_parent},
                            {"n.first", first}, {"n.next", next}, {"n.parent", parent}, {0}};
  const Graph *g = unit_of(&f, NULL, UNIT_STEP);
  const double h[] = {1 + 55, 2 + 55, 3 + 57 + 50, 4 + 56 + 1100}, s[] = {1, 2, 5, 10}, k[] = {0, 0, 1 + 4, 1 + 1 + 1 + 15};
  const double *got_h = value_named(g, "h", columns, 1, 4), *got_s = value_named(g, "s", columns, 1, 4), *got_k = value_named(g, "k", columns, 1, 4);
  const double fs[] = {0, 0, 6, 4 + 20 - 5}, m[] = {0, 0, 2, 3}, l[] = {0, 0, 2, 1}, gs[] = {1, 2, 3 + 6, 4 + 38};
  const double *got_f = value_named(g, "f", columns, 1, 4), *got_m = value_named(g, "m", columns, 1, 4), *got_l = value_named(g, "l", columns, 1, 4),
               *got_g = value_named(g, "g", columns, 1, 4);
  for (int t = 0; t < 4; t++) NEAR(got_f[t], fs[t]), NEAR(got_m[t], m[t]), NEAR(got_l[t], l[t]), NEAR(got_g[t], gs[t]);
  for (int t = 0; t < 4; t++) NEAR(got_h[t], h[t]), NEAR(got_s[t], s[t]), NEAR(got_k[t], k[t]);
  NEAR(*value_named(g, "y", columns, 1, 4), h[3]);
  session_free(f.session);
  f = fixture("use std.cells (GRU)\ntree n\nnet m {\n  input x: [] \n  h = GRU[H = 2](x as [1])\n}\n"); /* it reads its step before */
  CU_ASSERT_PTR_NULL(f.model);
  session_free(f.session);
}

/* Each connection reads z at its own delay: of numbers, of drawn ones, ahead, of an index; before the start z's history. */
static void test_delays(void) {
  Fixture f = fixture("dim X = 2, H = 2\nnet n {\n  input x: [X] = 7\n  input k: index(X) = 0\n  fixed D: [H, X] = [[1, 2], [0, 3]]\n"
                      "  fixed E: [H, X] ~ integers(1, 3)\n  fixed F: [H] = 2\n"
                      "  y = x[t - D]\n  later = x[t - 1 - D]\n  ahead = x[t + E]\n  z = k[t - E]\n  v = s[t - F]\n  state s: [] = -1\n  s = sum(x)\n}\n");
  CU_ASSERT_PTR_NOT_NULL_FATAL(f.model);
  enum { T = 5, X = 2, H = 2 };
  const double x[T * X] = {1, 2, 3, 4, 5, 6, 8, 9, 10, 11}, k[T] = {0, 1, 1, 0, 1}, D[] = {1, 2, 0, 3}, E[] = {1, 3, 2, 2};
  Graph *g = unit_of(&f, NULL, UNIT_STEP);
  const Column columns[] = {{"x", x}, {"k", k}, {"n.D", D}, {"n.E", E}, {"n.F", (double[]){2, 2}}, {0}};
  const double *y = value_named(g, "y", columns, 1, T), *later = value_named(g, "later", columns, 1, T);
  const double *ahead = value_named(g, "ahead", columns, 1, T), *z = value_named(g, "z", columns, 1, T), *v = value_named(g, "v", columns, 1, T);
  for (int t = 0; t < T; t++)
    for (int i = 0; i < H * X; i++) {
      const int at = t - (int)D[i], back = t - (int)E[i], front = t + (int)E[i], c = i % X;
      NEAR(y[t * H * X + i], at >= 0 ? x[at * X + c] : 7);
      NEAR(later[t * H * X + i], at >= 1 ? x[(at - 1) * X + c] : 7);
      NEAR(ahead[t * H * X + i], front < T ? x[front * X + c] : 7);
      NEAR(z[t * H * X + i], (back >= 0 ? k[back] : 0) == c);
      if (i < H) NEAR(v[t * H + i], t >= 2 ? x[(t - 2) * X] + x[(t - 2) * X + 1] : -1);
    }
  session_free(f.session);
}

/* The least delay decides whether there is a loop within a step. */
static void test_delays_in_loop(void) {
  static const char *const least[] = {"0", "1"};
  for (int i = 0; i < 2; i++) {
    char text[300];
    snprintf(text, sizeof text, "dim X = 2, H = 2\nnet n {\n  input x: [X]\n  fixed D: [H, X] ~ integers(%s, 3)\n  state z: [X] = 0\n"
                                "  z = x + sum over H (z[t - D])\n}\n", least[i]);
    Fixture f = fixture(text);
    Graph *g = f.model ? unit_of(&f, NULL, UNIT_STEP) : NULL;
    CU_ASSERT_EQUAL(g && pass_causality(f.session, g), i == 1);
    session_free(f.session);
  }
}

int main(void) {
  const TestRow rows[] = {{"impulse", test_impulse}, {"a loop through two names", test_loop_through_names},
                          {"a loop without delay", test_causality}, {"windows and force", test_force},
                          {"a window that begins now in a loop", test_window_in_loop},
                          {"both directions", test_both_directions}, {"start", test_start}, {"two clocks", test_two_clocks},
                          {"trees", test_trees}, {"delays by a tensor", test_delays}, {"the least delay", test_delays_in_loop}};
  return run_tests("lower/time", rows, sizeof rows / sizeof *rows);
}
