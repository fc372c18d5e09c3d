/* decode.c — decode beam(w, width = 5, end = EOS, limit = 100), and greedy, which is a beam of width 1.
 *
 * The unit of such a run reads w's past from an input that the runtime fills (role `decoded`), and gives the distribution that w is chosen
 * from as its output `distribution`. A unit that streams is called twice a step: once for the distribution; then, when the symbols are
 * chosen and the rows' states have gone where their hypotheses went, with these symbols, to keep the state after them.
 *
 * Any other unit (several clocks, encoders that read a whole sequence, backward loops) runs all hypotheses of all sequences from their starts
 * at every step, as sequences of a data set of their own: quadratic in the length, but always right. */
#include "runtime/decode.h"
#include "runtime/beam.h"
#include "runtime/clause.h"
#include <math.h>
#include <stdlib.h>
#include <string.h>

typedef struct Search {
  Stage *stage;
  Decoded *decoded;
  const Variable *variable;
  int64_t width, limit, end, count, symbols, rows; /* symbols: the most of a sequence */
  Beam *beam;             /* [count] sequences of the data */
  Dataset hypotheses;     /* of this step */
  int64_t *steps;         /* [hypotheses] so far, and the one to come */
  double **symbol;        /* [hypotheses] */
  const double **chances; /* [width] */
  double *along;          /* [width][symbols] chances of steps, gathered */
} Search;

static int64_t greater(int64_t a, int64_t b) { return a > b ? a : b; }

/* --- what the clause says ------------------------------------------------------------------------------------------------- */

static int find_variable(const Net *net, const char *name) {
  for (int v = 0; name && v < net->variables; v++)
    if (!strcmp(net->variable[v].name, name)) return v;
  return -1;
}

static int64_t end_of(const Variable *v, const cJSON *end) {
  const char *text = cJSON_GetStringValue(end);
  if (cJSON_IsNumber(end)) return (int64_t)end->valuedouble;
  return text && v->vocabulary ? vocabulary_find(v->vocabulary, text, strlen(text)) : -1;
}

static int first_clock(uint32_t axes) {
  for (int c = 0; c < RNN_MAX_CLOCKS; c++)
    if (axes >> (c + 1) & 1) return c;
  return 0;
}

static bool read_clause(Search *s, RnnError *error) {
  const cJSON *clause = clause_of(s->stage->json, "decode"), *steps = clause_of(s->stage->json, "steps"), *call = value_arg(clause, 0);
  int v = find_variable(s->stage->net, value_called(value_arg(call, 0)));
  if (v < 0 || (s->stage->net->variable[v].below < 1 && !s->stage->net->variable[v].step_of))
    return rnn_fail_at(error, clause_line(clause), "E0411", "`decode` names no index of the net");
  s->variable = &s->stage->net->variable[v];
  s->width = value_is_call(call, "beam") ? (int64_t)value_option_number(call, "width", 5) : 1;
  s->limit = steps ? (int64_t)clause_number(steps, 0) : (int64_t)value_option_number(call, "limit", 100);
  s->end = end_of(s->variable, value_named(call, "end"));
  if (s->limit < 1 || s->width < 1) return rnn_fail_at(error, clause_line(clause), "E0404", "`decode` wants a width and a limit of at least 1");
  *s->decoded = (Decoded){.variable = v, .clock = first_clock(s->variable->axes), .end = s->end};
  return true;
}

/* An index of steps has as many symbols as the sequence has steps. */
static int64_t symbols_of(const Search *s, int64_t sequence) {
  const Sequence *q = &s->stage->data->sequence[sequence];
  if (!s->variable->step_of) return s->variable->below;
  const int64_t steps = sequence_steps_on(s->stage->data, q, s->variable->step_of - 1);
  return steps > 0 ? steps : q->steps;
}

/* --- memory ----------------------------------------------------------------------------------------------------------------- */

