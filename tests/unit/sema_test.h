/* sema_test.h — for the tests of the checker: a program from text, its diagnostics' codes, the type of a value. */
#ifndef SEMA_TEST_H
#define SEMA_TEST_H
#include "ast/ast.h"
#include "base/diag.h"
#include "sema/sema.h"
#include <CUnit/Basic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

typedef struct Checked {
  Session *session;
  Program *program; /* NULL after errors */
  const char *codes; /* "E0301 E0302", in the order of their places */
} Checked;

static inline const char *codes_of(Session *s) {
  const char *out = "";
  for (int i = 0; i < s->diags.len; i++)
    out = arena_printf(s->arena, "%s%s%s", out, i ? " " : "", diag_name(s->diags.at[i]->code));
  return out;
}

static inline Checked check_in(Session *s, const char *text) {
  Checked c = {.session = s};
  Ast *ast = ast_parse(s, source_add(s, "test.rnn", text, strlen(text)));
  c.program = sema_check(s, ast);
  c.codes = codes_of(s);
  return c;
}

static inline Checked check(const char *text) {
  Session *s = session_new();
  s->stdlib = "stdlib";
  return check_in(s, text);
}

/* A net of one's own lines among given declarations. */
static inline Checked check_lines(const char *before, const char *lines) {
  Session *s = session_new();
  s->stdlib = "stdlib";
  return check_in(s, arena_printf(s->arena, "%s%s\n}\n", before, lines));
}

static inline void expect_codes(const char *text, const char *codes) {
  Checked c = check(text);
  if (strcmp(c.codes, codes)) {
    diag_print_all(c.session, stderr, false);
    fprintf(stderr, "wanted %s, got %s:\n%s\n", codes, c.codes, text);
  }
  CU_ASSERT_STRING_EQUAL(c.codes, codes);
  session_free(c.session);
}

/* The symbol of a value of the program's first net. */
static inline Symbol *value_of(const Checked *c, const char *name) {
  if (!c->program || !c->program->nets.len) return NULL;
  return scope_find(c->program->nets.at[0]->scope, intern(c->session, name));
}

#define SUITE(name, ...)                                                                                               \
  int main(void) {                                                                                                     \
    CU_TestInfo tests[] = {__VA_ARGS__, CU_TEST_INFO_NULL};                                                            \
    CU_SuiteInfo suites[] = {{name, NULL, NULL, NULL, NULL, tests}, CU_SUITE_INFO_NULL};                               \
    if (CU_initialize_registry() || CU_register_suites(suites)) return 1;                                              \
    CU_basic_set_mode(CU_BRM_VERBOSE);                                                                                 \
    CU_basic_run_tests();                                                                                              \
    int failures = (int)CU_get_number_of_failures();                                                                   \
    CU_cleanup_registry();                                                                                             \
    return failures != 0;                                                                                              \
  }

#endif
