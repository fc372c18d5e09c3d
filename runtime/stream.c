/* stream.c — a unit called a step at a time. What it remembers lies in its delay lines and stays there. */
#include "runtime/clause.h"
#include "runtime/unit.h"
#include <stdlib.h>
#include <string.h>

/* --- one step a call ---------------------------------------------------------------------------------------------------------- */

static RnnFunction *find(const cJSON *unit, const char *key, RnnLookup *lookup, void *context, RnnError *error) {
  const char *symbol = json_string(unit, key);
  RnnFunction *f = symbol ? lookup(context, symbol) : NULL;
  if (!f) rnn_fail(error, "E0413", "unit `%s` has no function `%s`: it was not built for one step a call", json_string(unit, "name"), key);
  return f;
}

/* One row, one step; the clocks' numbers stay but for which step it is. */
static void set_arguments(RnnUnit *u) {
  static const uint8_t continued = 0;
  RnnArgs *a = &u->args;
  rnn_unit_reserve(u, 1, 1);
  *a = (RnnArgs){.rows = 1, .keep_state = 1, .fresh = &continued, .sequence = u->no_sequence, .buffer = u->table};
  *u->own_length[0] = *u->active[0] = 1;
  u->whole = 1;
  a->clock[0] = (RnnClock){.steps = 1, .length = u->own_length[0], .whole = &u->whole, .active = u->active[0], .uniform = 1};
}

/* Variables that are not scaled. */
static void set_scales(RnnUnit *u) {
  for (int i = 0; i < u->inputs; i++) {
    void *data = rnn_unit_input_data(u, i);
    for (int64_t k = 0; data && u->input[i].role == ROLE_STD && k < u->input[i].elements; k++) scalar_set(data, k, u->is_double, 1);
  }
}

RnnUnit *rnn_unit_step_open(const cJSON *unit, const cJSON *params, RnnLookup *lookup, void *context, RnnError *error) {
  RnnFunction *step = find(unit, "symbol", lookup, context, error), *begin = find(unit, "begin", lookup, context, error);
  RnnFunction *prepare = find(unit, "prepare", lookup, context, error);
  RnnUnit *u = step && begin && prepare ? rnn_unit_new(unit, params, step, error) : NULL;
  if (!u) return NULL;
  u->begin = begin;
  u->prepare = prepare;
  set_arguments(u);
  set_scales(u);
  return u;
}

void rnn_unit_prepare(RnnUnit *u) { u->prepare(&u->args); }

void rnn_unit_begin(RnnUnit *u, uint64_t seed) {
  u->args.seed = seed;
  u->begin(&u->args);
}

void rnn_unit_step(RnnUnit *u, int64_t step) {
  u->args.clock[0].first = step;
  u->whole = (int32_t)(step + 1); /* as long as it is by now */
  u->function(&u->args);
}

void *unit_kept(const RnnUnit *u, int buffer, int64_t *steps) {
  const UnitBuffer *b = &u->buffer[buffer];
  const bool line = u->begin && b->front;
  *steps = line ? b->front : b->steps;
  if (b->kind == BUFFER_STATE) return b->memory;
  return line ? (char *)u->table[buffer] - (size_t)(b->front * b->elements) * scalar_size(u->is_double) : NULL;
}

/* --- vectors in, vectors out -------------------------------------------------------------------------------------------------- */

/* A part of the vector that a step takes or gives. */
typedef struct Part {
  int buffer;
  size_t bytes;
} Part;

struct RnnStream {
  RnnUnit *unit;
  Part *in, *out;
  int ins, outs;
  bool in_place; /* one vector in and one out, neither in a delay line: during a sequence the table points to the caller's */
  void *own_in, *own_out; /* what it points to otherwise */
  int64_t inputs, outputs, step;
};

static bool takes_part(const UnitPort *port, bool is_input) { return !is_input || (port->role == ROLE_DATA && port->axes >> 1); }

static Part *parts_of(const RnnUnit *u, const UnitPort *ports, int count, bool is_input, int *parts, int64_t *numbers) {
  Part *all = calloc((size_t)count + 1, sizeof *all);
  if (!all) abort(); /* out of memory: nothing sensible is left to do */
  for (int i = 0; i < count; i++) {
    if (!takes_part(&ports[i], is_input)) continue;
    all[(*parts)++] = (Part){ports[i].buffer, (size_t)ports[i].elements * scalar_size(u->is_double)};
    *numbers += ports[i].elements;
  }
  return all;
}

static bool can_be_elsewhere(const RnnUnit *u, const Part *parts, int count) {
  return count == 1 && parts->buffer >= 0 && !u->buffer[parts->buffer].front;
}

RnnStream *rnn_stream_open(const cJSON *unit, const cJSON *params, RnnLookup *lookup, void *context, RnnError *error) {
  RnnUnit *u = rnn_unit_step_open(unit, params, lookup, context, error);
  if (!u) return NULL;
  RnnStream *s = calloc(1, sizeof *s);
  if (!s) abort(); /* out of memory: nothing sensible is left to do */
  s->unit = u;
  s->in = parts_of(u, u->input, u->inputs, true, &s->ins, &s->inputs);
  s->out = parts_of(u, u->output, u->outputs, false, &s->outs, &s->outputs);
  s->in_place = can_be_elsewhere(u, s->in, s->ins) && can_be_elsewhere(u, s->out, s->outs);
  if (s->in_place) s->own_in = u->table[s->in->buffer], s->own_out = u->table[s->out->buffer];
  return s;
}

static void point_to(RnnStream *s, const void *input, void *output) {
  s->unit->table[s->in->buffer] = (void *)(uintptr_t)input;
  s->unit->table[s->out->buffer] = output;
}

void rnn_stream_close(RnnStream *s) {
  if (!s) return;
  rnn_unit_free(s->unit);
  free(s->in);
  free(s->out);
  free(s);
}

RnnUnit *rnn_stream_unit(RnnStream *s) { return s->unit; }
int64_t rnn_stream_inputs(const RnnStream *s) { return s->inputs; }
int64_t rnn_stream_outputs(const RnnStream *s) { return s->outputs; }
void rnn_stream_prepare(RnnStream *s) { rnn_unit_prepare(s->unit); }

void rnn_stream_begin(RnnStream *s, uint64_t seed) {
  s->step = 0;
  if (s->in_place) point_to(s, s->own_in, s->own_out);
  rnn_unit_begin(s->unit, seed);
}

static void step_with_copies(RnnStream *s, const char *input, char *output) {
  for (int i = 0; i < s->ins; i++) {
    if (s->in[i].buffer >= 0) memcpy(s->unit->table[s->in[i].buffer], input, s->in[i].bytes);
    input += s->in[i].bytes;
  }
  rnn_unit_step(s->unit, s->step++);
  for (int i = 0; i < s->outs; i++) {
    memcpy(output, s->unit->table[s->out[i].buffer], s->out[i].bytes);
    output += s->out[i].bytes;
  }
}

void rnn_stream_step(RnnStream *s, const void *input, void *output) {
  if (!s->in_place) {
    step_with_copies(s, input, output);
    return;
  }
  point_to(s, input, output);
  rnn_unit_step(s->unit, s->step++);
}
