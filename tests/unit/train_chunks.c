/* links: rnn_runtime */
/* train_chunks.c — what a unit is told in truncated and carried training, and by force, washout, missing targets and validation. */
#include "tests/unit/tiny_units.h"
#include <CUnit/Basic.h>
#include <math.h>
#include <stdlib.h>

typedef struct Call {
  int64_t rows, steps, first, keep_state, sweep;
  int32_t length[4], since[4];
  uint8_t fresh[4], ends[4];
  double norm, weights, x;
} Call;

enum { CALLS = 64 };
static Call seen[CALLS];
static int calls;

static void watching_unit(const RnnArgs *a) {
  Call *c = &seen[calls < CALLS ? calls++ : CALLS - 1];
  *c = (Call){.rows = a->rows, .steps = a->clock[0].steps, .first = a->clock[0].first, .keep_state = a->keep_state, .sweep = a->sweep, .norm = *(const double *)a->buffer[5]};
  for (int64_t r = 0; r < a->rows && r < 4; r++) {
    c->length[r] = a->clock[0].length[r];
    c->fresh[r] = a->fresh[r];
    c->ends[r] = a->ends[r];
    c->since[r] = a->since[r];
  }
  for (int64_t t = 0; t < c->steps; t++)
    for (int64_t r = 0; r < a->clock[0].active[t]; r++) c->weights += ((const double *)a->buffer[4])[t * a->rows + r];
  c->x = *(const double *)a->buffer[2];
  linear_unit(a);
}

static RnnFunction *lookup(void *context, const char *symbol) {
  return strcmp(symbol, "linear") ? tiny_lookup(context, symbol) : watching_unit;
}

/* Sequence 0 has 5 steps, sequence 1 has 7, with one y missing. */
static int begin(void) {
  FILE *file = fopen("/tmp/rnn_test_chunks.csv", "w");
  if (!file) return 1;
  fprintf(file, "a,b,y,id\n");
  for (int i = 0; i < 12; i++) {
    if (i == 9) fprintf(file, "%d,0,,1\n", i);
    else fprintf(file, "%d,0,1,%d\n", i, i >= 5);
  }
  fclose(file);
  return 0;
}

#define DATA "{\"keyword\":\"data\",\"args\":[{\"call\":\"csv\",\"args\":[\"rnn_test_chunks.csv\"],\"named\":{\"x\":[\"a\",\"b\"],\"y\":\"y\"}}]," \
             "\"modifiers\":[{\"word\":\"by\",\"args\":[\"id\"]}]}"
#define TRUNCATE CLAUSE("method", "{\"call\":\"bptt\",\"named\":{\"truncate\":3}}")

static void train(const char *clauses) {
  static char manifest[16384];
  snprintf(manifest, sizeof manifest, TINY_MANIFEST("/tmp/plant.rnn", TRAIN_STAGE("%s")), clauses);
  RnnError error = {0};
  RnnOptions options = {.quiet = true, .out = stdout, .err = stderr, .weights = "/tmp/rnn_test_chunks.safetensors"};
  RnnProgram *p = rnn_program_load(manifest, lookup, NULL, &error);
  calls = 0;
  memset(seen, 0, sizeof seen);
  bool good = p && rnn_program_train(p, &options, &error);
  if (!good) printf("%s %s\n", error.code, error.message);
  CU_ASSERT_TRUE_FATAL(good);
  rnn_program_free(p);
}

/* Rows by length: 7 and 5. Sequence 1 lacks y at its step 4. Washout 2. Steps 0–2: both rows' step 2. Steps 3–5: 3 and 5 of the longer,
 * 3 and 4 of the shorter. Step 6: one. */
static void test_truncated(void) {
  train(DATA "," TRUNCATE "," CLAUSE("batch", "2") "," CLAUSE("washout", "2") "," CLAUSE("epochs", "1"));
  const double counted[] = {2, 4, 1};
  CU_ASSERT_EQUAL_FATAL(calls, 3);
  for (int i = 0; i < 3; i++) {
    CU_ASSERT_EQUAL(seen[i].first, 3 * i);
    CU_ASSERT_EQUAL(seen[i].keep_state, 1);
    CU_ASSERT_EQUAL(seen[i].fresh[0], i == 0);
    CU_ASSERT_DOUBLE_EQUAL(seen[i].weights, counted[i], 0);
    CU_ASSERT_DOUBLE_EQUAL(seen[i].norm, 1 / counted[i], 1e-15);
  }
  CU_ASSERT_EQUAL(seen[1].length[1], 2);
  CU_ASSERT_EQUAL(seen[2].length[0], 1);
  CU_ASSERT_EQUAL(seen[2].length[1], 0);
}

#define METHOD(options) CLAUSE("method", "{\"call\":\"bptt\",\"named\":{" options "}}")
#define TWO_ROWS "," CLAUSE("batch", "2") "," CLAUSE("washout", "2") "," CLAUSE("epochs", "1")

