/* check.c — libFuzzer on the parser and the checker: any bytes give diagnostics or a program, never a crash.
 *
 *   tests/fuzzers/run.sh [SECONDS] [CORPUS…]        needs clang */
#include "ast/ast.h"
#include "base/diag.h"
#include "sema/sema.h"
#include <stdio.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
  static FILE *nowhere;
  if (!nowhere) nowhere = fopen("/dev/null", "w");
  Session *s = session_new();
  int file = source_add(s, "/nowhere/fuzz.rnn", (const char *)data, size);
  Ast *ast = ast_parse(s, file);
  if (!ast->broken) ast_format(s, ast, nowhere);
  sema_check(s, ast);
  diag_print_all(s, nowhere, false);
  diag_print_json(s, nowhere);
  session_free(s);
  return 0;
}
