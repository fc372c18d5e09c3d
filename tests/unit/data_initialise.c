/* links: rnn_runtime */
/* data_initialise.c — what each initialiser promises, chains, independence of draws, and messages. */
#include "data_test.h"
#include "runtime/parameters.h"
#include <lapacke.h>
#include <math.h>

enum { N = 40 };
static double w[N * N * 4];

static bool draw_named(const char *name, const char *init, int64_t rows, int64_t columns, RnnError *error) {
  cJSON *json = cJSON_Parse(init);
  CU_ASSERT_FATAL(json != NULL);
  *error = (RnnError){0};
  bool fine = param_initialise(name, json, (int64_t[]){rows, columns}, columns ? 2 : 1, 1, w, "/tmp", error);
  cJSON_Delete(json);
  return fine;
}

static void draw(const char *init, int64_t rows, int64_t columns) {
  RnnError error;
  bool fine = draw_named("net.W", init, rows, columns, &error);
  if (!fine) printf("\n%s %s\n", error.code, error.message);
  CU_ASSERT_FATAL(fine);
}

static void draw_fails(const char *init, int64_t rows, int64_t columns, const char *code, const char *part) {
  RnnError error;
  CU_ASSERT(!draw_named("net.W", init, rows, columns, &error));
  bool right = !strcmp(error.code, code) && strstr(error.message, part) && strstr(error.message, "net.W");
  if (!right) printf("\n%s %s\n", error.code, error.message);
  CU_ASSERT(right);
}

static int nonzeros(int64_t from, int64_t count) {
  int n = 0;
  for (int64_t i = from; i < from + count; i++) n += w[i] != 0;
  return n;
}

static double radius_of(int n) {
  double copy[N * N], re[N], im[N], most = 0;
  memcpy(copy, w, sizeof(double) * (size_t)(n * n));
  LAPACKE_dgeev(LAPACK_ROW_MAJOR, 'N', 'N', n, copy, n, re, im, NULL, n, NULL, n);
  for (int i = 0; i < n; i++) most = fmax(most, hypot(re[i], im[i]));
  return most;
}

static void constants(void) {
  draw("0.5", 3, 2);
  for (int i = 0; i < 6; i++) CU_ASSERT_EQUAL(w[i], 0.5);
  draw("[[1, -1, 2], [3, 4, 5]]", 2, 3);
  CU_ASSERT(w[1] == -1 && w[5] == 5);
  draw("{\"call\": \"one_hot\", \"args\": [2]}", 4, 0);
  CU_ASSERT(w[2] == 1 && w[0] + w[1] + w[3] == 0);
  draw("{\"name\": \"identity\"}", 3, 3);
  CU_ASSERT(w[0] == 1 && w[1] == 0 && w[4] == 1 && w[8] == 1);
  draw_fails("[1, 2]", 2, 3, "E0421", "[2, 3]");
  draw_fails("[[1, 2], [3, 4, 5]]", 2, 3, "E0421", "another shape");
}

static void spreads(void) {
  static const struct { const char *init; double variance; } rows[] = {
      {"{\"name\": \"glorot\"}", 2.0 / 2 / N}, {"{\"name\": \"he\"}", 2.0 / N}, {"{\"name\": \"lecun\"}", 1.0 / N}, {"{\"call\": \"uniform\", \"args\": [-1, 1]}", 1.0 / 3},
      {"{\"call\": \"normal\", \"args\": [0], \"named\": {\"std\": 0.2}}", 0.04}};
  for (int k = 0; k < 5; k++) {
    double sum = 0;
    draw(rows[k].init, N, N);
    for (int i = 0; i < N * N; i++) sum += w[i] * w[i] / (N * N);
    CU_ASSERT(fabs(sum / rows[k].variance - 1) < 0.12);
  }
  draw("{\"call\": \"integers\", \"args\": [1, 10]}", N, N);
  for (int i = 0; i < N * N; i++) CU_ASSERT(w[i] >= 1 && w[i] <= 10 && w[i] == floor(w[i]));
}

