/* feed.c — filling a unit's inputs from a batch. */
#include "runtime/feed.h"
#include "runtime/clause.h"
#include "runtime/places.h"
#include <math.h>
#include <stdlib.h>
#include <string.h>

/* --- finding things ---------------------------------------------------------------------------------------------------------- */

/* "data.y" is the data's own y. */
static const char *variable_part(const char *name) {
  return !strncmp(name, "data.", 5) ? name + 5 : name;
}

static int find_variable(const Net *net, const char *name) {
  for (int v = 0; name && v < net->variables; v++)
    if (!strcmp(net->variable[v].name, variable_part(name))) return v;
  return -1;
}

/* `with p = 0.9`: the number, wherever the modifier keeps it. */
static double probability(const cJSON *with) {
  const cJSON *named = value_named(with, "p"), *first = value_arg(with, 0);
  const cJSON *inner = cJSON_IsNumber(first) ? first : value_named(first, "p") ? value_named(first, "p") : json_item(first, "right");
  const cJSON *number = named ? named : inner;
  return cJSON_IsNumber(number) ? number->valuedouble : 1;
}

static bool read_force(Feed *f, const cJSON *clause, RnnError *error) {
  const cJSON *value, *wanted = modifier_of(clause, "for"), *with = modifier_of(clause, "with");
  for (int i = 0; (value = value_arg(clause, i)) && f->forces < FEED_FORCES; i++) {
    const char *name = value_called(value) ? value_called(value) : json_string(value, "variable");
    int variable = find_variable(f->net, name);
    if (variable < 0) return rnn_fail_at(error, clause_line(clause), "E0411", "`force %s`: the net has no such variable", name ? name : "?");
    f->force[f->forces++] = (Force){variable, wanted ? (int64_t)clause_number(wanted, 0) : INT64_MAX, with ? probability(with) : 1};
  }
  return true;
}

static const Force *force_of(const Feed *f, int variable) {
  for (int i = 0; i < f->forces; i++)
    if (f->force[i].variable == variable) return &f->force[i];
  return NULL;
}

static bool bind_inputs(Feed *f, const Stage *stage, RnnError *error) {
  for (int i = 0; i < f->unit->inputs; i++) {
    const UnitPort *input = &f->unit->input[i];
    f->variable[i] = find_variable(f->net, input->name);
    if (input->role == ROLE_DATA && f->variable[i] < 0)
      return rnn_fail_at(error, stage->line, "E0411", "`%s` is read in `%s` and is no variable of its net", input->name, stage->name);
  }
  return true;
}

static void count_clocks(Feed *f) {
  for (int c = 0; c < f->unit->clocks; c++) f->data_clocks += f->unit->fixed_length[c] == 0;
}

/* The clock called t, if there is one; its steps are those of `washout` and `for n steps`. */
static int main_clock(const cJSON *clocks) {
  for (int c = 0; c < cJSON_GetArraySize(clocks); c++) {
    const char *name = json_string(cJSON_GetArrayItem(clocks, c), "name");
    if (name && !strcmp(name, "t")) return c;
  }
  return 0;
}

bool feed_open(Feed *f, const Stage *stage, RnnUnit *unit, const Dataset *data, int64_t most_rows, RnnError *error) {
  *f = (Feed){.unit = unit, .net = stage->net, .data = data, .to = INT64_MAX, .from = stage->washout, .seed = stage->program->seed, .decoded = stage->decoded};
  f->variable = calloc((size_t)unit->inputs + 1, sizeof *f->variable);
  f->reference = calloc((size_t)unit->inputs + 1, sizeof *f->reference);
  f->sum = calloc((size_t)unit->inputs + 1, sizeof *f->sum);
  for (int c = 0; c < RNN_MAX_CLOCKS; c++) {
    f->length[c] = calloc((size_t)most_rows + 1, sizeof **f->length);
    f->whole[c] = calloc((size_t)most_rows + 1, sizeof **f->whole);
  }
  count_clocks(f);
  f->main_clock = main_clock(stage->program->clocks);
  for (const cJSON *clause = NULL; (clause = clause_after(stage->json, "force", clause));)
    if (!read_force(f, clause, error)) return false;
  if (!bind_inputs(f, stage, error)) return false;
  feed_find_references(f);
  return true;
}

