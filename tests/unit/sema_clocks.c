/* links: rnn_middle rnn_graph rnn_front */
/* Clocks and histories (language.md, sections 4 and 7). */
#include "sema_test.h"

enum { NOWHERE = 0, PER_SEQUENCE = AXIS_SEQUENCE, ON_T = AXIS_SEQUENCE | AXIS_CLOCK(0) };

static const char *const world = "dim X = 2\n"
                                 "cell Keep[X](x: [X]) -> h: [X] {\n  state h: [X] = 0\n  h = x + h[t-1]\n}\n"
                                 "cell Fixed[X](x: [X]) -> h: [X] {\n  param w: [X] = 0\n  h = w\n}\n"
                                 "cell Mean[X](x: [X]) -> h: [X] {\n  h = mean over t (x)\n}\n"
                                 "cell Once[X](x: [X] per sequence) -> h: [X] {\n  h = 2 * x\n}\n"
                                 "net n {\n"
                                 "  input x: [X] = 0\n"
                                 "  input k: [X] per sequence\n"
                                 "  param w: [X] = 1\n"
                                 "  ";

typedef struct Row {
  const char *lines;
  Axes axes;
} Row;

static void test_axes(void) {
  static const Row rows[] = {
      {"v = w", NOWHERE}, {"v = w * k", PER_SEQUENCE}, {"v = w * x", ON_T}, {"v = x[last]", PER_SEQUENCE}, {"v = mean over t (x)", PER_SEQUENCE},
      {"v = softmax over t (x)", ON_T}, {"v = x[t-1]", ON_T}, {"v = Keep(x)", ON_T}, {"v = Keep(k)", ON_T}, {"v = Fixed(x)", NOWHERE},
      {"v = Mean(x)", PER_SEQUENCE}, {"v = Once(k)", PER_SEQUENCE}, {"state v: [X] = 0\n  v = v[t-1] + 1", ON_T},
      {"state v: [X] = 0\n  v = w\n  u = v[t-1]", ON_T}, {"state v: [X] = 0\n  v = u\n  u = tanh(v[t-1])", ON_T},
      {"output v: [X]\n  v = k", PER_SEQUENCE}, {"v = sum over X (x) * w", ON_T},
  };
  for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
    Checked c = check_lines(world, rows[i].lines);
    const Symbol *v = value_of(&c, "v");
    Axes axes = v ? v->type.axes : ~0u;
    if (axes != rows[i].axes) fprintf(stderr, "%s: %x, not %x (%s)\n", rows[i].lines, axes, rows[i].axes, c.codes);
    CU_ASSERT_EQUAL(axes, rows[i].axes);
    session_free(c.session);
  }
}

typedef struct ErrorRow {
  const char *lines, *codes;
} ErrorRow;

static void test_errors(void) {
  static const ErrorRow rows[] = {
      {"v = k[last]", "E0204"}, {"v = mean over t (w)", "E0206"}, {"v = Once(x)", "E0206"}, {"state v: [X] per sequence = 0\n  v = x", "E0206"},
      {"state v: [X] = x\n  v = x + v[t-1]", "E0206"}, {"state v: [X] = x[last]\n  v = x + v[t-1]", ""}, {"state v: [X] = w\n  v = x + v[t-1]", ""},
      {"v = x + v[t-1]", "E0203"}, {"v = x\n  u = v[t-1] + v[t+1]", "E0203"}, {"v = x[t-1..t-3]", ""}, {"v = k[t-1]", "E0204"}, {"u = 2 * k\n  v = u[t-1]", "E0204"},
      {"v = u\n  u = v", "E0205"}, {"state v: [X] = 0\n  v = v", ""}, {"input z: []\n  v = z[t..t-1]", "E0203"},
  };
  for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
    Checked c = check_lines(world, rows[i].lines);
    if (strcmp(c.codes, rows[i].codes)) fprintf(stderr, "%s: %s, not %s\n", rows[i].lines, c.codes, rows[i].codes);
    CU_ASSERT_STRING_EQUAL(c.codes, rows[i].codes);
    session_free(c.session);
  }
}