static bool begin(Search *s, RnnError *error) {
  Dataset *data = s->stage->data;
  s->count = data->count;
  for (int64_t i = 0; i < s->count; i++) s->symbols = greater(s->symbols, symbols_of(s, i));
  int64_t *symbols = calloc((size_t)s->count + 1, sizeof *symbols); /* before there are steps without data */
  for (int64_t i = 0; symbols && i < s->count; i++) symbols[i] = symbols_of(s, i);
  dataset_lengthen(data, s->limit);
  int64_t most = greater(s->count * s->width, s->rows + s->width);
  s->beam = calloc((size_t)s->count + 1, sizeof *s->beam);
  s->steps = calloc((size_t)most + 1, sizeof *s->steps);
  s->symbol = calloc((size_t)most + 1, sizeof *s->symbol);
  s->chances = calloc((size_t)s->width + 1, sizeof *s->chances);
  s->hypotheses = (Dataset){.variables = data->variables, .variable = data->variable};
  s->hypotheses.sequence = calloc((size_t)most + 1, sizeof *s->hypotheses.sequence);
  s->along = calloc((size_t)(s->width * s->symbols) + 1, sizeof *s->along);
  bool fine = symbols && s->along && s->beam && s->steps && s->symbol && s->chances && s->hypotheses.sequence;
  for (int64_t i = 0; fine && i < s->count; i++) fine = beam_init(&s->beam[i], s->width, s->limit, symbols[i], s->end);
  free(symbols);
  return fine || rnn_fail(error, "E0519", "there is not enough memory for %lld hypotheses of %lld steps", (long long)most, (long long)s->limit);
}

static void finish(Search *s) {
  for (int64_t i = 0; s->beam && i < s->count; i++) beam_free(&s->beam[i]);
  free(s->beam);
  free(s->steps);
  free(s->symbol);
  free(s->chances);
  free(s->along);
  free(s->hypotheses.sequence);
}

void decoded_free(Decoded *d) {
  for (int64_t i = 0; i < d->count; i++) free(d->symbol[i]);
  free(d->symbol);
  free(d->steps);
  *d = (Decoded){0};
}

/* --- all hypotheses from their starts ------------------------------------------------------------------------------------------------------------------ */

/* With other clocks a sequence is as long as its longest. */
static int64_t steps_with(const Search *s, const Sequence *data, int64_t decoded) {
  return s->stage->several_clocks ? greater(data->steps, decoded) : decoded;
}

static void gather_hypotheses(Search *s) {
  Dataset *d = &s->hypotheses;
  d->count = 0;
  for (int64_t i = 0; i < s->count; i++)
    for (int64_t h = 0; !beam_finished(&s->beam[i]) && h < s->beam[i].count; h++) {
      const Hypothesis *hypothesis = &s->beam[i].at[h];
      if (hypothesis->ended) continue;
      s->symbol[d->count] = hypothesis->symbol;
      s->steps[d->count] = hypothesis->steps + 1;
      d->sequence[d->count] = s->stage->data->sequence[i];
      d->sequence[d->count++].steps = steps_with(s, &s->stage->data->sequence[i], hypothesis->steps + 1);
    }
}

static bool is_distribution(const double *p, int64_t n) {
  for (int64_t k = 0; k < n; k++)
    if (!(p[k] >= 0 && p[k] <= 1.001)) return false;
  return true;
}

static bool no_distribution(const Search *s, RnnError *error) {
  return rnn_fail(error, "E0416", "`decode`: what `%s` is chosen from is no distribution\nhelp: %s = argmax(softmax(…))", s->variable->name, s->variable->name);
}

/* What hypothesis n says of the symbols to come at its newest step: those of a dim lie together, the steps of another clock do not. */
static const double *chances_of(Search *s, const Series *p, int64_t n, int64_t symbols, int64_t h) {
  const int64_t now = s->steps[n] - 1;
  if (!s->variable->step_of) return p->value[n] + now * symbols;
  int64_t at[RNN_MAX_CLOCKS] = {0};
  double *out = s->along + h * s->symbols;
  at[s->decoded->clock] = now;
  for (int64_t k = 0; k < symbols; k++) {
    at[s->variable->step_of - 1] = k;
    const int64_t place = series_place(p, n, at);
    out[k] = place < 0 ? 0 : p->value[n][place];
  }
  return out;
}

