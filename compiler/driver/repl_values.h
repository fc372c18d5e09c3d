/* repl_values.h — what the prompt keeps between compilations, by name, in double. Knows the runtime, not the compiler. */
#ifndef RNN_DRIVER_REPL_VALUES_H
#define RNN_DRIVER_REPL_VALUES_H
#include "runtime/runtime.h"

typedef struct KeptValue {
  char *name;
  int64_t elements, steps; /* of a delay line: the last is the newest; else 1 */
  double *value;
} KeptValue;

typedef struct Kept {
  KeptValue *at;
  int count, room;
} Kept;

void kept_clear(Kept *k);
void kept_move(Kept *to, Kept *from);
void kept_forget(Kept *k, const char *name);
/* Takes a copy; replaces one of the same name. */
void kept_put(Kept *k, const char *name, int64_t elements, int64_t steps, const double *value);
const KeptValue *kept_find(const Kept *k, const char *name);

/* --- a unit of one row ---------------------------------------------------------------------------------------------------- */

/* Delay lines, and the last step of all else. */
void unit_keep_states(const RnnUnit *u, const char *net, Kept *k);
void unit_restore_states(RnnUnit *u, const Kept *k);
/* From `k` where it has them, else drawn as the manifest says, and then kept. */
bool unit_params(RnnUnit *u, Kept *k, uint64_t seed, const char *folder, RnnError *error);
/* Inputs that `k` does not have, or has in another size, are 0. */
void unit_inputs(RnnUnit *u, const Kept *k);
/* `h = [0.5, 1]`; large ones are shortened. `entry` is the output's in the UNIT object. */
void unit_print(RnnUnit *u, int output, const cJSON *entry, bool with_name, FILE *out);

/* --- a program's params --------------------------------------------------------------------------------------------------- */

/* Trains all stages of the manifest; what they learnt is kept, and no file is left behind. */
bool kept_train(Kept *k, const char *manifest, RnnLookup *lookup, void *context, const RnnOptions *options, RnnError *error);
/* From the weights file beside the model; `path` gets its name, and stays empty where there is none. */
bool kept_read(Kept *k, const char *manifest, char *path, size_t size, RnnError *error);

#endif
