/* links: rnn_runtime */
/* random.c — Philox against the vectors of Random123 (examples/kat_vectors), streams, and the keys of rnn_random. */
#include "data_test.h"
#include "runtime/random.h"
#include <math.h>

static void check_vector(uint32_t counter, uint32_t key, const uint32_t wanted[4]) {
  uint32_t c[4] = {counter, counter, counter, counter}, k[2] = {key, key}, out[4];
  philox4x32_10(c, k, out);
  for (int i = 0; i < 4; i++) CU_ASSERT_EQUAL(out[i], wanted[i]);
}

static void published_vectors(void) {
  check_vector(0, 0, (uint32_t[]){0x6627e8d5, 0xe169c58d, 0xbc57ac4c, 0x9b00dbd8});
  check_vector(0xffffffff, 0xffffffff, (uint32_t[]){0x408f276d, 0x41c83b0e, 0xa20bc7c6, 0x6d5451fd});
  uint32_t pi[4] = {0x243f6a88, 0x85a308d3, 0x13198a2e, 0x03707344}, key[2] = {0xa4093822, 0x299f31d0}, out[4];
  uint32_t wanted[4] = {0xd16cfe09, 0x94fdcceb, 0x5001e420, 0x24126ea1};
  philox4x32_10(pi, key, out);
  for (int i = 0; i < 4; i++) CU_ASSERT_EQUAL(out[i], wanted[i]);
}

static void streams_differ(void) {
  Random a = random_stream(1, "param W"), b = random_stream(1, "param V"), c = random_stream(2, "param W"), again = random_stream(1, "param W");
  uint64_t first = random_bits(&a);
  CU_ASSERT_EQUAL(first, random_bits(&again));
  CU_ASSERT_NOT_EQUAL(first, random_bits(&b));
  CU_ASSERT_NOT_EQUAL(first, random_bits(&c));
  CU_ASSERT_NOT_EQUAL(first, random_bits(&a));
}

static void moments(void) {
  enum { N = 100000 };
  Random r = random_stream(3, "moments");
  double sum = 0, squares = 0, uniform = 0, low = 1, high = 0;
  for (int i = 0; i < N; i++) {
    double z = random_normal(&r), u = random_uniform(&r);
    sum += z, squares += z * z, uniform += u;
    low = fmin(low, u), high = fmax(high, u);
  }
  CU_ASSERT(fabs(sum / N) < 0.015);
  CU_ASSERT(fabs(squares / N - 1) < 0.02);
  CU_ASSERT(fabs(uniform / N - 0.5) < 0.005);
  CU_ASSERT(low >= 0 && high < 1);
}

static void below_covers(void) {
  int seen[7] = {0};
  Random r = random_stream(1, "below");
  for (int i = 0; i < 7000; i++) {
    int64_t k = random_below(&r, 7);
    CU_ASSERT_FATAL(k >= 0 && k < 7);
    seen[k]++;
  }
  for (int k = 0; k < 7; k++) CU_ASSERT(seen[k] > 850 && seen[k] < 1150);
}

/* Each part of the key matters, and nothing else does. */
static void counter_based(void) {
  double x = rnn_random(1, 2, 3, 4, 5, 6, 0);
  CU_ASSERT_EQUAL(x, rnn_random(1, 2, 3, 4, 5, 6, 0));
  CU_ASSERT(x >= 0 && x < 1);
  double others[] = {rnn_random(9, 2, 3, 4, 5, 6, 0), rnn_random(1, 9, 3, 4, 5, 6, 0), rnn_random(1, 2, 9, 4, 5, 6, 0),
                     rnn_random(1, 2, 3, 9, 5, 6, 0), rnn_random(1, 2, 3, 4, 9, 6, 0), rnn_random(1, 2, 3, 4, 5, 9, 0),
                     rnn_random(2, 1, 3, 4, 5, 6, 0), rnn_random(1, 2, 3, 4, 6, 5, 0), rnn_random(1, 2, 3, 4, 5, 6, 1)};
  for (size_t i = 0; i < sizeof others / sizeof *others; i++) CU_ASSERT_NOT_EQUAL(x, others[i]);
}

int main(void) {
  static const Test tests[] = {{"published vectors", published_vectors}, {"streams differ", streams_differ}, {"moments", moments},
                               {"random_below covers", below_covers}, {"rnn_random is counter-based", counter_based}};
  return RUN_TESTS("random", tests);
}
