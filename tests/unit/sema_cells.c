/* links: rnn_middle rnn_graph rnn_front */
/* Cells: dims in the caller's dims, options, `shared`, `start`, sizes demanded of a call, library files. */
#include "sema_test.h"
#include <unistd.h>

static const char *const cells = "dim X = 2, H = 3, Z = 2\n"
                                 "cell Map[X, H](x: [X]; gain = 1, f = tanh) -> y: [H] {\n"
                                 "  param W: [H, X] ~ glorot\n"
                                 "  y = gain * f(W @ x)\n"
                                 "}\n"
                                 "cell Plus[K](x: [K + 1]) -> y: [K] {\n"
                                 "  y = x[1..K]\n"
                                 "}\n"
                                 "cell Keep[X](x: [X]) -> h: [X] {\n"
                                 "  state h, c: [X] = 0\n"
                                 "  c = x + c[t-1]\n"
                                 "  h = c + h[t-1]\n"
                                 "}\n"
                                 "net n {\n"
                                 "  input x: [X]\n"
                                 "  param m: [] = 0\n"
                                 "  ";

typedef struct Row {
  const char *lines, *codes;
} Row;

static void expect_rows(const Row *rows, size_t count) {
  for (size_t i = 0; i < count; i++) {
    Checked c = check_lines(cells, rows[i].lines);
    if (strcmp(c.codes, rows[i].codes)) fprintf(stderr, "%s: %s, not %s\n", rows[i].lines, c.codes, rows[i].codes);
    CU_ASSERT_STRING_EQUAL(c.codes, rows[i].codes);
    session_free(c.session);
  }
}
#define EXPECT(rows) expect_rows(rows, sizeof rows / sizeof *rows)

static void test_calls(void) {
  static const Row rows[] = {
      {"v = Map[H = H](x)", ""}, {"v = Map(x)", "E0305"}, {"v = Map[H = H, X = X](x)", ""}, {"v = Map[H = H, X = Z](x)", "E0305"},
      {"v = Map[H = H](x, x)", "E0107"}, {"v = Map[H = H]()", "E0107"}, {"v = Map[H = H](x, gain = 2, f = relu)", ""},
      {"v = Map[H = H](x, f = x)", "E0109"}, {"v = Map[H = H](x, gain = m)", "E0109"}, {"v = Map[H = H](x, gian = 1)", "E0108"},
      {"v = Map[Hh = H](x)", "E0108"}, {"v = Plus(x)", ""}, {"v = Map[H = H + X](x)\n  w = Map[H = H](v)", ""}, {"v = Mapp(x)", "E0101"},
      {"v = Map[H = H](1)", "E0305"}, {"v = x(1)", "E0103"}, {"v = Map", "E0103"},
  };
  EXPECT(rows);
}

static void test_bind(void) {
  Checked c = check_lines(cells, "v = Plus(x)\n  w = Map[H = H + X](x)\n  u = Map[H = H](w)");
  Symbol *v = value_of(&c, "v"), *w = value_of(&c, "w"), *u = value_of(&c, "u");
  CU_ASSERT_PTR_NOT_NULL_FATAL(u);
  CU_ASSERT_STRING_EQUAL(dim_text(c.session, v->definition->bind[0]), "X - 1");
  CU_ASSERT_STRING_EQUAL(shape_text(c.session, v->type.shape), "[X - 1]");
  CU_ASSERT_STRING_EQUAL(shape_text(c.session, w->type.shape), "[X + H]");
  CU_ASSERT_STRING_EQUAL(dim_text(c.session, u->definition->bind[0]), "X + H");
  session_free(c.session);
}

static void test_shared(void) {
  static const Row rows[] = {
      {"shared s = Map[H = H]\n  v = s(x)\n  w = s(2 * x)", ""}, {"shared s = Map[H = H](gain = 2)\n  v = s(x)", ""},
      {"shared s = Map[H = H](x)", "E0107"}, {"shared s = tanh", "E0103"}, {"shared s = Map[H = H]\n  v = s(x, x)", "E0107"},
  };
  EXPECT(rows);
}

