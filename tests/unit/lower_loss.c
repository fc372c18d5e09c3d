/* links: rnn_middle rnn_graph rnn_front */
/* Losses against their formulas, with weights; the linear system of ridge; reports in original units. */
#include "lower_test.h"

static const char *const head = "dim Y = 2, C = 3\n"
                                "net n {\n  input x: [Y]\n  input k: index(C)\n  output y: [Y]\n  param W: [Y, Y] = 1\n  param V: [C, Y] = 1\n"
                                "  y = W @ x\n  s = sigmoid(y)\n  q = softmax(V @ x)\n  cost = sum(y)\n}\n";

enum { ROWS = 2, T = 3, Y = 2, C = 3, N = ROWS * T * Y };

static double x[N], d[N], y[N], W[] = {0.5, -1, 2, 0.25}, V[] = {1, 0.5, -0.25, 2, 0.1, -1};
static double weight[ROWS * T] = {0, 1, 1, 0, 1, 0}, k[ROWS * T] = {0, 1, 2, 1, 1, 0};

static void prepare(void) {
  for (int i = 0; i < N; i++) x[i] = sin(i + 0.3), d[i] = 0.5 + 0.5 * cos(2 * i);
  for (int i = 0; i < ROWS * T; i++)
    for (int a = 0; a < Y; a++) y[i * Y + a] = W[a * Y] * x[i * Y] + W[a * Y + 1] * x[i * Y + 1];
}

/* The loss as the graph has it. Three steps count of six: their norm is 1/3. */
static double loss_of(const char *loss) {
  Session *s = session_new();
  const char *text = arena_printf(s->arena, "%strain n {\n  data csv(\"a.csv\", x = \"x\", k = \"k\", y = \"y\")\n  loss %s\n}\n", head, loss);
  Fixture f = fixture_of(s, "test.rnn", source_add(s, "test.rnn", text, strlen(text)));
  CU_ASSERT_PTR_NOT_NULL(f.model);
  Graph *g = f.model ? unit_of(&f, "n", UNIT_LOSS) : NULL;
  if (!g) return session_free(s), NAN;
  const Column columns[] = {{"x", x}, {"data.y", d}, {"k", k}, {"n.W", W}, {"n.V", V}, {"weight.steps", weight}, {0}};
  const double value = value_named(g, "loss", columns, ROWS, T)[0];
  session_free(s);
  return value;
}

typedef double Error(double y, double d);

static double sum_counted(Error *error) {
  double sum = 0;
  for (int i = 0; i < N; i++) sum += weight[i / Y] * error(y[i], d[i]);
  return sum;
}

static double squared(double a, double b) { return (a - b) * (a - b); }
static double absolute(double a, double b) { return fabs(a - b); }
static double huber(double a, double b) { return fabs(a - b) <= 1 ? squared(a, b) / 2 : fabs(a - b) - 0.5; }
static double entropy(double a, double b) { return -(b * log(1 / (1 + exp(-a))) + (1 - b) * log(1 / (1 + exp(a)))); }
static double itself(double a, double b) { return (void)b, a; }

/* The fixture's norm is over all six steps of the batch: the runtime's would be 1/3. */
static const double steps = ROWS * T;

static void test_errors(void) {
  prepare();
  NEAR(loss_of("mse(y, data.y)"), sum_counted(squared) / steps / Y);
  NEAR(loss_of("mae(y, data.y)"), sum_counted(absolute) / steps / Y);
  NEAR(loss_of("huber(y, data.y)"), sum_counted(huber) / steps / Y);
  NEAR(loss_of("bce(s, data.y)"), sum_counted(entropy) / steps / Y);
  NEAR(loss_of("bce(sigmoid(y) * 1, data.y)"), sum_counted(entropy) / steps / Y);
  NEAR(loss_of("sse(y, data.y)"), sum_counted(squared));
  NEAR(loss_of("per_sequence(sse(y, data.y))"), sum_counted(squared) / ROWS);
  NEAR(loss_of("cost"), sum_counted(itself) / steps);
}

static double cross_entropy(void) {
  double sum = 0;
  for (int i = 0; i < ROWS * T; i++) {
    double total = 0, power[C];
    for (int c = 0; c < C; c++) total += power[c] = exp(V[c * Y] * x[i * Y] + V[c * Y + 1] * x[i * Y + 1]);
    sum -= weight[i] * log(power[(int)k[i]] / total);
  }
  return sum;
}

