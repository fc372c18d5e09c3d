/* initialise.c — drawing parameters: `param W: [H, X] ~ glorot`, `fixed W: [N, N] ~ normal(0, 1) | sparse(0.1) | radius(0.95)`.
 *
 * Every parameter has a random stream of its own, keyed by (seed, name), so that adding one changes no other's draw. A chain
 * runs left to right: the first stage draws, later ones change what they find (sparse and fan_in keep some entries, radius rescales,
 * signs sets signs). Adding an initialiser: a row in initialisers.def and its function in one of the files that
 * initialise.h names. */
#include "runtime/initialise.h"
#include <float.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

/* --- options -------------------------------------------------------------------------------------------------------- */

const cJSON *initialise_option(const Draw *d, const char *name) {
  int place = 0;
  while (strcmp(d->initialiser->option[place], name) != 0) place++;
  return value_option(d->call, name, place < d->initialiser->positional ? place : -1);
}

bool initialise_bad_option(Draw *d, const char *name, const char *wanted) {
  char found[80];
  return rnn_fail(d->error, "E0422", "`%s ~ %s(…)`: %s must be %s; found %s", d->name, d->initialiser->name, name, wanted,
                  value_text(initialise_option(d, name), found, sizeof found));
}

typedef struct Limit {
  const char *initialiser, *option;
  double least, most;
  const char *wanted;
} Limit;

static const Limit limits[] = {
#define LIMIT(initialiser, option, least, most, wanted) {#initialiser, #option, least, most, wanted},
#include "runtime/initialiser_limits.def"
#undef LIMIT
};

static bool within_limits(Draw *d, const char *name, double x) {
  for (size_t i = 0; i < sizeof limits / sizeof *limits; i++) {
    const Limit *l = &limits[i];
    const bool meant = !strcmp(l->initialiser, d->initialiser->name) && !strcmp(l->option, name);
    if (meant && !(x >= l->least && x <= l->most)) return initialise_bad_option(d, name, l->wanted);
  }
  return true;
}

/* NaN as fallback: it must be given. */
bool initialise_number(Draw *d, const char *name, double fallback, double *out) {
  const cJSON *v = initialise_option(d, name);
  *out = fallback;
  if (!v && !isnan(fallback)) return true;
  if (!cJSON_IsNumber(v)) return initialise_bad_option(d, name, "a number");
  *out = v->valuedouble;
  return within_limits(d, name, *out);
}

bool initialise_whole(Draw *d, const char *name, double least, double most, int64_t *out) {
  double x;
  *out = 0;
  if (!initialise_number(d, name, NAN, &x)) return false;
  if (!(x >= least && x <= most) || x != floor(x)) {
    char wanted[80];
    snprintf(wanted, sizeof wanted, "a whole number from %.0f to %.0f", least, most);
    return initialise_bad_option(d, name, wanted);
  }
  *out = (int64_t)x;
  return true;
}

static void shape_text(const Draw *d, char *out, size_t size) {
  size_t used = (size_t)snprintf(out, size, "[");
  for (int i = 0; i < d->rank && used < size; i++)
    used += (size_t)snprintf(out + used, size - used, "%s%lld", i ? ", " : "", (long long)d->shape[i]);
  if (used < size) snprintf(out + used, size - used, "]");
}

bool initialise_wrong_shape(Draw *d, const char *wanted) {
  char shape[160];
  shape_text(d, shape, sizeof shape);
  return rnn_fail(d->error, "E0421", "`%s` is %s, but %s wants %s", d->name, shape, d->initialiser->name, wanted);
}

/* --- the table ------------------------------------------------------------------------------------------------------ */

static const Initialiser initialisers[] = {
#define INITIALISER(name, positional, ...) {#name, positional, {__VA_ARGS__}, init_##name},
#include "runtime/initialisers.def"
#undef INITIALISER
};
enum { INITIALISERS = sizeof initialisers / sizeof *initialisers };

