/* stage.c — opening a train or run declaration: its data, their split and scale, its units. */
#include "runtime/clause.h"
#include "runtime/error.h"
#include "runtime/gaps.h"
#include "runtime/model.h"
#include "runtime/places.h"
#include "runtime/room.h"
#include <stdlib.h>
#include <string.h>

static Net *find_net(RnnProgram *p, const char *name) {
  for (int i = 0; i < p->nets; i++)
    if (name && !strcmp(p->net[i].name, name)) return &p->net[i];
  return NULL;
}

/* --- units --------------------------------------------------------------------------------------------------------------------- */

static RnnUnit *open_unit(Stage *s, const char *role, RnnError *error) {
  RnnProgram *p = s->program;
  const cJSON *number = json_item(json_item(s->json, "units"), role);
  if (!cJSON_IsNumber(number)) return NULL;
  const cJSON *unit = cJSON_GetArrayItem(p->units, number->valueint);
  const char *symbol = json_string(unit, "symbol");
  RnnFunction *function = symbol ? p->lookup(p->context, symbol) : NULL;
  if (!function) {
    rnn_fail_at(error, s->line, "E0413", "`%s`: unit `%s` is not compiled", s->name, symbol ? symbol : role);
    return NULL;
  }
  RnnUnit *u = rnn_unit_new(unit, p->params, function, error);
  if (u) rnn_unit_set_clocks(u, p->clocks);
  return u;
}

/* The loss without noise and dropout: compiled only where something asks for it. */
static bool is_validated(const Stage *s) {
  return !strcmp(json_string(s->json, "kind"), "train") && (s->valid_part || s->test_part || clause_of(s->json, "report"));
}

/* Where what is forced is missing somewhere, each step has to choose: a unit of its own, which is slower. */
static const char *role_for(const Stage *s, const char *role, const char *with_gaps) {
  Gap gap;
  const bool choice = json_item(json_item(s->json, "units"), with_gaps) != NULL;
  return choice && stage_finds_gap(s, false, &gap) ? with_gaps : role;
}

/* Ridge fits a system that is linear in its weights; the net's own y would be one of weights that are not known yet. */
static bool can_fit_with_gaps(const Stage *s, RnnError *error) {
  const cJSON *clause = clause_of(s->json, "method"), *units = json_item(s->json, "units");
  Gap gap;
  if (!value_is_call(value_arg(clause, 0), "ridge") || json_item(units, "train.gaps") || !stage_finds_gap(s, true, &gap)) return true;
  return rnn_fail_at(error, clause_line(clause_of(s->json, "force")), "E0417",
                     "`force %s` with `ridge`: the data say nothing of `%s` at step %lld of sequence %lld\n   = note: what would stand there is the net's own %s, by "
                     "weights that are not fitted yet\nhelp: fill the gap in the data, or leave those rows out (`by` makes sequences of what lies between gaps); `method bptt` "
                     "trains across gaps",
                     gap.variable, gap.variable, (long long)gap.step, (long long)gap.sequence, gap.variable);
}

static bool open_units(Stage *s, RnnError *error) {
  bool train = !strcmp(json_string(s->json, "kind"), "train");
  if (!can_fit_with_gaps(s, error)) return false;
  s->unit = open_unit(s, train ? role_for(s, "train", "train.gaps") : role_for(s, "run", "run.gaps"), error);
  if (!s->unit) return rnn_fail_at(error, s->line, "E0413", "`%s` has no compiled unit", s->name);
  s->valid = is_validated(s) ? open_unit(s, role_for(s, "valid", "valid.gaps"), error) : NULL;
  if (*error->code) return false;
  if (s->valid && s->valid->is_double == s->unit->is_double) unit_share_parameters(s->valid, s->unit);
  return true;
}

void stage_take_parameters(Stage *s) {
  Parameters *from = s->program->values;
  for (int i = 0; i < from->count; i++) parameters_write(s->unit->parameters, i, parameters_at(from, i));
}

