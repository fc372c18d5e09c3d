/* links: rnn_front */
/* How diagnostics look: the two of the language's reference to the letter, UTF-8 and tabs, several files, repairs. */
#include "unit/ast_test.h"

static Span span_of(Session *s, int file, const char *part, int occurrence) {
  const char *text = s->sources.at[file]->text, *at = text;
  for (; (at = strstr(at, part)) && occurrence--;) at++;
  CU_ASSERT_PTR_NOT_NULL_FATAL(at);
  return (Span){file, (uint32_t)(at - text), (uint32_t)(at - text + strlen(part))};
}

static Span behind(Span span) { return (Span){span.file, span.end, span.end}; }

static void a_loop_with_its_drawing(void) {
  Session *s = session_new();
  int file = source_add(s, "jordan.rnn", "\n\n\n\n\n\n\n\n\n\n\n  h = tanh(W @ x + V @ y)\n  y = C @ h + d\n", 53);
  Diag *d = diag_error(s, E0002, span_of(s, file, "y", 0), "`h` and `y` need each other within one time step");
  diag_label(d, span_of(s, file, "y", 0), "`h` at t needs `y` at t");
  diag_label(d, span_of(s, file, "h", 2), "`y` at t needs `h` at t");
  diag_drawing(d, "┌─────┐\n│     h   line 12\n│     ↓   delay 0\n│     y   line 13\n"
                  "└─────┘   delay 0      total 0: every loop needs at least 1\n");
  diag_suggest(d, behind(span_of(s, file, "y", 0)), "[t-1]", "feed back the previous output");
  expect_text(diagnostics(s), "error[E0002]: `h` and `y` need each other within one time step\n"
                              "  --> jordan.rnn:12:24\n"
                              "   |\n"
                              "12 |   h = tanh(W @ x + V @ y)\n"
                              "   |                        ^ `h` at t needs `y` at t\n"
                              "13 |   y = C @ h + d\n"
                              "   |           - `y` at t needs `h` at t\n"
                              "   |\n"
                              "   ┌─────┐\n"
                              "   │     h   line 12\n"
                              "   │     ↓   delay 0\n"
                              "   │     y   line 13\n"
                              "   └─────┘   delay 0      total 0: every loop needs at least 1\n"
                              "help: feed back the previous output\n"
                              "12 |   h = tanh(W @ x + V @ y[t-1])\n"
                              "   |                         +++++\n");
  session_free(s);
}

static void labels_notes_and_helps(void) {
  Session *s = session_new();
  const char *text = "\n\n\n\n  param Wi, Wf, Wo, Wg: [H, X] ~ glorot\n\n\n\n\n  i = sigmoid(Wi @ h[t-1] + bi)\n";
  int file = source_add(s, "adding.rnn", text, strlen(text));
  Diag *d = diag_error(s, E0002, span_of(s, file, "h[t-1]", 0), "`Wi` takes [X] but is given [H]");
  diag_label(d, span_of(s, file, "h[t-1]", 0), "[H], from `state h, c: [H]` (line 9)");
  diag_label(d, span_of(s, file, "[H, X]", 0), "so `Wi @ _` takes [X]");
  diag_note(d, "here X = %d, H = %d; with equal sizes they would still be different dims", 2, 64);
  diag_help(d, "`Ui: [H, H]` takes [H]");
  expect_text(diagnostics(s), "error[E0002]: `Wi` takes [X] but is given [H]\n"
                              "  --> adding.rnn:10:20\n"
                              "   |\n"
                              " 5 |   param Wi, Wf, Wo, Wg: [H, X] ~ glorot\n"
                              "   |                         ------ so `Wi @ _` takes [X]\n"
                              "10 |   i = sigmoid(Wi @ h[t-1] + bi)\n"
                              "   |                    ^^^^^^ [H], from `state h, c: [H]` (line 9)\n"
                              "   = note: here X = 2, H = 64; with equal sizes they would still be different dims\n"
                              "help: `Ui: [H, H]` takes [H]\n");
  session_free(s);
}

static void columns_with_letters_and_tabs(void) {
  Session *s = session_new();
  int file = add_text(s, "\tσ = 変 + β\n");
  Diag *d = diag_error(s, E0002, span_of(s, file, "β", 0), "headline");
  diag_label(d, span_of(s, file, "変", 0), "wide");
  diag_suggest(d, span_of(s, file, "β", 0), "γ", "other");
  expect_text(diagnostics(s), "error[E0002]: headline\n"
                              " --> test.rnn:1:10\n"
                              "  |\n"
                              "1 |     σ = 変 + β\n"
                              "  |         --   ^\n"
                              "  |         wide\n"
                              "help: other\n"
                              "1 |     σ = 変 + γ\n"
                              "  |              ~\n");
  session_free(s);
}

static void removals_and_new_lines(void) {
  Session *s = session_new();
  int file = add_text(s, "net a {\n  x = 1;\n");
  Diag *d = diag_warning(s, E0002, span_of(s, file, ";", 0), "headline");
  diag_suggest(d, span_of(s, file, ";", 0), "", "leave it out");
  diag_suggest(d, behind(span_of(s, file, ";", 0)), "\n}", "close it");
  expect_text(diagnostics(s), "warning[E0002]: headline\n"
                              " --> test.rnn:2:8\n"
                              "  |\n"
                              "2 |   x = 1;\n"
                              "  |        ^\n"
                              "help: leave it out\n"
                              "2 |   x = 1;\n"
                              "  |        -\n"
                              "help: close it\n"
                              "2 |   x = 1;\n"
                              "3 | }\n"
                              "  | +\n");
  CU_ASSERT_EQUAL(s->errors, 0);
  session_free(s);
}

