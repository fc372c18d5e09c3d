/* links: rnn_runtime */
/* train_allocates_nothing.c — between the first update of a stage and its last, memory is neither taken nor given back. */
#include "tests/unit/tiny_units.h"
#include <CUnit/Basic.h>
#include <stdatomic.h>
#include <stdlib.h>

static _Thread_local int64_t allocations; /* OpenBLAS starts threads of its own, which take memory when they please */

#if defined(__SANITIZE_ADDRESS__)
int __sanitizer_install_malloc_and_free_hooks(void (*taken)(const volatile void *, size_t), void (*freed)(const volatile void *));
static void taken(const volatile void *p, size_t size) { (void)p, (void)size, allocations++; }
static void freed(const volatile void *p) { (void)p; }
static void count_from_now(void) { __sanitizer_install_malloc_and_free_hooks(taken, freed); }
#else
void *__libc_malloc(size_t size);
void *__libc_calloc(size_t n, size_t size);
void *__libc_realloc(void *p, size_t size);
void *__libc_memalign(size_t alignment, size_t size);
void *malloc(size_t size) { return allocations++, __libc_malloc(size); }
void *calloc(size_t n, size_t size) { return allocations++, __libc_calloc(n, size); }
void *realloc(void *p, size_t size) { return allocations++, __libc_realloc(p, size); }
void *aligned_alloc(size_t alignment, size_t size) { return allocations++, __libc_memalign(alignment, size); }
static void count_from_now(void) {}
#endif

static atomic_int calls, threads_seen, round_now; /* round: of this training */
static _Atomic int64_t taken_between;

/* Each thread counts for itself, from its first call to its last. */
static void counting_unit(const RnnArgs *a) {
  static _Thread_local int64_t before;
  static _Thread_local int round_seen;
  linear_unit(a);
  if (round_seen == round_now) taken_between += allocations - before;
  else threads_seen++;
  round_seen = round_now;
  before = allocations;
  calls++;
}

static RnnFunction *lookup(void *context, const char *symbol) {
  return strcmp(symbol, "linear") ? tiny_lookup(context, symbol) : counting_unit;
}

static void count(const char *clauses, int threads) {
  static char manifest[16384];
  snprintf(manifest, sizeof manifest, TINY_MANIFEST("/tmp/plant.rnn", TRAIN_STAGE("%s")), clauses);
  RnnError error = {0};
  RnnOptions options = {.quiet = true, .out = stdout, .err = stderr, .weights = "/tmp/rnn_test_allocates.safetensors", .threads = threads};
  RnnProgram *p = rnn_program_load(manifest, lookup, NULL, &error);
  calls = 0;
  threads_seen = 0;
  taken_between = 0;
  round_now++;
  bool good = p && rnn_program_train(p, &options, &error);
  if (!good) printf("%s %s\n", error.code, error.message);
  CU_ASSERT_TRUE(good);
  CU_ASSERT_TRUE(calls > 20);
  CU_ASSERT_EQUAL(taken_between, 0);
  CU_ASSERT_TRUE(threads_seen <= threads);
  rnn_program_free(p);
}

static const char csv[] = CSV_CLAUSE("rnn_test_allocates.csv");

static int begin(void) {
  FILE *file = fopen("/tmp/rnn_test_allocates.csv", "w");
  fprintf(file, "a,b,y,id,many\n");
  for (int i = 0; i < 400; i++) fprintf(file, "%d,%d,%d,%d,%d\n", i % 7, i % 5, i % 3, (i * i) / 9000, i / 10);
  fclose(file);
  count_from_now();
  return 0;
}

static void test_plain(void) {
  char clauses[2048];
  snprintf(clauses, sizeof clauses, "%s,%s", csv, CLAUSE("epochs", "50"));
  count(clauses, 1);
}

static void everything(const char *id, const char *batch, const char *method, int threads) {
  char clauses[4096];
  snprintf(clauses, sizeof clauses, "{\"keyword\":\"data\",\"args\":[{\"call\":\"csv\",\"args\":[\"rnn_test_allocates.csv\"],\"named\":{\"x\":[\"a\",\"b\"],"
           "\"y\":\"y\"}}],\"modifiers\":[{\"word\":\"by\",\"args\":[\"%s\"]}]},%s,%s,%s,%s,%s,%s", id, CLAUSE("epochs", "10"), batch,
           CLAUSE("clip", "{\"call\":\"norm\",\"args\":[1]}"), CLAUSE("schedule", "{\"name\":\"cosine\"}"),
           method,
           "{\"keyword\":\"validate\",\"modifiers\":[{\"word\":\"last\",\"args\":[{\"percent\":20}]}]}");
  count(clauses, threads);
}

#define METHOD(options) CLAUSE("method", "{\"call\":\"bptt\",\"named\":{" options "}}")

static void test_everything(void) {
  everything("id", CLAUSE("batch", "4"), METHOD("\"truncate\":7"), 1);
}

static void test_checkpoints(void) {
  everything("id", CLAUSE("batch", "4"), METHOD("\"checkpoint\":7"), 1);
  everything("many", CLAUSE("batch", "30"), METHOD("\"checkpoint\":3"), 2);
  everything("id", CLAUSE("batch", "4"), METHOD("\"truncate\":20,\"checkpoint\":6"), 1);
}

/* Batches of 30 and 2 rows, two slices and one, in chunks. */
static void test_slices(void) {
  for (int threads = 1; threads <= 3; threads++) everything("many", CLAUSE("batch", "30"), METHOD("\"truncate\":7"), threads);
}

int main(void) {
  CU_initialize_registry();
  CU_pSuite suite = CU_add_suite("train_allocates_nothing", begin, NULL);
  CU_add_test(suite, "one sequence", test_plain);
  CU_add_test(suite, "batches, chunks, validation, clip, schedule", test_everything);
  CU_add_test(suite, "checkpoints", test_checkpoints);
  CU_add_test(suite, "slices on several threads", test_slices);
  CU_basic_run_tests();
  unsigned failed = CU_get_number_of_failures();
  CU_cleanup_registry();
  return failed > 0;
}