static void test_start(void) {
  static const Row rows[] = {
      {"v = Keep(x) start 0", ""}, {"v = Keep(x) start x[last]", ""}, {"v = Keep(x) start x", "E0206"}, {"v = Keep(x) start h = 1, c = x[first]", ""},
      {"v = Keep(x) start q = 1", "E0214"}, {"v = Map[H = H](x) start 0", "E0214"}, {"v = tanh(x) start 0", "E0214"},
      {"param b: [H] = 0\n  v = Keep(x) start b", "E0303"}, {"v = Keep(x) start 1\n  w = v[t-1]", ""}, {"v = Keep(x)\n  w = v[t-1]", ""},
      {"v = Map[H = H](x)\n  w = v[t-1]", "E0203"},
  };
  EXPECT(rows);
}

/* The same net with `Two`, which has two outputs, one of them a state. */
static const char *const several = "dim X = 2, H = 3\n"
                                   "cell Two[X, H](x: [X]) -> h: [H], g: [H] {\n"
                                   "  param W: [H, X] ~ glorot\n"
                                   "  state h, c: [H] = 0\n"
                                   "  g = W @ x\n"
                                   "  c = g + c[t-1]\n"
                                   "  h = tanh(g + h[t-1] + c)\n"
                                   "}\n"
                                   "cell One[X](x: [X]) -> y: [X] {\n  y = 2 * x\n}\n"
                                   "net n {\n"
                                   "  input x: [X]\n  ";

static void test_several_outputs(void) {
  static const Row rows[] = {
      {"q = Two[H = H](x)\n  y = q.h + q.g + q.h[t-1] + q.h[last] + sum(q.h[t..t-2])", ""}, {"a, b = Two[H = H](x)\n  y = a + b", ""},
      {"y = Two[H = H](x).g", ""}, {"state b: [H] = 0\n  a, b = Two[H = H](x)\n  y = b[t-1]", ""}, {"output a: [H] = 1\n  a, b = Two[H = H](x)", ""},
      {"shared s = Two[H = H]\n  q = s(x)\n  a, b = s(2 * x)", ""}, {"v = One(x)\n  y = v.y", ""},
      {"q = Two[H = H](x) start 0\n  y = q.h[t-1]", ""}, {"q = Two[H = H](x) start c = 1, h = x[last] as [H]", "E0306"},
      {"q = Two[H = H](concat(x, q.h[t-1]))\n  y = q.h", ""}, {"q = Two[H = H](x) start g = 1", "E0214"},
      {"q = Two[H = H](x)\n  y = tanh(q)", "E0114"}, {"y = tanh(Two[H = H](x))", "E0114"}, {"q = Two[H = H](x)\n  y = q[t-1]", "E0114"},
      {"output y: [H]\n  y = Two[H = H](x)", "E0114"}, {"a, b, d = Two[H = H](x)", "E0115"}, {"a, b = One(x)", "E0115"}, {"a, b = 2 * x", "E0115"},
      {"q = Two[H = H](x)\n  y = q.hidden", "E0116"}, {"y = Two[H = H](x).hidden", "E0116"}, {"v = One(x)\n  y = v.z", "E0116"},
      {"a, x = Two[H = H](x)", "E0106"}, {"a, a = Two[H = H](x)", "E0102"}, {"q = Two[H = H](x)\n  q = One(x)", "E0102"},
      {"q = Two[H = H](x)\n  y = q.g[t-1]", "E0203"}, {"a, b = Nothing(x)", "E0101"}, {"a, b = Two[H = H](nothing)", "E0101"}, {"y = x.h", "E0103"},
      {"q = Two(x)\n  y = q.h + q.g", "E0305"}, {"y = nothing.h", "E0101"},
  };
  for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
    Checked c = check_lines(several, rows[i].lines);
    if (strcmp(c.codes, rows[i].codes)) fprintf(stderr, "%s: %s, not %s\n", rows[i].lines, c.codes, rows[i].codes);
    CU_ASSERT_STRING_EQUAL(c.codes, rows[i].codes);
    session_free(c.session);
  }
}

