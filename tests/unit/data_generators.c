/* links: rnn_runtime */
/* data_generators.c — first rows, to the last bit; the rules each task must keep; how columns find their variables. */
#include "data_test.h"
#include <math.h>

#define TASK(name, options) "{\"call\": \"" name "\", \"named\": {" options "}}"
#define IN(name, elements, below) variable(name, VARIABLE_INPUT, elements, ON_CLOCK, below)
#define OUT(name, elements, below) variable(name, VARIABLE_OUTPUT, elements, ON_CLOCK, below)

static const double *values(const Dataset *d, int64_t s, int v) { return d->sequence[s].value[v]; }

static void check_rows(const Dataset *d, int v, const double *wanted, int count) {
  for (int i = 0; i < count; i++) {
    double found = values(d, 0, v)[i];
    bool same = found == wanted[i] || (isnan(wanted[i]) && isnan(found));
    if (!same) printf("\n%d: %.17g, not %.17g\n", i, found, wanted[i]);
    CU_ASSERT(same);
  }
}
#define ROWS(d, v, ...) check_rows(d, v, (double[]){__VA_ARGS__}, (int)(sizeof(double[]){__VA_ARGS__} / sizeof(double)))

static void adding(void) {
  Variable v[] = {IN("x", 2, 0), variable("z", VARIABLE_TARGET, 1, PER_SEQUENCE, 0)};
  Dataset *d = load_fine(TASK("adding", "\"length\": 6"), NULL, v, 2);
  ROWS(d, 0, -0.4687763757505532, 0, -0.15054303767045507, 0, -0.72455553307076692, 1, -0.17188166159058293, 0, -0.89199922047441804, 0, -0.7140909735993497, 1);
  ROWS(d, 1, 0.14033837333247084);
  dataset_free(d);
  d = load_fine(TASK("adding", "\"length\": 7, \"sequences\": 200"), NULL, v, 2);
  for (int64_t s = 0; s < 200; s++) {
    double sum = 0, marks[2] = {0};
    for (int t = 0; t < 7; t++) {
      const double *x = values(d, s, 0) + 2 * t;
      CU_ASSERT(x[0] >= -1 && x[0] < 1 && (x[1] == 0 || x[1] == 1));
      marks[t >= 3] += x[1];
      sum += x[0] * x[1];
    }
    CU_ASSERT(marks[0] == 1 && marks[1] == 1 && fabs(values(d, s, 1)[0] - 0.5 - sum / 4) < 1e-15);
  }
  dataset_free(d);
}

static void copy(void) {
  Variable v[] = {IN("x", 4, 0), OUT("y", 3, 0)};
  Dataset *d = load_fine(TASK("copy", "\"length\": 2, \"bits\": 3"), NULL, v, 2);
  CU_ASSERT_EQUAL(d->sequence[0].steps, 5);
  ROWS(d, 0, 0, 1, 1, 0, 0, 1, 0, 0, 0, 0, 0, 1, 0, 0, 0, 0, 0, 0, 0, 0);
  ROWS(d, 1, NAN, NAN, NAN, NAN, NAN, NAN, NAN, NAN, NAN, 0, 1, 1, 0, 1, 0);
  dataset_free(d);
  d = load_fine(TASK("copy", "\"length\": {\"from\": 1, \"to\": 4}, \"bits\": 3, \"sequences\": 200"), NULL, v, 2);
  int seen[10] = {0};
  for (int64_t s = 0; s < 200; s++) seen[d->sequence[s].steps]++;
  CU_ASSERT(seen[3] > 25 && seen[5] > 25 && seen[7] > 25 && seen[9] > 25 && seen[3] + seen[5] + seen[7] + seen[9] == 200);
  dataset_free(d);
}

