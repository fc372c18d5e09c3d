/* batches.h — cutting a data set into batches for one epoch, and copying a batch's values into a unit's inputs.
 *
 *   Batches *b = batches_new(train, 32, ORDER_SHUFFLED, 0, seed, error);     all memory is allocated here
 *   for (epoch …) {
 *     batches_epoch(b, epoch);
 *     for (const Batch *batch; (batch = batches_next(b));) {
 *       batch_fill(batch, train, x, &scaling[x], 0, batch->steps, is_double, rnn_unit_input_data(unit, input));
 *       rnn_unit_call(unit, batch->rows, batch->steps, batch->length, batch->whole, batch->first, batch->fresh, batch->identity, …);
 *     }
 *   }
 * Chunks of a batch (bptt(truncate = k)): batch_chunk(batch, first, k, &chunk) and the same calls on the chunk. */
#ifndef RNN_RUNTIME_BATCHES_H
#define RNN_RUNTIME_BATCHES_H
#include "runtime/dataset.h"
#include "runtime/scaling.h"

typedef struct Batch {
  int64_t rows, steps;       /* steps: of the longest row in this batch (or chunk) */
  int64_t first;             /* step of the sequences at step 0; 0 but in chunks (carry: see `offset`) */
  int32_t *length;           /* [rows] descending; a row may have 0 */
  int32_t *whole;            /* [rows] length of the row's whole sequence */
  int32_t *active;           /* [steps] rows with length > step */
  const Sequence **sequence; /* [rows] */
  uint64_t *identity;        /* [rows] keys random draws: number of the sequence in the data set; of a carried stream, its own number in the upper half */
  int64_t *offset;           /* [rows] step of the sequence that is this batch's step 0; not 0 in carried streams and chunks */
  uint8_t *fresh;            /* [rows] 1: histories apply before step 0; 0: the state of the batch before continues */
  uint8_t *ends;             /* [rows] 0: the row goes on in the next chunk */
  int32_t *since;            /* [rows] steps before step 0 since histories applied; INT32_MAX: they did not, as far as the batch goes that this is cut from */
} Batch;

typedef enum BatchOrder {
  ORDER_SHUFFLED,       /* anew each epoch, by (seed, epoch) */
  ORDER_AS_GIVEN,       /* validation, runs */
  ORDER_SHORTEST_FIRST, /* stable: equal lengths stay in the order of the data */
  ORDER_CARRY,          /* `rows` contiguous streams through all the data; state is kept from batch to batch */
} BatchOrder;

typedef struct Batches Batches;

/* `rows`: sequences a batch (streams with ORDER_CARRY; fewer when the data have fewer). `chunk`: with ORDER_CARRY, steps a
 * batch at most; 0: as many as reach to the next end of a sequence. The data set must outlive the batches. Nothing is allocated
 * after this call. Errors: E0507 a data set without steps, E0519 no memory. */
Batches *batches_new(const Dataset *data, int64_t rows, BatchOrder order, int64_t chunk, uint64_t seed, RnnError *error);
void batches_free(Batches *b);
void batches_epoch(Batches *b, uint64_t epoch); /* from 0; starts the epoch over */
const Batch *batches_next(Batches *b);          /* NULL at the epoch's end; valid until the next call. Rows by length, stable */
int64_t batches_count(const Batches *b);        /* batches an epoch */
int64_t batches_most_rows(const Batches *b);    /* for rnn_unit_reserve */
int64_t batches_most_steps(const Batches *b);

/* Steps first … first + steps − 1 of a batch (cut at its end) as a batch of their own. `chunk` must come from batch_chunk_new
 * (memory for the largest batch); its rows are all of the batch's, those that have ended with length 0. fresh is the
 * batch's own in its first chunk and 0 later. */
Batch *batch_chunk_new(const Batches *b);
Batch *batch_rows_new(int64_t rows, int64_t steps); /* one to be filled by its owner; freed by batch_chunk_free */
void batch_chunk_free(Batch *chunk);
void batch_chunk(const Batch *batch, int64_t first, int64_t steps, Batch *chunk);
/* Rows first, first + every, first + 2 · every … of a batch as a batch of their own, in memory from batch_chunk_new. */
void batch_slice(const Batch *batch, int64_t first, int64_t every, Batch *slice);

/* Copies a variable's steps first … first + steps − 1 of the batch, scaled (scaling NULL: not), into `out`:
 * [step][row][elements] of double or float (is_double), or [row][elements] for a variable without a clock (then first and
 * steps do not matter). Rows beyond their length are left untouched. Missing values (NaN) are written as 0: their weight is 0. False: the
 * data have no such values (nothing is written). */
bool batch_fill(const Batch *batch, const Dataset *data, int variable, const Scaling *scaling, int64_t first, int64_t steps,
                bool is_double, void *out);
/* The weight input that goes with a variable: 1 where all its components are present and the step of the sequence is
 * from `from` (washout; the start of a validation part) to `to` − 1 (INT64_MAX: all), else 0: [step][row], or [row] without
 * a clock. variable −1: only from and to matter. out NULL: counts only. Returns how many are 1. */
int64_t batch_weight(const Batch *batch, const Dataset *data, int variable, int64_t from, int64_t to, int64_t first,
                     int64_t steps, bool is_double, void *out);

/* Data on several clocks of different lengths (an encoder's and a decoder's) are stored with `steps` of the longest; the
 * shorter end in NaN. This is the number of steps on `clock` (bit 1 + clock of axes): what the data say of it, else up to the last
 * present one. */
int64_t sequence_steps_on(const Dataset *data, const Sequence *sequence, int clock);

/* --- `validate last 10%`, `test last 50` ------------------------------------------------------------------------------ */

/* Views of one data set: the sequences' values are shared with it, so it must outlive them. The test part is the last one, the validation
 * part stands before it; both amounts are of all the data. Several sequences: the parts are of them, and valid_from and test_from are 0.
 * One: `train` is its beginning, `valid` and `test` go from its beginning to the end of their part, and the steps from valid_from and
 * test_from on count. An amount is a VALUE, {"percent": 10} or a number; NULL: there is no such part, and its view is not to be used.
 * Errors: E0505 nothing would be left for one of them. */
typedef struct Split {
  Dataset train, valid, test;
  int64_t valid_from, test_from;
} Split;
bool dataset_split(const Dataset *all, const cJSON *valid, const cJSON *test, Split *split, RnnError *error);
void split_free(Split *split);
#endif