/* A cell promises each output and defines it; two of its own make one call, and each has its shape and clock. */
static void test_outputs_of_cells(void) {
  expect_codes("cell A[X](x: [X]) -> y: [X], z: [X] {\n  y = x\n}\n", "E0104");
  expect_codes("cell A[X](x: [X]) -> y: [X], z: [] {\n  y = x\n  z = x\n}\n", "E0303");
  Checked c = check("dim X = 2, H = 3\ncell A[X, H](x: [X]) -> y: [H, X], z: [H] per sequence {\n  param w: [H] = 0\n  y = outer(w, x)\n  z = w\n}\n"
                    "net n {\n  input x: [X]\n  q = A[H = H](x)\n  u, v = A[H = H](x)\n}\n");
  CU_ASSERT_PTR_NOT_NULL_FATAL(c.program);
  CU_ASSERT_STRING_EQUAL(shape_text(c.session, value_of(&c, "q.y")->type.shape), "[H, X]");
  CU_ASSERT_STRING_EQUAL(shape_text(c.session, value_of(&c, "v")->type.shape), "[H]");
  CU_ASSERT_EQUAL(value_of(&c, "u")->type.axes, AXIS_SEQUENCE | AXIS_CLOCK(0));
  CU_ASSERT_FALSE(AXES_CLOCKS(value_of(&c, "v")->type.axes));
  session_free(c.session);
}

/* x[t - D]: what D must be. */
static void test_delays(void) {
  static const Row rows[] = {
      {"fixed D: [H, X] ~ integers(1, 3)\n  y = u[t - D]", ""}, {"fixed D: [H, X] = 2\n  y = u[t - D - 1]", ""},
      {"param D: [H, X] ~ integers(1, 3)\n  y = u[t - D]", "E0215"}, {"fixed D: [H, X] ~ normal(0, 1)\n  y = u[t - D]", "E0215"},
      {"fixed D: [H, X] ~ integers(1, 3) | sparse(0.5)\n  y = u[t - D]", "E0215"}, {"fixed D: [H, X] = 0.5\n  y = u[t - D]", "E0215"},
      {"fixed D: [X, H] ~ integers(1, 3)\n  y = u[t - D]", "E0215"}, {"fixed D: [] ~ integers(1, 3)\n  y = u[t - D]", "E0215"},
      {"fixed D: [H, X] ~ integers(1, 3)\n  y = x[t - D]", "E0203"}, {"fixed D: [H, X] ~ integers(1, 3)\n  y = u[t - D - D]", "E0204"},
      {"fixed D: [H, X] ~ integers(1, 3)\n  y = u[t - 2 * D]", "E0204"}, {"fixed D: [H, X]\n  y = u[t - D]", "E0113"},
      {"fixed D: [H, X] ~ integers(1, 3)\n  y = u[t - D..t - 4]", "E0217"}, {"fixed D: [H, X] ~ integers(1, 3)\n  y = u[D]", "E0307"},
      {"fixed D: [H, X] ~ integers(1, 3)\n  y = u[t - D..t - D - 4] * W\n  param W: [5, H, X] ~ glorot", ""},
      {"fixed D: [H, X] ~ integers(1, 3)\n  y = u[t - D] + W\n  param W: [X, H] ~ glorot", "E0302"},
  };
  for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
    Checked c = check_lines("dim X = 2, H = 3\nnet n {\n  input x: [X]\n  state u: [X] = 0\n  u = 2 * x\n  ", rows[i].lines);
    if (strcmp(c.codes, rows[i].codes)) fprintf(stderr, "%s: %s, not %s\n", rows[i].lines, c.codes, rows[i].codes);
    CU_ASSERT_STRING_EQUAL(c.codes, rows[i].codes);
    session_free(c.session);
  }
}

static void test_demands(void) {
  expect_codes("dim X = 3, K = 4\n"
               "cell As[X, K](x: [X]) -> y: [K] {\n  y = x as [K]\n}\n"
               "cell Outer[X, K](x: [X]) -> y: [K] {\n  y = As[K = K](x)\n}\n"
               "net n {\n  input x: [X]\n  input z: [K]\n  a = Outer[K = K](x)\n  b = Outer[K = K](z)\n}\n",
               "E0306");
  expect_codes("dim X = 1\ncell Tail[K](x: [K]) -> y: [K - 1] {\n  y = x[1..K-1]\n}\nnet n {\n  input x: [X]\n  v = Tail(x)\n}\n", "E0307");
}