static void sorted_once_and_nowhere(void) {
  Session *s = session_new();
  int file = add_text(s, "a b\n"), other = source_add(s, "other.rnn", "c\n", 2);
  diag_error(s, E0002, span_of(s, file, "b", 0), "second");
  Diag *d = diag_error(s, E0002, span_of(s, file, "a", 0), "first");
  diag_label(d, span_of(s, other, "c", 0), "there");
  diag_error(s, E0002, span_of(s, file, "b", 0), "second");
  diag_error(s, E0001, (Span){0}, "nowhere");
  expect_text(diagnostics(s), "error[E0001]: nowhere\n\n"
                              "error[E0002]: first\n --> test.rnn:1:1\n  |\n1 | a b\n  | ^\n"
                              " ::: other.rnn:1:1\n  |\n1 | c\n  | - there\n\n"
                              "error[E0002]: second\n --> test.rnn:1:3\n  |\n1 | a b\n  |   ^\n");
  session_free(s);
}

static void print_colour(Session *s, FILE *out, const void *nothing) {
  (void)nothing;
  diag_print_all(s, out, true);
}

static void print_json(Session *s, FILE *out, const void *nothing) {
  (void)nothing;
  diag_print_json(s, out);
}

static void colours_only_when_asked(void) {
  Session *s = session_new();
  diag_error(s, E0002, span_of(s, add_text(s, "a\033[31m\n"), "a", 0), "headline");
  CU_ASSERT_PTR_NULL(strchr(diagnostics(s), '\033'));
  CU_ASSERT_PTR_NOT_NULL(strchr(printed(s, print_colour, NULL), '\033'));
  session_free(s);
}

static void as_json(void) {
  Session *s = session_new();
  int file = add_text(s, "σ\n");
  Diag *d = diag_error(s, E0002, span_of(s, file, "σ", 0), "a \"b\"\n\xff");
  diag_suggest(d, behind(span_of(s, file, "σ", 0)), "x", "help");
  expect_text(printed(s, print_json, NULL),
              "{\"code\":\"E0002\",\"severity\":\"error\",\"message\":\"a \\\"b\\\"\\n\\ufffd\",\"file\":\"test.rnn\","
              "\"begin\":0,\"end\":2,\"line\":1,\"column\":1,\"endLine\":1,\"endColumn\":2,"
              "\"labels\":[{\"file\":\"test.rnn\",\"begin\":0,\"end\":2,\"line\":1,\"column\":1,\"endLine\":1,\"endColumn\":2,"
              "\"text\":\"\"}],\"notes\":[],\"helps\":[],\"suggestions\":[{\"file\":\"test.rnn\",\"begin\":2,\"end\":2,"
              "\"line\":1,\"column\":2,\"endLine\":1,\"endColumn\":2,\"text\":\"x\",\"help\":\"help\"}]}\n");
  session_free(s);
}

static void codes_have_explanations(void) {
  for (int i = 0; i < DIAG_COUNT; i++) {
    CU_ASSERT_EQUAL(diag_find(diag_name((DiagCode)i)), (DiagCode)i);
    CU_ASSERT_TRUE(strlen(diag_title((DiagCode)i)) > 3);
    CU_ASSERT_TRUE(strlen(diag_explanation((DiagCode)i)) > 30);
  }
  CU_ASSERT_EQUAL(diag_find("E9999"), DIAG_COUNT);
}

static void expect_near(const char *wrong, const char *wanted) {
  static const char *const names[] = {"sigmoid", "tanh", "softmax", "Wi", "Wo", "alpha"};
  const char *found = did_you_mean(wrong, names, 6);
  if (!wanted) CU_ASSERT_PTR_NULL(found);
  if (wanted) CU_ASSERT_PTR_NOT_NULL_FATAL(found);
  if (wanted) CU_ASSERT_STRING_EQUAL(found, wanted);
}

static void nearest_names(void) {
  expect_near("sigmiod", "sigmoid");
  expect_near("tahn", "tanh");
  expect_near("sofmax", "softmax");
  expect_near("x", NULL);
  expect_near("relu", NULL);
  expect_near("alhpa", "alpha");
  expect_near("", NULL);
  expect_near("an_extremely_long_name_that_no_table_of_distances_could_ever_hold_x", NULL);
}

int main(void) {
  static const Test tests[] = {
    {"a loop with its drawing", a_loop_with_its_drawing}, {"labels, notes and helps", labels_notes_and_helps},
    {"columns with letters and tabs", columns_with_letters_and_tabs}, {"removals and new lines", removals_and_new_lines},
    {"sorted, once, and nowhere", sorted_once_and_nowhere}, {"colours only when asked", colours_only_when_asked},
    {"as JSON", as_json}, {"codes have explanations", codes_have_explanations}, {"nearest names", nearest_names},
  };
  return run_tests("base/diag", tests, sizeof tests / sizeof *tests);
}
