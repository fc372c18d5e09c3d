/* data_test.h — short ways to load data in tests: variables from a list, clauses from JSON, files from strings. */
#ifndef RNN_TESTS_DATA_TEST_H
#define RNN_TESTS_DATA_TEST_H
#include "runtime/dataset.h"
#include <CUnit/Basic.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

/* In a clause's path: the folder of real data, RNN_SHARED/data (RNN_SHARED is ../shared unless set). */
#define DATA_FOLDER "@shared/data/"

__attribute__((unused)) static const char *shared_folder(void) {
  static char folder[4096];
  const char *named = getenv("RNN_SHARED");
  if (*folder || realpath(named ? named : "../shared", folder)) return folder;
  *folder = 0; /* realpath leaves there how far it came */
  return NULL;
}

/* False, said aloud, where the real data are not there. */
__attribute__((unused)) static bool has_data(void) {
  if (shared_folder()) return true;
  printf("skipped: there is no ../shared (RNN_SHARED names the folder) ... ");
  return false;
}

/* The source with @shared replaced; the caller frees it. */
__attribute__((unused)) static char *with_shared(const char *source) {
  const char *mark = strstr(source, "@shared"), *folder = mark ? shared_folder() : NULL;
  if (!folder) return strdup(source);
  size_t size = strlen(source) + strlen(folder) + 1;
  char *text = malloc(size);
  snprintf(text, size, "%.*s%s%s", (int)(mark - source), source, folder, mark + strlen("@shared"));
  return text;
}

enum { PER_SEQUENCE = 1, ON_CLOCK = 3 };

__attribute__((unused)) static Variable variable(const char *name, VariableRole role, int64_t elements, uint32_t axes, int64_t below) {
  Variable v = {.name = name, .role = role, .rank = elements > 1, .shape = {elements}, .elements = elements, .axes = axes, .below = below};
  return v;
}

/* Loads; on an error prints nothing and leaves it in *error. modifiers NULL: none. */
__attribute__((unused)) static Dataset *load_data(const char *source, const char *modifiers, const Variable *v, int count, RnnError *error) {
  char *text = with_shared(source);
  cJSON *json = cJSON_Parse(text), *words = modifiers ? cJSON_Parse(modifiers) : NULL;
  free(text);
  CU_ASSERT_FATAL(json != NULL && (!modifiers || words));
  memset(error, 0, sizeof *error);
  Dataset *d = dataset_load(json, words, v, count, "/tmp", 1, NULL, 7, error);
  cJSON_Delete(json);
  cJSON_Delete(words);
  return d;
}

/* The same, expecting success. */
__attribute__((unused)) static Dataset *load_fine(const char *source, const char *modifiers, const Variable *v, int count) {
  RnnError error;
  Dataset *d = load_data(source, modifiers, v, count, &error);
  if (!d) printf("\n%s: %s\n", error.code, error.message);
  CU_ASSERT_FATAL(d != NULL);
  return d;
}

/* Expects an error with this code whose message has all the parts (separated by |). */
__attribute__((unused)) static void load_fails(const char *source, const char *modifiers, const Variable *v, int count, const char *code,
                                               const char *parts) {
  RnnError error;
  Dataset *d = load_data(source, modifiers, v, count, &error);
  CU_ASSERT(d == NULL);
  dataset_free(d);
  CU_ASSERT_STRING_EQUAL(error.code, code);
  CU_ASSERT_EQUAL(error.line, 7);
  char copy[400];
  snprintf(copy, sizeof copy, "%s", parts);
  for (char *part = strtok(copy, "|"); part; part = strtok(NULL, "|")) {
    bool found = strstr(error.message, part) != NULL;
    if (!found) printf("\nno \"%s\" in: %s %s\n", part, error.code, error.message);
    CU_ASSERT(found);
  }
}

__attribute__((unused)) static void write_bytes(const char *path, const void *bytes, size_t size) {
  FILE *f = fopen(path, "wb");
  CU_ASSERT_FATAL(f != NULL);
  CU_ASSERT(fwrite(bytes, 1, size, f) == size);
  fclose(f);
}

__attribute__((unused)) static void write_text(const char *path, const char *text) { write_bytes(path, text, strlen(text)); }

/* Runs the one suite; the exit code says whether all went well. */
typedef struct Test { const char *name; void (*run)(void); } Test;
__attribute__((unused)) static int run_tests(const char *suite, const Test *tests, int count) {
  CU_initialize_registry();
  CU_pSuite s = CU_add_suite(suite, NULL, NULL);
  for (int i = 0; i < count; i++) CU_add_test(s, tests[i].name, tests[i].run);
  CU_basic_set_mode(CU_BRM_NORMAL);
  CU_basic_run_tests();
  unsigned failures = CU_get_number_of_failures();
  CU_cleanup_registry();
  return failures ? EXIT_FAILURE : EXIT_SUCCESS;
}
#define RUN_TESTS(suite, tests) run_tests(suite, tests, (int)(sizeof tests / sizeof *tests))
#endif
