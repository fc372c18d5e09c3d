/* metrics.c — what report and expect say about a run's values. Two passes where a variance is needed: exact enough, and short. */
#include "runtime/metrics.h"
#include "runtime/clause.h"
#include "runtime/error.h"
#include "runtime/memory_capacity.h"
#include <math.h>
#include <stdlib.h>
#include <string.h>

enum { METRIC_SERIES = 3 };

typedef struct MetricCall {
  const Series *series[METRIC_SERIES];
  int count;
  const cJSON *value; /* its options */
  int64_t at;         /* only this step; -1: all */
} MetricCall;

int64_t series_place(const Series *s, int64_t sequence, const int64_t *at) {
  int64_t place = 0;
  for (int c = 0; c < s->clocks; c++) {
    if (at[s->clock[c]] < 0 || at[s->clock[c]] >= s->length[c][sequence]) return -1;
    place = place * s->length[c][sequence] + at[s->clock[c]];
  }
  return place;
}

void series_steps(const Series *s, int64_t sequence, int64_t place, int64_t *at) {
  for (int c = s->clocks - 1; c >= 0; c--) {
    at[s->clock[c]] = place % s->length[c][sequence];
    place /= s->length[c][sequence];
  }
}

/* --- walking over the counted elements ------------------------------------------------------------------------------------- */

typedef struct Walk {
  const MetricCall *call;
  int64_t sequence, step, element;
  double y, d; /* of the first two series */
} Walk;

static Walk walk(const MetricCall *call) {
  return (Walk){.call = call, .element = -1};
}

/* A series without a clock says the same at every step, one of a single element the same for every element. */
static double at(const Series *s, int64_t sequence, int64_t step, int64_t element) {
  int64_t row = s->count == 1 ? 0 : sequence, t = s->stepped ? step : 0;
  if (t >= s->steps[row]) return NAN;
  return s->value[row][t * s->elements + (s->elements == 1 ? 0 : element)];
}

/* The series that says how many sequences, steps and elements there are. */
static const Series *leader(const MetricCall *c) {
  const Series *first = c->series[0], *second = c->count > 1 ? c->series[1] : NULL;
  if (!second || first->stepped > second->stepped) return first;
  return second->stepped > first->stepped || second->elements > first->elements ? second : first;
}

static bool advance(Walk *w, const Series *s) {
  if (++w->element < s->elements) return w->sequence < s->count;
  w->element = 0;
  w->step++;
  while (w->sequence < s->count && w->step >= s->steps[w->sequence]) w->sequence++, w->step = 0;
  return w->sequence < s->count;
}

static bool counts(const Walk *w, const Series *s) {
  if (w->call->at >= 0 && s->stepped) return w->step == w->call->at; /* named: washout does not matter */
  return !s->counted || s->counted[w->sequence][w->step];
}

static bool walk_next(Walk *w) {
  const Series *s = leader(w->call);
  while (advance(w, s)) {
    if (s->steps[w->sequence] == 0 || !counts(w, s)) continue;
    w->y = at(w->call->series[0], w->sequence, w->step, w->element);
    w->d = w->call->count > 1 ? at(w->call->series[1], w->sequence, w->step, w->element) : 0;
    if (!isnan(w->d)) return true;
  }
  return false;
}

/* --- the metrics, in the order of metrics.def ------------------------------------------------------------------------------- */

typedef double Term(double y, double d);

static double is_true(double y, double d) { (void)d; return y != 0; }
static double first(double y, double d) { (void)d; return y; }
static double square_error(double y, double d) { return (y - d) * (y - d); }
static double absolute_error(double y, double d) { return fabs(y - d); }

/* Chances come clamped as the losses do it (compiler/lower/loss.c, chances_of); those of a softmax or a sigmoid are not, but may have been
 * rounded to 0 or 1. */
static double chance(double y) { return y < 1.4e-45 ? 1.4e-45 : y > 1 - 6e-8 ? 1 - 6e-8 : y; }

/* −(d ln y + (1 − d) ln (1 − y)), with 0 ln 0 = 0. */
static double cross_entropy(double y, double d) {
  y = chance(y);
  return -((d > 0 ? d * log(y) : 0) + (d < 1 ? (1 - d) * log1p(-y) : 0));
}

