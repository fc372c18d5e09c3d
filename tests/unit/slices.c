/* links: rnn_runtime */
/* slices.c — slices of a batch are the batch: its loss, norms, gradients and states, and the same bits on any number of threads. */
#include "runtime/slices.h"
#include "tests/unit/tiny_units.h"
#include <CUnit/Basic.h>
#include <math.h>
#include <pthread.h>
#include <stdatomic.h>
#include <stdlib.h>

enum { LONGEST = 9 };

/* --- through the program: what is trained ------------------------------------------------------------------------------------- */

static _Atomic int64_t units, least_rows, most_rows;
static _Atomic int strange; /* calls in which a row of a later chunk was not the row of the chunk before */

static bool poisoned; /* step 3 of sequence 41 overflows */

static void poison(const RnnArgs *a) {
  for (int64_t r = 0; r < a->rows; r++)
    if (a->sequence[r] == 41 && a->clock[0].length[r] > 3) {
      ((double *)a->buffer[9])[3 * a->rows + r] = INFINITY;
      *(double *)a->buffer[6] = INFINITY;
    }
}

/* A unit keeps its rows from chunk to chunk: it finds the sum of their numbers where it left it. */
static void watching_unit(const RnnArgs *a) {
  static const void *table[THREADS_ITEMS * 2];
  static uint64_t rows_of[THREADS_ITEMS * 2];
  static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER; /* a slice is now on this thread, now on that one */
  uint64_t rows = 0;
  int slot = 0;
  for (int64_t r = 0; r < a->rows; r++) rows = rows * 31 + a->sequence[r];
  pthread_mutex_lock(&lock);
  while (slot < THREADS_ITEMS * 2 - 1 && table[slot] && table[slot] != a->buffer) slot++;
  if (a->clock[0].first > 0 && table[slot] == a->buffer && !a->fresh[0] && rows_of[slot] != rows) strange++;
  table[slot] = a->buffer;
  rows_of[slot] = rows;
  pthread_mutex_unlock(&lock);
  units++;
  if (a->rows < least_rows) least_rows = a->rows;
  if (a->rows > most_rows) most_rows = a->rows;
  linear_unit(a);
  if (poisoned) poison(a);
}

static RnnFunction *lookup(void *context, const char *symbol) {
  return strcmp(symbol, "linear") ? tiny_lookup(context, symbol) : watching_unit;
}

/* 80 sequences of 1 … LONGEST steps. */
static int begin(void) {
  FILE *file = fopen("/tmp/rnn_test_slices.csv", "w");
  if (!file) return 1;
  fprintf(file, "a,b,y,id\n");
  for (int i = 0; i < 80; i++)
    for (int t = 0; t <= i * 7 % LONGEST; t++) fprintf(file, "%g,%g,%g,%d\n", sin(i + t), cos(3 * i - t), 0.1 * i - t, i);
  return fclose(file);
}

#define DATA "{\"keyword\":\"data\",\"args\":[{\"call\":\"csv\",\"args\":[\"rnn_test_slices.csv\"],\"named\":{\"x\":[\"a\",\"b\"],\"y\":\"y\"}}]," \
             "\"modifiers\":[{\"word\":\"by\",\"args\":[\"id\"]}]}"
#define VALIDATE "{\"keyword\":\"validate\",\"modifiers\":[{\"word\":\"last\",\"args\":[{\"percent\":20}]}]}"
#define FILE_NAME "/tmp/rnn_test_slices.safetensors"

static bool train(const char *stage, int threads, RnnError *error) {
  static char manifest[16384];
  snprintf(manifest, sizeof manifest, TINY_MANIFEST("/tmp/plant.rnn", "%s"), stage);
  RnnOptions options = {.quiet = true, .out = stdout, .err = stderr, .weights = FILE_NAME, .threads = threads};
  RnnProgram *p = rnn_program_load(manifest, lookup, NULL, error);
  units = 0;
  most_rows = 0;
  strange = 0;
  least_rows = INT64_MAX;
  remove(FILE_NAME);
  bool good = p && rnn_program_train(p, &options, error);
  rnn_program_free(p);
  return good;
}

