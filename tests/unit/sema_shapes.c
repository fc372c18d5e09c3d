/* links: rnn_middle rnn_graph rnn_front */
/* Shapes: what every kind of expression gives, and what does not fit (language.md, sections 4, 5 and 7). */
#include "sema_test.h"

static const char *const world = "dim X = 2, H = 3, K = 4, L = 5, C = 7, one = 1\n"
                                 "let three = 3\n"
                                 "net n {\n"
                                 "  input x: [X] = 0\n"
                                 "  input s: [] = 0\n"
                                 "  input k: index(C) = 0\n"
                                 "  param W: [H, X] ~ glorot\n"
                                 "  param U: [H, H] ~ glorot\n"
                                 "  param T: [H, L, X] ~ glorot\n"
                                 "  param E: [H, C] ~ glorot\n"
                                 "  param M: [X, L] ~ glorot\n"
                                 "  param a: [] = 1\n"
                                 "  state h: [H] = 0\n"
                                 "  h = tanh(W @ x + U @ h[t-1])\n"
                                 "  v = ";

typedef struct Row {
  const char *expression, *shape;
} Row;

static void expect_shape(const Row *row) {
  Checked c = check_lines(world, row->expression);
  const Symbol *v = value_of(&c, "v");
  const char *got = v ? shape_text(c.session, v->type.shape) : c.codes;
  if (v && v->type.kind == TYPE_INDEX) got = arena_printf(c.session->arena, "index(%s)%s", dim_text(c.session, v->type.below), got);
  if (strcmp(got, row->shape)) fprintf(stderr, "%s: %s, not %s\n", row->expression, got, row->shape);
  CU_ASSERT_STRING_EQUAL(got, row->shape);
  session_free(c.session);
}

static void expect_shapes(const Row *rows, size_t count) {
  for (size_t i = 0; i < count; i++) expect_shape(&rows[i]);
}
#define EXPECT(rows) expect_shapes(rows, sizeof rows / sizeof *rows)

static void test_agreement(void) {
  static const Row rows[] = {
      {"x", "[X]"}, {"a * x", "[X]"}, {"W * h", "[H, X]"}, {"M + x", "[X, L]"}, {"x + M", "[X, L]"},
      {"h + x", "E0302"}, {"U * h", "E0302"}, {"a * U", "[H, H]"}, {"W * x", "[H, X]"}, {"x - x' ", "E0308"},
      {"T * M", "E0302"}, {"T + W", "[H, L, X]"}, {"h > 0.5 and h < 1", "[H]"}, {"not s", "[]"}, {"-h ^ 2", "[H]"},
      {"if s > 0 then h else 0", "[H]"}, {"if h > 0 then 1 else 0", "[H]"}, {"min(h, 1)", "[H]"}, {"min(h)", "[]"},
      {"clamp(h, 0, 1)", "[H]"}, {"h * H", "[H]"}, {"x + [1, 2]", "E0302"},
  };
  EXPECT(rows);
}

static void test_products(void) {
  static const Row rows[] = {
      {"W @ x", "[H]"}, {"W @ h", "E0301"}, {"T @ M'", "[H]"}, {"T @ x", "[H, L]"}, {"T @ x[t-1..t-L]", "[H]"}, {"W' @ h", "[X]"},
      {"U @ W", "[H, X]"}, {"M' @ x", "[L]"}, {"E @ k", "[H]"}, {"x @ x", "[]"}, {"a @ x", "E0301"}, {"dot(h, h)", "[]"},
      {"dot(h, x)", "E0302"}, {"outer(h, x)", "[H, X]"},
  };
  EXPECT(rows);
}

static void test_time(void) {
  static const Row rows[] = {
      {"x[t-1]", "[X]"}, {"x[t]", "[X]"}, {"x[t+three]", "[X]"}, {"x[t-L]", "[X]"}, {"x[t..t-L]", "[L + 1, X]"}, {"x[t-1..t-L]", "[L, X]"},
      {"x[t..t-12 by 3]", "[5, X]"}, {"x[t+1..t+3]", "[3, X]"}, {"x[t-L..t-1]", "[L, X]"}, {"k[t-1..t-2]", "index(C)[2]"},
      {"E @ k[t-1]", "[H]"}, {"x[last]", "[X]"}, {"x[t-0.5]", "E0204"}, {"x[t-1][0..one]", "[one + 1]"}, {"(x + x)[t-1]", "E0204"},
      {"W[t-1]", "E0204"}, {"s[t-1..t-L]", "[L]"}, {"x[2 * t]", "E0204"}, {"x[t - 1 ms]", "E0204"},
  };
  EXPECT(rows);
}

