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

/* Of all clocks of `axes` together; 1 without a clock. */
static inline int64_t places_count(uint32_t axes, const int64_t *length) {
  int64_t count = 1;
  for (int c = 0; c < RNN_MAX_CLOCKS; c++)
    if (on_clock(axes, c)) count *= length[c];
  return count;
}

/* False after the last place; `at` is then at the first one again. */
static inline bool next_place(uint32_t axes, const int64_t *length, int64_t *at) {
  for (int c = RNN_MAX_CLOCKS - 1; c >= 0; c--) {
    if (!on_clock(axes, c)) continue;
    if (++at[c] < length[c]) return true;
    at[c] = 0;
  }
  return false;
}

/* The number of the place at[clock] among those of `axes`, in the order of next_place. */
static inline int64_t place_number(uint32_t axes, const int64_t *length, const int64_t *at) {
  int64_t place = 0;
  for (int c = 0; c < RNN_MAX_CLOCKS; c++)
    if (on_clock(axes, c)) place = place * length[c] + at[c];
  return place;
}
#endif
