/* links: rnn_front */
/* The formatter: idempotent, keeps the tree and the comments, and does not depend on the spaces of its input. */
#include "unit/ast_test.h"

static const char *format_text(Session *s, const char *text, Ast **tree) {
  Ast *ast = ast_parse(s, add_text(s, text));
  if (tree) *tree = ast;
  return formatted(s, ast);
}

/* Every run of spaces outside strings and comments becomes another run. */
static char *scramble(Session *s, const char *text, uint64_t *seed) {
  char *out = arena_alloc(s->arena, strlen(text) * 9 + 1), *at = out;
  bool string = false, comment = false;
  for (const char *c = text; *c;) {
    bool space = !string && !comment && (*c == ' ' || *c == '\t');
    if (!space) {
      if (*c == '\\' && string) *at++ = *c++;
      else if (*c == '"' && !comment) string = !string;
      else if (*c == '#' && !string) comment = true;
      else if (*c == '\n') string = comment = false;
      *at++ = *c++;
      continue;
    }
    while (*c == ' ' || *c == '\t') c++;
    for (uint32_t n = 1 + draw(seed, 8); n; n--) *at++ = draw(seed, 4) ? ' ' : '\t';
  }
  return out;
}

static void check_file(const char *text, const char *path) {
  Session *s = session_new();
  Ast *before, *after;
  const char *once = format_text(s, text, &before), *twice = format_text(s, once, &after);
  uint64_t seed = 1;
  bool stable = !strcmp(once, twice), same_tree = ast_equal(before, after);
  if (!stable || !same_tree || s->errors) fprintf(stderr, "\n%s: %d %d\n%s", path, stable, same_tree, diagnostics(s));
  CU_ASSERT_TRUE(stable);
  CU_ASSERT_TRUE(same_tree);
  CU_ASSERT_EQUAL(s->errors, 0);
  CU_ASSERT_EQUAL(before->comments.len, after->comments.len);
  for (int round = 0; round < 5; round++) expect_text(format_text(s, scramble(s, text, &seed), NULL), once);
  session_free(s);
}

static void programs_format(void) {
  Programs programs = find_programs();
  for (int i = 0; i < programs.count; i++) {
    Session *s = session_new();
    int file = source_read(s, programs.path[i]);
    check_file(s->sources.at[file]->text, programs.path[i]);
    session_free(s);
  }
  free_programs(&programs);
}

static void expect_format(const char *text, const char *wanted) {
  Session *s = session_new();
  expect_text(format_text(s, text, NULL), wanted);
  CU_ASSERT_EQUAL(s->errors, 0);
  session_free(s);
  check_file(text, wanted);
}

static void spaces_between_tokens(void) {
  expect_format("net a{\nx=-a*( b+c )^-2@d'[ t - 1 ]\n}", "net a {\n  x = -a * (b + c) ^ -2 @ d'[t-1]\n}\n");
  expect_format("net a{\nx=z[t-2ms]+u[ t .. t - L by 3 ]\n}", "net a {\n  x = z[t - 2 ms] + u[t..t-L by 3]\n}\n");
  expect_format("net a{\nx=sum over n.children(h) as[1,U]\n}", "net a {\n  x = sum over n.children (h) as [1, U]\n}\n");
  expect_format("net a{\nx=y[2*k-1]\n}", "net a {\n  x = y[2 * k - 1]\n}\n");
  expect_format("use std . cells(A,B)\ndim H=64,L=4", "use std.cells (A, B)\ndim H = 64, L = 4\n");
  expect_format("cell A[H](x:[H];r=0.9)->y:[H]{\ny=x\n}", "cell A[H](x: [H]; r = 0.9) -> y: [H] {\n  y = x\n}\n");
}

static void alignment(void) {
  expect_format("net a {\nparam W, V: [H, X] ~ glorot\nparam b: [H] ~ he\ninput x: [X]\nlong = 1\nh = 2\n\ny = 3\n}",
                "net a {\n  param W, V: [H, X] ~ glorot\n  param b:    [H]    ~ he\n  input x:    [X]\n"
                "  long = 1\n  h    = 2\n\n  y = 3\n}\n");
  expect_format("train a {\ndata f(x)\nepochs 3\ncarry\n}", "train a {\n  data      f(x)\n  epochs    3\n  carry\n}\n");
}

