/* unit_twin.c — a unit once more, for another slice of the batch. */
#include "runtime/room.h"
#include "runtime/unit.h"
#include <stdlib.h>
#include <string.h>

static void *copy_of(const void *from, size_t bytes) {
  void *to = malloc(bytes + 1);
  if (!to) room_none((double)bytes);
  return memcpy(to, from, bytes);
}

/* Numbers of the program are copied, all else is laid out when it is needed. */
static void own_memory(UnitBuffer *b, bool is_double) {
  const void *from = b->memory;
  if (b->kind != BUFFER_CONST) b->room = 0;
  b->memory = b->room ? memcpy(scalars_new(b->room, is_double), from, (size_t)b->room * scalar_size(is_double)) : NULL;
}

/* What is sized by rows or steps grows anew. */
static void forget_sizes(RnnUnit *u) {
  u->pool = (Pages){0};
  u->most_rows = 0;
  u->all_fresh = NULL;
  u->no_sequence = NULL;
  for (int c = 0; c < RNN_MAX_CLOCKS; c++) {
    u->most_steps[c] = 0;
    u->active[c] = u->own_length[c] = NULL;
  }
}

RnnUnit *unit_twin(const RnnUnit *u) {
  RnnUnit *twin = copy_of(u, sizeof *u);
  twin->input = copy_of(u->input, (size_t)u->inputs * sizeof *u->input);
  twin->output = copy_of(u->output, (size_t)u->outputs * sizeof *u->output);
  twin->buffer = copy_of(u->buffer, (size_t)u->buffers * sizeof *u->buffer);
  twin->table = copy_of(u->table, (size_t)u->buffers * sizeof *u->table);
  twin->slot = calloc((size_t)u->slots + 1, sizeof *u->slot);
  if (!twin->slot) abort();
  for (int i = 0; i < u->buffers; i++) own_memory(&twin->buffer[i], u->is_double);
  twin->owns_parameters = false;
  twin->gradients = scalars_new(u->parameters->tuned, u->is_double);
  forget_sizes(twin);
  rnn_unit_reserve(twin, 1, 1);
  return twin;
}