static void orthogonal(void) {
  static const int64_t shapes[][2] = {{8, 8}, {9, 4}, {4, 9}};
  for (int k = 0; k < 3; k++) {
    int64_t rows = shapes[k][0], columns = shapes[k][1], n = rows < columns ? rows : columns, long_side = rows < columns ? columns : rows;
    draw("{\"name\": \"orthogonal\"}", rows, columns);
    for (int64_t i = 0; i < n; i++)
      for (int64_t j = 0; j < n; j++) {
        double product = 0;
        for (int64_t l = 0; l < long_side; l++) product += rows >= columns ? w[l * columns + i] * w[l * columns + j] : w[i * columns + l] * w[j * columns + l];
        CU_ASSERT(fabs(product - (i == j)) < 1e-12);
      }
  }
  draw_fails("{\"name\": \"orthogonal\"}", 8, 0, "E0421", "two dims");
}

static void reservoirs(void) {
  draw("{\"call\": \"sparse\", \"named\": {\"density\": 0.0125, \"values\": 0.4}}", N, N);
  int plus = 0;
  for (int i = 0; i < N * N; i++) {
    CU_ASSERT(w[i] == 0 || fabs(w[i]) == 0.4);
    plus += w[i] > 0;
  }
  CU_ASSERT(nonzeros(0, N * N) == 20 && plus > 3 && plus < 17);
  draw("{\"chain\": [{\"call\": \"normal\", \"args\": [0, 1]}, {\"call\": \"sparse\", \"args\": [0.1]}, {\"call\": \"radius\", \"args\": [0.95]}]}", N, N);
  CU_ASSERT(nonzeros(0, N * N) == 160 && fabs(radius_of(N) - 0.95) < 1e-9);
  draw("{\"call\": \"sparse\", \"named\": {\"density\": 0.2, \"radius\": 1.5}}", N, N);
  CU_ASSERT(fabs(radius_of(N) - 1.5) < 1e-9);
  draw("{\"call\": \"sparse\", \"named\": {\"density\": 0.1, \"std\": 1, \"blocks\": 3}}", 8, 40); /* two whole blocks a column, and one of two rows */
  int blocks = 0;
  for (int i = 0; i < 8; i += 3)
    for (int j = 0; j < 40; j++) {
      const bool kept = w[i * 40 + j] != 0;
      blocks += kept;
      for (int k = i; k < i + 3 && k < 8; k++) CU_ASSERT_EQUAL(w[k * 40 + j] != 0, kept);
    }
  CU_ASSERT_EQUAL(blocks, 12);
  draw("{\"call\": \"fan_in\", \"args\": [3]}", N, N);
  for (int i = 0; i < N; i++) CU_ASSERT_EQUAL(nonzeros(i * N, N), 3);
  draw("{\"call\": \"ring\", \"args\": [0.7]}", 4, 4);
  CU_ASSERT(w[3] == 0.7 && w[4] == 0.7 && w[9] == 0.7 && w[14] == 0.7 && nonzeros(0, 16) == 4);
  draw("{\"call\": \"delay_line\", \"args\": [0.7, 0.1]}", 3, 3);
  CU_ASSERT(w[3] == 0.7 && w[7] == 0.7 && w[1] == 0.1 && w[5] == 0.1 && nonzeros(0, 9) == 4);
  draw("{\"call\": \"small_world\", \"args\": [4, 0.2, 0.9]}", N, N);
  CU_ASSERT(fabs(radius_of(N) - 0.9) < 1e-9 && nonzeros(0, N * N) == 4 * N);
  for (int i = 0; i < N; i++) CU_ASSERT(w[i * N + i] == 0 && nonzeros(i * N, N) == 4);
  draw_fails("{\"chain\": [{\"call\": \"delay_line\", \"args\": [0.7]}, {\"call\": \"radius\", \"args\": [0.9]}]}", 4, 4, "E0421", "radius 0");
}

/* 14159 26535 89793 23846 26433 83279 50288 41971 */
static void signs_of_pi(void) {
  static const char digits[] = "1415926535897932384626433832795028841971693993751058209749445923078164062862089986280348253421170679";
  draw("{\"chain\": [0.5, {\"call\": \"signs\", \"args\": [{\"name\": \"pi\"}]}]}", 100, 0);
  for (int i = 0; i < 100; i++) CU_ASSERT_EQUAL(w[i], digits[i] < '5' ? -0.5 : 0.5);
}

