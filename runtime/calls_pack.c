/* calls_pack.c — weights in the order in which the step of a stream reads them: once for each set of weights, so plainly written. */
#include "runtime/abi.h"
#include <string.h>

/* Where output `o`, counted through all outputs, begins: its group, its place in a row of the group, and the row's width. */
typedef struct Place {
  int64_t begin, within, width;
} Place;

static Place place_of(int64_t output, int64_t columns, int64_t depth, int64_t group) {
  const int64_t first = output / group * group, left = columns - first;
  return (Place){first * depth, output - first, left < group ? left : group};
}

#define PACK(name, real)                                                                                                           \
  void name(const real *from, int64_t row, int64_t column, int64_t m, int64_t k, real *to, int64_t first, int64_t at,              \
            int64_t columns, int64_t depth, int64_t group, int64_t vector) {                                                       \
    (void)vector;                                                                                                                  \
    for (int64_t i = 0; i < m; i++) {                                                                                              \
      const Place p = place_of(first + i, columns, depth, group);                                                                  \
      for (int64_t j = 0; j < k; j++) to[p.begin + (at + j) * p.width + p.within] = from[i * row + j * column];                    \
    }                                                                                                                              \
  }

PACK(rnn_pack_f32, float)
PACK(rnn_pack_f64, double)
#undef PACK

/* The upper half of the bits, rounded to nearest, ties to even; NaN stays NaN, whatever its lower bits say. */
static uint16_t half_of(float x) {
  uint32_t bits;
  memcpy(&bits, &x, sizeof bits);
  if (x != x) return (uint16_t)(bits >> 16 | 0x40);
  return (uint16_t)((bits + 0x7fff + (bits >> 16 & 1)) >> 16);
}

void rnn_pack_half(const float *from, int64_t row, int64_t column, int64_t m, int64_t k, uint16_t *to, int64_t first, int64_t at, int64_t columns,
                   int64_t depth, int64_t group, int64_t vector) {
  for (int64_t i = 0; i < m; i++) {
    const Place p = place_of(first + i, columns, depth, group);
    const int64_t number = p.within / vector, lane = p.within % vector, within = number / 2 * 2 * vector + 2 * lane + number % 2;
    for (int64_t j = 0; j < k; j++) to[p.begin + (at + j) * p.width + within] = half_of(from[i * row + j * column]);
  }
}
