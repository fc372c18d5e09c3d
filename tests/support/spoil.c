#include "support/spoil.h"
#include "runtime/unit.h"
#include <math.h>

static void spoil(void *memory, int64_t scalars, bool is_double) {
  for (int64_t i = 0; i < scalars; i++) {
    if (is_double) ((double *)memory)[i] = NAN;
    else ((float *)memory)[i] = NAN;
  }
}

void spoil_memory(RnnUnit *u) {
  for (int i = 0; i < u->slots; i++) spoil(u->slot[i].memory, u->slot[i].room, u->is_double);
  for (int i = 0; i < u->buffers; i++)
    if (u->buffer[i].kind == BUFFER_TEMP && u->buffer[i].slot < 0) spoil(u->buffer[i].memory, u->buffer[i].room, u->is_double);
}