static void test_classes(void) {
  prepare();
  NEAR(loss_of("xent(q, k)"), cross_entropy() / steps);
  NEAR(loss_of("xent(q, one_hot(k))"), cross_entropy() / steps);
  CU_ASSERT_DOUBLE_EQUAL(loss_of("xent(1 * q, k)"), cross_entropy() / steps, 1e-6);
}

static void test_combinations(void) {
  prepare();
  double squares = 0, sizes = 0, means = 0;
  for (int i = 0; i < 4; i++) squares += W[i] * W[i], sizes += fabs(W[i]);
  for (int i = 0; i < N; i++) means += y[i] / T / ROWS;
  const double mse = sum_counted(squared) / steps / Y;
  NEAR(loss_of("mse(y, data.y) + 1e-2 * (l2(W) + l1(W))"), mse + 1e-2 * (squares + sizes));
  NEAR(loss_of("2 * mse(y, data.y) - xent(q, k) / 4"), 2 * mse - cross_entropy() / steps / 4);
  NEAR(loss_of("mse(y, data.y) + 0.5 * mean over t (cost)"), mse + 0.5 * means);
}

/* --- ridge ------------------------------------------------------------------------------------------------------------------ */

static const char *const readout =
    "dim U = 1, Y = 2, N = 3\n"
    "net n {\n  input u: [U]\n  output y: [Y] = 0\n  fixed Win: [N, U] = [[1], [2], [3]]\n  fixed Wfb: [N, Y] = 0.5\n"
    "  param R: [Y, N] = 0\n  param S: [Y, U] = 0\n  param b: [Y] = 0\n  state x: [N] = 0\n"
    "  x = tanh(Win @ u + 0.5 * x[t-1] + Wfb @ y[t-1])\n  y = R @ x + 0.25 * (concat(u, u) as [Y]) - S @ u + b\n}\n";

static const char *const trained = "train n {\n  data csv(\"a.csv\", u = \"u\", y = \"y\")\n  force y\n  loss mse(y, data.y)\n  method ridge(lambda = 1e-6)\n%s}\n"
                                   "run n as all {\n  data csv(\"a.csv\", u = \"u\", y = \"y\")\n  force y\n  report rmse(y, data.y)\n}\n";

static Fixture ridge_fixture(const char *net, const char *tune) {
  Session *s = session_new();
  const char *stages = arena_printf(s->arena, trained, tune), *text = arena_printf(s->arena, "%s%s", net, stages);
  return fixture_of(s, "test.rnn", source_add(s, "test.rnn", text, strlen(text)));
}

/* target − Σ W·feature = data.y − y */
static void test_ridge(void) {
  Fixture f = ridge_fixture(readout, "");
  CU_ASSERT_PTR_NOT_NULL_FATAL(f.model);
  Graph *g = unit_of(&f, "n", UNIT_RIDGE);
  CU_ASSERT_PTR_NOT_NULL_FATAL(g);
  CU_ASSERT_STRING_EQUAL(lower_scalar(f.model, stage_named(&f, "n")), "f64");
  const double u[] = {0.3, -0.7, 1}, data[] = {1, 2, 3, 4, 5, 6}, R[] = {1, 2, -3, 0.5, 0, 1}, S[] = {2, -1}, b[] = {0.1, 0.2};
  const double Win[] = {1, 2, 3}, Wfb[] = {0.5, 0.1, 0.2, -0.3, 0.4, 0.6};
  const Column columns[] = {{"u", u}, {"data.y", data}, {"n.R", R}, {"n.S", S}, {"n.b", b}, {"n.Win", Win}, {"n.Wfb", Wfb}, {0}};
  const double *target = value_named(g, "target", columns, 1, 3), *x_feature = value_named(g, "feature.n.R", columns, 1, 3);
  const double *u_feature = value_named(g, "feature.n.S", columns, 1, 3), *one = value_named(g, "feature.n.b", columns, 1, 3);
  Graph *run = unit_of(&f, "all", UNIT_RUN);
  const double *shown = value_named(run, "r0", columns, 1, 3);
  NEAR(one[0], 1);
  for (int t = 0; t < 3; t++)
    for (int i = 0; i < 2; i++) {
      double left = target[2 * t + i] - S[i] * u_feature[t] - b[i] * one[0];
      for (int j = 0; j < 3; j++) left -= R[3 * i + j] * x_feature[3 * t + j];
      NEAR(left, data[2 * t + i] - shown[2 * t + i]);
    }
  session_free(f.session);
}