static void parity(void) {
  Variable v[] = {IN("p", 1, 0), OUT("y", 1, 0)}, w[] = {IN("x", 5, 0), OUT("y", 1, 0)};
  Dataset *d = load_fine(TASK("parity", "\"length\": 8"), NULL, v, 2);
  ROWS(d, 0, 0, 0, 0, 0, 0, 1, 0, 1);
  ROWS(d, 1, 0, 0, 0, 0, 0, 1, 1, 0);
  dataset_free(d);
  d = load_fine(TASK("vector_parity", "\"length\": 500, \"width\": 5"), NULL, w, 2);
  int64_t odd = 0;
  for (int t = 0; t < 500; t++) {
    int ones = 0, held = 0;
    for (int i = 0; i < 5; i++) ones += values(d, 0, 0)[5 * t + i] == 1, held += values(d, 0, 0)[5 * t + i] != 0;
    CU_ASSERT(held >= 1 && values(d, 0, 1)[t] == ones % 2);
    odd += ones % 2;
  }
  CU_ASSERT(odd > 150 && odd < 350);
  dataset_free(d);
}

static void binary_addition(void) {
  Variable v[] = {IN("x", 2, 0), OUT("y", 1, 0)};
  Dataset *d = load_fine(TASK("binary_addition", "\"bits\": 5, \"delay\": 1"), NULL, v, 2);
  ROWS(d, 0, 1, 0, 0, 0, 0, 1, 0, 1, 0, 0, 0, 0, 0, 0);
  ROWS(d, 1, 0, 1, 0, 1, 1, 0, 0);
  dataset_free(d);
  d = load_fine(TASK("binary_addition", "\"bits\": 20, \"delay\": 2, \"sequences\": 50"), NULL, v, 2);
  for (int64_t s = 0; s < 50; s++) {
    int64_t a = 0, b = 0, sum = 0;
    for (int t = 0; t < 21; t++) {
      a += (int64_t)values(d, s, 0)[2 * t] << t, b += (int64_t)values(d, s, 0)[2 * t + 1] << t;
      sum += (int64_t)values(d, s, 1)[t + 2] << t;
    }
    CU_ASSERT(d->sequence[s].steps == 23 && a + b == sum && a > 0);
  }
  dataset_free(d);
}

/* The values were computed apart from this code, with linear interpolation of the delayed value at a step of 0.01. */
static void mackey_glass(void) {
  Variable v[] = {IN("u", 1, 0), OUT("y", 1, 0)};
  Dataset *d = load_fine(TASK("mackey_glass", "\"length\": 20, \"u\": 0.2"), NULL, v, 2);
  static const double known[] = {1.2, 1.1175622108, 1.0429694144, 0.9754750612, 0.9144036448, 0.8591439421, 0.8091428955, 0.7639000775, 0.7229626829, 0.6859209964,
                                 0.6524042925, 0.6220771247, 0.5946359684, 0.5698061835, 0.547339265, 0.5270103564, 0.5086159993, 0.4919720967, 0.4869789933, 0.5062816485};
  for (int t = 0; t < 20; t++) CU_ASSERT(fabs(values(d, 0, 1)[t] - known[t]) < 1e-6 && values(d, 0, 0)[t] == 0.2);
  dataset_free(d);
  d = load_fine(TASK("mackey_glass", "\"length\": 60, \"sequences\": 2, \"skip\": 100, \"transform\": {\"name\": \"tanh\"}"), NULL, v + 1, 1);
  Dataset *plain = load_fine(TASK("mackey_glass", "\"length\": 300"), NULL, v + 1, 1);
  for (int t = 0; t < 60; t++) CU_ASSERT(values(d, 0, 0)[t] == tanh(values(plain, 0, 0)[100 + t] - 1) && values(d, 1, 0)[t] == tanh(values(plain, 0, 0)[150 + t] - 1));
  dataset_free(d);
  dataset_free(plain);
}

/* The attractor is that of the published series: mean, deviation, range, correlation at 17 and 50 steps. */
static void mackey_glass_attractor(void) {
  enum { N = 10000 };
  Variable v[] = {OUT("y", 1, 0)};
  if (!has_data()) return;
  Dataset *sets[] = {load_fine(TASK("mackey_glass", "\"length\": 10000, \"skip\": 1000, \"transform\": {\"name\": \"tanh\"}"), NULL, v, 1),
                     load_fine("{\"call\": \"csv\", \"args\": [\"" DATA_FOLDER "mackey_glass/MG17_deepesn_10000.csv\"], \"named\": {\"y\": {\"call\": \"column\", \"args\": [1]}}}", NULL, v, 1)};
  double mean[2] = {0}, square[2] = {0}, at17[2] = {0}, at50[2] = {0};
  for (int k = 0; k < 2; k++) {
    const double *y = values(sets[k], 0, 0);
    for (int t = 0; t < N - 50; t++) mean[k] += y[t] / (N - 50), square[k] += y[t] * y[t] / (N - 50), at17[k] += y[t] * y[t + 17] / (N - 50), at50[k] += y[t] * y[t + 50] / (N - 50);
    dataset_free(sets[k]);
  }
  CU_ASSERT(fabs(mean[0] - mean[1]) < 0.003 && fabs(square[0] - square[1]) < 0.002 && fabs(at17[0] - at17[1]) < 0.002 && fabs(at50[0] - at50[1]) < 0.002);
}

