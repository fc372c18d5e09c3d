/* links: rnn_front */
/* Syntax errors: each mistake is met by its own sentence, and by one only. */
#include "unit/ast_test.h"

typedef struct Case {
  const char *text, *headline;
} Case;

static void check(const Case *c) {
  Session *s = session_new();
  Ast *ast = ast_parse(s, add_text(s, c->text));
  bool fits = s->diags.len == 1 && !strcmp(s->diags.at[0]->headline, c->headline);
  if (!fits) fprintf(stderr, "\n%s-> wanted: %s\n%s", c->text, c->headline, diagnostics(s));
  CU_ASSERT_TRUE(fits);
  CU_ASSERT_TRUE(ast->broken);
  session_free(s);
}

static void one_mistake_one_error(void) {
  static const Case cases[] = {
    {"net a {\n  h = x ** 2\n}\n", "`**` is not an operator"},
    {"net a {\n  h := x\n}\n", "`:=` is not in the language"},
    {"net a {\n  h = x // it's \"odd\n}\n", "comments begin with `#`"},
    {"net a {\n  h = x;\n}\n", "`;` does not end a statement"},
    {"net a {\n  h == x\n}\n", "`==` compares, and there is nothing to compare yet"},
    {"net a {\n  h = if a = 2 then 3 else 4\n}\n", "`=` defines a name, and one was defined already"},
    {"net a {\n  h =\n}\n", "a value is missing after `=`"},
    {"net a {\n  h = 3 +\n  k = 4\n}\n", "a value is missing after `+`"},
    {"net a {\n  h = (1 + 2\n  k = 4\n}\n", "this `(` is never closed"},
    {"net a {\n  h = f(1, 2\n}\nnet b {\n}\n", "this `(` is never closed"},
    {"net a {\n  h = x[t-1\n  k = 4\n}\n", "this `[` is never closed"},
    {"net a {\n  h = f(x]\n  k = 4\n}\n", "`]` cannot close `(`"},
    {"net a {\n  h = 1)\n}\n", "this `)` closes nothing"},
    {"net a {\n  h = 1\n", "this `{` is never closed"},
    {"net a {\n  h = 1\n\nnet b {\n  k = 2\n}\n", "this `{` is never closed"},
    {"net a\n", "expected `{` after `a`, found the end of the line"},
    {"net a\n  h = 1\n}\nnet b {\n}\n", "the `{` that opens the block is missing"},
    {"net a {\n  h = 1\n}\n}\n", "this `}` closes nothing"},
    {"net a\n  h = 1\n", "the `{` that opens the block is missing"},
    {"net a {\n  param W [H] = 0\n}\n", "the `:` before the type is missing"},
    {"net a {\n  param W: H = 0\n}\n", "a type is written in brackets"},
    {"net a {\n  W: [H] = 0\n}\n", "a declaration begins with what it declares"},
    {"net a {\n  parm W: [H] = 0\n}\n", "unknown word `parm`"},
    {"nett a {\n  h = 1\n}\n", "unknown word `nett`"},
    {"h = 1\n", "`h` stands outside of a cell or a net"},
    {"foo {\n  h = 1\n}\n", "unknown word `foo`"},
    {"net a {\n  h = \"abc\n}\n", "this string is not closed on its line"},
    {"net a {\n  h = 'abc'\n}\n", "`'` only transposes, directly after a value"},
    {"net a {\n  h = 2x\n}\n", "an operator is missing after the number"},
    {"net a {\n  h = .5\n}\n", "a number begins with a digit"},
    {"net a {\n  h = x[0:3]\n}\n", "`:` does not make a range"},
    {"net a {\n  h = f(lr: 3)\n}\n", "a named argument is written with `=`"},
    {"net a {\n  h = a − b\n}\n", "this is not a minus sign but a typographic one (U+2212)"},
    {"net a {\n  h = a $ b\n}\n", "`$` (U+0024) has no meaning here"},
    {"net a {\n  h = a € b\n}\n", "`€` (U+20AC) has no meaning here"},
    {"net a {\n  h = a \xff b\n}\n", "the byte 0xff is not valid UTF-8"},
    {"net a {\n  h = a \x01 b\n}\n", "the control character U+0001 cannot stand in a program"},
    {"net a {\n  h = a < b < c\n}\n", "expected an operator or the end of the line after `b`, found `<`"},
    {"train a {\n  epochs = 3\n}\n", "a clause is written without `=`"},
    {"train a {\n  epochs: 3\n}\n", "a clause is written without `:`"},
    {"train a as {\n  epochs 3\n}\n", "expected a name after `as`, found `{`"},
    {"cell C[H](x: [H]) {\n  h = 1\n}\n", "expected `->` after `)`, found `{`"},
    {"net a {\n  state h: [H] = 0\n  h = tanh(h(t-1))\n}\n", "a step of `h` is read with square brackets"},
    {"net a {\n  h = a && b\n}\n", "`&&` is not an operator"},
    {"net a {\n  h += 1\n}\n", "`+=` is not in the language"},
  };
  for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) check(&cases[i]);
}

static void all_errors_of_a_file(void) {
  Session *s = session_new();
  Ast *ast = ast_parse(s, add_text(s, "net a {\n  x = 1 +* 2\n  y = 3\n  z = ]\n  w = 4\n}\ntrain {\n  epochs 3\n  batch = 2\n}\n"
                                      "run a as b {\n  steps 5 5\n}\n"));
  CU_ASSERT_EQUAL(s->errors, 5);
  CU_ASSERT_EQUAL(ast->decls.at[0]->items.len, 2);
  CU_ASSERT_EQUAL(ast->decls.len, 2);
  session_free(s);
}

static void the_bracket_is_shown(void) {
  Session *s = session_new();
  ast_parse(s, add_text(s, "net a {\n  x = f(a, b c)\n}\n"));
  expect_text(diagnostics(s), "error[E0002]: expected an operator, `)`, `,` or `;` after `b`, found `c`\n"
                              " --> test.rnn:2:14\n"
                              "  |\n"
                              "2 |   x = f(a, b c)\n"
                              "  |        -     ^ expected an operator, `)`, `,` or `;`\n"
                              "  |        in the bracket opened here\n");
  session_free(s);
}

static void repairs_are_shown(void) {
  Session *s = session_new();
  ast_parse(s, add_text(s, "net a {\n  x = y ** 2\n}\n"));
  expect_text(diagnostics(s), "error[E0002]: `**` is not an operator\n"
                              " --> test.rnn:2:9\n"
                              "  |\n"
                              "2 |   x = y ** 2\n"
                              "  |         ^^\n"
                              "help: powers are written with `^`\n"
                              "2 |   x = y ^ 2\n"
                              "  |         ~\n");
  session_free(s);
}

int main(void) {
  static const Test tests[] = {
    {"one mistake, one error", one_mistake_one_error}, {"all errors of a file", all_errors_of_a_file},
    {"the bracket is shown", the_bracket_is_shown}, {"repairs are shown", repairs_are_shown},
  };
  return run_tests("grammar/syntax_error", tests, sizeof tests / sizeof *tests);
}