static double total(const MetricCall *c, Term *term) {
  double sum = 0;
  for (Walk w = walk(c); walk_next(&w);) sum += term(w.y, w.d);
  return sum;
}

static double average(const MetricCall *c, Term *term) {
  double sum = 0;
  int64_t n = 0;
  for (Walk w = walk(c); walk_next(&w); n++) sum += term(w.y, w.d);
  return sum / (double)n;
}

static double spread(const MetricCall *c, Term *term) {
  double mean = average(c, term), sum = 0;
  int64_t n = 0;
  for (Walk w = walk(c); walk_next(&w); n++) sum += square_error(term(w.y, w.d), mean);
  return sum / (double)n;
}

/* The variance of d, each component around its own mean; over all components, of which each has as many d. */
static double spread_of_data(const MetricCall *c) {
  const int64_t components = leader(c)->elements;
  double sum = 0, *mean = calloc((size_t)components + 1, sizeof *mean), *count = calloc((size_t)components + 1, sizeof *count), n = 0;
  for (Walk w = walk(c); walk_next(&w); count[w.element]++) mean[w.element] += w.d;
  for (int64_t i = 0; i < components; i++) mean[i] /= count[i];
  for (Walk w = walk(c); walk_next(&w); n++) sum += square_error(w.d, mean[w.element]);
  free(mean);
  free(count);
  return sum / n;
}

static double metric_fraction(MetricCall *c) { return average(c, is_true); }
static double metric_mean(MetricCall *c) { return average(c, first); }
static double metric_sum(MetricCall *c) { return total(c, first); }

/* A y that is no number makes the extreme none, as it does the mean. */
static double metric_min(MetricCall *c) {
  double least = INFINITY;
  for (Walk w = walk(c); walk_next(&w);) least = w.y < least || isnan(w.y) ? w.y : least;
  return least;
}

static double metric_max(MetricCall *c) {
  double most = -INFINITY;
  for (Walk w = walk(c); walk_next(&w);) most = w.y > most || isnan(w.y) ? w.y : most;
  return most;
}

static double metric_variance(MetricCall *c) { return spread(c, first); }
static double metric_std(MetricCall *c) { return sqrt(spread(c, first)); }
static double metric_mse(MetricCall *c) { return average(c, square_error); }
static double metric_sse(MetricCall *c) { return total(c, square_error); }
static double metric_rmse(MetricCall *c) { return sqrt(metric_mse(c)); }
static double metric_mae(MetricCall *c) { return average(c, absolute_error); }
static double metric_nmse(MetricCall *c) { return metric_mse(c) / spread_of_data(c); }
static double metric_nrmse(MetricCall *c) { return sqrt(metric_nmse(c)); }

static double metric_arv(MetricCall *c) {
  double variance = value_option_number(c->value, "variance", NAN);
  return metric_mse(c) / (isnan(variance) ? spread_of_data(c) : variance);
}

static double metric_mse_at(MetricCall *c) {
  c->at = (int64_t)value_option_number(c->value, "step", 0);
  return metric_mse(c);
}

static double metric_rmse_at(MetricCall *c) { return sqrt(metric_mse_at(c)); }

static double metric_nrmse_at(MetricCall *c) {
  double error = metric_mse_at(c);
  if (leader(c)->count < 2) c->at = -1; /* one value has no variance */
  return sqrt(error / spread_of_data(c));
}

static double metric_bce(MetricCall *c) { return average(c, cross_entropy); }

static double metric_xent(MetricCall *c) {
  double sum = 0;
  int64_t n = 0;
  for (Walk w = walk(c); walk_next(&w);) {
    n += w.element == 0;
    if ((double)w.element == w.d) sum -= log(w.y < 1.4e-45 ? 1.4e-45 : w.y);
  }
  return sum / (double)n;
}

