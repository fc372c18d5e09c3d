/* links: rnn_middle rnn_graph rnn_front */
/* Expressions within one step, each against its number; dropout only in training. */
#include "lower_test.h"

static const char *const head = "time t step 1 ms\ndim A = 2, B = 3, C = 3\n"
                                "net n {\n  input a: [A]\n  input b: [B]\n  input k: index(B)\n  input m: [A, B]\n  input x: [B] = 7\n"
                                "  param E: [A, B] = 0\n  param D: [A, B, C] = 0\n  param L: [A, B] = 0\n";

static const double a[] = {2, -3}, b[] = {1, -2, 4}, k[] = {1}, m[] = {1, 2, 3, 4, 5, 6}, x[] = {0.5, -1, 2};
static const double E[] = {10, 20, 30, 40, 50, 60};

typedef struct ExprRow {
  const char *text;
  int n;
  double want[6];
} ExprRow;

static const ExprRow rows[] = {
    {"2 * b + 1", 3, {3, -3, 9}},
    {"b > 0", 3, {1, 0, 1}},
    {"b >= -2 and not (b == 4)", 3, {1, 1, 0}},
    {"if b > 0 then b else 0", 3, {1, 0, 4}},
    {"-2 ^ 2 + 0 * sum(b)", 1, {-4}},
    {"m * b", 6, {1, -4, 12, 4, -10, 24}},
    {"m * a", 6, {2, 4, 6, -12, -15, -18}},
    {"m @ b", 2, {9, 18}},
    {"m' @ a", 3, {-10, -11, -12}},
    {"a @ m", 3, {-10, -11, -12}},
    {"m @ m'", 4, {14, 32, 32, 77}},
    {"E @ k", 2, {20, 50}},
    {"b * k", 3, {0, -2, 0}},
    {"k == argmax(b)", 1, {0}},
    {"argmax(b) + 0", 3, {0, 0, 1}},
    {"concat(a, b)", 5, {2, -3, 1, -2, 4}},
    {"b[2]", 1, {4}},
    {"b[1..2]", 2, {-2, 4}},
    {"m[1]", 3, {4, 5, 6}},
    {"b as [C]", 3, {1, -2, 4}},
    {"dot(b, b)", 1, {21}},
    {"outer(a, b)", 6, {2, -4, 8, -3, 6, -12}},
    {"norm(a)", 1, {3.605551275463989}},
    {"sum(m)", 1, {21}},
    {"mean(b)", 1, {1}},
    {"max(b) - min(b)", 1, {6}},
    {"max(b, 0)", 3, {1, 0, 4}},
    {"sum over A (m)", 3, {5, 7, 9}},
    {"max over B (m)", 2, {3, 6}},
    {"argmax over B (m)", 2, {2, 2}},
    {"softmax over A (m)", 6, {0.04742587317756678, 0.04742587317756678, 0.04742587317756678, 0.9525741268224332, 0.9525741268224332, 0.9525741268224332}},
    {"softmax(a)", 2, {0.9933071490757152, 0.006692850924284856}},
    {"logsoftmax(a)", 2, {-0.006715348489118068, -5.006715348489118}},
    {"clamp(b, -1, 2)", 3, {1, -1, 2}},
    {"hard_sigmoid(b)", 3, {0.7, 0.1, 1}},
    {"gelu(a)", 2, {1.9544997361036416, -0.0040496940948831}},
    {"step(b) + sign(b)", 3, {2, -1, 2}},
    {"stop(b)", 3, {1, -2, 4}},
    {"spike(b, surrogate = fast_sigmoid(25))", 3, {1, 0, 1}},
    {"decay(20 ms) + 0 * sum(b)", 1, {0.951229424500714}},
    {"one_hot(k)", 3, {0, 1, 0}},
    {"cosine(m, b)", 2, {0.524890659168, 0.447628258172}},
    {"rotate(b, one_hot(2, C))", 3, {4, 1, -2}},
    {"x[t-1]", 3, {7, 7, 7}},
    {"x[t..t-2][1]", 3, {7, 7, 7}},
};

static void test_row(const ExprRow *row) {
  Session *s = session_new();
  const char *text = arena_printf(s->arena, "%s  r = %s\n}\n", head, row->text);
  Fixture f = fixture_of(s, "test.rnn", source_add(s, "test.rnn", text, strlen(text)));
  Graph *g = f.model ? unit_of(&f, NULL, UNIT_STEP) : NULL;
  CU_ASSERT_PTR_NOT_NULL(g);
  if (!g) fprintf(stderr, "\n    %s is refused\n", row->text), diag_print_all(s, stderr, false);
  const Column columns[] = {{"a", a}, {"b", b}, {"k", k}, {"m", m}, {"x", x}, {"n.E", E}, {0}};
  const double *got = g ? value_named(g, "r", columns, 1, 1) : row->want;
  for (int i = 0; i < row->n; i++) {
    CU_ASSERT_DOUBLE_EQUAL(got[i], row->want[i], 1e-8);
    if (!(fabs(got[i] - row->want[i]) <= 1e-8)) fprintf(stderr, "\n    %s [%d] is %.12g, not %.12g\n", row->text, i, got[i], row->want[i]);
  }
  session_free(s);
}

static void test_expressions(void) {
  for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) test_row(&rows[i]);
}

static void test_dropout(void) {
  Fixture f = fixture("dim A = 2\nnet n {\n  input u: [A]\n  output y: [A]\n  param w: [A] = 1\n  y = dropout(w * u, 0.5)\n}\n"
                      "train n {\n  data csv(\"a.csv\", u = \"u\", y = \"y\")\n  loss sse(y, data.y)\n}\n");
  CU_ASSERT_PTR_NOT_NULL_FATAL(f.model);
  enum { STEPS = 100 };
  double u[2 * STEPS], w[] = {1, 1};
  for (int i = 0; i < 2 * STEPS; i++) u[i] = 1;
  const Column columns[] = {{"u", u}, {"n.w", w}, {0}};
  NEAR(value_named(unit_of(&f, "n", UNIT_VALID), "loss", columns, 1, STEPS)[0], 2 * STEPS);
  const double kept = value_named(unit_of(&f, "n", UNIT_LOSS), "loss", columns, 1, STEPS)[0] / 4; /* each kept one is 2² */
  CU_ASSERT_TRUE(kept == floor(kept) && kept > 60 && kept < 140);
  session_free(f.session);
}

int main(void) {
  const TestRow tests[] = {{"expressions", test_expressions}, {"dropout", test_dropout}};
  return run_tests("lower/expr", tests, sizeof tests / sizeof *tests);
}