static void from_files(void) {
  static const char bytes[] = "\x93NUMPY\1\0\x46\0{'descr': '<f4', 'fortran_order': False, 'shape': (1, 2), }          \n\0\0\x80\x3f\0\0\0\xc0";
  write_bytes("/tmp/rnn_test_w.npy", bytes, sizeof bytes - 1);
  draw("{\"call\": \"file\", \"args\": [\"rnn_test_w.npy\"]}", 1, 2);
  CU_ASSERT(w[0] == 1 && w[1] == -2);
  draw_fails("{\"call\": \"file\", \"args\": [\"rnn_test_w.npy\"]}", 2, 2, "E0421", "[2, 2]");
  unlink("/tmp/rnn_test_w.npy");
}

/* A draw depends on the seed and the param's own name alone. */
static void independent(void) {
  RnnError error;
  double first[4], second;
  draw("{\"name\": \"glorot\"}", 2, 2);
  memcpy(first, w, sizeof first);
  CU_ASSERT(draw_named("net.V", "{\"name\": \"glorot\"}", 2, 2, &error));
  second = w[0];
  draw("{\"name\": \"glorot\"}", 2, 2);
  CU_ASSERT(memcmp(first, w, sizeof first) == 0 && first[0] != second);
}

static void messages(void) {
  draw_fails("{\"name\": \"glorott\"}", 2, 2, "E0420", "did you mean `glorot`?");
  draw_fails("{\"call\": \"sparse\", \"named\": {\"denstiy\": 0.1}}", 2, 2, "E0422", "did you mean `density`?");
  draw_fails("{\"call\": \"sparse\", \"args\": [1.5]}", 2, 2, "E0422", "density");
  draw_fails("{\"call\": \"sparse\", \"named\": {\"density\": 0.5, \"blocks\": 3}}", 2, 2, "E0422", "blocks must be a whole number from 1 to 2");
  draw_fails("{\"call\": \"uniform\", \"args\": [1]}", 2, 2, "E0422", "high must be a number");
  draw_fails("{\"call\": \"uniform\", \"args\": [1, 2, 3]}", 2, 2, "E0422", "at most 2");
  draw_fails("{\"call\": \"radius\", \"args\": [1]}", 2, 2, "E0421", "nothing to rescale");
  draw_fails("{\"call\": \"ring\", \"args\": [1]}", 2, 3, "E0421", "square");
  draw_fails("{\"call\": \"fan_in\", \"args\": [9]}", 2, 3, "E0422", "from 1 to 3");
  draw_fails("{\"call\": \"small_world\", \"args\": [3, 0.1]}", 9, 9, "E0422", "even");
  draw_fails("{\"op\": \"-\"}", 2, 2, "E0420", "no initialiser");
}

/* Delays are held to the bounds that code was compiled for; what is no delay may be anything. */
static void delays(void) {
  cJSON *list = cJSON_Parse("[{\"name\": \"net.D\", \"shape\": [3], \"line\": 7, \"whole\": [1, 4]}, {\"name\": \"net.W\", \"shape\": [3]}]");
  Parameters *p = parameters_new(list, NULL, 0, true);
  static const double values[][3] = {{1, 4, 2}, {1, 5, 2}, {1, 0, 2}, {1, 2, 2.5}, {1, 2, NAN}};
  for (int i = 0; i < 5; i++) {
    RnnError error = {0};
    CU_ASSERT(parameter_fits(&p->of[0], values[i], &error) == !i);
    CU_ASSERT(!i || (!strcmp(error.code, "E0215") && strstr(error.message, "net.D") && strstr(error.message, "from 1 to 4")));
    CU_ASSERT(parameter_fits(&p->of[1], values[i], &error));
  }
  parameters_free(p);
  cJSON_Delete(list);
}

int main(void) {
  static const Test tests[] = {{"constants", constants}, {"spreads", spreads}, {"orthogonal", orthogonal}, {"reservoirs", reservoirs},
                               {"signs(pi)", signs_of_pi}, {"from files", from_files}, {"independent", independent}, {"messages", messages}, {"delays", delays}};
  return RUN_TESTS("initialise", tests);
}