static void test_recursion(void) {
  expect_codes("cell A[X](x: [X]) -> y: [X] {\n  y = B(x)\n}\ncell B[X](x: [X]) -> y: [X] {\n  y = A(x)\n}\n", "E0110");
  /* what its sizes ask for is handed on to itself once, not for ever */
  expect_codes("cell A[K](x: [K]) -> y: [K] {\n  w = x[0..1]\n  y = A(x)\n}\n", "E0110");
  expect_codes("cell A[X](x: [X]) -> y: [X] {\n  y = z\n}\n", "E0101"); /* checked though never called */
}

static void test_static_if(void) {
  Checked c = check("dim X = 2\ncell C[X](x: [X]; peephole = false) -> h: [X] {\n  param P: [X] = 0\n  h = if peephole then P * x else x\n}\n"
                    "net n {\n  input x: [X]\n  v = C(x, peephole = true)\n  w = if x > 0 then x else 0\n}\n");
  CU_ASSERT_PTR_NOT_NULL_FATAL(c.program);
  Symbol *cell = scope_find(c.program->file_scope, intern(c.session, "C"));
  CU_ASSERT_NOT_EQUAL(scope_of(cell->decl)->outputs.at[0]->definition->static_choice, 0);
  CU_ASSERT_EQUAL(value_of(&c, "w")->definition->static_choice, 0);
  session_free(c.session);
}

static void write_file(const char *path, const char *text) {
  FILE *f = fopen(path, "wb");
  if (!f) return;
  fputs(text, f);
  fclose(f);
}

static const char *codes_of_file(Session *s, const char *path) {
  sema_check(s, ast_parse(s, source_read(s, path)));
  return codes_of(s);
}

/* Files beside the program, one of them in a circle. */
static void test_files(void) {
  char folder[] = "/tmp/rnn-sema-XXXXXX";
  CU_ASSERT_PTR_NOT_NULL_FATAL(mkdtemp(folder));
  Session *s = session_new();
  const char *mine = arena_printf(s->arena, "%s/mine.rnn", folder), *other = arena_printf(s->arena, "%s/other.rnn", folder);
  const char *program = arena_printf(s->arena, "%s/program.rnn", folder);
  write_file(mine, "let gain = 2\ncell Double[X](x: [X]) -> y: [X] {\n  y = gain * x\n}\n");
  write_file(program, "use \"mine.rnn\" (Double)\ndim X = 2\nnet n {\n  input x: [X]\n  v = Double(x)\n}\n");
  CU_ASSERT_STRING_EQUAL(codes_of_file(s, program), "");
  write_file(program, "use \"mine.rnn\" (Duoble)\nnet n {\n  input x: []\n  v = Duoble(x)\n}\n");
  Session *wrong = session_new();
  CU_ASSERT_STRING_EQUAL(codes_of_file(wrong, program), "E0112");
  write_file(mine, "use \"other.rnn\" (B)\ncell A[X](x: [X]) -> y: [X] {\n  y = B(x)\n}\n");
  write_file(other, "use \"mine.rnn\" (A)\ncell B[X](x: [X]) -> y: [X] {\n  y = A(x)\n}\n");
  Session *circle = session_new();
  CU_ASSERT_STRING_EQUAL(codes_of_file(circle, other), "E0112");
  const char *files[] = {mine, other, program};
  for (int i = 0; i < 3; i++) unlink(files[i]);
  rmdir(folder);
  session_free(s), session_free(wrong), session_free(circle);
}

static void test_library(void) {
  expect_codes("use std.cells (RNN, LSTM, GRU)\nuse std.layers (Linear, Dense, LayerNorm, Filter)\ndim X = 2, H = 3, L = 4\n"
               "net n {\n  input x: [X]\n  a = RNN[H = H](x, f = relu)\n  b = LSTM[H = H](a)\n  c = GRU[H = H](b) start a[last]\n"
               "  d = Linear[Y = X](c)\n  e = Dense[Y = H](LayerNorm(d))\n  f = Filter[L = L](e)\n}\n",
               "");
}

SUITE("sema/cells", {"calls", test_calls}, {"bind", test_bind}, {"shared", test_shared}, {"start", test_start}, {"several outputs", test_several_outputs},
      {"outputs of cells", test_outputs_of_cells}, {"delays", test_delays}, {"demands", test_demands},
      {"recursion", test_recursion}, {"static if", test_static_if}, {"files", test_files}, {"library", test_library})
