/* links: rnn_front */
/* Whatever the bytes, the parser ends, and says what is wrong in a form that can be printed. */
#include "unit/ast_test.h"

enum { MUTATIONS = 150, NOISES = 3000 };

/* Everything one can do with a file, on bytes that may contain anything. */
static int try_bytes(const char *bytes, size_t size) {
  Session *s = session_new();
  int file = source_add(s, "noise.rnn", bytes, size);
  Ast *ast = ast_parse(s, file);
  int errors = s->errors;
  CU_ASSERT_EQUAL(ast->broken, errors > 0);
  FILE *nowhere = fopen("/dev/null", "w");
  ast_format(s, ast, nowhere);
  ast_dump(s, ast, nowhere);
  ast_dump_tokens(s, file, nowhere);
  diag_print_all(s, nowhere, true);
  diag_print_json(s, nowhere);
  for (int i = 0; i < s->diags.len; i++) {
    Span span = s->diags.at[i]->labels.at[0].span;
    CU_ASSERT_TRUE(span.begin <= span.end && span.end <= size);
  }
  fclose(nowhere);
  session_free(s);
  s = session_new();
  ast_parse_input(s, source_add(s, "noise.rnn", bytes, size));
  session_free(s);
  return errors;
}

static void random_bytes(void) {
  uint64_t seed = 3;
  char bytes[300];
  for (int round = 0; round < NOISES; round++) {
    size_t size = draw(&seed, sizeof bytes);
    for (size_t i = 0; i < size; i++) bytes[i] = (char)draw(&seed, 256);
    try_bytes(bytes, size);
  }
}

/* Nearer to the language: its own tokens in any order. */
static void random_tokens(void) {
  static const char *const tokens[] = {"net ", "a ", "{\n", "}\n", "= ", "( ", ") ", "[ ", "] ", "\n", "+ ", "- ", "over ",
                                       "if ", "then ", "else ", "state ", ": ", ", ", "..", "by ", "' ", "1 ", "\"s\" ",
                                       "# c\n", "train ", "cell ", "-> ", "on ", "t ", "~ ", "| ", "start ", "as ", "ms ",
                                       "% ", "; ", ".", "index ", "per ", "sequence ", "param ", "let ", "use ", "time "};
  uint64_t seed = 4;
  for (int round = 0; round < NOISES; round++) {
    char text[1024] = "";
    for (uint32_t n = draw(&seed, 60); n; n--) strcat(text, tokens[draw(&seed, sizeof tokens / sizeof *tokens)]);
    try_bytes(text, strlen(text));
  }
}

static void mutate(const char *text, size_t size, uint64_t *seed) {
  char *copy = malloc(size + 1);
  for (int round = 0; round < MUTATIONS; round++) {
    memcpy(copy, text, size);
    size_t length = draw(seed, 3) ? size : draw(seed, (uint32_t)size);
    for (uint32_t n = draw(seed, 4); n && length; n--) copy[draw(seed, (uint32_t)length)] = (char)draw(seed, 256);
    size_t from = draw(seed, (uint32_t)length + 1), cut = draw(seed, (uint32_t)(length - from) + 1);
    if (!draw(seed, 3)) memmove(copy + from, copy + from + cut, length - from - cut), length -= cut;
    char *exact = malloc(length ? length : 1); /* so that a read behind the end is seen */
    memcpy(exact, copy, length);
    try_bytes(exact, length);
    free(exact);
  }
  free(copy);
}

static void mutated_programs(void) {
  Programs programs = find_programs();
  uint64_t seed = 5;
  for (int i = 0; i < programs.count; i++) {
    Session *s = session_new();
    const Source *source = s->sources.at[source_read(s, programs.path[i])];
    mutate(source->text, source->size, &seed);
    session_free(s);
  }
  free_programs(&programs);
}

/* --- depth -------------------------------------------------------------------------------------------------------------------- */

static void try_repeated(const char *before, const char *repeated, int times, const char *after, int errors) {
  size_t size = strlen(repeated), total = strlen(before) + size * (size_t)times + strlen(after);
  char *text = malloc(total + 1), *at = stpcpy(text, before);
  for (int i = 0; i < times; i++) at = stpcpy(at, repeated);
  stpcpy(at, after);
  int found = try_bytes(text, total);
  if (found != errors) fprintf(stderr, "\n%s × %d: %d errors\n", repeated, times, found);
  CU_ASSERT_EQUAL(found, errors);
  free(text);
}

static void deep_nesting(void) {
  const char *head = "net a {\n  x = ", *tail = "1\n}\n";
  static const char *const deep[] = {"(", "-", "not ", "1 + ", "1 ^ ", "if a then ", "if a then b else ", "f(", "[", "1 < "};
  for (size_t i = 0; i < sizeof deep / sizeof *deep; i++) try_repeated(head, deep[i], 100000, tail, 1);
  try_repeated("net a {\n  x = y", "'", 100000, "\n}\n", 1);
  try_repeated("net a {\n  x = y", "[t-1]", 100000, "\n}\n", 1);
  try_repeated("net a {\n  x = y", ".z", 100000, "\n}\n", 1);
  try_repeated(head, "1 + ", 900, tail, 0);
  try_repeated("net a {\n  x = ", "(", 400, "", 2);
  try_repeated("", "net a {\n", 5000, "", 5000);
  try_repeated("net a {\n  x = f(1", ", 2", 20000, ")\n}\n", 0);
}

static void odd_files(void) {
  CU_ASSERT_EQUAL(try_bytes("", 0), 0);
  CU_ASSERT_EQUAL(try_bytes("\n\n# c", 5), 0);
  CU_ASSERT_EQUAL(try_bytes("\xef\xbb\xbfseed 3\r\n", 11), 0);
  CU_ASSERT_EQUAL(try_bytes("seed 3", 6), 0);
  CU_ASSERT_EQUAL(try_bytes("seed \0 3\n", 9), 1);
  CU_ASSERT_EQUAL(try_bytes("let a = \"x\\", 11), 1);
}

int main(void) {
  static const Test tests[] = {
    {"random bytes", random_bytes}, {"random tokens", random_tokens}, {"mutated programs", mutated_programs},
    {"deep nesting", deep_nesting}, {"odd files", odd_files},
  };
  return run_tests("ast/robust", tests, sizeof tests / sizeof *tests);
}