static double metric_exact(MetricCall *c) {
  int64_t sequences = 0, wrong = 0, last = -1, last_wrong = -1;
  for (Walk w = walk(c); walk_next(&w); last = w.sequence) {
    sequences += w.sequence != last;
    if (w.y == w.d || w.sequence == last_wrong) continue;
    wrong++;
    last_wrong = w.sequence;
  }
  return (double)(sequences - wrong) / (double)sequences;
}

/* Of one element i over all counted steps. */
static double element_variance(const MetricCall *c, int64_t element) {
  double sum = 0, mean = 0, n = 0;
  for (Walk w = walk(c); walk_next(&w);) { /* Welford, 1962 */
    if (w.element != element) continue;
    double before = w.y - mean;
    mean += before / ++n;
    sum += before * (w.y - mean);
  }
  return sum / n;
}

static double metric_entropy(MetricCall *c) {
  int64_t n = c->series[0]->elements;
  double sum = 0;
  for (int64_t i = 0; i < n; i++) sum += 0.5 * log(2 * 3.14159265358979323846 * 2.71828182845904523536 * element_variance(c, i));
  return sum / (double)n;
}

static double metric_memory_capacity(MetricCall *c) {
  const cJSON *third = value_arg(c->value, 2);
  double delays = value_option_number(c->value, "delays", cJSON_IsNumber(third) ? third->valuedouble : 100);
  return memory_capacity(c->series[0], c->series[1], (int64_t)delays);
}

typedef struct MetricRow {
  const char *name, *formula;
  int series;
  double (*value)(MetricCall *c);
} MetricRow;

static const MetricRow metrics[] = {
#define METRIC(name, series, formula) {#name, formula, series, metric_##name},
#include "runtime/metrics.def"
#undef METRIC
};
enum { METRICS = sizeof metrics / sizeof *metrics };

/* --- expressions over metrics ------------------------------------------------------------------------------------------------- */

typedef struct Operator {
  const char *name;
  double (*apply)(double a, double b);
} Operator;

static double add(double a, double b) { return a + b; }
static double subtract(double a, double b) { return a - b; }
static double multiply(double a, double b) { return a * b; }
static double divide(double a, double b) { return a / b; }
/* What is said of no number is neither true nor false: NaN, so that no `expect` holds by it, nor by its opposite. */
static double of_numbers(double a, double b, bool holds) { return isnan(a) || isnan(b) ? NAN : holds; }
static double less(double a, double b) { return of_numbers(a, b, a < b); }
static double less_equal(double a, double b) { return of_numbers(a, b, a <= b); }
static double greater(double a, double b) { return of_numbers(a, b, a > b); }
static double greater_equal(double a, double b) { return of_numbers(a, b, a >= b); }
static double equal(double a, double b) { return of_numbers(a, b, a == b); }
static double unequal(double a, double b) { return of_numbers(a, b, a != b); }
static double both(double a, double b) { return of_numbers(a, b, a != 0 && b != 0); }
static double either(double a, double b) { return of_numbers(a, b, a != 0 || b != 0); }
static double negated(double a) { return of_numbers(a, a, a == 0); }

static const Operator operators[] = {{"+", add}, {"-", subtract}, {"*", multiply}, {"/", divide}, {"^", pow},
                                     {"<", less}, {"<=", less_equal}, {">", greater}, {">=", greater_equal},
                                     {"==", equal}, {"!=", unequal}, {"and", both}, {"or", either}};

static bool unknown_metric(const char *name, int line, RnnError *error) {
  const char *names[METRICS];
  for (int i = 0; i < METRICS; i++) names[i] = metrics[i].name;
  rnn_fail_at(error, line, "E0410", "`%s` is not something to report", name ? name : "?");
  rnn_fail_names(error, "there is", name ? name : "", names, METRICS);
  return false;
}

static const Series *find_series(const cJSON *value, const Series *series, int count) {
  const char *name = json_string(value, "output");
  for (int i = 0; name && i < count; i++)
    if (!strcmp(series[i].name, name)) return &series[i];
  return NULL;
}

/* Values on several clocks go together where they live on the same ones, or one lives on none. */
static bool on_other_clocks(const Series *a, const Series *b) {
  if (!a->stepped || !b->stepped || (a->clocks < 2 && b->clocks < 2)) return false;
  bool same = a->clocks == b->clocks;
  for (int c = 0; same && c < a->clocks; c++) same = a->clock[c] == b->clock[c];
  return !same;
}

