/* links: rnn_runtime */
/* data_batches.c — order, lengths, carried streams, chunks, filling, weights, scaling and `last 10%`. */
#include "data_test.h"
#include "runtime/batches.h"
#include "runtime/data/data.h"
#include <math.h>

/* A data set of sequences of these lengths: x(t) = 100 sequence + t, z = sequence, y(t) missing at odd steps. */
typedef struct Made {
  Dataset d;
  Variable v[3];
} Made;

static void make(Made *m, const int64_t *steps, int count) {
  *m = (Made){.v = {variable("x", VARIABLE_INPUT, 2, ON_CLOCK, 0), variable("z", VARIABLE_TARGET, 1, PER_SEQUENCE, 0), variable("y", VARIABLE_OUTPUT, 1, ON_CLOCK, 0)}};
  m->d = (Dataset){.variables = 3, .variable = m->v, .count = count, .sequence = calloc((size_t)count, sizeof(Sequence))};
  for (int s = 0; s < count; s++) {
    Sequence *q = &m->d.sequence[s];
    q->steps = steps[s];
    q->value = calloc(3, sizeof *q->value);
    for (int i = 0; i < 3; i++) q->value[i] = calloc((size_t)(2 * steps[s] + 1), sizeof(double));
    for (int64_t t = 0; t < steps[s]; t++) q->value[0][2 * t] = 100 * s + (double)t, q->value[0][2 * t + 1] = 1, q->value[2][t] = t % 2 ? NAN : 5;
    q->value[1][0] = s;
  }
}

static void unmake(Made *m) {
  for (int64_t s = 0; s < m->d.count; s++) {
    for (int i = 0; i < 3; i++) free(m->d.sequence[s].value[i]);
    free(m->d.sequence[s].value);
  }
  free(m->d.sequence);
}

static Batches *open_batches(const Made *m, int64_t rows, BatchOrder order, int64_t chunk) {
  RnnError error = {0};
  Batches *b = batches_new(&m->d, rows, order, chunk, 1, &error);
  CU_ASSERT_FATAL(b != NULL);
  return b;
}

static void rows_by_length(void) {
  Made m;
  make(&m, (int64_t[]){2, 5, 3, 5, 1}, 5);
  Batches *b = open_batches(&m, 3, ORDER_AS_GIVEN, 0);
  const Batch *batch = batches_next(b);
  CU_ASSERT(batch->rows == 3 && batch->steps == 5 && batch->identity[0] == 1 && batch->identity[1] == 2 && batch->identity[2] == 0);
  int32_t active[] = {3, 3, 2, 1, 1};
  for (int t = 0; t < 5; t++) CU_ASSERT_EQUAL(batch->active[t], active[t]);
  batch = batches_next(b);
  CU_ASSERT(batch->rows == 2 && batch->identity[0] == 3 && batch->length[1] == 1);
  CU_ASSERT(batches_next(b) == NULL && batches_count(b) == 2);
  batches_free(b);
  b = open_batches(&m, 2, ORDER_SHORTEST_FIRST, 0);
  batch = batches_next(b);
  CU_ASSERT(batch->identity[0] == 0 && batch->identity[1] == 4);
  batch = batches_next(b);
  CU_ASSERT(batch->identity[0] == 1 && batch->identity[1] == 2); /* 3 (2), then the first of the two fives */
  batches_free(b);
  unmake(&m);
}

static void shuffled(void) {
  enum { N = 40 };
  int64_t steps[N], first[N], second[N];
  for (int i = 0; i < N; i++) steps[i] = 3;
  Made m;
  make(&m, steps, N);
  Batches *b = open_batches(&m, 1, ORDER_SHUFFLED, 0);
  bool seen[N] = {0};
  for (int i = 0; i < N; i++) first[i] = (int64_t)batches_next(b)->identity[0], seen[first[i]] = true;
  batches_epoch(b, 1);
  for (int i = 0; i < N; i++) second[i] = (int64_t)batches_next(b)->identity[0];
  CU_ASSERT(memcmp(first, second, sizeof first) != 0);
  batches_epoch(b, 0);
  for (int i = 0; i < N; i++) CU_ASSERT(seen[i] && (int64_t)batches_next(b)->identity[0] == first[i]);
  batches_free(b);
  unmake(&m);
}