static void comments_stay(void) {
  expect_format("# top\n\n\n\n# two\nnet a { # head\n\n  # own\n  x = 1 # one\n  yy = 22   # two\n  # end\n\n}\n# last",
                "# top\n\n# two\nnet a {  # head\n  # own\n  x  = 1   # one\n  yy = 22  # two\n  # end\n}\n# last\n");
  expect_format("net a {\n x = f(a, # first\n b,\n # own\n c)\n}",
                "net a {\n  x = f(a,  # first\n        b,\n        # own\n        c)\n}\n");
  expect_format("net a {\n x = a + # why\n b\n}", "net a {\n  x = a +  # why\n      b\n}\n");
}

static void long_lines_break(void) {
  expect_format("net a {\n x = alpha_alpha_alpha * beta_beta_beta_beta + gamma_gamma_gamma * delta_delta_delta_delta + "
                "f(epsilon_epsilon, zeta_zeta)\n}",
                "net a {\n  x = alpha_alpha_alpha * beta_beta_beta_beta + gamma_gamma_gamma * delta_delta_delta_delta +\n"
                "      f(epsilon_epsilon, zeta_zeta)\n}\n");
  expect_format("net a {\n x = f(a,\n   b,\n   c)\n}", "net a {\n  x = f(a, b, c)\n}\n");
}

static void broken_files_are_left_alone(void) {
  Session *s = session_new();
  const char *text = "net a {\n   x =\n}\n";
  expect_text(format_text(s, text, NULL), text);
  session_free(s);
}

/* --- one expression ------------------------------------------------------------------------------------------------------------- */

static void expect_expression(const char *text, const char *wanted) {
  Session *s = session_new();
  ReplParse parsed = ast_parse_input(s, add_text(s, text));
  CU_ASSERT_EQUAL_FATAL(parsed.kind, REPL_EXPR);
  expect_text(expr_text(s, parsed.expr), wanted);
  session_free(s);
}

static void expressions_print(void) {
  expect_expression("(a+(b*c))-(d-e)", "a + b * c - (d - e)");
  expect_expression("(a^b)^c", "(a ^ b) ^ c");
  expect_expression("a^(b^c)", "a ^ b ^ c");
  expect_expression("-(a+b)*c", "-(a + b) * c");
  expect_expression("(-a)^2", "(-a) ^ 2");
  expect_expression("(if a then b else c) + 1", "(if a then b else c) + 1");
  expect_expression("(a < b) == c", "(a < b) == c");
  expect_expression("not (a and b)", "not (a and b)");
  expect_expression("(a+b)'[t-1]", "(a + b)'[t-1]");
  expect_expression("f[H=2*H](x,g=\"a\\n\")", "f[H = 2 * H](x, g = \"a\\n\")");
  expect_expression("z[t-2 ms]", "z[t - 2 ms]");
}

/* Random expressions: what is printed parses to the same tree. */
static char *random_expression(Session *s, uint64_t *seed, int depth) {
  static const char *const forms[] = {"%s + %s", "%s - %s", "(%s) * %s", "%s ^ (%s)", "(%s) @ (%s)", "(%s) < (%s)",
                                      "%s and %s", "%s or not %s", "-(%s) / %s", "(%s)' + x[t-1..%s]", "f(%s, k = %s)",
                                      "if %s then %s else z", "(sum over t (%s)) - (%s)", "g[H = %s](%s)", "(%s) as [K] * %s",
                                      "[%s, %s]"};
  static const char *const leaves[] = {"a", "b.c", "1e-3", "20 ms", "h[last]", "\"s\""};
  if (!depth) return arena_strdup(s->arena, leaves[draw(seed, 6)]);
  const char *form = forms[draw(seed, 16)], *hole = strstr(form, "%s"), *next = strstr(hole + 2, "%s");
  char *left = random_expression(s, seed, (int)draw(seed, (uint32_t)depth)), *right = random_expression(s, seed, depth - 1);
  return arena_printf(s->arena, "%.*s%s%.*s%s%s", (int)(hole - form), form, left, (int)(next - hole - 2), hole + 2, right,
                      next + 2);
}

