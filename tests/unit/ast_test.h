/* ast_test.h — what the tests of the parser, the formatter and the diagnostics share. */
#ifndef RNN_TESTS_AST_TEST_H
#define RNN_TESTS_AST_TEST_H
#include "ast/ast.h"
#include "base/diag.h"
#include <CUnit/Basic.h>
#include <CUnit/CUnit.h>
#include <dirent.h>
#include <stdlib.h>
#include <string.h>

typedef struct Test {
  const char *name;
  void (*run)(void);
} Test;

/* Runs them; the value is main's. A suite without tests, or one that could not start, fails. */
static inline int run_tests(const char *suite_name, const Test *tests, int n) {
  if (CU_initialize_registry() != CUE_SUCCESS) return 2;
  CU_pSuite suite = CU_add_suite(suite_name, NULL, NULL);
  for (int i = 0; i < n; i++)
    if (!CU_add_test(suite, tests[i].name, tests[i].run)) return 2;
  CU_basic_set_mode(CU_BRM_VERBOSE);
  if (CU_basic_run_tests() != CUE_SUCCESS || !n) return 2;
  unsigned failures = CU_get_number_of_failures();
  CU_cleanup_registry();
  return failures ? 1 : 0;
}

static inline int add_text(Session *s, const char *text) { return source_add(s, "test.rnn", text, strlen(text)); }

/* What a printer writes, as a string of the session. */
static inline char *printed(Session *s, void (*print)(Session *, FILE *, const void *), const void *what) {
  char *buffer = NULL;
  size_t size = 0;
  FILE *out = open_memstream(&buffer, &size);
  print(s, out, what);
  fclose(out);
  char *text = arena_strndup(s->arena, buffer, size);
  free(buffer);
  return text;
}

static inline void print_format(Session *s, FILE *out, const void *ast) { ast_format(s, ast, out); }
static inline void print_diags(Session *s, FILE *out, const void *nothing) {
  (void)nothing;
  diag_print_all(s, out, false);
}
static inline char *formatted(Session *s, const Ast *ast) { return printed(s, print_format, ast); }
static inline char *diagnostics(Session *s) { return printed(s, print_diags, NULL); }

/* Says what was found where two texts differ. */
static inline void expect_text(const char *found, const char *wanted) {
  bool same = !strcmp(found, wanted);
  if (!same) fprintf(stderr, "\n--- wanted ---\n%s\n--- found ---\n%s\n", wanted, found);
  CU_ASSERT_TRUE(same);
}

/* --- the programs of the language's reference ----------------------------------------------------------------------------- */

enum { MOST_PROGRAMS = 64 };

typedef struct Programs {
  char *path[MOST_PROGRAMS];
  int count;
} Programs;

static inline Programs find_programs(void) {
  const char *shared = getenv("RNN_SHARED");
  static char folder[4096];
  snprintf(folder, sizeof folder, "%s/design/programs", shared ? shared : "../shared");
  Programs programs = {.count = 0};
  DIR *d = opendir(folder);
  if (!d) fprintf(stderr, "\nSKIPPED: there is no %s (set RNN_SHARED)\n", folder);
  for (struct dirent *e; d && (e = readdir(d)) && programs.count < MOST_PROGRAMS;) {
    size_t size = strlen(e->d_name);
    if (size < 4 || strcmp(e->d_name + size - 4, ".rnn")) continue;
    programs.path[programs.count] = malloc(strlen(folder) + size + 2);
    sprintf(programs.path[programs.count++], "%s/%s", folder, e->d_name);
  }
  if (d) closedir(d);
  return programs;
}

static inline void free_programs(Programs *programs) {
  for (int i = 0; i < programs->count; i++) free(programs->path[i]);
}

/* A small generator of its own, so that a failing case can be repeated. */
static inline uint32_t draw(uint64_t *state, uint32_t below) {
  *state = *state * 6364136223846793005u + 1442695040888963407u;
  return (uint32_t)(*state >> 33) % below;
}

#endif
