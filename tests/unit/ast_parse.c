/* links: rnn_front */
/* The parser: the reference's programs, each form of the language, operators, words as names, documentation. */
#include "unit/ast_test.h"

static Ast *parse(Session *s, const char *text) {
  Ast *ast = ast_parse(s, add_text(s, text));
  if (s->errors) fprintf(stderr, "\n%s\n%s", text, diagnostics(s));
  return ast;
}

static void programs_parse(void) {
  Programs programs = find_programs();
  for (int i = 0; i < programs.count; i++) {
    Session *s = session_new();
    int file = source_read(s, programs.path[i]);
    Ast *ast = ast_parse(s, file);
    if (s->diags.len) fprintf(stderr, "\n%s", diagnostics(s));
    CU_ASSERT_EQUAL(s->diags.len, 0);
    CU_ASSERT_FALSE(ast->broken);
    CU_ASSERT_TRUE(ast->decls.len >= 3);
    session_free(s);
  }
  if (programs.count) CU_ASSERT_TRUE(programs.count >= 20);
  free_programs(&programs);
}

/* --- expressions ------------------------------------------------------------------------------------------------------------ */

/* The tree as nested brackets, so that precedence shows. */
static char *shape(Session *s, const Expr *e) {
  switch (e->kind) {
  case EXPR_UNARY: return arena_printf(s->arena, "(%s %s)", operator_text(e->op), shape(s, e->left));
  case EXPR_BINARY:
    return arena_printf(s->arena, "(%s %s %s)", operator_text(e->op), shape(s, e->left), shape(s, e->right));
  case EXPR_IF:
    return arena_printf(s->arena, "(if %s %s %s)", shape(s, e->left), shape(s, e->right), shape(s, e->third));
  case EXPR_INDEX: return arena_printf(s->arena, "(at %s %s)", shape(s, e->left), shape(s, e->args.at[0].value));
  case EXPR_RANGE:
    return arena_printf(s->arena, "(to %s %s%s%s)", shape(s, e->left), shape(s, e->right), e->third ? " " : "",
                        e->third ? shape(s, e->third) : "");
  case EXPR_TRANSPOSE: return arena_printf(s->arena, "(tr %s)", shape(s, e->left));
  case EXPR_AS: return arena_printf(s->arena, "(as %s %d)", shape(s, e->left), e->args.len);
  case EXPR_FIELD: return arena_printf(s->arena, "(. %s %s)", shape(s, e->left), e->name);
  case EXPR_OVER: return arena_printf(s->arena, "(%s-over %s %d)", e->name, shape(s, e->left), e->args.len);
  case EXPR_CALL: return arena_printf(s->arena, "(%s [%d] %d)", e->name, e->dims.len, e->args.len);
  default: return expr_text(s, e);
  }
}

static void expect_shape(const char *text, const char *wanted) {
  Session *s = session_new();
  Ast *ast = parse(s, arena_printf(s->arena, "net a {\n  x = %s\n}\n", text));
  CU_ASSERT_EQUAL_FATAL(s->errors, 0);
  expect_text(shape(s, ast->decls.at[0]->items.at[0]->value), wanted);
  session_free(s);
}

static void precedence(void) {
  expect_shape("a + b * c ^ d", "(+ a (* b (^ c d)))");
  expect_shape("a ^ b ^ c", "(^ a (^ b c))");
  expect_shape("-a ^ b", "(- (^ a b))");
  expect_shape("-a * b", "(* (- a) b)");
  expect_shape("a ^ -b * c", "(* (^ a (- b)) c)");
  expect_shape("a * b @ c", "(* a (@ b c))");
  expect_shape("A @ B @ c", "(@ (@ A B) c)");
  expect_shape("a - b - c", "(- (- a b) c)");
  expect_shape("not a == b and c or d", "(or (and (not (== a b)) c) d)");
  expect_shape("if a then b else c + d", "(if a b (+ c d))");
  expect_shape("if a then b else if c then d else e", "(if a b (if c d e))");
  expect_shape("A' @ x", "(@ (tr A) x)");
  expect_shape("f(x)''", "(tr (tr (f [0] 1)))");
  expect_shape("1 + x[t-1] as [1, U]", "(+ 1 (as (at x (- t 1)) 2))");
}