static void carried(void) {
  Made m;
  make(&m, (int64_t[]){7, 4}, 2); /* 11 steps in 2 streams: 0..5 and 6, then the 4 of the second */
  Batches *b = open_batches(&m, 2, ORDER_CARRY, 3);
  static const struct { int64_t steps, offset[2]; int32_t length1; int fresh[2]; uint64_t identity1; } wanted[] = {
      {1, {0, 6}, 1, {1, 1}, 0}, {3, {1, 0}, 3, {0, 1}, 1}, {1, {4, 3}, 1, {0, 0}, 1}, {1, {5, 4}, 0, {0, 0}, 1}};
  for (int i = 0; i < 4; i++) {
    const Batch *batch = batches_next(b);
    CU_ASSERT_FATAL(batch != NULL);
    CU_ASSERT(batch->steps == wanted[i].steps && batch->length[1] == wanted[i].length1 && batch->identity[1] >> 32 == 1 && (uint32_t)batch->identity[1] == wanted[i].identity1);
    for (int row = 0; row < 2; row++) CU_ASSERT(batch->offset[row] == wanted[i].offset[row] && batch->fresh[row] == wanted[i].fresh[row]);
  }
  CU_ASSERT(batches_next(b) == NULL && batches_count(b) == 4 && batches_most_steps(b) == 3);
  batches_epoch(b, 1);
  CU_ASSERT(batches_next(b)->fresh[0] == 1);
  batches_free(b);
  unmake(&m);
}

static void filling(void) {
  Made m;
  make(&m, (int64_t[]){2, 4}, 2);
  Batches *b = open_batches(&m, 2, ORDER_AS_GIVEN, 0);
  const Batch *batch = batches_next(b);
  Batch *chunk = batch_chunk_new(b);
  Scaling *scaling = scaling_new(m.v, 3);
  scaling[0].mean[0] = 100, scaling[0].std[0] = 2;
  double x[16], z[2], w[8];
  float f[16];
  for (int i = 0; i < 16; i++) x[i] = -7;
  CU_ASSERT(batch_fill(batch, &m.d, 0, &scaling[0], 0, 4, true, x) && batch_fill(batch, &m.d, 0, NULL, 1, 2, false, f) && batch_fill(batch, &m.d, 1, NULL, 0, 4, true, z));
  CU_ASSERT(x[0] == 0 && x[1] == 1 && x[2] == -50 && x[4] == 0.5 && x[12] == 1.5 && x[14] == -7 && x[15] == -7); /* beyond its length: untouched */
  CU_ASSERT(f[0] == 101 && f[2] == 1 && f[4] == 102 && z[0] == 1 && z[1] == 0);
  CU_ASSERT(batch_weight(batch, &m.d, 2, 0, INT64_MAX, 0, 4, true, w) == 3 && w[0] == 1 && w[1] == 1 && w[2] == 0 && w[4] == 1);
  CU_ASSERT(batch_weight(batch, &m.d, 2, 1, INT64_MAX, 0, 4, true, NULL) == 1 && batch_weight(batch, &m.d, -1, 1, 3, 0, 4, true, NULL) == 3);
  CU_ASSERT(batch_weight(batch, &m.d, 1, 0, INT64_MAX, 0, 4, true, w) == 2 && batch_fill(batch, &m.d, 2, NULL, 0, 4, true, w) && w[2] == 0);
  batch_chunk(batch, 2, 2, chunk);
  CU_ASSERT(chunk->rows == 2 && chunk->steps == 2 && chunk->first == 2 && chunk->length[0] == 2 && chunk->length[1] == 0 && chunk->active[0] == 1 && !chunk->fresh[0]);
  CU_ASSERT(batch_fill(chunk, &m.d, 0, NULL, 0, 2, true, x) && x[0] == 102 && x[4] == 103);
  scaling_free(scaling, 3);
  batch_chunk_free(chunk);
  batches_free(b);
  unmake(&m);
}

static void scaling(void) {
  Made m;
  RnnError error = {0};
  make(&m, (int64_t[]){2, 3}, 2);
  Scaling *s = scaling_new(m.v, 3);
  const char *names[] = {"x", "y"}, *index[] = {"z"}, *none[] = {"yy"};
  CU_ASSERT(scaling_fit(s, &m.d, names, 2, 0, &error));
  CU_ASSERT(fabs(s[0].mean[0] - 60.8) < 1e-12 && fabs(s[0].std[0] - sqrt(2424.56)) < 1e-12 && s[0].std[1] == 1 && s[0].mean[1] == 1);
  CU_ASSERT(s[2].mean[0] == 5 && s[2].std[0] == 1 && s[2].scaled && !s[1].scaled); /* missing ones do not count */
  CU_ASSERT(fabs(scaling_undo(&s[0], 0, scaling_apply(&s[0], 0, 3.25)) - 3.25) < 1e-12);
  m.v[1].below = 9;
  CU_ASSERT(!scaling_fit(s, &m.d, index, 1, 0, &error) && !strcmp(error.code, "E0517") && strstr(error.message, "index(9)"));
  error = (RnnError){0};
  CU_ASSERT(!scaling_fit(s, &m.d, none, 1, 0, &error) && strstr(error.message, "did you mean `y`?"));
  scaling_free(s, 3);
  unmake(&m);
}