static size_t weights_of(const char *stage, int threads, char *text, size_t size) {
  RnnError error = {0};
  bool good = train(stage, threads, &error);
  if (!good) printf("%s %s\n", error.code, error.message);
  CU_ASSERT_TRUE_FATAL(good);
  FILE *file = fopen(FILE_NAME, "rb");
  CU_ASSERT_PTR_NOT_NULL_FATAL(file);
  size_t n = fread(text, 1, size, file);
  fclose(file);
  return n;
}

static void same_bits(const char *stage) {
  static char one[65536], many[65536];
  size_t n = weights_of(stage, 1, one, sizeof one);
  for (int threads = 2; threads <= 4; threads++) {
    CU_ASSERT_EQUAL(weights_of(stage, threads, many, sizeof many), n);
    CU_ASSERT_EQUAL(memcmp(one, many, n), 0);
  }
}

static void test_same_bits(void) {
  same_bits(TRAIN_STAGE(DATA "," CLAUSE("batch", "64") "," CLAUSE("epochs", "6") "," VALIDATE));
  CU_ASSERT_EQUAL(most_rows, 16); /* 64 rows in four slices; then validation */
  same_bits(TRAIN_STAGE(DATA "," CLAUSE("batch", "30") "," CLAUSE("epochs", "6")));
  CU_ASSERT_EQUAL(least_rows, 10); /* 30, 30 and 20, each in two */
  CU_ASSERT_EQUAL(most_rows, 15);
  same_bits(RIDGE_STAGE(DATA "," CLAUSE("batch", "64") "," CLAUSE("method", "{\"call\":\"ridge\",\"args\":[0.5]}")));
}

#define CHECKPOINT CLAUSE("method", "{\"call\":\"bptt\",\"named\":{\"checkpoint\":2}}")
#define TRUNCATE CLAUSE("method", "{\"call\":\"bptt\",\"named\":{\"truncate\":2}}")

static void test_rows_keep_their_slice(void) {
  same_bits(TRAIN_STAGE(DATA "," CLAUSE("batch", "40") "," CLAUSE("epochs", "3") "," TRUNCATE));
  CU_ASSERT_EQUAL(strange, 0);
  same_bits(TRAIN_STAGE(DATA "," CLAUSE("batch", "40") "," CLAUSE("epochs", "3") "," CHECKPOINT));
  CU_ASSERT_EQUAL(strange, 0);
  same_bits(TRAIN_STAGE(DATA "," CLAUSE("batch", "30") "," CLAUSE("epochs", "3") ",{\"keyword\":\"carry\"}," TRUNCATE));
  CU_ASSERT_EQUAL(strange, 0);
}

/* Whatever the slice it is in. */
static void test_names_what_is_not_finite(void) {
  char said[3][1024];
  poisoned = true;
  for (int threads = 1; threads <= 3; threads++) {
    RnnError error = {0};
    CU_ASSERT_FALSE(train(TRAIN_STAGE(DATA "," CLAUSE("batch", "80") "," CLAUSE("epochs", "1")), threads, &error));
    CU_ASSERT_STRING_EQUAL(error.code, "E0701");
    CU_ASSERT_PTR_NOT_NULL(strstr(error.message, "`plant.e`, step 3, sequence 41"));
    memcpy(said[threads - 1], error.message, sizeof said[0]);
  }
  CU_ASSERT_STRING_EQUAL(said[0], said[1]);
  CU_ASSERT_STRING_EQUAL(said[0], said[2]);
  poisoned = false;
}

/* --- against the whole batch ------------------------------------------------------------------------------------------------------ */

typedef struct Plant {
  cJSON *manifest;
  Variable variable[2];
  Scaling *scaling;
  Net net;
  RnnProgram program;
  Dataset data;
  Stage stage;
} Plant;

static void make_data(Plant *p, int64_t count) {
  p->data = (Dataset){.variables = 2, .variable = p->variable, .count = count, .sequence = calloc((size_t)count, sizeof(Sequence))};
  for (int64_t i = 0; i < count; i++) {
    Sequence *q = &p->data.sequence[i];
    q->steps = 1 + i * 5 % LONGEST;
    q->value = calloc(2, sizeof *q->value);
    q->value[0] = calloc(2 * LONGEST, sizeof(double));
    q->value[1] = calloc(LONGEST, sizeof(double));
    for (int t = 0; t < 2 * LONGEST; t++) q->value[0][t] = sin((double)(i * 31 + t));
    for (int t = 0; t < LONGEST; t++) q->value[1][t] = (i + t) % 7 == 0 ? NAN : cos((double)(i - t)); /* some are missing */
  }
}