static void reads_of_other_steps(void) {
  expect_shape("u[t..t-12 by 3]", "(at u (to t (- t 12) 3))");
  expect_shape("taps[t-1][0..K-2]", "(at (at taps (- t 1)) (to 0 (- K 2)))");
  expect_shape("z[t - 2 ms]", "(at z (- t 2 ms))");
  expect_shape("h[n.left]", "(at h (. n left))");
  expect_shape("h[last]", "(at h last)");
  expect_shape("sum over n.children (h)", "(sum-over (. n children) 1)");
  expect_shape("pick over s (x, k[t-1])", "(pick-over s 2)");
  expect_shape("RNN[H = H](x, f = relu)", "(RNN [1] 2)");
  expect_shape("RNN[H = H, X = 3](x; f = relu, g = 2)", "(RNN [2] 3)");
  expect_shape("begins(n)", "(begins [0] 1)");
}

static void newlines(void) {
  expect_shape("f(a,\n  b\n  , c)", "(f [0] 3)");
  expect_shape("a +\n\n  b", "(+ a b)");
  expect_shape("a or # why\n  b", "(or a b)");
  expect_shape("if a\n  then b\n  else c", "(if a b c)");
  expect_shape("x[t\n-1]", "(at x (- t 1))");
}

/* --- statements --------------------------------------------------------------------------------------------------------------- */

static void accepts(const char *text) {
  Session *s = session_new();
  Ast *ast = parse(s, text);
  CU_ASSERT_EQUAL(s->diags.len, 0);
  CU_ASSERT_FALSE(ast->broken);
  session_free(s);
}

static void every_declaration(void) {
  accepts("use std.cells (LSTM, GRU)\nuse \"mine.rnn\" (Cell)\nseed 7\nlet a = 0.3, b = -1\ntree n\n");
  accepts("time s, t\n");
  accepts("time t step 1 ms, n length 12\n");
  accepts("vocab c = characters(\"a \\\"b\\\".txt\")");
  accepts("cell A -> y: [] { y = 1 }");
  accepts("cell A() -> y: [] { y = 1 }");
  accepts("cell A[N](x: [N] on s, t, k: index(V) per sequence; r = 0.9, f = relu) -> y: [N] on t, z: [] { y = x }");
  accepts("net a\n{\n}\ntrain a {}\nrun a as b {}\n");
}

static void every_item(void) {
  accepts("net a {\n  param m: [] = 0\n  param W, V: [H, X + 1] ~ normal(0, 1) | sparse(0.1) | radius(0.95)\n"
          "  state h = 0\n  state s: [H] on t, n = m[t-1] on n\n  input img: [K] per sequence\n"
          "  input src: index(V) on s\n  output y: [Y] = 0\n  let r = 0.2, q = 3\n  shared c = LSTM[H = H]\n"
          "  x = c(y) start h = a, c = b\n  z = GRU[H = H](x) start enc[last]\n}\n");
}

static void every_clause(void) {
  accepts("train a {\n  data csv(\"a.csv\", x = \"c1\"..\"c12\", k = category(\"s\"), rows = 0..2999) by \"id\"\n"
          "  data npz(\"b.npz\") cuts \"offset\" where \"index\" >= 5 windows 100 every 50\n  validate last 10%\n"
          "  stop when loss < 0.01\n  skip when (loss) < 1\n  carry\n  force y with p = 0.9\n  force y for 500 steps\n"
          "  plot y, data.y last 500\n  loss mse(y, data.y) + 1e-4 * l2(W)\n  order shortest_first\n}\n");
}

static void clauses_have_modifiers(void) {
  Session *s = session_new();
  Ast *ast = parse(s, "run a as b {\n  force y for 4 steps\n  validate last 10%\n  plot y, data.y last 500\n}\n");
  const ClauseList *clauses = &ast->decls.at[0]->clauses;
  CU_ASSERT_EQUAL_FATAL(clauses->len, 3);
  CU_ASSERT_EQUAL_FATAL(clauses->at[0]->modifiers.len, 1);
  CU_ASSERT_STRING_EQUAL(clauses->at[0]->modifiers.at[0].word, "for");
  CU_ASSERT_EQUAL(clauses->at[0]->modifiers.at[0].args.at[0].value->number, 4);
  CU_ASSERT_EQUAL(clauses->at[1]->args.len, 0);
  CU_ASSERT_STRING_EQUAL(clauses->at[1]->modifiers.at[0].word, "last");
  CU_ASSERT_STRING_EQUAL(clauses->at[1]->modifiers.at[0].args.at[0].value->unit, "%");
  CU_ASSERT_EQUAL(clauses->at[2]->args.len, 2);
  session_free(s);
}