/* √ and its like of a number, as in `report sqrt(mse(y, data.y))`. */
typedef struct Function {
  const char *name;
  double (*apply)(double);
} Function;

static const Function functions[] = {{"abs", fabs}, {"sqrt", sqrt}, {"exp", exp}, {"log", log}};

static const Function *find_function(const char *name) {
  for (size_t i = 0; name && i < sizeof functions / sizeof *functions; i++)
    if (!strcmp(functions[i].name, name)) return &functions[i];
  return NULL;
}

/* A number of nothing would be NaN, or a sum of 0. At a step that is named washout does not matter. */
static bool anything_counts(const MetricCall *c) {
  MetricCall call = *c;
  call.at = (int64_t)value_option_number(c->value, "step", -1);
  Walk w = walk(&call);
  return walk_next(&w);
}

static bool nothing_counts(const MetricCall *c, const char *name, int line, RnnError *error) {
  const double step = value_option_number(c->value, "step", -1);
  if (step >= 0) return rnn_fail_at(error, line, "E0415", "`%s`: no sequence has a step %.0f that counts", name, step);
  return rnn_fail_at(error, line, "E0415", "`%s` is asked of nothing: no step counts", name);
}

static bool call_value(const cJSON *value, const Series *series, int count, int line, double *out, RnnError *error) {
  const char *name = value_called(value);
  const Function *function = find_function(name);
  if (function) {
    double x;
    if (!metric_value(value_arg(value, 0), series, count, line, &x, error)) return false;
    return *out = function->apply(x), true;
  }
  int row = 0;
  while (row < METRICS && (!name || strcmp(metrics[row].name, name))) row++;
  if (row == METRICS) return unknown_metric(name, line, error);
  MetricCall call = {.value = value, .at = -1};
  while (call.count < metrics[row].series && (call.series[call.count] = find_series(value_arg(value, call.count), series, count)))
    call.count++;
  if (call.count < metrics[row].series)
    return rnn_fail_at(error, line, "E0404", "`%s` takes %d value%s of the net\n   = note: %s", name, metrics[row].series,
                       metrics[row].series > 1 ? "s" : "", metrics[row].formula);
  if (call.count > 1 && on_other_clocks(call.series[0], call.series[1]))
    return rnn_fail_at(error, line, "E0404", "`%s` takes values that live on the same clocks", name);
  if (!anything_counts(&call)) return nothing_counts(&call, name, line, error);
  *out = metrics[row].value(&call);
  return true;
}

static bool operator_value(const cJSON *value, const Series *series, int count, int line, double *out, RnnError *error) {
  const char *op = json_string(value, "op");
  const cJSON *right = json_item(value, "right");
  double a, b = 0;
  if (!metric_value(json_item(value, "left"), series, count, line, &a, error)) return false;
  if (right && !metric_value(right, series, count, line, &b, error)) return false;
  if (!right) return *out = !strcmp(op, "-") ? -a : negated(a), true; /* minus; not */
  for (size_t i = 0; i < sizeof operators / sizeof *operators; i++)
    if (!strcmp(operators[i].name, op)) return *out = operators[i].apply(a, b), true;
  return rnn_fail_at(error, line, "E0410", "`%s` cannot be used here", op);
}

/* A bare value of the net: its mean, which is the value itself where there is one. */
static bool plain_value(const Series *s, int line, double *out, RnnError *error) {
  MetricCall call = {.series = {s}, .count = 1, .at = -1};
  if (!anything_counts(&call)) return nothing_counts(&call, "mean", line, error);
  *out = average(&call, first);
  return true;
}

bool metric_value(const cJSON *value, const Series *series, int count, int line, double *out, RnnError *error) {
  if (cJSON_IsNumber(value)) return *out = value->valuedouble, true;
  if (json_string(value, "op")) return operator_value(value, series, count, line, out, error);
  const Series *bare = find_series(value, series, count);
  return bare ? plain_value(bare, line, out, error) : call_value(value, series, count, line, out, error);
}
