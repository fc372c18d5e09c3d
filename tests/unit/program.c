/* links: rnn_runtime */
/* program.c — a whole program with units written by hand: trained, saved, run, tested; the same bits twice; errors named. */
#include "tests/unit/tiny_units.h"
#include <CUnit/Basic.h>
#include <math.h>
#include <stdlib.h>
#include <unistd.h>

#define FOLDER "/tmp/rnn_test_program"

/* y = 2 a − 3 b + 0.5 for 60 rows. */
static void write_data(void) {
  FILE *file = fopen(FOLDER "/plant.csv", "w");
  fprintf(file, "a,b,y\n");
  for (int i = 0; i < 60; i++) {
    double a = sin(i), b = cos(2.3 * i);
    fprintf(file, "%.17g,%.17g,%.17g\n", a, b, 2 * a - 3 * b + 0.5);
  }
  fclose(file);
}

static int begin(void) {
  if (system("rm -rf " FOLDER " && mkdir -p " FOLDER)) return 1;
  write_data();
  return 0;
}

static RnnOptions quiet(FILE *out) {
  return (RnnOptions){.quiet = true, .out = out, .err = out, .threads = 1};
}

#define ADAM CLAUSE("optimizer", "{\"call\":\"adam\",\"named\":{\"lr\":0.05}}")
#define EXPECTS(limit)                                                                                                       \
  CLAUSE("report", "{\"call\":\"rmse\"," Y_AND_DATA ",\"text\":\"rmse(y, data.y)\"}") ","                                     \
  CLAUSE("expect", "{\"op\":\"<\",\"left\":{\"call\":\"rmse\"," Y_AND_DATA "},\"right\":" limit ",\"text\":\"rmse(y, data.y) < " limit "\"}")
#define WHOLE(train, limit) TINY_MANIFEST(FOLDER "/plant.rnn", train "," RUN_STAGE(CSV_CLAUSE("plant.csv") "," EXPECTS(limit)))

/* Runs `test` and gives what was printed. */
static bool test_program(const char *manifest, const RnnOptions *options, bool *expected, RnnError *error) {
  RnnProgram *p = rnn_program_load(manifest, tiny_lookup, NULL, error);
  if (!p) return false;
  bool good = rnn_program_test(p, options, expected, error);
  rnn_program_free(p);
  return good;
}

static void check_learns(const char *manifest) {
  char *text = NULL;
  size_t size = 0;
  FILE *out = open_memstream(&text, &size);
  RnnOptions options = {.out = out, .err = out, .threads = 1};
  RnnError error = {0};
  bool expected = false;
  CU_ASSERT_TRUE(test_program(manifest, &options, &expected, &error));
  fclose(out);
  if (*error.code) printf("%s %s\n", error.code, error.message);
  CU_ASSERT_TRUE(expected);
  CU_ASSERT_PTR_NOT_NULL(strstr(text, "  rmse(y, data.y) = "));
  CU_ASSERT_PTR_NOT_NULL(strstr(text, "✓ rmse(y, data.y) < "));
  free(text);
}

static void test_adam(void) {
  check_learns(WHOLE(TRAIN_STAGE(CSV_CLAUSE("plant.csv") "," ADAM "," CLAUSE("epochs", "600")), "0.02"));
}

static void test_truncated(void) {
  check_learns(WHOLE(TRAIN_STAGE(CSV_CLAUSE("plant.csv") "," ADAM "," CLAUSE("epochs", "200") ","
                                 CLAUSE("method", "{\"call\":\"bptt\",\"named\":{\"truncate\":10}}")), "0.05"));
}

static void test_carry(void) {
  check_learns(WHOLE(TRAIN_STAGE(CSV_CLAUSE("plant.csv") "," ADAM "," CLAUSE("epochs", "200") "," CLAUSE("carry", "") ","
                                 CLAUSE("method", "{\"call\":\"bptt\",\"named\":{\"truncate\":10}}")), "0.05"));
}

static void test_validation(void) {
  check_learns(WHOLE(TRAIN_STAGE(CSV_CLAUSE("plant.csv") "," ADAM "," CLAUSE("epochs", "600") "," CLAUSE("patience", "100") ","
                                 "{\"keyword\":\"validate\",\"modifiers\":[{\"word\":\"last\",\"args\":[{\"percent\":10}]}]}"), "0.05"));
}

static void test_ridge(void) {
  check_learns(WHOLE(RIDGE_STAGE(CSV_CLAUSE("plant.csv") "," CLAUSE("washout", "5") ","
                                 CLAUSE("method", "{\"call\":\"ridge\",\"named\":{\"lambda\":1e-12}}")), "1e-9"));
}

static void test_fails_expectation(void) {
  FILE *out = fopen("/dev/null", "w");
  RnnOptions options = quiet(out);
  RnnError error = {0};
  bool expected = true;
  CU_ASSERT_TRUE(test_program(WHOLE(TRAIN_STAGE(CSV_CLAUSE("plant.csv") "," CLAUSE("epochs", "1")), "1e-9"), &options, &expected, &error));
  CU_ASSERT_FALSE(expected);
  fclose(out);
}

