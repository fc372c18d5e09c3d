/* nothing_counts.c — E0415: a loss, a fit or a metric over no steps at all, and why there are none. */
#include "runtime/nothing_counts.h"
#include "runtime/batches.h"
#include "runtime/clause.h"
#include "runtime/error.h"
#include <math.h>
#include <string.h>

static const char *const tables[] = {"csv", "tsv", "npz", "text", "string", "trees"};

static bool is_generator(const cJSON *source) {
  for (size_t i = 0; i < sizeof tables / sizeof *tables; i++)
    if (value_is_call(source, tables[i])) return false;
  return value_called(source) != NULL;
}

static bool is_said_somewhere(const Dataset *d, int variable) {
  for (int64_t i = 0; i < d->count; i++) {
    const Sequence *q = &d->sequence[i];
    const int64_t n = q->value[variable] ? sequence_places(&d->variable[variable], q) * d->variable[variable].elements : 0;
    for (int64_t k = 0; k < n; k++)
      if (!isnan(q->value[variable][k])) return true;
  }
  return false;
}

/* A target or an output that the unit reads from the data, which say it nowhere; NULL: there is none. */
static const Variable *unsaid(const RnnUnit *unit, const Dataset *d) {
  for (int i = 0; i < unit->inputs; i++)
    for (int v = 0; unit->input[i].role == ROLE_DATA && v < d->variables; v++) {
      const char *name = unit->input[i].name;
      const bool is_it = !strcmp(d->variable[v].name, !strncmp(name, "data.", 5) ? name + 5 : name);
      if (is_it && d->variable[v].role != VARIABLE_INPUT && !is_said_somewhere(d, v)) return &d->variable[v];
    }
  return NULL;
}

static int64_t longest(const Dataset *d) {
  int64_t most = 0;
  for (int64_t i = 0; i < d->count; i++)
    if (d->sequence[i].steps > most) most = d->sequence[i].steps;
  return most;
}

bool explain_nothing_counts(const Stage *s, const RnnUnit *unit, const Dataset *d, RnnError *error) {
  const Variable *v = unsaid(unit, d);
  const cJSON *source = value_arg(clause_of(s->json, "data"), 0);
  const int64_t most = longest(d);
  if (v && is_generator(source))
    rnn_fail_more(error,
                  "\n   = note: `%s` says nothing of `%s`: a generator fills the inputs, then targets and outputs, in the order of their declaration, as far as it "
                  "has values\nhelp: have it said by name, `%s(…, %s = …)`; docs/generators.md has what each generator gives",
                  value_called(source), v->name, value_called(source), v->name);
  else if (v)
    rnn_fail_more(error, "\n   = note: the data say nothing of `%s`\nhelp: name its column in `data`: `%s = \"…\"`", v->name, v->name);
  else if (s->washout >= most)
    rnn_fail_more(error, "\n   = note: `washout %lld` leaves nothing of the longest sequence, which has %lld step%s\nhelp: `washout` below %lld, or longer sequences",
                  (long long)s->washout, (long long)most, most == 1 ? "" : "s", (long long)most);
  else
    rnn_fail_more(error, "\n   = note: at every step that `washout` leaves, something that is compared with is missing in the data");
  return false;
}

/* --- before anything is computed ------------------------------------------------------------------------------------------------- */

static bool counts_in(const Feed *f, const UnitPort *weight, const Sequence *q) {
  int64_t length[RNN_MAX_CLOCKS], at[RNN_MAX_CLOCKS] = {0};
  if (!(weight->axes >> 1)) return feed_counts_sequence(f, q);
  for (int c = 0; c < RNN_MAX_CLOCKS; c++) length[c] = f->unit->fixed_length[c] ? f->unit->fixed_length[c] : sequence_steps_on(f->data, q, c);
  if (!places_count(weight->axes, length)) return false;
  do {
    if (feed_counts(f, q, weight->axes, feed_wants_whole(weight->name), at)) return true;
  } while (next_place(weight->axes, length, at));
  return false;
}

bool something_counts(const Stage *s, const Feed *f, const char *part, RnnError *error) {
  for (int i = 0; i < f->unit->inputs; i++) {
    bool counts = f->unit->input[i].role != ROLE_WEIGHT;
    for (int64_t k = 0; !counts && k < f->data->count; k++) counts = counts_in(f, &f->unit->input[i], &f->data->sequence[k]);
    if (counts) continue;
    rnn_fail_at(error, s->line, "E0415", "`%s`: no step of the %s data counts in the loss", s->name, part);
    return explain_nothing_counts(s, f->unit, f->data, error);
  }
  return true;
}
