/* checker.c — any program: the checker types it or says what is wrong, at a place within the file. */
#include "fuzzers/target.h"
#include "ast/ast.h"
#include "base/diag.h"
#include "sema/sema.h"
#include <stdio.h>
#include <stdlib.h>

static void check_places(const Session *s, int file, size_t size) {
  for (int i = 0; i < s->diags.len; i++)
    for (int j = 0; j < s->diags.at[i]->labels.len; j++) {
      Span span = s->diags.at[i]->labels.at[j].span;
      if (span.file == file && (span.begin > span.end || span.end > size)) abort();
    }
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
  static FILE *nowhere;
  if (!nowhere) nowhere = fopen("/dev/null", "w");
  Session *s = session_new();
  s->stdlib = "stdlib";
  int file = source_add(s, "/nowhere/fuzz.rnn", (const char *)data, size);
  Ast *ast = ast_parse(s, file);
  sema_check(s, ast);
  check_places(s, file, size);
  if (!s->errors) ast_dump(s, ast, nowhere);
  diag_print_all(s, nowhere, false);
  diag_print_json(s, nowhere);
  session_free(s);
  return 0;
}
