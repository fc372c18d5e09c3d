/* pack.c — weights in panels, for the products of compiled code. */
#include "runtime/abi.h"

/* k runs inside, so that a row of the matrix is read as it lies; a panel is small enough to stay near. */
#define PACK(name, scalar)                                                                                                         \
  void name(const scalar *from, int64_t row_stride, int64_t column_stride, int64_t m, int64_t k, int64_t lanes, int64_t vectors,   \
            scalar *to) {                                                                                                          \
    for (int64_t first = 0; first < m; first += lanes * vectors) {                                                                 \
      int64_t left = m - first, rows = left < lanes * vectors ? (left + lanes - 1) / lanes * lanes : lanes * vectors;              \
      for (int64_t i = 0; i < rows; i++) {                                                                                         \
        const scalar *row = from + (first + i) * row_stride;                                                                       \
        for (int64_t j = 0; j < k; j++) to[j * rows + i] = i < left ? row[j * column_stride] : 0;                                  \
      }                                                                                                                            \
      to += rows * k;                                                                                                              \
    }                                                                                                                              \
  }

PACK(rnn_pack_f32, float)
PACK(rnn_pack_f64, double)