static void test_components(void) {
  static const Row rows[] = {
      {"x[0]", "[]"}, {"x[1]", "[]"}, {"x[2]", "E0307"}, {"h[0..X-1]", "[X]"}, {"h[0..K-2]", "[K - 1]"}, {"U[0]", "[H]"}, {"U[0..1]", "[2, H]"},
      {"h[2..1]", "E0307"}, {"a[0]", "E0307"}, {"concat(h, x)", "[X + H]"}, {"concat(h, h, h)", "[H + H + H]"}, {"concat(W, U)", "E0302"},
      {"concat(U, W @ M @ M' @ W')", "[H + H, H]"}, {"x as [1, X]", "[1, X]"}, {"h as [3]", "[3]"}, {"h as [K]", "E0306"}, {"(x as [X, 1]) as [2]", "[2]"},
      {"[1, 2, 3]", "[3]"}, {"[[1, 2], [3, 4]]", "[2, 2]"}, {"[[1], [2, 3]]", "E0308"},
  };
  EXPECT(rows);
}

static void test_functions(void) {
  static const Row rows[] = {
      {"softmax(h)", "[H]"}, {"softmax(s)", "E0308"}, {"argmax(h)", "index(H)[]"}, {"argmax(U)", "index(H)[H]"}, {"one_hot(k)", "[C]"},
      {"one_hot(2, K)", "[K]"}, {"one_hot(2)", "E0308"}, {"argmax(h) == 2", "[]"}, {"k == k", "[]"}, {"k == argmax(h)", "E0302"}, {"norm(U)", "[]"},
      {"cosine(U, h)", "[H]"}, {"cosine(U, x)", "E0308"}, {"rotate(h, softmax(x))", "[H]"}, {"shift(h, 1)", "[H]"}, {"tanh(h, h)", "E0107"},
      {"spike(h - 1, surrogate = fast_sigmoid(25))", "[H]"}, {"spike(h, surogate = 1)", "E0108"}, {"stop(h)", "[H]"}, {"dropout(h, 0.2)", "[H]"},
      {"mse(h, h)", "E0409"}, {"taanh(h)", "E0101"},
  };
  EXPECT(rows);
}

static void test_over(void) {
  static const Row rows[] = {
      {"sum over X (W)", "[H]"}, {"sum over H (W)", "[X]"}, {"sum over H (U)", "E0304"}, {"sum over K (W)", "E0304"}, {"softmax over L (M)", "[X, L]"},
      {"argmax over X (W)", "index(X)[H]"}, {"mean over t (x)", "[X]"}, {"softmax over t (s)", "[]"}, {"suum over X (W)", "E0101"}, {"sum over X (W, W)", "E0107"},
      {"sum over L (M' * x[t-1..t-L])", "[X]"}, {"mean over t (W)", "E0206"},
  };
  EXPECT(rows);
}

/* One mistake, one error: what follows from it is silent. */
static void test_poison(void) {
  Checked c = check_lines(world, "W @ h\n  p = v + x\n  q = tanh(p) @ U\n  r = U @ r[t-1]");
  CU_ASSERT_STRING_EQUAL(c.codes, "E0301 E0203");
  CU_ASSERT_PTR_NULL(c.program);
  session_free(c.session);
}

static void test_dims(void) {
  Session *s = session_new();
  Symbol h = {.name = intern(s, "H"), .serial = 1, .size = 5}, k = {.name = intern(s, "K"), .serial = 2, .size = 3};
  Dim a = dim_of(s, &h), b = dim_of(s, &k), sum = dim_add(s, a, b, 1);
  CU_ASSERT_STRING_EQUAL(dim_text(s, dim_add(s, sum, dim_literal(2), 1)), "H + K + 2");
  CU_ASSERT_STRING_EQUAL(dim_text(s, dim_add(s, b, a, -1)), "K - H");
  CU_ASSERT_STRING_EQUAL(dim_text(s, dim_add(s, dim_literal(1), a, 4)), "4 * H + 1");
  CU_ASSERT_TRUE(dim_equal(dim_add(s, sum, b, -1), a));
  CU_ASSERT_TRUE(dim_equal(dim_add(s, a, a, 1), dim_add(s, dim_literal(0), a, 2)));
  CU_ASSERT_FALSE(dim_equal(dim_literal(5), a));
  CU_ASSERT_EQUAL(dim_size(dim_add(s, sum, dim_literal(-1), 1), NULL, NULL), 7);
  session_free(s);
}

SUITE("sema/shapes", {"agreement", test_agreement}, {"products", test_products}, {"time", test_time}, {"components", test_components},
      {"functions", test_functions}, {"over", test_over}, {"poison", test_poison}, {"dims", test_dims})