/* --- files ---------------------------------------------------------------------------------------------------------------- */

static size_t read_file(const char *path, char *out, size_t size) {
  FILE *file = fopen(path, "rb");
  if (!file) return 0;
  size_t n = fread(out, 1, size, file);
  fclose(file);
  return n;
}

static bool train_to(const char *weights, const char *clauses, RnnError *error) {
  char manifest[8192];
  snprintf(manifest, sizeof manifest, TINY_MANIFEST(FOLDER "/plant.rnn", "%s"), clauses);
  FILE *out = fopen("/dev/null", "w");
  RnnOptions options = quiet(out);
  options.weights = weights;
  RnnProgram *p = rnn_program_load(manifest, tiny_lookup, NULL, error);
  bool good = p && rnn_program_train(p, &options, error);
  rnn_program_free(p);
  fclose(out);
  return good;
}

static void test_same_bits(void) {
  static char first[65536], second[65536];
  RnnError error = {0};
  const char *stage = TRAIN_STAGE(CSV_CLAUSE("plant.csv") "," ADAM "," CLAUSE("epochs", "3"));
  CU_ASSERT_TRUE(train_to(FOLDER "/one.safetensors", stage, &error));
  CU_ASSERT_TRUE(train_to(FOLDER "/two.safetensors", stage, &error));
  size_t n = read_file(FOLDER "/one.safetensors", first, sizeof first), m = read_file(FOLDER "/two.safetensors", second, sizeof second);
  CU_ASSERT_TRUE(n > 0 && n == m && !memcmp(first, second, n));
}

static void test_run_reads_weights(void) {
  RnnError error = {0};
  const char *stage = RIDGE_STAGE(CSV_CLAUSE("plant.csv") "," CLAUSE("scale", "{\"name\":\"x\"},{\"name\":\"y\"}") ","
                                  CLAUSE("method", "{\"call\":\"ridge\",\"args\":[1e-9]}"));
  CU_ASSERT_TRUE(train_to(NULL, stage, &error));
  char manifest[8192];
  snprintf(manifest, sizeof manifest, WHOLE("%s", "1e-6"), stage);
  RnnProgram *p = rnn_program_load(manifest, tiny_lookup, NULL, &error);
  FILE *out = fopen("/dev/null", "w");
  RnnOptions options = quiet(out);
  bool expected = false;
  CU_ASSERT_TRUE(rnn_program_run(p, NULL, &options, &expected, &error));
  CU_ASSERT_TRUE(expected); /* y and data.y are both scaled, by the scale of the weights file */
  CU_ASSERT_FALSE(rnn_program_run(p, "tset", &options, &expected, &error));
  CU_ASSERT_STRING_EQUAL(error.code, "E0412");
  CU_ASSERT_PTR_NOT_NULL(strstr(error.message, "test"));
  rnn_program_free(p);
  fclose(out);
}

static void run_with(const char *manifest, const char *code, const char *word) {
  RnnError error = {0};
  RnnProgram *p = rnn_program_load(manifest, tiny_lookup, NULL, &error);
  FILE *out = fopen("/dev/null", "w");
  RnnOptions options = quiet(out);
  options.weights = FOLDER "/one.safetensors";
  bool expected;
  CU_ASSERT_FALSE(rnn_program_run(p, "test", &options, &expected, &error));
  CU_ASSERT_STRING_EQUAL(error.code, code);
  CU_ASSERT_PTR_NOT_NULL(strstr(error.message, word));
  rnn_program_free(p);
  fclose(out);
}

static void test_other_model(void) {
  static char manifest[16384];
  RnnError error = {0};
  CU_ASSERT_TRUE(train_to(FOLDER "/one.safetensors", TRAIN_STAGE(CSV_CLAUSE("plant.csv") "," CLAUSE("epochs", "1")), &error));
  snprintf(manifest, sizeof manifest, "%s", WHOLE(TRAIN_STAGE(CSV_CLAUSE("plant.csv")), "1"));
  memcpy(strstr(manifest, "\"shape\":[2],\"trained\""), "\"shape\":[3],\"trained\"", 21);
  run_with(manifest, "E0604", "plant.w");
}

/* An update with a huge learning rate overflows at last: the equation is named and the file stays. */
static void test_not_finite(void) {
  static char before[65536], after[65536];
  RnnError error = {0}, failure = {0};
  CU_ASSERT_TRUE(train_to(FOLDER "/one.safetensors", TRAIN_STAGE(CSV_CLAUSE("plant.csv") "," CLAUSE("epochs", "1")), &error));
  size_t n = read_file(FOLDER "/one.safetensors", before, sizeof before);
  CU_ASSERT_FALSE(train_to(FOLDER "/one.safetensors", TRAIN_STAGE(CSV_CLAUSE("plant.csv") "," CLAUSE("epochs", "1000") ","
                           CLAUSE("optimizer", "{\"call\":\"sgd\",\"args\":[1e30]}")), &failure));
  CU_ASSERT_STRING_EQUAL(failure.code, "E0701");
  CU_ASSERT_TRUE(n == read_file(FOLDER "/one.safetensors", after, sizeof after) && !memcmp(before, after, n));
}

