/* places.h — the steps of values on any number of clocks, one after the other, and where they lie.
 *
 *   int64_t at[RNN_MAX_CLOCKS] = {0};
 *   if (places_count(axes, lengths)) do … while (next_place(axes, lengths, at));
 *
 * Axes are those of the manifest: bit 1 + c for clock c. The clock with the highest number turns fastest. */
#ifndef RNN_RUNTIME_PLACES_H
#define RNN_RUNTIME_PLACES_H
#include "runtime/abi.h"
#include <stdbool.h>

static inline bool on_clock(uint32_t axes, int clock) { return axes >> (1 + clock) & 1; }

static inline bool on_several_clocks(uint32_t axes) {
  const uint32_t clocks = axes >> 1;
  return clocks & (clocks - 1);
}

/* for (each clock c of `axes`, the lowest first): nothing is spent on those it has not. */
#define EACH_CLOCK(c, axes) \
  for (uint32_t left_##c = (axes) >> 1, c = 0; left_##c && (c = (uint32_t)__builtin_ctz(left_##c), true); left_##c &= left_##c - 1)

/* Of all clocks of `axes` together; 1 without a clock. */
static inline int64_t places_count(uint32_t axes, const int64_t *length) {
  int64_t count = 1;
  EACH_CLOCK(c, axes) count *= length[c];
  return count;
}

/* False after the last place; `at` is then at the first one again. */
static inline bool next_place(uint32_t axes, const int64_t *length, int64_t *at) {
  for (uint32_t left = axes >> 1; left;) {
    const int c = 31 - __builtin_clz(left);
    if (++at[c] < length[c]) return true;
    at[c] = 0;
    left &= ~(1u << c);
  }
  return false;
}

#endif
