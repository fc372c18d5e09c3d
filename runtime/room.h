/* room.h — is there memory for it? The system promises memory that it does not have, and ends the program at the first touch: so what is
 * large is held against what is free before it is asked for. */
#ifndef RNN_RUNTIME_ROOM_H
#define RNN_RUNTIME_ROOM_H
#include "runtime/runtime.h"
#include <stddef.h>

/* Bytes that a program can still get: the least of what is free, and of the limits of its group and of the process. Infinity: unknown. */
double room_bytes(void);
/* Sizes are doubles: a product of dims may be more than any integer holds. Small ones are not looked at. */
bool room_for(double bytes);
/* "37.3 GiB" */
const char *room_text(double bytes, char out[32]);
/* E0433 of what is that large: "`net.R` [100000, 100000]", in a line (0: none) of `file` (NULL: the model, which who knows
 * it adds). Returns false. */
bool room_fail(const char *what, double bytes, const char *file, int line, RnnError *error);
/* Memory of so many numbers of `each` bytes, not set; or the program ends (room_none). */
void *room_new(int64_t count, size_t each);
/* Where nothing else is left to do: says so and ends the program. */
_Noreturn void room_none(double bytes);

#endif
