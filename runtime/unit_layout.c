/* unit_layout.c — where a unit's buffers lie: a call's in one piece of memory, kept states in their own. */
#include "runtime/error.h"
#include "runtime/places.h"
#include "runtime/room.h"
#include "runtime/unit.h"
#include <stdlib.h>
#include <string.h>

/* --- how large ------------------------------------------------------------------------------------------------------------ */

static int64_t steps_with_pads(const RnnUnit *u, const UnitBuffer *b, int c) {
  return u->steps[c] + (c == b->clock ? b->front + b->back : 0);
}

/* Scalars of a buffer from the clock at place `from` of the order on, inwards. */
static int64_t size_inside(const RnnUnit *u, const UnitBuffer *b, int from) {
  int64_t size = b->elements * ((b->axes & 1) || b->kind == BUFFER_STATE ? u->rows : 1);
  for (int i = from; i < RNN_MAX_CLOCKS; i++)
    if (b->axes >> (u->order[i] + 1) & 1) size *= steps_with_pads(u, b, u->order[i]);
  return size;
}

static int64_t buffer_size(const RnnUnit *u, const UnitBuffer *b) {
  return b->kind == BUFFER_STATE ? b->steps * size_inside(u, b, RNN_MAX_CLOCKS) : size_inside(u, b, 0);
}

/* Scalars before step 0 of the clock that is read along: by so much the table's pointer is moved. */
static int64_t front_size(const RnnUnit *u, const UnitBuffer *b) {
  int i = 0;
  while (u->order[i] != b->clock) i++;
  return b->axes >> 1 ? b->front * size_inside(u, b, i + 1) : 0;
}

static void grow(void **memory, int64_t *room, int64_t size, bool is_double) {
  if (size <= *room) return;
  free(*memory);
  *memory = scalars_new(size, is_double);
  *room = size;
}

/* --- the pool ------------------------------------------------------------------------------------------------------------- */

/* What only lives in a call: not params, gradients, numbers of the program and kept states. */
static bool is_pooled(const RnnUnit *u, const UnitBuffer *b) {
  return b->kind == BUFFER_TEMP || b->kind == BUFFER_INPUT || (b->kind == BUFFER_OUTPUT && u->output[b->index].param < 0);
}

static bool wants_more(int64_t *room, int64_t size) {
  if (size <= *room) return false;
  *room = size;
  return true;
}

/* A slot is as large as the largest of its buffers. */
static bool pool_wants_more(RnnUnit *u) {
  bool more = false;
  for (int i = 0; i < u->buffers; i++) {
    UnitBuffer *b = &u->buffer[i];
    if (is_pooled(u, b)) more |= wants_more(b->slot >= 0 ? &u->slot[b->slot].room : &b->room, buffer_size(u, b));
  }
  return more;
}

/* The bytes of `room` scalars, from a line of the cache on. */
static size_t pool_bytes(const RnnUnit *u, int64_t room) { return ((size_t)room * scalar_size(u->is_double) + 63) / 64 * 64; }

static size_t pool_size(const RnnUnit *u) {
  size_t bytes = 0;
  for (int i = 0; i < u->slots; i++) bytes += pool_bytes(u, u->slot[i].room);
  for (int i = 0; i < u->buffers; i++)
    if (is_pooled(u, &u->buffer[i]) && u->buffer[i].slot < 0) bytes += pool_bytes(u, u->buffer[i].room);
  return bytes;
}

int64_t unit_bytes(const RnnUnit *u) {
  size_t bytes = pool_size(u);
  for (int i = 0; i < u->buffers; i++)
    if (!is_pooled(u, &u->buffer[i])) bytes += pool_bytes(u, u->buffer[i].room);
  return (int64_t)bytes;
}

/* --- is there room? ------------------------------------------------------------------------------------------------------- */

/* buffer_size() of so many rows and steps, in bytes. A double: it may be more than an integer holds. */
static double bytes_for(const RnnUnit *u, const UnitBuffer *b, int64_t rows, const int64_t *steps) {
  double size = (double)b->elements * (double)scalar_size(u->is_double) * (double)((b->axes & 1) || b->kind == BUFFER_STATE ? rows : 1);
  if (b->kind == BUFFER_STATE) return size * (double)b->steps;
  for (int c = 0; c < u->clocks; c++) {
    const int64_t length = u->fixed_length[c] ? u->fixed_length[c] : steps[c];
    if (b->axes >> (c + 1) & 1) size *= (double)length + (c == b->clock ? (double)(b->front + b->back) : 0);
  }
  return size;
}

