/* record.c — running a unit over a whole data set and keeping what it says. */
#include "runtime/record.h"
#include "runtime/clause.h"
#include <stdlib.h>
#include <string.h>

static void add_clocks(Series *s, uint32_t axes, const cJSON *clocks) {
  for (int c = 0; c < RNN_MAX_CLOCKS; c++) {
    if (!(axes >> (c + 1) & 1)) continue;
    s->clock_name[s->clocks] = json_string(cJSON_GetArrayItem(clocks, c), "name");
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
  *r = (Recording){.sequences = data->count};
  r->series = calloc((size_t)unit->outputs + 1, sizeof *r->series);
  r->counted = calloc((size_t)data->count + 1, sizeof *r->counted);
  r->counted_once = calloc((size_t)data->count + 1, sizeof *r->counted_once);
  for (int i = 0; i < unit->outputs; i++) {
    if (strcmp(unit->output[i].role_name, "value")) continue;
    Series s = new_series(&unit->output[i], data->count, clocks);
    bool fixed = s.clocks && (s.clocks > 1 || unit->fixed_length[s.clock[0]]); /* such clocks have nothing to do with the data's steps */
    if (unit->output[i].axes & 1 && !fixed) s.counted = s.stepped ? r->counted : r->counted_once;
    r->series[r->count++] = s;
  }
}

/* Where step number `t` of a row's values lies in the table: [clock …] in the unit's order, without pads. */
static int64_t place_in_table(const RnnUnit *u, const Series *s, int64_t sequence, int64_t t) {
  int64_t at[RNN_MAX_CLOCKS] = {0}, place = 0;
  for (int c = s->clocks - 1; c >= 0; c--) {
    at[s->clock[c]] = t % s->length[c][sequence];
    t /= s->length[c][sequence];
  }
  for (int i = 0; i < u->clocks; i++)
    for (int c = 0; c < s->clocks; c++)
      if (s->clock[c] == u->order[i]) place = place * u->steps[u->order[i]] + at[u->order[i]];
  return place;
}

/* Row `row` of an output becomes sequence `place` of its series. */
static void take_row(const RnnUnit *u, int output, int64_t row, int64_t place, Series *s) {
  const UnitPort *port = &u->output[output];
  int64_t rows = port->axes & 1 ? u->rows : 1, n = s->elements;
  s->steps[place] = 1;
  for (int c = 0; c < s->clocks; c++) {
    s->length[c][place] = port->axes & 1 ? u->args.clock[s->clock[c]].length[row] : u->steps[s->clock[c]];
    s->steps[place] *= s->length[c][place];
  }
  free(s->value[place]);
  s->value[place] = malloc((size_t)(s->steps[place] * n + 1) * sizeof(double));
  for (int64_t t = 0; t < s->steps[place]; t++) {
    const int64_t at = (place_in_table(u, s, place, t) * rows + row) * n;
    for (int64_t i = 0; i < n; i++) s->value[place][t * n + i] = scalar_get(u->table[port->buffer], at + i, u->is_double);
  }
}

static void take_batch(Recording *r, const RnnUnit *u, const Batch *b) {
  int n = 0;
  for (int i = 0; i < u->outputs; i++) {
    if (strcmp(u->output[i].role_name, "value")) continue;
    Series *s = &r->series[n++];
    for (int64_t row = 0; row < (u->output[i].axes & 1 ? b->rows : 1); row++)
      take_row(u, i, row, u->output[i].axes & 1 ? (int64_t)b->identity[row] : 0, s);
  }
}

static void mark_counted(Recording *r, const Feed *f, const Dataset *data) {
  for (int64_t i = 0; i < data->count; i++) {
    const Sequence *q = &data->sequence[i];
    bool whole = feed_counts_sequence(f, q);
    r->counted[i] = calloc((size_t)q->steps + 1, 1);
    r->counted_once[i] = calloc(1, 1);
    r->counted_once[i][0] = whole;
    for (int64_t t = 0; t < q->steps; t++) r->counted[i][t] = whole && feed_counts(f, q, t);
  }
}

bool record(Recording *r, const Stage *stage, RnnUnit *unit, const Dataset *data, int64_t from, int64_t rows, RnnError *error) {
  begin(r, unit, data, stage->program->clocks);
  Batches *batches = batches_new(data, rows, ORDER_AS_GIVEN, 0, stage->program->seed, error);
  if (!batches) return false;
  Slices slices;
  bool good = slices_open(&slices, stage, unit, data, batches, 1, from, error);
  batches_epoch(batches, 0);
  for (const Batch *b; good && (b = batches_next(batches));) {
    slices_call(&slices, b, 0, false);
    for (int i = 0; i < slices.computed; i++) take_batch(r, slices.slice[i].unit, slices.slice[i].batch);
  }
  if (good) mark_counted(r, &slices.slice->feed, data);
  slices_close(&slices);
  batches_free(batches);
  return good;
}

static void free_all(uint8_t **list, int64_t n) {
  for (int64_t i = 0; list && i < n; i++) free(list[i]);
  free(list);
}

void recording_free(Recording *r) {
  for (int k = 0; k < r->count; k++) {
    for (int64_t i = 0; i < r->series[k].count; i++) free(r->series[k].value[i]);
    free(r->series[k].value);
    for (int c = 0; c < r->series[k].clocks; c++) free(r->series[k].length[c]);
    free(r->series[k].steps);
  }
  free_all(r->counted, r->sequences);
  free_all(r->counted_once, r->sequences);
  free(r->series);
  *r = (Recording){0};
}

Series *recording_find(const Recording *r, const char *name) {
  for (int i = 0; name && i < r->count; i++)
    if (!strcmp(r->series[i].name, name)) return &r->series[i];
  return NULL;
}