/* Gives each beam the chances of its hypotheses, in the order in which they were gathered. */
static bool advance(Search *s, const Series *p, RnnError *error) {
  int64_t n = 0;
  for (int64_t i = 0; i < s->count; i++) {
    Beam *b = &s->beam[i];
    if (beam_finished(b)) continue;
    for (int64_t h = 0; h < b->count; h++) {
      if (b->at[h].ended) continue;
      s->chances[h] = chances_of(s, p, n, b->symbols, h);
      if (!is_distribution(s->chances[h], b->symbols)) return no_distribution(s, error);
      n++;
    }
    beam_advance(b, s->chances);
  }
  return true;
}

static bool step(Search *s, RnnError *error) {
  Recording r = {0};
  s->stage->decoded->symbol = s->symbol;
  s->stage->decoded->steps = s->steps;
  bool good = record(&r, s->stage, s->stage->unit, &s->hypotheses, 0, s->rows, error);
  const Series *p = good ? recording_find(&r, "distribution") : NULL;
  if (good && !p) good = rnn_fail(error, "E0413", "`%s`: the unit gives no distribution to decode", s->stage->name);
  good = good && advance(s, p, error);
  recording_free(&r);
  return good;
}

static bool rerun(Search *s, RnnError *error) {
  bool good = true;
  for (int64_t t = 0; good && t < s->limit; t++) {
    gather_hypotheses(s);
    if (!s->hypotheses.count) break;
    good = step(s, error);
  }
  return good;
}

/* --- a step after another, the state kept -------------------------------------------------------------------------------------------- */

/* `rows` hypotheses at a time: `each` sequences from `first` on, with all the hypotheses that a beam may have. */
typedef struct Stream {
  Search *search;
  int64_t first, each;
  Feed feed;
  Batch *batch;
  int64_t *from; /* [rows] */
  int output;    /* the distribution's */
  double *p;     /* [width][symbols] */
} Stream;

static Beam *beam_of_row(const Stream *s, int64_t row) { return &s->search->beam[s->first + row / s->search->width]; }

/* Rows beyond a beam's hypotheses repeat its first: nobody looks at them. */
static const Hypothesis *hypothesis_of_row(const Stream *s, int64_t row) {
  const Beam *b = beam_of_row(s, row);
  int64_t h = row % s->search->width;
  return &b->at[h < b->count ? h : 0];
}

static void call_step(Stream *s, int64_t t, bool keep) {
  Search *search = s->search;
  for (int64_t r = 0; r < s->batch->rows; r++) {
    search->symbol[r] = hypothesis_of_row(s, r)->symbol;
    search->steps[r] = hypothesis_of_row(s, r)->steps;
    s->batch->offset[r] = t;
    s->batch->fresh[r] = t == 0;
  }
  s->batch->first = t;
  feed_call(&s->feed, s->batch, 0, keep);
}

static bool choose(Stream *s, int64_t sequence, RnnError *error) {
  Search *search = s->search;
  const RnnUnit *u = search->stage->unit;
  const void *p = u->table[u->output[s->output].buffer];
  const int64_t n = search->symbols, row = (sequence - s->first) * search->width;
  for (int64_t h = 0; h < search->beam[sequence].count; h++) {
    for (int64_t k = 0; k < n; k++) s->p[h * n + k] = scalar_get(p, (row + h) * n + k, u->is_double);
    search->chances[h] = s->p + h * n;
    if (!search->beam[sequence].at[h].ended && !is_distribution(search->chances[h], n)) return no_distribution(search, error);
  }
  beam_advance(&search->beam[sequence], search->chances);
  return true;
}

/* False: all is said, or an error. */
static bool stream_step(Stream *s, int64_t t, RnnError *error) {
  const int64_t width = s->search->width;
  bool any = false;
  call_step(s, t, false);
  for (int64_t r = 0; r < s->batch->rows; r++) s->from[r] = r;
  for (int64_t i = s->first; i < s->first + s->each; i++) {
    const Beam *b = &s->search->beam[i];
    if (beam_finished(b)) continue;
    if (!choose(s, i, error)) return false;
    for (int64_t h = 0; h < b->count; h++) s->from[(i - s->first) * width + h] = (i - s->first) * width + b->at[h].parent;
    any |= !beam_finished(b);
  }
  if (!any) return false;
  if (t > 0) unit_permute_state(s->search->stage->unit, s->from);
  call_step(s, t, true);
  return true;
}