/* Sharing slots: the largest of each. `largest`: of all. */
static double all_bytes(const RnnUnit *u, int64_t rows, const int64_t *steps, const UnitBuffer **largest) {
  double *slot = calloc((size_t)u->slots + 1, sizeof *slot), all = 0, most = 0;
  for (int i = 0; i < u->buffers; i++) {
    const UnitBuffer *b = &u->buffer[i];
    if (b->kind == BUFFER_PARAM || b->kind == BUFFER_CONST) continue;
    const double bytes = bytes_for(u, b, rows, steps);
    if (slot && b->slot >= 0) slot[b->slot] = bytes > slot[b->slot] ? bytes : slot[b->slot];
    else all += bytes;
    if (bytes > most) most = bytes, *largest = b;
  }
  for (int i = 0; slot && i < u->slots; i++) all += slot[i];
  free(slot);
  return all;
}

bool unit_fits(const RnnUnit *u, int64_t rows, const int64_t *steps, RnnError *error) {
  const UnitBuffer *largest = NULL;
  const double bytes = all_bytes(u, rows, steps, &largest);
  if (!largest || room_for(bytes)) return true;
  char what[512];
  const int64_t delay = largest->front + largest->back;
  const char *name = largest->name ? largest->name : "a value";
  int64_t most = 1;
  for (int c = 0; c < u->clocks; c++)
    if (largest->axes >> (c + 1) & 1 && !u->fixed_length[c]) most = steps[c];
  snprintf(what, sizeof what, "%lld sequence%s at once of %lld step%s", (long long)rows, rows == 1 ? "" : "s", (long long)most, most == 1 ? "" : "s");
  room_fail(what, bytes, largest->file, largest->line, error);
  rnn_fail_more(error, "\n   = note: the largest part of it is `%s`, %lld number%s a step", name, (long long)largest->elements, largest->elements == 1 ? "" : "s");
  if (delay > most) rnn_fail_more(error, " with a delay of %lld steps\nhelp: a shorter delay", (long long)delay);
  else rnn_fail_more(error, "\nhelp: smaller dims, a smaller `batch`, shorter sequences (`windows`), or `method bptt(checkpoint = auto)`");
  return false;
}

static void grow_pool(RnnUnit *u) {
  if (!pool_wants_more(u)) return;
  pages_free(&u->pool);
  u->pool = pages_new(pool_size(u));
  char *at = u->pool.memory;
  for (int i = 0; i < u->slots; at += pool_bytes(u, u->slot[i++].room)) u->slot[i].memory = at;
  for (int i = 0; i < u->buffers; i++) {
    UnitBuffer *b = &u->buffer[i];
    if (!is_pooled(u, b) || b->slot >= 0) continue;
    b->memory = at;
    at += pool_bytes(u, b->room);
  }
}

static void *place(RnnUnit *u, UnitBuffer *b) {
  size_t scalar = scalar_size(u->is_double);
  if (b->kind == BUFFER_PARAM) return parameters_at(u->parameters, b->index);
  if (b->kind == BUFFER_OUTPUT && u->output[b->index].param >= 0)
    return (char *)u->gradients + (size_t)u->parameters->offset[u->output[b->index].param] * scalar;
  if (b->slot >= 0) return (char *)u->slot[b->slot].memory + (size_t)front_size(u, b) * scalar;
  if (b->kind == BUFFER_STATE) grow(&b->memory, &b->room, buffer_size(u, b), u->is_double);
  return (char *)b->memory + (size_t)front_size(u, b) * scalar;
}

static void grow_rows(RnnUnit *u, int64_t rows) {
  if (rows <= u->most_rows) return;
  u->most_rows = rows;
  free(u->all_fresh);
  free(u->no_sequence);
  u->all_fresh = malloc((size_t)rows);
  memset(u->all_fresh, 1, (size_t)rows);
  u->no_sequence = calloc((size_t)rows, sizeof *u->no_sequence);
  for (int c = 0; c < RNN_MAX_CLOCKS; c++) {
    free(u->own_length[c]);
    u->own_length[c] = calloc((size_t)rows, sizeof **u->own_length);
  }
}