void stage_give_parameters(Stage *s) {
  Parameters *to = s->program->values;
  for (int i = 0; i < to->count; i++) parameters_read(s->unit->parameters, i, parameters_at(to, i));
}

/* --- data ---------------------------------------------------------------------------------------------------------------------- */

/* A data set that knows only the names of categories, for data_load. */
static Dataset known_categories(const Net *net) {
  return (Dataset){.variables = net->variables, .variable = net->variable, .category = net->category};
}

static Dataset *load(Stage *s, const cJSON *clause, RnnError *error) {
  RnnProgram *p = s->program;
  const Dataset known = known_categories(s->net);
  return dataset_load(value_arg(clause, 0), json_item(clause, "modifiers"), s->net->variable, s->net->variables, p->directory, p->seed,
                      &known, clause_line(clause), error);
}

static void keep_categories(Net *net, const Dataset *data) {
  for (int v = 0; data->category && v < net->variables; v++)
    if (!net->category[v].count) categories_copy(&net->category[v], &data->category[v]);
}

/* A net without data (it only speaks) still has one sequence, of `steps`. */
static Dataset *nothing(const Net *net) {
  Dataset *d = calloc(1, sizeof *d);
  d->variables = net->variables;
  d->variable = calloc((size_t)net->variables + 1, sizeof *d->variable);
  if (net->variables) memcpy(d->variable, net->variable, (size_t)net->variables * sizeof *d->variable);
  d->count = 1;
  d->sequence = calloc(1, sizeof *d->sequence);
  d->sequence->value = calloc((size_t)net->variables + 1, sizeof(double *));
  return d;
}

static void lengthen_value(Sequence *q, int v, const Variable *variable, int64_t steps) {
  if (!q->value[v] || !(variable->axes >> 1) || on_several_clocks(variable->axes)) return; /* those say themselves how long they are */
  const double bytes = (double)steps * (double)variable->elements * sizeof(double);
  if (!room_for(bytes)) room_none(bytes);
  q->value[v] = realloc(q->value[v], (size_t)(steps * variable->elements) * sizeof(double));
  for (int64_t i = q->steps * variable->elements; i < steps * variable->elements; i++) q->value[v][i] = 0.0 / 0.0; /* missing */
}

void dataset_lengthen(Dataset *d, int64_t steps) {
  for (int64_t i = 0; i < d->count; i++)
    for (int v = 0; v < d->variables && steps > d->sequence[i].steps; v++) lengthen_value(&d->sequence[i], v, &d->variable[v], steps);
}

/* `steps 500` is the length in all: sequences are cut, or go on without data. */
static void set_steps(Dataset *d, int64_t steps) {
  dataset_lengthen(d, steps);
  for (int64_t i = 0; i < d->count; i++) d->sequence[i].steps = steps;
}

static bool load_data(Stage *s, RnnError *error) {
  const cJSON *clause = clause_of(s->json, "data"), *steps = clause_of(s->json, "steps");
  if (!clause && !steps && !clause_of(s->json, "decode"))
    return rnn_fail_at(error, s->line, "E0405", "`%s` says neither `data` nor `steps`", s->name);
  s->data = clause ? load(s, clause, error) : nothing(s->net);
  if (!s->data) return false;
  if (steps) set_steps(s->data, (int64_t)clause_number(steps, 0));
  if (s->data->count == 0) return rnn_fail_at(error, s->line, "E0505", "`%s`: the data have no sequences", s->name);
  keep_categories(s->net, s->data);
  s->train_part = s->data;
  return true;
}

/* `validate last 10%`, `validate last 50` (a word and an amount, however the clause keeps them) or a source of its own. */
static const cJSON *last_amount(const cJSON *clause) {
  const cJSON *first = value_arg(clause, 0), *modifier = modifier_of(clause, "last");
  if (modifier) return value_arg(modifier, 0);
  if (value_called(first) && !strcmp(value_called(first), "last")) return value_arg(first, 0) ? value_arg(first, 0) : value_arg(clause, 1);
  return cJSON_IsNumber(first) || json_item(first, "percent") ? first : NULL;
}

