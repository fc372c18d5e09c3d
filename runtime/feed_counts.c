/* feed_counts.c — what counts: the weights of a loss, of metrics, and where data are forced. */
#include "runtime/feed.h"
#include "runtime/places.h"
#include <math.h>
#include <string.h>

/* --- references: a target, or the data's own value of an output; what the loss compares with ---------------------------------- */

void feed_find_references(Feed *f) {
  for (int i = 0; i < f->unit->inputs; i++) {
    const bool of_data = f->unit->input[i].role == ROLE_DATA && f->variable[i] >= 0;
    if (of_data && f->net->variable[f->variable[i]].role != VARIABLE_INPUT) f->reference[f->references++] = i;
  }
}

static uint32_t clocks_of(uint32_t axes) { return axes & ~1u; }

/* All that it has along the clocks that `axes` has not is there too. */
static bool present_along(const Variable *v, int variable, const Sequence *q, uint32_t axes, const int64_t *place) {
  const uint32_t along = clocks_of(v->axes) & ~axes;
  int64_t at[RNN_MAX_CLOCKS], length[RNN_MAX_CLOCKS];
  memcpy(at, place, sizeof at);
  for (int c = 0; c < RNN_MAX_CLOCKS; c++) {
    length[c] = on_several_clocks(v->axes) ? q->on[c] : q->steps;
    if (on_clock(along, c)) at[c] = 0;
  }
  do {
    if (!sequence_present(v, variable, q, axes, at)) return false;
  } while (next_place(along, length, at));
  return true;
}

/* The usual case, for every step of every batch: a value on one clock. */
static bool present_at_step(const Variable *v, int variable, const Sequence *q, int64_t step) {
  const double *value = q->value[variable];
  if (!value || step >= q->steps) return false;
  for (int64_t i = step * v->elements; i < (step + 1) * v->elements; i++)
    if (isnan(value[i])) return false;
  return true;
}

static bool is_present(const Feed *f, int variable, const Sequence *q, uint32_t axes, const int64_t *at) {
  const Variable *v = &f->net->variable[variable];
  const uint32_t clocks = clocks_of(v->axes);
  if (clocks && !v->within && !on_several_clocks(clocks) && !(clocks & ~axes)) return present_at_step(v, variable, q, at[__builtin_ctz(clocks >> 1)]);
  return clocks & ~axes ? present_along(v, variable, q, axes, at) : sequence_present(v, variable, q, axes, at);
}

/* A reference on further clocks matters only to what takes all of its steps together; one on other clocks altogether never does. */
static bool are_present(const Feed *f, const Sequence *q, uint32_t axes, bool whole, const int64_t *at) {
  const uint32_t wanted = clocks_of(axes);
  for (int i = 0; i < f->references; i++) {
    const uint32_t clocks = clocks_of(f->unit->input[f->reference[i]].axes);
    if (!(wanted ? clocks & wanted : !clocks) || (!whole && (clocks & ~wanted))) continue;
    if (!is_present(f, f->variable[f->reference[i]], q, wanted, at)) return false;
  }
  return true;
}

/* --- steps ------------------------------------------------------------------------------------------------------------------ */

static bool is_fixed(const Feed *f, uint32_t clock) { return f->unit->fixed_length[clock] != 0; }

/* The washout is one of the main clock, where a value lives on that; of its only clock otherwise. */
static bool is_within(const Feed *f, uint32_t axes, const int64_t *at) {
  const bool main_only = on_several_clocks(axes) && on_clock(axes, f->main_clock);
  EACH_CLOCK(c, axes) {
    if (is_fixed(f, c) || (main_only && c != (uint32_t)f->main_clock)) continue;
    if (at[c] < f->from || at[c] >= f->to) return false;
  }
  return true;
}

bool feed_counts(const Feed *f, const Sequence *q, uint32_t axes, bool whole, const int64_t *at) {
  return is_within(f, axes, at) && are_present(f, q, axes, whole, at);
}

bool feed_counts_sequence(const Feed *f, const Sequence *q) {
  const int64_t at[RNN_MAX_CLOCKS] = {0};
  return are_present(f, q, 0, false, at);
}