static void grow_steps(RnnUnit *u, int c, int64_t steps) {
  if (steps <= u->most_steps[c]) return;
  u->most_steps[c] = steps;
  free(u->active[c]);
  u->active[c] = calloc((size_t)steps, sizeof **u->active);
}

void unit_layout(RnnUnit *u, int64_t rows, const int64_t *steps) {
  u->rows = rows;
  grow_rows(u, rows);
  for (int c = 0; c < u->clocks; c++) {
    u->steps[c] = u->fixed_length[c] ? u->fixed_length[c] : steps[c];
    grow_steps(u, c, u->steps[c]);
  }
  grow_pool(u);
  for (int i = 0; i < u->buffers; i++) u->table[i] = place(u, &u->buffer[i]);
}

int64_t unit_place(const RnnUnit *u, uint32_t axes, const int64_t *at) {
  int64_t place = 0;
  for (int i = 0; i < u->clocks; i++)
    if (on_clock(axes, u->order[i])) place = place * u->steps[u->order[i]] + at[u->order[i]];
  return place;
}

void rnn_unit_reserve_clocks(RnnUnit *u, int64_t rows, const int64_t *steps) { unit_layout(u, rows, steps); }

bool rnn_unit_reserve(RnnUnit *u, int64_t rows, int64_t steps) {
  int64_t all[RNN_MAX_CLOCKS];
  for (int c = 0; c < RNN_MAX_CLOCKS; c++) all[c] = steps;
  unit_layout(u, rows, all);
  return true;
}

/* --- kept states ---------------------------------------------------------------------------------------------------------- */

static int64_t state_bytes(const RnnUnit *u, const UnitBuffer *b) {
  return b->kind == BUFFER_STATE && !b->behind ? buffer_size(u, b) * (int64_t)scalar_size(u->is_double) : 0;
}

int64_t unit_state_bytes(const RnnUnit *u) {
  int64_t bytes = 0;
  for (int i = 0; i < u->buffers; i++) bytes += state_bytes(u, &u->buffer[i]);
  return bytes;
}

void unit_save_state(const RnnUnit *u, void *to) {
  char *at = to;
  for (int i = 0; i < u->buffers; i++) {
    const int64_t bytes = state_bytes(u, &u->buffer[i]);
    if (bytes) memcpy(at, u->buffer[i].memory, (size_t)bytes);
    at += bytes;
  }
}

void unit_load_state(RnnUnit *u, const void *from) {
  const char *at = from;
  for (int i = 0; i < u->buffers; i++) {
    const int64_t bytes = state_bytes(u, &u->buffer[i]);
    if (bytes) memcpy(u->buffer[i].memory, at, (size_t)bytes);
    at += bytes;
  }
}

/* Kept steps lie as [slot][row][elements]: a slot's rows are gathered beside, then put back. */
static void permute_slot(RnnUnit *u, void *slot, int64_t elements, const int64_t *from) {
  const size_t size = (size_t)elements * scalar_size(u->is_double);
  char *rows = malloc((size_t)u->rows * size + 1), *at = slot;
  if (!rows) return;
  for (int64_t r = 0; r < u->rows; r++) memcpy(rows + (size_t)r * size, at + (size_t)from[r] * size, size);
  memcpy(slot, rows, (size_t)u->rows * size);
  free(rows);
}

void unit_permute_state(RnnUnit *u, const int64_t *from) {
  for (int i = 0; i < u->buffers; i++) {
    const UnitBuffer *b = &u->buffer[i];
    const size_t slot = (size_t)(u->rows * b->elements) * scalar_size(u->is_double);
    for (int64_t k = 0; b->kind == BUFFER_STATE && k < b->steps; k++) permute_slot(u, (char *)b->memory + (size_t)k * slot, b->elements, from);
  }
}

void rnn_unit_reset_state(RnnUnit *u) {
  for (int i = 0; i < u->buffers; i++)
    if (u->buffer[i].kind == BUFFER_STATE) memset(u->buffer[i].memory, 0, (size_t)u->buffer[i].room * scalar_size(u->is_double));
}