static void split(void) {
  Made m;
  Split parts;
  RnnError error = {0};
  cJSON *tenth = cJSON_Parse("{\"percent\": 10}"), *three = cJSON_Parse("3"), *all = cJSON_Parse("{\"percent\": 100}");
  cJSON *half = cJSON_Parse("{\"percent\": 50}"), *none = cJSON_Parse("0");
  make(&m, (int64_t[]){50}, 1);
  CU_ASSERT(dataset_split(&m.d, tenth, NULL, &parts, &error) && parts.train.sequence[0].steps == 45 && parts.valid.sequence[0].steps == 50 && parts.valid_from == 45);
  split_free(&parts);
  CU_ASSERT(dataset_split(&m.d, tenth, three, &parts, &error) && parts.train.sequence[0].steps == 42 && parts.valid.sequence[0].steps == 47);
  CU_ASSERT(parts.test.sequence[0].steps == 50 && parts.valid_from == 42 && parts.test_from == 47);
  split_free(&parts);
  CU_ASSERT(dataset_split(&m.d, NULL, tenth, &parts, &error) && parts.train.sequence[0].steps == 45 && parts.test.sequence[0].steps == 50 && parts.test_from == 45);
  split_free(&parts);
  CU_ASSERT(!dataset_split(&m.d, all, NULL, &parts, &error) && !strcmp(error.code, "E0505") && strstr(error.message, "`validate last` would take 50 of 50 steps"));
  error = (RnnError){0};
  CU_ASSERT(!dataset_split(&m.d, NULL, all, &parts, &error) && strstr(error.message, "`test last` would take 50 of 50 steps and leave nothing to train on"));
  error = (RnnError){0};
  CU_ASSERT(!dataset_split(&m.d, half, half, &parts, &error) && strstr(error.message, "25 and 25 of 50 steps and leave nothing to train on"));
  error = (RnnError){0};
  CU_ASSERT(!dataset_split(&m.d, tenth, none, &parts, &error) && strstr(error.message, "`test last` would take 0 of 50 steps and leave nothing to test on"));
  unmake(&m);
  make(&m, (int64_t[]){1, 2, 3, 4, 5, 6, 7, 8, 9, 10}, 10);
  CU_ASSERT(dataset_split(&m.d, three, NULL, &parts, &error) && parts.train.count == 7 && parts.valid.count == 3 && parts.valid.sequence[0].steps == 8 && parts.valid_from == 0);
  split_free(&parts);
  error = (RnnError){0};
  CU_ASSERT(dataset_split(&m.d, three, tenth, &parts, &error) && parts.train.count == 6 && parts.valid.count == 3 && parts.test.count == 1);
  CU_ASSERT(parts.valid.sequence[0].steps == 7 && parts.test.sequence[0].steps == 10 && parts.valid_from == 0 && parts.test_from == 0);
  split_free(&parts);
  unmake(&m);
  cJSON_Delete(tenth), cJSON_Delete(three), cJSON_Delete(all), cJSON_Delete(half), cJSON_Delete(none);
}

/* Windows of 4 every 2 share two steps with their neighbour: what stands before a part goes where it would show what the part holds. */
static void split_windows(void) {
  Made m;
  Split parts;
  RnnError error = {0};
  cJSON *two = cJSON_Parse("2"), *one = cJSON_Parse("1");
  make(&m, (int64_t[]){12, 12}, 2);
  CU_ASSERT(dataset_windows(&m.d, 4, 2, &error) && m.d.count == 10);
  CU_ASSERT(dataset_split(&m.d, two, one, &parts, &error) && parts.train.count == 6 && parts.valid.count == 1 && parts.test.count == 1);
  CU_ASSERT(parts.train.sequence[5].source == 2 && parts.train.sequence[5].start == 0 && parts.valid.sequence[0].start == 4 && parts.test.sequence[0].start == 8);
  split_free(&parts);
  CU_ASSERT(dataset_windows(&m.d, 4, 4, &error) && dataset_split(&m.d, two, one, &parts, &error) && parts.train.count == 7 && parts.valid.count == 2);
  split_free(&parts);
  unmake(&m);
  cJSON_Delete(two), cJSON_Delete(one);
}

static void two_clocks(void) {
  Variable v[] = {variable("src", VARIABLE_INPUT, 1, 3, 20), variable("w", VARIABLE_OUTPUT, 1, 5, 20)};
  Dataset *d = load_fine("{\"call\": \"reversal\", \"named\": {\"length\": 4, \"symbols\": 18}}", NULL, v, 2);
  CU_ASSERT(d->sequence[0].steps == 5 && sequence_steps_on(d, &d->sequence[0], 0) == 4 && sequence_steps_on(d, &d->sequence[0], 1) == 5);
  dataset_free(d);
}

int main(void) {
  static const Test tests[] = {{"rows by length", rows_by_length}, {"shuffled", shuffled}, {"carried", carried}, {"filling", filling},
                               {"scaling", scaling}, {"split", split}, {"split windows", split_windows}, {"two clocks", two_clocks}};
  return RUN_TESTS("batches", tests);
}
