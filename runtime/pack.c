/* pack.c — weights in panels, for the products of compiled code. */
#include "runtime/abi.h"

/* Rows that the panel of row r has room for. */
static int64_t panel_rows(int64_t r, int64_t wide, int64_t lanes, int64_t total) {
  int64_t left = total - r / wide * wide;
  return left < wide ? (left + lanes - 1) / lanes * lanes : wide;
}

/* k runs inside, so that a row of the matrix is read as it lies; a panel is small enough to stay near. */
#define PACK(name, scalar)                                                                                                         \
  void name(const scalar *from, int64_t row_stride, int64_t column_stride, int64_t m, int64_t k, int64_t lanes, int64_t vectors,   \
            scalar *to, int64_t first, int64_t total) {                                                                            \
    int64_t wide = lanes * vectors, end = first + m, missing = end == total ? (lanes - total % lanes) % lanes : 0;                 \
    for (int64_t r = first; r < end + missing; r++) {                                                                              \
      int64_t rows = panel_rows(r < total ? r : total - 1, wide, lanes, total);                                                    \
      scalar *column = to + r / wide * wide * k + r % wide;                                                                        \
      const scalar *row = from + (r - first) * row_stride;                                                                         \
      for (int64_t j = 0; j < k; j++) column[j * rows] = r < end ? row[j * column_stride] : 0;                                     \
    }                                                                                                                              \
  }

PACK(rnn_pack_f32, float)
PACK(rnn_pack_f64, double)
