/* record.c — running a unit over a whole data set and keeping what it says. */
#include "runtime/record.h"
#include "runtime/clause.h"
#include "runtime/room.h"
#include <math.h>
#include <stdlib.h>
#include <string.h>

static void add_clocks(Series *s, uint32_t axes, const cJSON *clocks) {
  for (int c = 0; c < RNN_MAX_CLOCKS; c++) {
    if (!(axes >> (c + 1) & 1)) continue;
    s->clock_name[s->clocks] = json_string(cJSON_GetArrayItem(clocks, c), "name");
    s->fixed[s->clocks] = (int64_t)json_number(cJSON_GetArrayItem(clocks, c), "length", 0);
    s->length[s->clocks] = calloc((size_t)s->count + 1, sizeof(int64_t));
    s->clock[s->clocks++] = c;
  }
}

static Series new_series(const UnitPort *port, int64_t sequences, const cJSON *clocks) {
  Series s = {.name = port->name, .elements = port->elements, .stepped = port->axes >> 1 != 0, .count = port->axes & 1 ? sequences : 1};
  s.steps = calloc((size_t)s.count + 1, sizeof *s.steps);
  s.value = calloc((size_t)s.count + 1, sizeof *s.value);
  add_clocks(&s, port->axes, clocks);
  return s;
}

static void begin(Recording *r, const RnnUnit *unit, const Dataset *data, const cJSON *clocks) {
  *r = (Recording){0};
  r->series = calloc((size_t)unit->outputs + 1, sizeof *r->series);
  for (int i = 0; i < unit->outputs; i++) {
    if (strcmp(unit->output[i].role_name, "value")) continue;
    r->series[r->count++] = new_series(&unit->output[i], data->count, clocks);
  }
}

/* Row `row` of an output becomes sequence `place` of its series. False: it has a NaN. */
static bool take_row(const RnnUnit *u, int output, int64_t row, int64_t place, Series *s) {
  const UnitPort *port = &u->output[output];
  int64_t rows = port->axes & 1 ? u->rows : 1, n = s->elements;
  bool numbers = true;
  s->steps[place] = 1;
  for (int c = 0; c < s->clocks; c++) {
    s->length[c][place] = port->axes & 1 ? u->args.clock[s->clock[c]].length[row] : u->steps[s->clock[c]];
    s->steps[place] *= s->length[c][place];
  }
  free(s->value[place]);
  s->value[place] = room_new(s->steps[place] * n + 1, sizeof(double));
  for (int64_t t = 0; t < s->steps[place]; t++) {
    int64_t step[RNN_MAX_CLOCKS] = {0};
    series_steps(s, place, t, step);
    const int64_t at = (unit_place(u, port->axes, step) * rows + row) * n;
    for (int64_t i = 0; i < n; i++) {
      s->value[place][t * n + i] = scalar_get(u->table[port->buffer], at + i, u->is_double);
      numbers &= !isnan(s->value[place][t * n + i]);
    }
  }
  return numbers;
}

static bool take_batch(Recording *r, const RnnUnit *u, const Batch *b) {
  bool numbers = true;
  int n = 0;
  for (int i = 0; i < u->outputs; i++) {
    if (strcmp(u->output[i].role_name, "value")) continue;
    Series *s = &r->series[n++];
    for (int64_t row = 0; row < (u->output[i].axes & 1 ? b->rows : 1); row++)
      numbers &= take_row(u, i, row, u->output[i].axes & 1 ? (int64_t)b->identity[row] : 0, s);
  }
  return numbers;
}

/* Where the first value that is not finite came from; the last batch still stands in the units' memory. */
static void find_nan(Recording *r, const Slices *slices) {
  if (r->has_nan) return;
  r->has_nan = true;
  if (!slices_not_finite(slices, &r->nan)) r->nan.name = NULL;
  else r->nan.step += slices->batch->offset[r->nan.row], r->nan.row = (int64_t)slices->batch->identity[r->nan.row];
}