static void words_are_names(void) {
  accepts("dim time = 2, step = 3, length = 4\nnet data {\n  input state, on: [time]\n  state = step + last\n  param = 1\n"
          "  let over = 2\n  by = start * by\n  per = as + over\n  y = f(if = 3, by = 2, data.if)\n  use = then\n}\n"
          "train data as use {\n  data csv(data = \"step\", for = \"by\")\n  tune by, last\n}\n");
  accepts("net σ {\n  ẏ_α = β₁ + Größe * 変数\n}\n");
}

static void documentation(void) {
  Session *s = session_new();
  Ast *ast = parse(s, "# no\n## A net.\n##  Second line.\nnet a {\n  ## its input\n  input x: []\n  ## apart\n\n  y = x\n}\n");
  CU_ASSERT_STRING_EQUAL(ast->decls.at[0]->doc, "A net.\n Second line.");
  CU_ASSERT_STRING_EQUAL(ast->decls.at[0]->items.at[0]->doc, "its input");
  CU_ASSERT_PTR_NULL(ast->decls.at[0]->items.at[1]->doc);
  session_free(s);
}

static void strings_and_numbers(void) {
  Session *s = session_new();
  ast_parse(s, add_text(s, "let a = 0..3\n"));
  CU_ASSERT_EQUAL(s->errors, 1); /* a range is no value */
  session_free(s);
  s = session_new();
  Ast *ast = parse(s, "let a = f(\"q\\\"\\\\\\n\\t\"), b = 1e-4, c = 20 ms\n");
  const NameList *names = &ast->decls.at[0]->names;
  CU_ASSERT_STRING_EQUAL(names->at[0].value->args.at[0].value->text, "q\"\\\n\t");
  CU_ASSERT_EQUAL(names->at[1].value->number, 1e-4);
  CU_ASSERT_STRING_EQUAL(names->at[2].value->unit, "ms");
  session_free(s);
}

/* --- the REPL -------------------------------------------------------------------------------------------------------------------- */

static void expect_input(const char *text, ReplInput wanted) {
  Session *s = session_new();
  ReplInput found = ast_parse_input(s, add_text(s, text)).kind;
  if (found != wanted) fprintf(stderr, "\n`%s`: %d\n%s", text, found, diagnostics(s));
  CU_ASSERT_EQUAL(found, wanted);
  CU_ASSERT_EQUAL(s->errors > 0, wanted == REPL_ERROR);
  session_free(s);
}

static void repl_inputs(void) {
  expect_input("dim H = 4\n", REPL_DECL);
  expect_input("net a {\n  x = 1\n}\n", REPL_DECL);
  expect_input("net a {\n  x = f(1,\n", REPL_INCOMPLETE);
  expect_input("net a {\n", REPL_INCOMPLETE);
  expect_input("input p: []\n", REPL_ITEM);
  expect_input("a = p + 0.5 * a[t-1]\n", REPL_ITEM);
  expect_input("a = p +\n", REPL_INCOMPLETE);
  expect_input("f(3,\n", REPL_INCOMPLETE);
  expect_input("1 + 2\n", REPL_EXPR);
  expect_input("state\n", REPL_EXPR);
  expect_input("\n\n  x[t-1]'\n", REPL_EXPR);
  expect_input("1 + * 2\n", REPL_ERROR);
  expect_input("a = f(3]\n", REPL_ERROR);
}

int main(void) {
  static const Test tests[] = {
    {"the reference's programs parse", programs_parse}, {"precedence", precedence},
    {"reads of other steps", reads_of_other_steps}, {"newlines", newlines}, {"every declaration", every_declaration},
    {"every item", every_item}, {"every clause", every_clause}, {"modifiers", clauses_have_modifiers},
    {"words are names", words_are_names}, {"documentation", documentation},
    {"strings and numbers", strings_and_numbers}, {"inputs of the REPL", repl_inputs},
  };
  return run_tests("ast/parse", tests, sizeof tests / sizeof *tests);
}