static void plant_open(Plant *p, int64_t count) {
  *p = (Plant){.variable = {{.name = "x", .rank = 1, .shape = {2}, .elements = 2, .axes = 3},
                            {.name = "y", .role = VARIABLE_OUTPUT, .elements = 1, .axes = 3}}};
  p->manifest = cJSON_Parse(TINY_MANIFEST("/tmp/plant.rnn", ""));
  p->scaling = scaling_new(p->variable, 2);
  p->net = (Net){.name = "plant", .variable = p->variable, .variables = 2, .scaling = p->scaling};
  make_data(p, count);
  p->program.seed = 3;
  p->stage = (Stage){.program = &p->program, .net = &p->net, .name = "plant"};
}

static RnnUnit *plant_unit(const Plant *p, bool additive) {
  RnnError error = {0};
  cJSON *unit = cJSON_GetArrayItem(cJSON_GetObjectItem(p->manifest, "units"), 0);
  if (!additive) cJSON_AddBoolToObject(unit, "additive", false);
  RnnUnit *u = rnn_unit_new(unit, cJSON_GetObjectItem(p->manifest, "params"), linear_unit, &error);
  CU_ASSERT_PTR_NOT_NULL_FATAL(u);
  for (int i = 0; i < 2; i++) ((double *)rnn_unit_param_data(u, 0))[i] = 0.3 + i;
  cJSON_DeleteItemFromObject(unit, "additive");
  return u;
}

static void plant_close(Plant *p) {
  for (int64_t i = 0; i < p->data.count; i++) {
    for (int v = 0; v < 2; v++) free(p->data.sequence[i].value[v]);
    free(p->data.sequence[i].value);
  }
  free(p->data.sequence);
  scaling_free(p->scaling, 2);
  cJSON_Delete(p->manifest);
}

/* Loss, counted steps and gradient of all sequences as one batch. */
static void compute(Plant *p, RnnUnit *u, int slices, double *out) {
  RnnError error = {0};
  Batches *batches = batches_new(&p->data, p->data.count, ORDER_SHUFFLED, 0, 5, &error);
  Slices s;
  CU_ASSERT_TRUE_FATAL(slices_open(&s, &p->stage, u, &p->data, batches, LONGEST, 2, &error));
  slices_call(&s, batches_next(batches), 0, false);
  CU_ASSERT_EQUAL(s.count, slices);
  const double *gradient = u->gradients;
  double result[] = {s.loss, s.counted, gradient[0], gradient[1], gradient[u->parameters->offset[1]]};
  memcpy(out, result, sizeof result);
  slices_close(&s);
  batches_free(batches);
}

static void test_slices_are_the_batch(void) {
  static const int64_t rows[] = {1, 15, 16, 63, 64, 150, 192, 200};
  static const int count[] = {1, 1, 2, 2, 4, 4, 8, 8};
  for (int k = 0; k < 8; k++) {
    Plant p;
    double whole[5], parts[5];
    plant_open(&p, rows[k]);
    p.stage.threads = threads_new(3);
    RnnUnit *alone = plant_unit(&p, false), *u = plant_unit(&p, true);
    compute(&p, alone, 1, whole);
    compute(&p, u, count[k], parts);
    CU_ASSERT_EQUAL(whole[1], parts[1]);
    for (int i = 0; i < 5; i++) CU_ASSERT_DOUBLE_EQUAL(whole[i], parts[i], 1e-12);
    rnn_unit_free(alone);
    rnn_unit_free(u);
    threads_free(p.stage.threads);
    plant_close(&p);
  }
}

int main(void) {
  CU_initialize_registry();
  CU_pSuite suite = CU_add_suite("slices", begin, NULL);
  CU_add_test(suite, "slices are the batch", test_slices_are_the_batch);
  CU_add_test(suite, "the same bits on any number of threads", test_same_bits);
  CU_add_test(suite, "rows keep their slice", test_rows_keep_their_slice);
  CU_add_test(suite, "what is not finite is named", test_names_what_is_not_finite);
  CU_basic_run_tests();
  unsigned failed = CU_get_number_of_failures();
  CU_cleanup_registry();
  return failed > 0;
}
