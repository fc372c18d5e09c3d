/* abi.h — what compiled code and the runtime agree on. Version it with care: object files and caches depend on it.
 *
 * A compiled *unit* is one graph (the training step of a net, its validation loss, a run …) as one function. It allocates
 * nothing and bakes in no address: everything it touches is in a table of buffers described by the manifest (docs/manifest.md)
 * and allocated by the runtime once a model. The scalar type (float or double) is the same throughout a unit.
 *
 * Layout. A value with axes {sequence, clock} is [step][row][elements], row-major, the elements row-major in the value's
 * shape; with {sequence} it is [row][elements]; without axes [elements]. On several clocks it is [step of one][step of the
 * next] … [row][elements], in the unit's order of clocks. `rows` is the number of sequences of the batch,
 * sorted by length, longest first, so that the rows active at a step are the first active[step] ones. With two clocks of the
 * data's length that holds on one of them at most: on the others active[step] is an upper bound, and compiled code asks
 * rnn_active_rows. A buffer may have `front` steps before step 0 and `back` steps after the last, along one clock: delay lines
 * and histories live there, filled by the
 * compiled code (a row's own steps length..length+back-1 serve as its back). Table pointers point at step 0.
 * What lies in inactive rows is never read as data. */
#ifndef RNN_RUNTIME_ABI_H
#define RNN_RUNTIME_ABI_H
#include <stdint.h>

enum { RNN_ABI_VERSION = 2, RNN_MAX_CLOCKS = 6, RNN_MOST_TOGETHER = 8 };

/* One clock in one call. */
typedef struct RnnClock {
  int64_t steps;         /* steps of this call: the longest row's */
  int64_t first;         /* what STEP_INDEX says at step 0 of this call (chunks of a longer sequence) */
  const int32_t *length; /* [rows] steps of each row in this call, descending (see above); a row may have 0 */
  const int32_t *whole;  /* [rows] length of the whole sequence */
  const int32_t *active; /* [steps] the first so many rows hold all with length > step */
  int64_t uniform;       /* 1: every row has all the steps */
} RnnClock;

typedef struct RnnArgs RnnArgs;
struct RnnArgs {
  int64_t rows;
  int64_t keep_state;     /* 1: write the state buffers at the end, for the next chunk */
  const uint8_t *fresh;   /* [rows] 1: histories apply before step 0; 0: the state buffers continue this row */
  const uint64_t *sequence; /* [rows] identity of each row's sequence: keys random draws */
  uint64_t seed, update;  /* keys random draws */
  void *const *buffer;    /* the table */
  RnnClock clock[RNN_MAX_CLOCKS];
  /* For units that compute a batch piece by piece and go back through the pieces (bptt(checkpoint = k)); others do not look at it. */
  int64_t sweep;          /* 1: only what the kept states of the steps before a piece need; there are no outputs then */
  int64_t same_weights;   /* 1: those of the call before, with the same buffers: how they were laid out then still serves */
  const uint8_t *ends;    /* [rows] 1: nothing comes after the row's last step; 0: the kept states of the steps behind it do */
  const int32_t *since;   /* [rows] steps from where histories applied to step 0: 0 where they apply now, INT32_MAX where they never did */
  /* Of a unit that the manifest says `together` of: the slices of a batch that this call computes, this one the first of them; they share
   * params. At most RNN_MOST_TOGETHER. */
  int64_t slices;
  const RnnArgs *const *slice;
};

typedef void RnnFunction(const RnnArgs *args);

/* What compiled code may call (runtime/calls.c). Row-major; c = op(a) op(b) + beta c; op transposes where ta, tb are 1. */
void rnn_gemm_f32(int64_t ta, int64_t tb, int64_t m, int64_t n, int64_t k, const float *a, int64_t lda, const float *b,
                  int64_t ldb, float beta, float *c, int64_t ldc);
void rnn_gemm_f64(int64_t ta, int64_t tb, int64_t m, int64_t n, int64_t k, const double *a, int64_t lda, const double *b,
                  int64_t ldb, double beta, double *c, int64_t ldc);
/* One draw for element `element` of site `site` at step `step` of a sequence: uniform in [0, 1) (kind 0) or standard
 * normal (kind 1). Counter-based: the same key gives the same draw in any order, on any number of threads. */
double rnn_random(uint64_t seed, uint64_t update, uint64_t site, uint64_t sequence, uint64_t step, uint64_t element, int64_t kind);

/* Rows begin ≤ r < *end from `from` on that have the step at[c] of every clock c of `axes` (as in the manifest); none: rows.
 * For batches with several clocks, which are sorted by the lengths of one of them at most. */
int64_t rnn_active_rows(const RnnArgs *args, int64_t axes, const int64_t *at, int64_t from, int64_t *end);

/* Lays a weight of m outputs by k, element (i, j) at i · row + j · column, out as the step of a stream reads it: it becomes outputs
 * first … and rows at … of `columns` outputs by `depth` rows, which lie in groups of `group` outputs (the last one may have fewer),
 * [group][depth][outputs]. _half: as bfloat16, rounded to the nearest, ties to even; of every two vectors of `vector` outputs the first is in the
 * low halves of 32-bit lanes, the second in the high ones. */
void rnn_pack_f32(const float *from, int64_t row, int64_t column, int64_t m, int64_t k, float *to, int64_t first, int64_t at, int64_t columns,
                  int64_t depth, int64_t group, int64_t vector);
void rnn_pack_f64(const double *from, int64_t row, int64_t column, int64_t m, int64_t k, double *to, int64_t first, int64_t at, int64_t columns,
                  int64_t depth, int64_t group, int64_t vector);
void rnn_pack_half(const float *from, int64_t row, int64_t column, int64_t m, int64_t k, uint16_t *to, int64_t first, int64_t at, int64_t columns,
                   int64_t depth, int64_t group, int64_t vector);

/* A native program is an object file that defines these two, linked with librnn_runtime.a. */
typedef struct RnnSymbol {
  const char *name;
  RnnFunction *function;
} RnnSymbol;
extern const char rnn_manifest[];      /* JSON, docs/manifest.md */
extern const RnnSymbol rnn_symbols[];  /* ends with {NULL, NULL} */

#endif