bool feed_step(const Feed *f, const Batch *b, uint32_t axes, int64_t row, const int64_t *place, int64_t *at) {
  bool there = true;
  EACH_CLOCK(c, axes) {
    const bool of_data = !is_fixed(f, c);
    at[c] = place[c] + (of_data ? b->offset[row] : 0);
    there &= !of_data || place[c] < f->unit->args.clock[c].length[row];
  }
  return there;
}

/* --- weights ------------------------------------------------------------------------------------------------------------------ */

/* "steps.whole": of what takes all steps of a reference together, which counts only where all of them are there. */
bool feed_wants_whole(const char *name) {
  const char *dot = strrchr(name, '.');
  return dot && !strcmp(dot, ".whole");
}

double feed_step_weights(const Feed *f, const Batch *b, const UnitPort *input, void *out) {
  const RnnUnit *u = f->unit;
  const bool whole = feed_wants_whole(input->name);
  int64_t place[RNN_MAX_CLOCKS] = {0}, at[RNN_MAX_CLOCKS] = {0};
  double sum = 0;
  do {
    const int64_t to = unit_place(u, input->axes, place) * b->rows;
    for (int64_t r = 0; r < b->rows; r++) {
      const bool counts = feed_step(f, b, input->axes, r, place, at) && feed_counts(f, b->sequence[r], input->axes, whole, at);
      scalar_set(out, to + r, u->is_double, counts);
      sum += counts;
    }
  } while (next_place(input->axes, u->steps, place));
  return sum;
}

/* A sequence counts in the chunk in which it ends. */
static bool counts_here(const Feed *f, const Batch *b, int64_t row) {
  const bool ends = b->length[row] > 0 && b->offset[row] + b->length[row] == b->whole[row];
  return ends && feed_counts_sequence(f, b->sequence[row]);
}

double feed_sequence_weights(const Feed *f, const Batch *b, void *out) {
  double sum = 0;
  for (int64_t r = 0; r < b->rows; r++) {
    const bool counts = counts_here(f, b, r);
    if (out) scalar_set(out, r, f->unit->is_double, counts);
    sum += counts;
  }
  return sum;
}

/* --- force -------------------------------------------------------------------------------------------------------------------- */

/* Keys of the coin: its own site, far from those of compiled draws. */
static bool coin(const Feed *f, const Force *force, uint64_t identity, const int64_t *at, uint32_t axes, uint64_t update) {
  if (force->probability >= 1) return true;
  const uint64_t site = 0xF0000000u + (uint64_t)force->variable;
  uint64_t step = 0; /* of several clocks, one number for the place */
  for (int c = 0; c < RNN_MAX_CLOCKS; c++)
    if (on_clock(axes, c)) step = (step << 32) + (uint64_t)at[c];
  return rnn_random(f->seed, update, site, identity, step, 0, 0) < force->probability;
}

/* The clock that `for n steps` counts: the main one, or the first that the value lives on. */
static int counted_clock(const Feed *f, uint32_t axes) {
  int clock = f->main_clock;
  for (int c = RNN_MAX_CLOCKS - 1; c >= 0 && !on_clock(axes, f->main_clock); c--)
    if (on_clock(axes, c)) clock = c;
  return clock;
}

void feed_force(const Feed *f, const Batch *b, const UnitPort *input, const Force *force, uint64_t update) {
  const RnnUnit *u = f->unit;
  const Variable *v = force ? &f->net->variable[force->variable] : NULL;
  const int clock = counted_clock(f, input->axes);
  int64_t place[RNN_MAX_CLOCKS] = {0}, at[RNN_MAX_CLOCKS] = {0};
  do {
    const int64_t to = unit_place(u, input->axes, place) * b->rows;
    for (int64_t r = 0; r < b->rows; r++) {
      const bool enters = feed_step(f, b, input->axes, r, place, at) && force && at[clock] < force->steps &&
                          sequence_present(v, force->variable, b->sequence[r], input->axes, at) &&
                          coin(f, force, b->identity[r], at, input->axes, update);
      scalar_set(u->table[input->buffer], to + r, u->is_double, enters);
    }
  } while (next_place(input->axes, u->steps, place));
}
