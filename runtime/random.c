/* random.c — streams of draws for data, initial weights and shuffles, and the draws of compiled code. The generator is philox.h's. */
#include "runtime/random.h"
#include "runtime/philox.h"

void philox4x32_10(const uint32_t counter[4], const uint32_t key[2], uint32_t out[4]) { philox_block(counter, key, out); }

Random random_stream(uint64_t seed, const char *purpose) {
  uint64_t hash = 0xCBF29CE484222325u; /* FNV-1a */
  for (const char *c = purpose; *c; c++) hash = (hash ^ (unsigned char)*c) * 0x100000001B3u;
  return (Random){mix_bits(mix_bits(seed) ^ hash), 0};
}

uint64_t random_bits(Random *r) { return draw_block(r->key, r->counter++, 0).first; }

double random_uniform(Random *r) { return unit_interval(random_bits(r)); }

double random_normal(Random *r) { return standard_normal(draw_block(r->key, r->counter++, 0)); }

/* The high half of bits × n: unbiased to within n / 2^64, which no experiment can see. */
int64_t random_below(Random *r, int64_t n) {
  return n <= 1 ? 0 : (int64_t)(((unsigned __int128)random_bits(r) * (uint64_t)n) >> 64);
}

void random_shuffle(Random *r, int64_t *order, int64_t n) {
  for (int64_t i = n - 1; i > 0; i--) {
    int64_t j = random_below(r, i + 1), kept = order[i];
    order[i] = order[j];
    order[j] = kept;
  }
}

double rnn_random(uint64_t seed, uint64_t update, uint64_t site, uint64_t sequence, uint64_t step, uint64_t element, int64_t kind) {
  return philox_random(seed, update, site, sequence, step, element, kind);
}
