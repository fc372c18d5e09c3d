/* unit.h — what a unit is made of, for the runtime's own files (the public side is in runtime.h). */
#ifndef RNN_RUNTIME_UNIT_H
#define RNN_RUNTIME_UNIT_H
#include "runtime/parameters.h"
#include "runtime/runtime.h"

typedef enum InputRole { ROLE_DATA, ROLE_WEIGHT, ROLE_NORM, ROLE_SHARE, ROLE_FORCE, ROLE_MEAN, ROLE_STD, ROLE_OTHER } InputRole;
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
  uint32_t axes;
  const char *name; /* of the equation; NULL */
  int line;
  void *memory;     /* NULL for params, and for gradients, which lie in one vector */
  int64_t room;     /* scalars in memory */
} UnitBuffer;

struct RnnUnit {
  const char *name;
  RnnFunction *function;
  bool is_double;
  int inputs, outputs, buffers, clocks;
  UnitPort *input, *output;
  UnitBuffer *buffer;
  void **table;
  Parameters *parameters; /* may be shared with another unit of the stage */
  bool owns_parameters;
  void *gradients;        /* laid out as the tuned part of parameters */
  int64_t fixed_length[RNN_MAX_CLOCKS]; /* of clocks of a fixed length, else 0 */
  int32_t *active[RNN_MAX_CLOCKS], *own_length[RNN_MAX_CLOCKS];
  int64_t rows, steps[RNN_MAX_CLOCKS]; /* what the table is laid out for */
  int64_t most_rows, most_steps[RNN_MAX_CLOCKS];
  uint8_t *all_fresh;
  uint64_t *no_sequence;
  RnnArgs args;
};

/* The manifest's clocks: how many there are, and which have a fixed length. Without it: one clock of the data's length. */
void unit_set_clocks(RnnUnit *u, const cJSON *clocks);
/* From now on reads and trains the params of `owner` (of the same scalar type). */
void unit_share_parameters(RnnUnit *u, RnnUnit *owner);
/* Lays the table out for rows × steps[clock], growing memory where needed; contents of inputs are undefined after it. */
void unit_layout(RnnUnit *u, int64_t rows, const int64_t *steps);
/* Fills in the clocks' active rows and calls; args.rows, .clock[].{first,length,whole}, .fresh, .sequence … are the caller's. */
void unit_run(RnnUnit *u);
void *unit_gradients(RnnUnit *u);

/* The first value that is not finite, in time order (then the table's): false if all are. */
typedef struct NotFinite {
  const char *name;
  int line;
  int64_t step, row;
} NotFinite;
bool unit_not_finite(const RnnUnit *u, NotFinite *where);

#endif