static const Initialiser *find_initialiser(Draw *d, const char *name) {
  const char *names[INITIALISERS];
  for (int i = 0; i < INITIALISERS; i++) {
    if (strcmp(initialisers[i].name, name) == 0) return &initialisers[i];
    names[i] = initialisers[i].name;
  }
  rnn_fail(d->error, "E0420", "`%s ~ %s`: there is no initialiser `%s`", d->name, name, name);
  rnn_fail_names(d->error, "the initialisers are", name, names, INITIALISERS);
  return NULL;
}

static bool check_options(Draw *d) {
  const Initialiser *init = d->initialiser;
  int options = 0;
  while (options < OPTIONS && init->option[options]) options++;
  if (value_args(d->call) > init->positional)
    return rnn_fail(d->error, "E0422", "`%s ~ %s(…)` takes at most %d unnamed arguments, not %d", d->name, init->name, init->positional,
                    value_args(d->call));
  const cJSON *named;
  cJSON_ArrayForEach(named, cJSON_GetObjectItemCaseSensitive(d->call, "named")) {
    bool known = false;
    for (int i = 0; i < options; i++) known |= strcmp(init->option[i], named->string) == 0;
    if (known) continue;
    rnn_fail(d->error, "E0422", "`%s ~ %s(…)` has no option `%s`", d->name, init->name, named->string);
    rnn_fail_names(d->error, "its options are", named->string, init->option, options);
    return false;
  }
  return true;
}

/* A nested list must have the shape exactly; fills out from *at on. */
static bool fill_list(Draw *d, const cJSON *v, int dim, int64_t *at) {
  if (dim == d->rank) {
    if (!cJSON_IsNumber(v)) return false;
    d->out[(*at)++] = v->valuedouble;
    return true;
  }
  if (!cJSON_IsArray(v) || cJSON_GetArraySize(v) != d->shape[dim]) return false;
  const cJSON *item;
  cJSON_ArrayForEach(item, v)
    if (!fill_list(d, item, dim + 1, at)) return false;
  return true;
}

static bool init_list(Draw *d, const cJSON *v) {
  int64_t at = 0;
  if (fill_list(d, v, 0, &at)) return true;
  char shape[160];
  shape_text(d, shape, sizeof shape);
  return rnn_fail(d->error, "E0421", "`%s` is %s, but the list it is set to has another shape\n"
                  "   = note: a [2, 3] is two lists of three numbers: [[1, 2, 3], [4, 5, 6]]", d->name, shape);
}

static bool initialise(Draw *d, const cJSON *v) {
  const cJSON *stage, *chain = cJSON_GetObjectItemCaseSensitive(v, "chain");
  cJSON_ArrayForEach(stage, chain) {
    if (!initialise(d, stage)) return false;
    d->first = false;
  }
  if (chain) return true;
  if (cJSON_IsNumber(v)) return initialise_fill_constant(d, v->valuedouble);
  if (cJSON_IsArray(v)) return init_list(d, v);
  const char *name = value_called(v);
  if (!name) return rnn_fail(d->error, "E0420", "`%s` has no initialiser that could be drawn", d->name);
  d->call = v;
  d->initialiser = find_initialiser(d, name);
  return d->initialiser && check_options(d) && d->initialiser->run(d);
}

bool param_initialise(const char *name, const cJSON *init, const int64_t *shape, int rank, uint64_t seed, double *out, const char *directory,
                      RnnError *error) {
  char purpose[256];
  snprintf(purpose, sizeof purpose, "param %s", name);
  Draw d = {.name = name, .directory = directory, .shape = shape, .rank = rank, .first = true, .out = out, .error = error};
  d.random = random_stream(seed, purpose);
  d.rows = rank ? shape[0] : 1;
  d.columns = 1;
  for (int i = 1; i < rank; i++) d.columns *= shape[i];
  d.elements = d.rows * d.columns;
  return initialise(&d, init);
}
