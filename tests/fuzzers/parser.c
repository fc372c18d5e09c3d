/* parser.c — any bytes: the parser gives a program or says what is wrong; what parses survives the formatter unchanged. */
#include "fuzzers/target.h"
#include "ast/ast.h"
#include "base/diag.h"
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static void die(const char *what, const char *text) {
  fprintf(stderr, "%s:\n%s\n", what, text);
  abort();
}

static char *formatted(Session *s, const Ast *ast) {
  char *text = NULL;
  size_t size = 0;
  FILE *out = open_memstream(&text, &size);
  ast_format(s, ast, out);
  fclose(out);
  return text;
}

/* fmt(fmt(p)) = fmt(p), and the tree is the same. */
static void round_trip(Session *s, const Ast *ast) {
  char *once = formatted(s, ast);
  const Ast *again = ast_parse(s, source_add(s, "fuzz.rnn", once, strlen(once)));
  if (again->broken) die("what the formatter wrote does not parse", once);
  if (!ast_equal(ast, again)) die("the formatter wrote another program", once);
  char *twice = formatted(s, again);
  if (strcmp(once, twice)) die("formatted twice", twice);
  free(once);
  free(twice);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
  static FILE *nowhere;
  if (!nowhere) nowhere = fopen("/dev/null", "w");
  Session *s = session_new();
  int file = source_add(s, "fuzz.rnn", (const char *)data, size);
  const Ast *ast = ast_parse(s, file);
  if (ast->broken != (s->errors > 0)) die("broken, but nothing said", (const char *)s->sources.at[file]->text);
  ast_dump(s, ast, nowhere);
  ast_dump_tokens(s, file, nowhere);
  diag_print_all(s, nowhere, false);
  diag_print_json(s, nowhere);
  if (!ast->broken) round_trip(s, ast);
  session_free(s);
  s = session_new();
  ast_parse_input(s, source_add(s, "prompt", (const char *)data, size));
  session_free(s);
  return 0;
}