static void test_names_what_is_unknown(void) {
  RnnError error = {0};
  CU_ASSERT_FALSE(train_to(NULL, TRAIN_STAGE(CSV_CLAUSE("plant.csv") "," CLAUSE("method", "{\"name\":\"btpt\"}")), &error));
  CU_ASSERT_STRING_EQUAL(error.code, "E0402");
  CU_ASSERT_PTR_NOT_NULL(strstr(error.message, "bptt"));
}

static void test_write_and_plot(void) {
  static char text[65536];
  RnnError error = {0};
  char *shown = NULL;
  size_t size = 0;
  FILE *out = open_memstream(&shown, &size);
  RnnOptions options = {.out = out, .err = out, .threads = 1};
  const char *manifest = TINY_MANIFEST(FOLDER "/plant.rnn", RUN_STAGE(CSV_CLAUSE("plant.csv") ","
    CLAUSE("write", "{\"call\":\"csv\",\"args\":[\"out.csv\",{\"output\":\"r0\",\"variable\":\"y\"}]}") ","
    CLAUSE("plot", "{\"output\":\"r0\",\"variable\":\"y\"},{\"output\":\"r1\",\"variable\":\"data.y\"}")));
  unlink(FOLDER "/plant.safetensors");
  RnnProgram *p = rnn_program_load(manifest, tiny_lookup, NULL, &error);
  bool expected;
  CU_ASSERT_TRUE(rnn_program_run(p, NULL, &options, &expected, &error)); /* nothing is trained: it runs with first values */
  fclose(out);
  rnn_program_free(p);
  text[read_file(FOLDER "/out.csv", text, sizeof text - 1)] = 0;
  CU_ASSERT_TRUE(!strncmp(text, "sequence,t,y\n0,0,0\n", 19));
  CU_ASSERT_TRUE(access(FOLDER "/out.csv.tmp", F_OK) != 0);
  CU_ASSERT_PTR_NOT_NULL(strstr(shown, "y, data.y"));
  free(shown);
}

static int main_code(int argc, char **argv, const char *manifest) {
  return rnn_program_main(argc, argv, manifest, tiny_lookup, NULL);
}

static void test_exit_codes(void) {
  setenv("OPENBLAS_CORETYPE", "HASWELL", 1); /* or main would start this test again */
  char *nothing[] = {"plant", NULL}, *wrong[] = {"plant", "fly", NULL}, *test[] = {"plant", "test", "--quiet", "--json", NULL};
  const char *manifest = WHOLE(TRAIN_STAGE(CSV_CLAUSE("plant.csv") "," CLAUSE("epochs", "1")), "1e-9");
  char *good = WHOLE(RIDGE_STAGE(CSV_CLAUSE("plant.csv") "," CLAUSE("method", "{\"name\":\"ridge\"}")), "1e-9");
  CU_ASSERT_EQUAL(main_code(1, nothing, manifest), 2);
  CU_ASSERT_EQUAL(main_code(2, wrong, manifest), 2);
  CU_ASSERT_EQUAL(main_code(4, test, manifest), 3);
  CU_ASSERT_EQUAL(main_code(4, test, good), 0);
  CU_ASSERT_EQUAL(main_code(4, test, WHOLE(TRAIN_STAGE(CSV_CLAUSE("missing.csv")), "1")), 1);
}

int main(void) {
  CU_initialize_registry();
  CU_pSuite suite = CU_add_suite("program", begin, NULL);
  CU_add_test(suite, "adam learns", test_adam);
  CU_add_test(suite, "truncated", test_truncated);
  CU_add_test(suite, "carry", test_carry);
  CU_add_test(suite, "validation and patience", test_validation);
  CU_add_test(suite, "ridge", test_ridge);
  CU_add_test(suite, "an expect that does not hold", test_fails_expectation);
  CU_add_test(suite, "the same bits twice", test_same_bits);
  CU_add_test(suite, "run reads weights and scales", test_run_reads_weights);
  CU_add_test(suite, "weights of another model", test_other_model);
  CU_add_test(suite, "the first value that is not finite", test_not_finite);
  CU_add_test(suite, "unknown method", test_names_what_is_unknown);
  CU_add_test(suite, "write, plot", test_write_and_plot);
  CU_add_test(suite, "exit codes", test_exit_codes);
  CU_basic_run_tests();
  unsigned failed = CU_get_number_of_failures();
  CU_cleanup_registry();
  return failed > 0;
}