static void random_expressions_survive(void) {
  uint64_t seed = 20;
  int checked = 0;
  for (int round = 0; round < 2000; round++) {
    Session *s = session_new();
    const char *text = arena_printf(s->arena, "net a {\n  x = %s\n}\n", random_expression(s, &seed, 4));
    Ast *before = ast_parse(s, add_text(s, text));
    if (!before->broken) {
      const char *again = expr_text(s, before->decls.at[0]->items.at[0]->value);
      Ast *after = ast_parse(s, add_text(s, arena_printf(s->arena, "net a {\n  x = %s\n}\n", again)));
      bool same = ast_equal(before, after);
      if (!same) fprintf(stderr, "\n%s%s\n", text, again);
      CU_ASSERT_TRUE_FATAL(same);
      Ast *formed;
      format_text(s, format_text(s, text, NULL), &formed);
      CU_ASSERT_TRUE(ast_equal(before, formed));
      checked++;
    }
    session_free(s);
  }
  CU_ASSERT_TRUE(checked > 500);
}

/* --- programs changed at random ---------------------------------------------------------------------------------------------- */

static char *insert_somewhere(Session *s, const char *text, uint64_t *seed) {
  static const char *const parts[] = {" # c\n", "\n", "(", ")", " + ", "  ", "\t", "'", "[t-1]", ", x", " by ", " start ",
                                      "\n  # own\n", "-", "; ", " if a then b else "};
  size_t at = draw(seed, (uint32_t)strlen(text));
  return arena_printf(s->arena, "%.*s%s%s", (int)at, text, parts[draw(seed, 16)], text + at);
}

/* Where the changed program is still one, formatting must be stable and keep it. Gives 1 when it was. */
static int check_changed(const char *path, uint64_t *seed) {
  Session *s = session_new();
  const char *text = s->sources.at[source_read(s, path)]->text;
  for (uint32_t n = 1 + draw(seed, 3); n; n--) text = insert_somewhere(s, text, seed);
  Ast *before = ast_parse(s, add_text(s, text)), *after;
  bool whole = !before->broken;
  if (whole) {
    const char *once = formatted(s, before), *twice = format_text(s, once, &after);
    expect_text(twice, once);
    CU_ASSERT_TRUE(ast_equal(before, after));
    CU_ASSERT_EQUAL(before->comments.len, after->comments.len);
  }
  session_free(s);
  return whole;
}

static void changed_programs_format(void) {
  Programs programs = find_programs();
  uint64_t seed = 9;
  int whole = 0;
  for (int i = 0; i < programs.count; i++)
    for (int round = 0; round < 50; round++) whole += check_changed(programs.path[i], &seed);
  if (programs.count) CU_ASSERT_TRUE(whole > 100);
  free_programs(&programs);
}

/* The comparison the other tests stand on must see differences. */
static void different_trees_differ(void) {
  static const char *const texts[] = {"let a = 1", "let a = 2", "let b = 1", "dim a = 1", "let a = -1", "let a = 1 ms", "let a = x",
                                      "let a = f(x)", "let a = f(k = x)", "let a = x[t-1]", "let a = x[t+1]", "## d\nlet a = 1",
                                      "net a {\n state h: [H] = 0\n}", "net a {\n state h: [H] on t = 0\n}", "net a {\n state h: [] = 0\n}",
                                      "net a {\n state h: [H] ~ f\n}", "train a {\n b c\n}", "train a {\n b c by d\n}", "run a {\n b c\n}"};
  enum { TEXTS = sizeof texts / sizeof *texts };
  Session *s = session_new();
  Ast *trees[TEXTS];
  for (int i = 0; i < TEXTS; i++) trees[i] = ast_parse(s, add_text(s, texts[i]));
  CU_ASSERT_EQUAL(s->errors, 0);
  for (int i = 0; i < TEXTS; i++)
    for (int k = 0; k < TEXTS; k++) CU_ASSERT_EQUAL(ast_equal(trees[i], trees[k]), i == k);
  session_free(s);
}

int main(void) {
  static const Test tests[] = {
    {"the reference's programs", programs_format}, {"spaces", spaces_between_tokens}, {"alignment", alignment},
    {"comments stay", comments_stay}, {"long lines break", long_lines_break},
    {"broken files are left alone", broken_files_are_left_alone}, {"expressions", expressions_print},
    {"random expressions", random_expressions_survive}, {"changed programs", changed_programs_format},
    {"different trees differ", different_trees_differ},
  };
  return run_tests("ast/format", tests, sizeof tests / sizeof *tests);
}
