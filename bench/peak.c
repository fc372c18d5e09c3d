/* peak.c — what this core can do at most: fused multiply-adds a second, from registers. Compiled for the machine it runs on. */
#include "bench/bench.h"

#if defined(__AVX512F__)
enum { LANES = 16 };
#elif defined(__AVX__)
enum { LANES = 8 };
#else
enum { LANES = 4 };
#endif

typedef float Vector __attribute__((vector_size(LANES * 4)));
enum { CHAINS = 12 }; /* enough independent sums to hide the latency of two units */

/* Returns a number that depends on all the work, so that none of it can be left out. */
static float multiply_adds(int64_t rounds) {
  Vector a[CHAINS], m, b;
  for (int l = 0; l < LANES; l++) m[l] = 0.999f, b[l] = 1e-4f;
  for (int i = 0; i < CHAINS; i++) a[i] = b * (float)i;
  for (int64_t r = 0; r < rounds; r++) {
#pragma GCC unroll 12
    for (int i = 0; i < CHAINS; i++) a[i] = a[i] * m + b;
#if defined(__x86_64__)
    __asm__ volatile("" : "+v"(m), "+v"(b)); /* keeps the loop from being folded */
#endif
  }
  float sum = 0;
  for (int i = 0; i < CHAINS; i++) sum += a[i][0] + a[i][LANES - 1];
  return sum;
}

double peak_gflops(int rounds) {
  double best = 0;
  volatile float keep = 0;
  for (int i = 0; i < rounds; i++) {
    int64_t count = 2000000;
    double begin = bench_seconds();
    keep += multiply_adds(count);
    double rate = 2.0 * LANES * CHAINS * (double)count / (bench_seconds() - begin) * 1e-9;
    if (rate > best) best = rate;
  }
  return best;
}
