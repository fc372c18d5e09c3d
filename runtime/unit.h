/* unit.h — what a unit is made of, for the runtime's own files (the public side is in runtime.h). */
#ifndef RNN_RUNTIME_UNIT_H
#define RNN_RUNTIME_UNIT_H
#include "runtime/pages.h"
#include "runtime/parameters.h"
#include "runtime/runtime.h"

typedef enum InputRole { ROLE_DATA, ROLE_WEIGHT, ROLE_NORM, ROLE_SHARE, ROLE_FORCE, ROLE_MEAN, ROLE_STD, ROLE_DECODED, ROLE_OTHER } InputRole;
typedef enum BufferKind { BUFFER_PARAM, BUFFER_INPUT, BUFFER_OUTPUT, BUFFER_TEMP, BUFFER_CONST, BUFFER_STATE } BufferKind;

typedef struct UnitPort { /* an input or an output */
  const char *name, *role_name;
  InputRole role;
  int64_t elements;
  uint32_t axes;
  int param;  /* of a gradient; -1 */
  int buffer; /* which of the table; -1: the unit was compiled without it */
} UnitPort;

typedef struct UnitBuffer {
  BufferKind kind;
  int index;
  int64_t elements, steps, front, back;
  int clock;        /* that front and back lie along */
  uint32_t axes;
  bool behind;      /* a kept state: of the steps behind a piece */
  int slot;         /* buffers of one slot lie in the same memory; -1: in its own */
  const char *name; /* of the equation; NULL */
  int line;
  const char *file; /* where the line is; NULL: the model */
  void *memory;     /* NULL for params, for gradients, which lie in one vector, and for buffers of a slot; numbers of the program and
                       kept states have their own, the others a part of the pool */
  int64_t room;     /* scalars in memory */
} UnitBuffer;

typedef struct UnitSlot {
  void *memory;
  int64_t room; /* scalars */
} UnitSlot;

struct RnnUnit {
  const char *name;
  RnnFunction *function;
  RnnFunction *begin, *prepare; /* of one that is called a step at a time: stream.c; else NULL */
  bool is_double;
  bool streams;  /* may be called step by step, the state kept between calls */
  bool together; /* its function computes several slices of a batch in one call */
  bool additive; /* what slices of a batch give adds up to what the batch gives */
  int inputs, outputs, buffers, clocks;
  UnitPort *input, *output;
  UnitBuffer *buffer;
  UnitSlot *slot;
  int slots;
  Pages pool;    /* in which a call's buffers lie one after the other */
  void **table;
  Parameters *parameters; /* may be shared with another unit of the stage */
  bool owns_parameters;
  void *gradients;        /* laid out as the tuned part of parameters */
  int order[RNN_MAX_CLOCKS]; /* clocks as they lie in memory, the outermost first */
  int64_t fixed_length[RNN_MAX_CLOCKS]; /* of clocks of a fixed length, else 0 */
  int32_t *active[RNN_MAX_CLOCKS], *own_length[RNN_MAX_CLOCKS];
  int64_t rows, steps[RNN_MAX_CLOCKS]; /* what the table is laid out for */
  int64_t most_rows, most_steps[RNN_MAX_CLOCKS];
  int32_t whole; /* of a stream: steps so far */
  uint8_t *all_fresh;
  uint64_t *no_sequence;
  RnnArgs args;
};

/* Another of the same function, on buffers of its own, with the params of `u`, which must outlive it. */
RnnUnit *unit_twin(const RnnUnit *u);
/* From now on reads and trains the params of `owner` (of the same scalar type). */
void unit_share_parameters(RnnUnit *u, RnnUnit *owner);
/* Lays the table out for rows × steps[clock], growing memory where needed; contents of inputs are undefined after it. */
/* Is there memory for so many rows and steps? E0433 names the largest value and its line. */
bool unit_fits(const RnnUnit *u, int64_t rows, const int64_t *steps, RnnError *error);
void unit_layout(RnnUnit *u, int64_t rows, const int64_t *steps);
/* Where the steps at[clock] of a value on `axes` lie: [clock …] in the unit's order, without what is in front of them. */
int64_t unit_place(const RnnUnit *u, uint32_t axes, const int64_t *at);
/* Fills in the clocks' active rows and calls; args.rows, .clock[].{first,length,whole}, .fresh, .sequence … are the caller's. */
void unit_run(RnnUnit *u);
/* Row r takes the kept state that row from[r] has now (beam search). */
void unit_permute_state(RnnUnit *u, const int64_t *from);
/* The kept states of the steps before a call, those of all rows: how many bytes, and they to memory and back. */
int64_t unit_state_bytes(const RnnUnit *u);
void unit_save_state(const RnnUnit *u, void *to);
void unit_load_state(RnnUnit *u, const void *from);
/* The same for units of one function and the same params, as slices of a batch: at once where they are `together`, else one after the other. */
void unit_run_slices(RnnUnit *const *u, int count);
void *unit_gradients(RnnUnit *u);
/* Bytes of the buffers of its calls, of its own numbers and kept states, as they are laid out now. */
int64_t unit_bytes(const RnnUnit *u);

/* --- a unit of one step a call (stream.c) ----------------------------------------------------------------------------------------- */

/* The steps that a buffer keeps from call to call, the oldest first; NULL: it keeps none. */
void *unit_kept(const RnnUnit *u, int buffer, int64_t *steps);

/* The first value that is not finite, in time order (then the table's): false if all are. */
typedef struct NotFinite {
  const char *name, *file; /* file: NULL for the model itself */
  int line;
  int64_t step, row;
  int64_t when; /* its step, or the end of time for a value that is made from all steps */
  int buffer;   /* place in the table */
} NotFinite;
bool unit_not_finite(const RnnUnit *u, NotFinite *where);

#endif