/* A value on clocks of fixed length alone has nothing to do with the data's steps. */
static bool has_steps_of_data(const RnnUnit *u, const Series *s) {
  bool any = !s->clocks;
  for (int c = 0; c < s->clocks; c++) any |= !u->fixed_length[s->clock[c]];
  return any;
}

static uint8_t *marks(const Series *s, const Feed *f, const Sequence *q, int64_t sequence) {
  uint8_t *out = calloc((size_t)s->steps[sequence] + 1, 1);
  const bool whole = feed_counts_sequence(f, q);
  uint32_t axes = 1;
  for (int c = 0; c < s->clocks; c++) axes |= 2u << s->clock[c];
  for (int64_t t = 0; t < s->steps[sequence]; t++) {
    int64_t at[RNN_MAX_CLOCKS] = {0};
    series_steps(s, sequence, t, at);
    out[t] = whole && (!s->clocks || feed_counts(f, q, axes, true, at)); /* it may have taken all steps of a reference together */
  }
  return out;
}

/* Of every value that sequences have one of. */
static void mark_counted(Recording *r, const RnnUnit *u, const Feed *f, const Dataset *data) {
  for (int i = 0, n = 0; i < u->outputs; i++) {
    if (strcmp(u->output[i].role_name, "value")) continue;
    Series *s = &r->series[n++];
    if (!(u->output[i].axes & 1) || !has_steps_of_data(u, s)) continue;
    s->counted = calloc((size_t)s->count + 1, sizeof *s->counted);
    for (int64_t k = 0; k < s->count; k++) s->counted[k] = marks(s, f, &data->sequence[k], k);
  }
}

/* On several clocks of the data, lengths differ: those batches are looked at as they come. */
static bool fits(const Stage *stage, const RnnUnit *unit, const Batches *batches, RnnError *error) {
  int64_t steps[RNN_MAX_CLOCKS];
  for (int c = 0; c < RNN_MAX_CLOCKS; c++) steps[c] = batches_most_steps(batches);
  return stage->several_clocks || unit_fits(unit, batches_most_rows(batches), steps, error);
}

bool record(Recording *r, const Stage *stage, RnnUnit *unit, const Dataset *data, int64_t from, int64_t rows, RnnError *error) {
  begin(r, unit, data, stage->program->clocks);
  Batches *batches = batches_new(data, rows, ORDER_AS_GIVEN, 0, stage->program->seed, error);
  if (!batches) return false;
  Slices slices;
  bool good = fits(stage, unit, batches, error) && slices_open(&slices, stage, unit, data, batches, 1, from, error);
  batches_epoch(batches, 0);
  for (const Batch *b; good && (b = batches_next(batches));) {
    slices_call(&slices, b, 0, false);
    bool numbers = true;
    for (int i = 0; i < slices.computed; i++) numbers &= take_batch(r, slices.slice[i].unit, slices.slice[i].batch);
    if (!numbers) find_nan(r, &slices);
  }
  if (good) mark_counted(r, unit, &slices.slice->feed, data);
  slices_close(&slices);
  batches_free(batches);
  return good;
}

static void free_series(Series *s) {
  for (int64_t i = 0; i < s->count; i++) {
    free(s->value[i]);
    if (s->counted) free(s->counted[i]);
  }
  free(s->value);
  free(s->counted);
  for (int c = 0; c < s->clocks; c++) free(s->length[c]);
  free(s->steps);
}

void recording_free(Recording *r) {
  for (int k = 0; k < r->count; k++) free_series(&r->series[k]);
  free(r->series);
  *r = (Recording){0};
}

Series *recording_find(const Recording *r, const char *name) {
  for (int i = 0; name && i < r->count; i++)
    if (!strcmp(r->series[i].name, name)) return &r->series[i];
  return NULL;
}
