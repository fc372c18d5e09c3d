/* sparse.h — a weight with few entries other than 0, laid out for products by compiled code (compiler/llvm/sparse.c).
 *
 * The rows of the weight are cut into panels of as many as a vector has lanes. What a panel needs of x is named by *entries*: a vector
 * of values, one a lane, and the places in x that they are multiplied by. How places are written is the layout's kind. */
#ifndef RNN_RUNTIME_SPARSE_H
#define RNN_RUNTIME_SPARSE_H
#include <stdint.h>

enum {
  SPARSE_NONE,    /* not laid out: the dense product is cheaper, or the entries found no room */
  SPARSE_PERMUTE, /* runs of entries: a run's places are bytes, among the 2 · lanes elements of x from the run's start on. Then what the
                     runs have no entries for: places are int32, anywhere in x; that may be all */
  SPARSE_BLOCKS,  /* a block: one place (int32), for all lanes */
};

/* At the beginning of the buffer; the arrays lie behind it, each where it says, in bytes from here. */
typedef struct SparseHead {
  int64_t kind;
  uint64_t fingerprint; /* of what is laid out; 0: not known */
  int64_t runs;   /* int32 [runs + 1][2]: start in x, first entry; the last has only the latter. PERMUTE */
  int64_t places, values;
  int64_t more, more_places, more_values; /* more: int32 [panels + 1] a panel's first entry beside the runs. PERMUTE */
  int32_t first[]; /* [panels + 1] a panel's first run (PERMUTE) or block (BLOCKS) */
} SparseHead;

/* Entries of a run, and those beside the runs, come in pairs, so that two sums hide an addition's latency; a lane without one has the value 0. */
enum { SPARSE_TOGETHER = 2 };

/* Lays out w [m][k], element (i, j) at i · row_stride + j · column_stride, in the kind that costs least for `columns` columns a product,
 * for vectors of `lanes`; `permutes`: the machine has permutations of two registers. The buffer holds `bytes`; nothing is allocated. Where the buffer still
 * holds the layout of the same numbers, it stays. */
void rnn_sparse_pack_f32(const float *w, int64_t row_stride, int64_t column_stride, int64_t m, int64_t k, int64_t columns, int64_t lanes,
                         int64_t permutes, void *out, int64_t bytes);
void rnn_sparse_pack_f64(const double *w, int64_t row_stride, int64_t column_stride, int64_t m, int64_t k, int64_t columns, int64_t lanes,
                         int64_t permutes, void *out, int64_t bytes);

#endif