static void test_ridge_tuned(void) {
  Fixture f = ridge_fixture(readout, "  tune R\n");
  CU_ASSERT_PTR_NOT_NULL_FATAL(f.model);
  Graph *g = unit_of(&f, "n", UNIT_RIDGE);
  CU_ASSERT_PTR_NOT_NULL_FATAL(g);
  CU_ASSERT_EQUAL(g->outputs.len, 2);
  const bool *tuned = lower_tuned(f.model, stage_named(&f, "n"));
  for (int i = 0; i < f.model->params.len; i++) CU_ASSERT_EQUAL(tuned[i], i == param_number(&f, "n.R"));
  session_free(f.session);
}

static void refused(const char *net, const char *tune, const char *named) {
  Fixture f = ridge_fixture(net, tune);
  CU_ASSERT_PTR_NOT_NULL_FATAL(f.model);
  CU_ASSERT_PTR_NULL(lower_unit(f.model, stage_named(&f, "n"), NULL, UNIT_RIDGE));
  CU_ASSERT_TRUE(f.session->errors == 1 && f.session->diags.len > 0);
  if (f.session->errors) CU_ASSERT_PTR_NOT_NULL(strstr(f.session->diags.at[f.session->diags.len - 1]->headline, named));
  session_free(f.session);
}

static void test_ridge_refuses(void) {
  refused("dim U = 1, Y = 2\nnet n {\n  input u: [U]\n  output y: [Y] = 0\n  param W: [Y, U] = 0\n  y = tanh(W @ u)\n}\n", "", "n.W");
  refused("dim U = 1, Y = 2, N = 3\nnet n {\n  input u: [U]\n  output y: [Y] = 0\n  param V: [N, U] = 0\n  param R: [Y, N] = 0\n"
          "  h = V @ u\n  y = R @ h\n}\n", "", "n.");
}

/* --- original units ------------------------------------------------------------------------------------------------------- */

static void test_original_units(void) {
  Fixture f = fixture("dim Y = 1\nnet n {\n  output y: [Y] = 0\n  param c: [Y] = 0\n  y = y[t-1] + c\n}\n"
                      "train n {\n  data csv(\"a.csv\", y = \"y\")\n  scale y\n  loss mse(y, data.y)\n  report rmse(y, data.y)\n}\n"
                      "run n as all {\n  data csv(\"a.csv\", y = \"y\")\n  report rmse(y, data.y), fraction(abs(y - data.y) > 1)\n}\n");
  CU_ASSERT_PTR_NOT_NULL_FATAL(f.model);
  const double data[] = {1, 2}, c[] = {0.5}, mean[] = {10}, std[] = {4};
  const Column columns[] = {{"data.y", data}, {"n.c", c}, {"mean.y", mean}, {"std.y", std}, {0}};
  Graph *g = unit_of(&f, "all", UNIT_RUN), *valid = unit_of(&f, "n", UNIT_VALID);
  const double *r0 = value_named(g, "r0", columns, 1, 2), *r1 = value_named(g, "r1", columns, 1, 2);
  const double *r2 = value_named(g, "r2", columns, 1, 2), *v0 = value_named(valid, "r0", columns, 1, 2);
  for (int t = 0; t < 2; t++) NEAR(r0[t], 0.5 * (t + 1) * 4 + 10), NEAR(v0[t], r0[t]), NEAR(r1[t], data[t] * 4 + 10);
  for (int t = 0; t < 2; t++) NEAR(r2[t], fabs(r0[t] - r1[t]) > 1);
  NEAR(value_named(valid, "loss", columns, 1, 2)[0], (0.25 + 1) / 2);
  session_free(f.session);
}

int main(void) {
  const TestRow rows[] = {{"errors", test_errors}, {"classes", test_classes}, {"combinations", test_combinations}, {"ridge", test_ridge},
                          {"ridge on what is tuned", test_ridge_tuned}, {"ridge refuses", test_ridge_refuses},
                          {"original units", test_original_units}};
  return run_tests("lower/loss", rows, sizeof rows / sizeof *rows);
}