static void narma(void) {
  Variable v[] = {IN("u", 1, 0), OUT("y", 1, 0)};
  Dataset *d = load_fine(TASK("narma", "\"order\": 10, \"length\": 3000"), NULL, v, 2);
  ROWS(d, 0, 0.072098362942030703, 0.31396429369830881, 0.41351254226821182);
  ROWS(d, 1, 0, 0.10000000000000001, 0.1305, 0.14065401250000001);
  const double *u = values(d, 0, 0), *y = values(d, 0, 1);
  for (int t = 9; t < 2999; t++) {
    double sum = 0;
    for (int i = 0; i < 10; i++) sum += y[t - i];
    CU_ASSERT(fabs(y[t + 1] - (0.3 * y[t] + 0.05 * y[t] * sum + 1.5 * u[t - 9] * u[t] + 0.1)) < 1e-14 && u[t] >= 0 && u[t] <= 0.5);
  }
  dataset_free(d);
}

static void symbols(void) {
  Variable v[] = {IN("x", 1, 7), OUT("y", 7, 0), variable("w", VARIABLE_TARGET, 7, ON_CLOCK, 0)};
  Dataset *d = load_fine(TASK("reber", "\"sequences\": 100"), NULL, v, 3);
  ROWS(d, 0, 0, 5, 0, 1, 3, 2, 6, 5); /* B P B T X S E P (E) */
  for (int64_t s = 0; s < 100; s++) {
    int64_t n = d->sequence[s].steps;
    for (int64_t t = 0; t < n; t++) {
      int next = 0;
      while (next < 7 && values(d, s, 1)[7 * t + next] != 1) next++;
      CU_ASSERT(next < 7 && values(d, s, 2)[7 * t + next] == 1 && (t + 1 == n ? next == 6 : values(d, s, 0)[t + 1] == next));
    }
    CU_ASSERT(n >= 8 && values(d, s, 0)[1] == values(d, s, 0)[n - 1]); /* the branch is remembered */
  }
  dataset_free(d);
  Variable r[] = {IN("src", 1, 20), OUT("w", 1, 20)};
  d = load_fine(TASK("reversal", "\"length\": 4, \"symbols\": 18, \"first\": 2, \"end\": 1"), NULL, r, 2);
  ROWS(d, 0, 12, 17, 19, 19, NAN);
  ROWS(d, 1, 19, 19, 17, 12, 1);
  dataset_free(d);
  Variable p[] = {IN("x", 1, 0), OUT("k", 1, 0)};
  d = load_fine(TASK("sorting", "\"length\": {\"from\": 5, \"to\": 10}, \"sequences\": 50"), NULL, p, 2);
  for (int64_t s = 0; s < 50; s++)
    for (int64_t t = 0; t + 1 < d->sequence[s].steps; t++) CU_ASSERT(values(d, s, 0)[(int)values(d, s, 1)[t]] <= values(d, s, 0)[(int)values(d, s, 1)[t + 1]]);
  dataset_free(d);
}

static void series(void) {
  Variable v[] = {IN("x", 2, 0), OUT("y", 1, 0)}, u[] = {IN("u", 1, 0), OUT("y", 1, 0)};
  Dataset *d = load_fine(TASK("hidden_delays", "\"length\": 50, \"inputs\": 2, \"delays\": [0, 2]"), NULL, v, 2);
  const double *x = values(d, 0, 0), *y = values(d, 0, 1);
  for (int t = 2; t < 50; t++) CU_ASSERT_EQUAL(y[t], x[2 * t] + x[2 * (t - 2) + 1]);
  dataset_free(d);
  d = load_fine(TASK("uniform_noise", "\"length\": 1000, \"low\": -0.8, \"high\": 0.8"), NULL, u, 2);
  for (int t = 0; t < 1000; t++) CU_ASSERT(fabs(values(d, 0, 0)[t]) <= 0.8);
  CU_ASSERT_PTR_NULL(d->sequence[0].value[1]);
  dataset_free(d);
}