/* A data set of the clause's own, if it has one. */
static bool load_own(Stage *s, const char *keyword, Dataset **own, RnnError *error) {
  const cJSON *clause = clause_of(s->json, keyword);
  if (!clause || last_amount(clause)) return true;
  *own = load(s, clause, error);
  return *own != NULL;
}

static bool load_parts(Stage *s, RnnError *error) {
  const cJSON *valid = last_amount(clause_of(s->json, "validate")), *test = last_amount(clause_of(s->json, "test"));
  if (!load_own(s, "validate", &s->own_validation, error) || !load_own(s, "test", &s->own_test, error)) return false;
  s->valid_part = s->own_validation;
  s->test_part = s->own_test;
  if (!valid && !test) return true;
  if (!dataset_split(s->data, valid, test, &s->split, error)) return error->line = clause_line(clause_of(s->json, test ? "test" : "validate")), false;
  s->is_split = true;
  s->train_part = &s->split.train;
  if (valid) s->valid_part = &s->split.valid, s->valid_from = s->split.valid_from;
  if (test) s->test_part = &s->split.test, s->test_from = s->split.test_from;
  return true;
}

/* --- scale --------------------------------------------------------------------------------------------------------------------- */

static bool fit_scale(Stage *s, RnnError *error) {
  for (const cJSON *clause = NULL; (clause = clause_after(s->json, "scale", clause));) {
    const char *names[64];
    int count = 0;
    const cJSON *value;
    while (count < 64 && (value = value_arg(clause, count)))
      names[count++] = value_called(value) ? value_called(value) : json_string(value, "variable");
    if (!scaling_fit(s->net->scaling, s->train_part, names, count, 0, error)) return error->line = clause_line(clause), false;
  }
  return true;
}

static bool reads_data_fine(const RnnUnit *u, const Dataset *data, RnnError *error) {
  for (int i = 0; u && i < u->inputs; i++)
    if (!tree_read_by_sides(data, u->input[i].name, error)) return false;
  return true;
}

static bool check_trees(const Stage *s, RnnError *error) {
  return reads_data_fine(s->unit, s->data, error) && reads_data_fine(s->unit, s->own_validation, error) && reads_data_fine(s->valid, s->data, error) &&
         reads_data_fine(s->valid, s->own_test, error);
}

static bool several_clocks(const cJSON *clocks) {
  int n = 0;
  const cJSON *clock;
  cJSON_ArrayForEach(clock, clocks) n += json_number(clock, "length", 0) == 0;
  return n > 1;
}

bool stage_open(Stage *s, RnnProgram *p, const cJSON *json, const RnnOptions *options, RnnError *error) {
  const char *name = json_string(json, "name");
  *s = (Stage){.program = p, .options = options, .json = json, .name = name ? name : "?", .line = (int)json_number(json, "line", 0)};
  s->net = find_net(p, json_string(json, "net"));
  if (!s->net || !json_string(json, "kind")) return rnn_fail(error, "E0413", "stage `%s` of the manifest makes no sense", s->name);
  s->several_clocks = several_clocks(p->clocks);
  s->washout = (int64_t)clause_number(clause_of(json, "washout"), 0);
  s->threads = threads_new(options->threads);
  if (!load_data(s, error) || !load_parts(s, error) || !fit_scale(s, error) || !open_units(s, error) || !check_trees(s, error)) return false;
  stage_take_parameters(s);
  return true;
}

void stage_close(Stage *s) {
  threads_free(s->threads);
  rnn_unit_free(s->valid);
  rnn_unit_free(s->unit);
  if (s->is_split) split_free(&s->split);
  dataset_free(s->own_test);
  dataset_free(s->own_validation);
  dataset_free(s->data);
}