static void set_rows(Stream *s) {
  const Search *search = s->search;
  s->batch->rows = s->each * search->width;
  s->batch->steps = 1;
  for (int64_t r = 0; r < s->batch->rows; r++) {
    s->batch->length[r] = 1;
    s->batch->whole[r] = (int32_t)search->limit;
    s->batch->sequence[r] = &search->stage->data->sequence[s->first + r / search->width];
    s->batch->identity[r] = (uint64_t)r;
  }
  s->batch->active[0] = (int32_t)s->batch->rows;
}

static bool stream_group(Stream *s, RnnError *error) {
  set_rows(s);
  for (int64_t t = 0; t < s->search->limit && stream_step(s, t, error);) t++;
  return !*error->code;
}

static bool stream(Search *search, RnnError *error) {
  Stage *stage = search->stage;
  const int64_t most = greater(1, search->rows / search->width), rows = most * search->width;
  Stream s = {.search = search, .output = rnn_unit_output(stage->unit, "distribution"), .batch = batch_rows_new(rows, 1)};
  s.from = calloc((size_t)rows + 1, sizeof *s.from);
  s.p = calloc((size_t)(search->width * search->symbols) + 1, sizeof *s.p);
  stage->decoded->symbol = search->symbol;
  stage->decoded->steps = search->steps;
  bool good = (s.batch && s.from && s.p) || rnn_fail(error, "E0519", "there is not enough memory to decode");
  good = good && feed_open(&s.feed, stage, stage->unit, stage->data, rows, error);
  for (; good && s.first < search->count; s.first += s.each) {
    s.each = search->count - s.first < most ? search->count - s.first : most;
    good = stream_group(&s, error);
  }
  feed_close(&s.feed);
  batch_chunk_free(s.batch);
  free(s.from);
  free(s.p);
  return good;
}

/* --- what was found --------------------------------------------------------------------------------------------------------------- */

static int64_t reference_steps(const Search *s, const Sequence *q) {
  if (!q->value[s->decoded->variable]) return 0;
  return s->stage->several_clocks ? sequence_steps_on(s->stage->data, q, s->decoded->clock) : q->steps;
}

/* As long as the reference where that is longer. There stands the end symbol, which the reference has only at its end, or no symbol
 * where the limit came before the end: neither is what the reference says. */
static bool keep_best(Search *s) {
  Decoded *d = s->decoded;
  d->steps = calloc((size_t)s->count + 1, sizeof *d->steps);
  d->symbol = calloc((size_t)s->count + 1, sizeof *d->symbol);
  for (int64_t i = 0; d->steps && d->symbol && i < s->count; i++, d->count++) {
    const Hypothesis *best = &s->beam[i].at[0];
    Sequence *q = &s->stage->data->sequence[i];
    d->steps[i] = greater(best->steps, reference_steps(s, q));
    if (!(d->symbol[i] = malloc(((size_t)d->steps[i] + 1) * sizeof(double)))) break;
    for (int64_t t = 0; t < d->steps[i]; t++) d->symbol[i][t] = t < best->steps ? best->symbol[t] : best->ended ? (double)s->end : -1;
    q->steps = steps_with(s, q, d->steps[i]);
  }
  return d->count == s->count;
}

bool decode(Stage *stage, Decoded *decoded, Recording *recording, int64_t rows, RnnError *error) {
  Search s = {.stage = stage, .decoded = decoded, .rows = rows};
  stage->decoded = decoded;
  bool good = read_clause(&s, error) && begin(&s, error) && (stage->unit->streams ? stream(&s, error) : rerun(&s, error));
  decoded->steps = NULL; /* they were the search's */
  decoded->symbol = NULL;
  good = good && (keep_best(&s) || rnn_fail(error, "E0519", "there is not enough memory for what was decoded"));
  finish(&s);
  return good && record(recording, stage, stage->unit, stage->data, 0, rows, error);
}