/* Same seed, same bits; another seed, other data; the first sequences do not depend on how many there are. */
static void reproducible(void) {
  Variable v[] = {IN("x", 2, 0), variable("z", VARIABLE_TARGET, 1, PER_SEQUENCE, 0)};
  Dataset *a = load_fine(TASK("adding", "\"length\": 10, \"sequences\": 3"), NULL, v, 2), *b = load_fine(TASK("adding", "\"length\": 10, \"sequences\": 9"), NULL, v, 2),
          *c = load_fine(TASK("adding", "\"length\": 10, \"sequences\": 3, \"seed\": 2"), NULL, v, 2), *one = load_fine(TASK("adding", "\"length\": 10, \"seed\": 1, \"sequences\": 3"), NULL, v, 2);
  for (int s = 0; s < 3; s++) {
    CU_ASSERT(memcmp(values(a, s, 0), values(b, s, 0), 20 * sizeof(double)) == 0 && memcmp(values(a, s, 0), values(one, s, 0), 20 * sizeof(double)) == 0);
    CU_ASSERT(values(a, s, 0)[0] != values(c, s, 0)[0] && values(a, 0, 0)[0] != values(a, 1, 0)[0]);
  }
  dataset_free(a), dataset_free(b), dataset_free(c), dataset_free(one);
}

static void messages(void) {
  Variable v[] = {IN("x", 2, 0), variable("z", VARIABLE_TARGET, 1, PER_SEQUENCE, 0)}, clock[] = {IN("x", 2, 0), OUT("z", 1, 0)}, wide[] = {IN("x", 3, 0)}, both[] = {IN("a", 1, 0), IN("b", 1, 0)},
           small[] = {IN("src", 1, 10)};
  load_fails(TASK("adding", "\"lenght\": 10"), NULL, v, 2, "E0509", "adding(…) has no option `lenght`|did you mean `length`?");
  load_fails(TASK("adding", "\"length\": 1"), NULL, v, 2, "E0513", "length of 2 or more");
  load_fails(TASK("adding", "\"length\": 0"), NULL, v, 2, "E0513", "adding(length = 0)");
  load_fails(TASK("adding", "\"length\": \"ten\""), NULL, v, 2, "E0513", "\"ten\"");
  load_fails(TASK("adding", "\"sequences\": 1.5"), NULL, v, 2, "E0513", "sequences");
  load_fails(TASK("adding", ""), NULL, wide, 1, "E0508", "`x` has 3 elements|adding(…) has 2");
  load_fails(TASK("adding", ""), NULL, clock, 2, "E0508", "`z` has a value at every step|one value a sequence|per sequence");
  load_fails(TASK("parity", ""), NULL, both, 2, "E0516", "the input `b` gets no data");
  load_fails(TASK("reversal", "\"symbols\": 18"), NULL, small, 1, "E0508", "index(10)|20 symbols");
  load_fails(TASK("mackey_glass", "\"tau\": 17.05"), NULL, both, 1, "E0513", "multiple of 0.1");
  load_fails(TASK("mackey_glass", "\"transform\": {\"name\": \"log\"}"), NULL, both, 1, "E0513", "transform = log");
  load_fails(TASK("narma", "\"order\": 60, \"length\": 500"), NULL, both, 1, "E0513", "diverged");
  load_fails(TASK("parity", ""), "[{\"word\": \"by\", \"args\": [\"id\"]}]", both, 1, "E0515", "`by` is for files");
}

int main(void) {
  static const Test tests[] = {{"adding", adding}, {"copy", copy}, {"parity", parity}, {"binary_addition", binary_addition}, {"mackey_glass", mackey_glass},
                               {"mackey_glass attractor", mackey_glass_attractor}, {"narma", narma}, {"symbols", symbols}, {"series", series},
                               {"reproducible", reproducible}, {"messages", messages}};
  return RUN_TESTS("generators", tests);
}