void feed_close(Feed *f) {
  free(f->variable);
  free(f->reference);
  free(f->sum);
  for (int c = 0; c < RNN_MAX_CLOCKS; c++) {
    free(f->length[c]);
    free(f->whole[c]);
  }
  *f = (Feed){0};
}

/* --- filling ------------------------------------------------------------------------------------------------------------------ */

static int clock_of(uint32_t axes) {
  for (int c = 0; c < RNN_MAX_CLOCKS; c++)
    if (axes >> (c + 1) & 1) return c;
  return 0;
}

static void fill_norm(Feed *f, const char *name, double sum) {
  for (int i = 0; i < f->unit->inputs; i++) {
    const UnitPort *input = &f->unit->input[i];
    if (input->role == ROLE_NORM && input->buffer >= 0 && !strcmp(input->name, name)) f->sum[i] = sum;
  }
}

/* The norm of sequences may stand alone (a loss averaged over sequences, of sums over steps). */
static void fill_sequence_norm(Feed *f, const Batch *b) {
  fill_norm(f, "sequences", feed_sequence_weights(f, b, NULL));
}

static void fill_weight(Feed *f, const Batch *b, int i) {
  const UnitPort *input = &f->unit->input[i];
  void *out = f->unit->table[input->buffer];
  double sum = input->axes >> 1 ? feed_step_weights(f, b, input, out) : feed_sequence_weights(f, b, out);
  fill_norm(f, input->name, sum);
  if (f->counted < 0) f->counted = sum;
}

static void fill_scale(Feed *f, int i, bool mean) {
  const UnitPort *input = &f->unit->input[i];
  const Scaling *scaling = f->variable[i] < 0 ? NULL : &f->net->scaling[f->variable[i]];
  for (int64_t k = 0; k < input->elements; k++) {
    int64_t from = scaling && scaling->elements > k ? k : 0;
    double value = !scaling ? !mean : mean ? scaling->mean[from] : scaling->std[from];
    scalar_set(f->unit->table[input->buffer], k, f->unit->is_double, value);
  }
}

/* The data have [clock of the data …][clock of fixed length …][element], the table [clock …] in the unit's order. */
static void fill_on_clocks(Feed *f, const Batch *b, int i) {
  const UnitPort *input = &f->unit->input[i];
  const int variable = f->variable[i];
  const Variable *v = &f->net->variable[variable];
  const Scaling *scaling = &f->net->scaling[variable];
  const int64_t n = input->elements;
  int64_t place[RNN_MAX_CLOCKS] = {0}, at[RNN_MAX_CLOCKS] = {0};
  do {
    for (int64_t r = 0; r < b->rows; r++) {
      const bool there = feed_step(f, b, input->axes, r, place, at);
      const double *value = there ? sequence_at(v, variable, b->sequence[r], at) : NULL;
      const int64_t to = (unit_place(f->unit, input->axes, place) * b->rows + r) * n, from = value ? variable_within(v, at) : 0;
      for (int64_t k = 0; k < n; k++) {
        const double x = value ? scaling_apply(scaling, k, value[from + k]) : 0;
        scalar_set(f->unit->table[input->buffer], to + k, f->unit->is_double, isnan(x) ? 0 : x);
      }
    }
  } while (next_place(input->axes, f->unit->steps, place));
}

static void fill_data(Feed *f, const Batch *b, int i) {
  const UnitPort *input = &f->unit->input[i];
  int64_t steps = input->axes >> 1 ? f->unit->steps[clock_of(input->axes)] : 1;
  if (on_several_clocks(input->axes)) {
    fill_on_clocks(f, b, i);
    return;
  }
  void *out = f->unit->table[input->buffer];
  if (batch_fill(b, f->data, f->variable[i], &f->net->scaling[f->variable[i]], 0, steps, f->unit->is_double, out)) return;
  memset(out, 0, (size_t)(steps * b->rows * input->elements) * scalar_size(f->unit->is_double)); /* a run's data.y may be missing */
}

