/* philox.h — Philox4x32-10: counter-based, so that a draw depends on its key alone and never on order or threads. Header only, for the two that
 * must agree to the bit and may not know each other: the runtime (random.c), which compiled code calls, and the reference interpreter
 * (compiler/graph/eval.c).
 *
 * Source: Salmon, Moraes, Dror and Shaw, "Parallel random numbers: as easy as 1, 2, 3" (SC 2011), section 3.3. One draw takes
 * one block; the second half of a block serves Box and Muller's second uniform. */
#ifndef RNN_RUNTIME_PHILOX_H
#define RNN_RUNTIME_PHILOX_H
#include <math.h>
#include <stdint.h>

enum { PHILOX_ROUNDS = 10 };
static const uint32_t philox_multiplier[2] = {0xD2511F53u, 0xCD9E8D57u};
static const uint32_t philox_weyl[2] = {0x9E3779B9u, 0xBB67AE85u}; /* golden ratio; sqrt(3) − 1 */

static inline void philox_round(uint32_t block[4], const uint32_t key[2]) {
  uint64_t a = (uint64_t)philox_multiplier[0] * block[0], b = (uint64_t)philox_multiplier[1] * block[2];
  uint32_t next[4] = {(uint32_t)(b >> 32) ^ block[1] ^ key[0], (uint32_t)b, (uint32_t)(a >> 32) ^ block[3] ^ key[1], (uint32_t)a};
  for (int i = 0; i < 4; i++) block[i] = next[i];
}

static inline void philox_block(const uint32_t counter[4], const uint32_t key[2], uint32_t out[4]) {
  uint32_t round_key[2] = {key[0], key[1]};
  for (int i = 0; i < 4; i++) out[i] = counter[i];
  for (int round = 0; round < PHILOX_ROUNDS; round++) {
    philox_round(out, round_key);
    round_key[0] += philox_weyl[0];
    round_key[1] += philox_weyl[1];
  }
}

typedef struct Draw { uint64_t first, second; } Draw;

static inline Draw draw_block(uint64_t key, uint64_t low, uint64_t high) {
  uint32_t counter[4] = {(uint32_t)low, (uint32_t)(low >> 32), (uint32_t)high, (uint32_t)(high >> 32)};
  uint32_t keys[2] = {(uint32_t)key, (uint32_t)(key >> 32)}, out[4];
  philox_block(counter, keys, out);
  return (Draw){(uint64_t)out[1] << 32 | out[0], (uint64_t)out[3] << 32 | out[2]};
}

/* The 53 high bits as a multiple of 2^-53 in [0, 1). */
static inline double unit_interval(uint64_t bits) { return (double)(bits >> 11) * 0x1p-53; }

/* Box and Muller (1958). The radius' uniform is taken in (0, 1], so that the logarithm is finite. */
static inline double standard_normal(Draw d) {
  double u = 1 - unit_interval(d.first), angle = 6.283185307179586 * unit_interval(d.second);
  return sqrt(-2 * log(u)) * cos(angle);
}

/* SplitMix64's finaliser (Steele, Lea and Flood, 2014): every bit of the result depends on every bit of x. */
static inline uint64_t mix_bits(uint64_t x) {
  x += 0x9E3779B97F4A7C15u;
  x = (x ^ (x >> 30)) * 0xBF58476D1CE4E5B9u;
  x = (x ^ (x >> 27)) * 0x94D049BB133111EBu;
  return x ^ (x >> 31);
}

/* What rnn_random gives (abi.h). */
static inline double philox_random(uint64_t seed, uint64_t update, uint64_t site, uint64_t sequence, uint64_t step, uint64_t element, int64_t kind) {
  uint64_t key = mix_bits(mix_bits(mix_bits(mix_bits(seed) ^ update) ^ site) ^ sequence);
  Draw d = draw_block(key, element, step);
  return kind ? standard_normal(d) : unit_interval(d.first);
}
#endif