/* What lowering reads of an index. */
static void test_access(void) {
  Checked c = check_lines(world, "v = x[t-2]\n  u = x[t..t-12 by 3]\n  l = x[last]\n  p = x[1]");
  CU_ASSERT_PTR_NOT_NULL_FATAL(c.program);
  const Expr *v = value_of(&c, "v")->definition, *u = value_of(&c, "u")->definition, *l = value_of(&c, "l")->definition;
  CU_ASSERT_EQUAL(v->access, ACCESS_OFFSET);
  CU_ASSERT_EQUAL(v->offset.constant, -2);
  CU_ASSERT_EQUAL(v->clock, 0);
  CU_ASSERT_EQUAL(u->access, ACCESS_WINDOW);
  CU_ASSERT_EQUAL(u->taps.constant, 5);
  CU_ASSERT_EQUAL(u->stride, -3);
  CU_ASSERT_EQUAL(l->access, ACCESS_LAST);
  CU_ASSERT_EQUAL(l->clock, 0);
  CU_ASSERT_EQUAL(value_of(&c, "p")->definition->access, ACCESS_COMPONENT);
  session_free(c.session);
}

static void test_seconds(void) {
  Checked c = check("time t step 1 ms\nnet n {\n  input x: [] = 0\n  v = x[t - 3 ms]\n}\n");
  CU_ASSERT_PTR_NOT_NULL_FATAL(c.program);
  CU_ASSERT_EQUAL(value_of(&c, "v")->definition->offset.constant, -3);
  session_free(c.session);
  expect_codes("time t step 2 ms\nnet n {\n  input x: [] = 0\n  v = x[t - 3 ms]\n}\n", "E0204");
}

static void test_trees(void) {
  static const ErrorRow rows[] = {
      {"v = x + v[n.left] + v[n.right]", ""}, {"v = sum over n.children (2 * v) + x", ""}, {"v = x[n.middle]", "E0204"}, {"v = x[n-1]", "E0204"},
      {"v = x[n-1..n-3]", "E0204"}, {"v = x[X.left]", "E0204"},
      {"v = max over n.children (x) + mean over n.children (x[n] * v) - min over n.children (v)", ""},
      {"v = softmax over n.children (x)", ""}, {"v = sum over n.left (x)", "E0204"}, {"v = x[n]", "E0204"}, {"v = sum over n.children (w)\n  w = x[n]", "E0204"}, {"v = k[n.left]", "E0204"},
  };
  for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
    Checked c = check_lines("tree n\ndim X = 2\nnet m {\n  input x: [X]\n  input k: [X] per sequence\n  state v: [X] = 0\n  ", rows[i].lines);
    if (strcmp(c.codes, rows[i].codes)) fprintf(stderr, "%s: %s, not %s\n", rows[i].lines, c.codes, rows[i].codes);
    CU_ASSERT_STRING_EQUAL(c.codes, rows[i].codes);
    if (c.program) CU_ASSERT_EQUAL(value_of(&c, "v")->type.axes, ON_T);
    session_free(c.session);
  }
  expect_codes("net m {\n  input x: []\n  state v: [] = 0\n  v = x + v[t.left]\n}\n", "E0204");
  expect_codes("tree n\nnet m {\n  input x: []\n  output y: []\n  y = x\n}\ntrain m {\n  data trees(\"a\", x = column(1))\n  loss mse(y, data.y)\n"
               "  method bptt(truncate = 5)\n}\n", "E0404");
  expect_codes("time s, t\nnet m {\n  input x: [] on s\n  output y: [] on t\n  y = x[last]\n}\ntrain m {\n  data csv(\"a\", x = \"x\", y = \"y\")\n"
               "  loss mse(y, data.y)\n  carry\n}\n", "E0404");
  expect_codes("time t\ntime n length 3\nnet m {\n  input x: [2] on t, n\n  y = x\n}\n", "");
  expect_codes("time t, s\nnet m {\n  input x: [2] on t, s\n  y = x\n}\n", "");
}

SUITE("sema/clocks", {"axes", test_axes}, {"errors", test_errors}, {"access", test_access}, {"seconds", test_seconds}, {"trees", test_trees})