/* What was decoded so far; the step to come has none yet. */
static void fill_decoded(Feed *f, const Batch *b, int i) {
  const UnitPort *input = &f->unit->input[i];
  const int64_t steps = f->unit->steps[clock_of(input->axes)];
  for (int64_t r = 0; f->decoded && r < b->rows; r++)
    for (int64_t t = 0; t < steps; t++) {
      int64_t at = b->offset[r] + t;
      bool there = at < f->decoded->steps[b->identity[r]];
      scalar_set(f->unit->table[input->buffer], t * b->rows + r, f->unit->is_double, there ? f->decoded->symbol[b->identity[r]][at] : 0);
    }
}

static void fill_input(Feed *f, const Batch *b, int i, uint64_t update) {
  switch (f->unit->input[i].role) {
  case ROLE_DATA: fill_data(f, b, i); break;
  case ROLE_WEIGHT: fill_weight(f, b, i); break;
  case ROLE_FORCE: feed_force(f, b, &f->unit->input[i], force_of(f, f->variable[i]), update); break;
  case ROLE_MEAN: fill_scale(f, i, true); break;
  case ROLE_STD: fill_scale(f, i, false); break;
  case ROLE_DECODED: fill_decoded(f, b, i); break;
  default: break; /* norms and share depend on the whole batch */
  }
}

/* --- calling ------------------------------------------------------------------------------------------------------------------ */

/* With one clock of the data its lengths are the batch's. With more, each sequence says how long it is on each. */
static int64_t clock_lengths(Feed *f, const Batch *b, int c) {
  if (f->data_clocks < 2) {
    f->unit->args.clock[c] = (RnnClock){.first = b->first, .length = b->length, .whole = b->whole};
    return b->steps;
  }
  int64_t most = 1;
  for (int64_t r = 0; r < b->rows; r++) {
    bool decoded = f->decoded && f->decoded->clock == c;
    int64_t steps = decoded ? f->decoded->steps[b->identity[r]] : sequence_steps_on(f->data, b->sequence[r], c), left = (steps > 0 ? steps : b->whole[r]) - b->offset[r];
    f->whole[c][r] = (int32_t)(left + b->offset[r]);
    f->length[c][r] = (int32_t)(left < 0 ? 0 : left < b->length[r] ? left : b->length[r]);
    if (f->length[c][r] > most) most = f->length[c][r];
  }
  f->unit->args.clock[c] = (RnnClock){.first = b->first, .length = f->length[c], .whole = f->whole[c]};
  return most;
}

void feed_fill(Feed *f, const Batch *b, uint64_t update, bool keep_state) {
  int64_t steps[RNN_MAX_CLOCKS] = {0};
  f->unit->args = (RnnArgs){.fresh = b->fresh, .ends = b->ends, .since = b->since, .sequence = b->identity, .seed = f->seed, .update = update, .keep_state = keep_state};
  for (int c = 0; c < f->unit->clocks; c++) steps[c] = clock_lengths(f, b, c);
  unit_layout(f->unit, b->rows, steps);
  f->counted = -1;
  fill_sequence_norm(f, b);
  for (int i = 0; i < f->unit->inputs; i++)
    if (f->unit->input[i].buffer >= 0) fill_input(f, b, i, update);
  if (f->counted < 0) f->counted = (double)b->rows;
}

static bool has_role(const Feed *f, int input, InputRole role) {
  return f->unit->input[input].role == role && f->unit->input[input].buffer >= 0;
}

double feed_sum(const Feed *f, int input) {
  return has_role(f, input, ROLE_NORM) ? f->sum[input] : 0;
}

void feed_norm(Feed *f, int input, double sum) {
  if (!has_role(f, input, ROLE_NORM)) return;
  scalar_set(f->unit->table[f->unit->input[input].buffer], 0, f->unit->is_double, sum > 0 ? 1 / sum : 0);
}

void feed_share(Feed *f, bool has) {
  for (int i = 0; i < f->unit->inputs; i++)
    if (has_role(f, i, ROLE_SHARE)) scalar_set(f->unit->table[f->unit->input[i].buffer], 0, f->unit->is_double, has);
}

void feed_call(Feed *f, const Batch *b, uint64_t update, bool keep_state) {
  feed_fill(f, b, update, keep_state);
  for (int i = 0; i < f->unit->inputs; i++) feed_norm(f, i, feed_sum(f, i));
  feed_share(f, true);
  unit_run(f->unit);
}