/* The same pieces: forward to the last one, then all of them backward, each told what the whole batch counts. */
static void test_checkpoints(void) {
  train(DATA "," METHOD("\"checkpoint\":3") TWO_ROWS);
  const int64_t first[] = {0, 3, 6, 3, 0};
  const double counted[] = {2, 4, 1, 4, 2};
  CU_ASSERT_EQUAL_FATAL(calls, 5);
  for (int i = 0; i < 5; i++) {
    CU_ASSERT_EQUAL(seen[i].first, first[i]);
    CU_ASSERT_EQUAL(seen[i].sweep, i < 2);
    CU_ASSERT_EQUAL(seen[i].keep_state, 1);
    CU_ASSERT_EQUAL(seen[i].fresh[0], first[i] == 0);
    CU_ASSERT_EQUAL(seen[i].since[1], first[i]);
    CU_ASSERT_EQUAL(seen[i].ends[0], first[i] == 6);
    CU_ASSERT_EQUAL(seen[i].ends[1], first[i] >= 3);
    CU_ASSERT_DOUBLE_EQUAL(seen[i].weights, counted[i], 0);
    if (!seen[i].sweep) CU_ASSERT_DOUBLE_EQUAL(seen[i].norm, 1 / 7.0, 1e-15);
  }
  CU_ASSERT_EQUAL(seen[2].length[1], 0);
}

/* The square root of 7, rounded up, is 3 too; in chunks of 5 it is 3, and each has its own. */
static void test_checkpoints_auto(void) {
  train(DATA "," METHOD("\"checkpoint\":{\"name\":\"auto\"}") TWO_ROWS);
  CU_ASSERT_EQUAL(calls, 5);
  train(DATA "," CLAUSE("method", "{\"call\":\"bptt\",\"args\":[{\"name\":\"checkpoint\"}]}") TWO_ROWS);
  CU_ASSERT_EQUAL(calls, 5);
  train(DATA "," METHOD("\"truncate\":5,\"checkpoint\":{\"name\":\"auto\"}") TWO_ROWS);
  CU_ASSERT_EQUAL_FATAL(calls, 4);
  const int64_t first[] = {0, 3, 0, 5};
  for (int i = 0; i < 4; i++) CU_ASSERT_EQUAL(seen[i].first, first[i]);
  CU_ASSERT_EQUAL(seen[1].ends[0], 1); /* the gradient is cut there, though the sequence goes on */
  CU_ASSERT_EQUAL(seen[3].since[0], INT32_MAX);
  CU_ASSERT_DOUBLE_EQUAL(seen[3].norm, 1 / 2.0, 1e-15);
}

static void test_whole(void) {
  train(DATA "," CLAUSE("batch", "2") "," CLAUSE("epochs", "1"));
  CU_ASSERT_EQUAL(calls, 1);
  CU_ASSERT_EQUAL(seen[0].keep_state, 0);
  CU_ASSERT_EQUAL(seen[0].length[0], 7);
  CU_ASSERT_DOUBLE_EQUAL(seen[0].weights, 11, 0);
}

/* One stream through 5 + 7 steps: state is fresh at each sequence's first step only. */
static void test_carry(void) {
  train(DATA "," TRUNCATE "," CLAUSE("carry", "") "," CLAUSE("epochs", "1"));
  int fresh = 0;
  int64_t steps = 0;
  for (int i = 0; i < calls; i++) {
    fresh += seen[i].fresh[0];
    steps += seen[i].length[0];
    CU_ASSERT_EQUAL(seen[i].keep_state, 1);
    CU_ASSERT_TRUE(seen[i].length[0] <= 3);
  }
  CU_ASSERT_EQUAL(steps, 12);
  CU_ASSERT_EQUAL(fresh, 2);
}

/* `validate last 50%` of two sequences: the second is not trained on. The tiny stage's valid unit is the same function. */
static void test_validation(void) {
  train(DATA "," CLAUSE("epochs", "2") ",{\"keyword\":\"validate\",\"modifiers\":[{\"word\":\"last\",\"args\":[{\"percent\":50}]}]}");
  CU_ASSERT_EQUAL_FATAL(calls, 4);
  CU_ASSERT_EQUAL(seen[0].length[0], 5);
  CU_ASSERT_EQUAL(seen[1].length[0], 7);
  CU_ASSERT_EQUAL(seen[2].length[0], 5);
}

static void test_stops(void) {
  train(DATA "," CLAUSE("epochs", "50") "," CLAUSE("batch", "2") "," CLAUSE("optimizer", "{\"call\":\"sgd\",\"args\":[0.001]}") ","
        "{\"keyword\":\"stop\",\"modifiers\":[{\"word\":\"when\",\"args\":[{\"op\":\"<\",\"left\":{\"name\":\"loss\"},\"right\":1e9}]}]}");
  CU_ASSERT_EQUAL(calls, 1);
}

static void test_shortest_first(void) {
  train(DATA "," CLAUSE("order", "{\"name\":\"shortest_first\"}") "," CLAUSE("epochs", "3"));
  for (int i = 0; i < calls; i++) CU_ASSERT_EQUAL(seen[i].length[0], i % 2 ? 7 : 5);
}

int main(void) {
  CU_initialize_registry();
  CU_pSuite suite = CU_add_suite("train_chunks", begin, NULL);
  CU_add_test(suite, "truncated", test_truncated);
  CU_add_test(suite, "with checkpoints", test_checkpoints);
  CU_add_test(suite, "with checkpoints at the square root", test_checkpoints_auto);
  CU_add_test(suite, "whole", test_whole);
  CU_add_test(suite, "carry", test_carry);
  CU_add_test(suite, "validation", test_validation);
  CU_add_test(suite, "stop when", test_stops);
  CU_add_test(suite, "order shortest_first", test_shortest_first);
  CU_basic_run_tests();
  unsigned failed = CU_get_number_of_failures();
  CU_cleanup_registry();
  return failed > 0;
}
