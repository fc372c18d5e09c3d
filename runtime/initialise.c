/* initialise.c — drawing parameters: `param W: [H, X] ~ glorot`, `fixed W: [N, N] ~ normal(0, 1) | sparse(0.1) | radius(0.95)`.
 *
 * Every parameter has a random stream of its own, keyed by (seed, name), so that adding one changes no other's draw. A chain
 * runs left to right: the first stage draws, later ones change what they find (sparse and fan_in keep some entries, radius rescales,
 * signs sets signs). Adding an initialiser: a row in initialisers.def and a function here. */
#include "runtime/dataset.h"
#include "runtime/data/data.h"
#include "runtime/error.h"
#include "runtime/random.h"
#include "runtime/value.h"
#include <lapacke.h>
#include <float.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

enum { OPTIONS = 5 };

typedef struct Draw Draw;
typedef struct Initialiser {
  const char *name;
  int positional;
  const char *option[OPTIONS];
  bool (*run)(Draw *d);
} Initialiser;

struct Draw {
  const char *name, *directory;
  const cJSON *call;
  const Initialiser *initialiser;
  const int64_t *shape;
  int rank;
  int64_t elements, rows, columns; /* rows: the first dim; columns: all the others */
  bool first;                      /* the first stage of a chain: `out` holds nothing yet */
  Random random;
  double *out;
  RnnError *error;
};

/* --- options -------------------------------------------------------------------------------------------------------- */

static const cJSON *option_of(const Draw *d, const char *name) {
  int place = 0;
  while (strcmp(d->initialiser->option[place], name) != 0) place++;
  return value_option(d->call, name, place < d->initialiser->positional ? place : -1);
}

static bool bad_option(Draw *d, const char *name, const char *wanted) {
  char found[80];
  return rnn_fail(d->error, "E0422", "`%s ~ %s(…)`: %s must be %s; found %s", d->name, d->initialiser->name, name, wanted,
                  value_text(option_of(d, name), found, sizeof found));
}

static bool has_option(const Draw *d, const char *name) { return option_of(d, name) != NULL; }

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
    if (meant && !(x >= l->least && x <= l->most)) return bad_option(d, name, l->wanted);
  }
  return true;
}

/* NaN as fallback: it must be given. */
static bool number_option(Draw *d, const char *name, double fallback, double *out) {
  const cJSON *v = option_of(d, name);
  *out = fallback;
  if (!v && !isnan(fallback)) return true;
  if (!cJSON_IsNumber(v)) return bad_option(d, name, "a number");
  *out = v->valuedouble;
  return within_limits(d, name, *out);
}

static bool whole_option(Draw *d, const char *name, double least, double most, int64_t *out) {
  double x;
  *out = 0;
  if (!number_option(d, name, NAN, &x)) return false;
  if (!(x >= least && x <= most) || x != floor(x)) {
    char wanted[80];
    snprintf(wanted, sizeof wanted, "a whole number from %.0f to %.0f", least, most);
    return bad_option(d, name, wanted);
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

static bool wrong_shape(Draw *d, const char *wanted) {
  char shape[160];
  shape_text(d, shape, sizeof shape);
  return rnn_fail(d->error, "E0421", "`%s` is %s, but %s wants %s", d->name, shape, d->initialiser->name, wanted);
}

static bool want_square(Draw *d) {
  return (d->rank == 2 && d->rows == d->columns) || wrong_shape(d, "a square matrix [N, N]");
}

/* --- independent draws ---------------------------------------------------------------------------------------------- */

static bool fill_uniform(Draw *d, double low, double high) {
  for (int64_t i = 0; i < d->elements; i++) d->out[i] = low + (high - low) * random_uniform(&d->random);
  return true;
}

static bool fill_normal(Draw *d, double mean, double std) {
  for (int64_t i = 0; i < d->elements; i++) d->out[i] = mean + std * random_normal(&d->random);
  return true;
}

static bool fill_constant(Draw *d, double x) {
  for (int64_t i = 0; i < d->elements; i++) d->out[i] = x;
  return true;
}

static bool init_uniform(Draw *d) {
  double low, high;
  return number_option(d, "low", NAN, &low) && number_option(d, "high", NAN, &high) && fill_uniform(d, low, high);
}

static bool init_normal(Draw *d) {
  double mean, std;
  if (!number_option(d, "mean", 0, &mean) || !number_option(d, "std", 1, &std)) return false;
  return fill_normal(d, mean, std);
}

static bool init_integers(Draw *d) {
  int64_t low, high;
  if (!whole_option(d, "low", -9e15, 9e15, &low) || !whole_option(d, "high", -9e15, 9e15, &high)) return false;
  if (high < low) return bad_option(d, "high", "at least low");
  for (int64_t i = 0; i < d->elements; i++) d->out[i] = (double)(low + random_below(&d->random, high - low + 1));
  return true;
}

/* Glorot and Bengio (2010), equation 16: uniform with variance 2 / (fan_in + fan_out). fan_in is the product of all dims after the first. */
static bool init_glorot(Draw *d) {
  double gain, bound = sqrt(6.0 / (double)(d->rows + d->columns));
  return number_option(d, "gain", 1, &gain) && fill_uniform(d, -gain * bound, gain * bound);
}

/* He et al. (2015), equation 10. */
static bool init_he(Draw *d) {
  double gain;
  return number_option(d, "gain", 1, &gain) && fill_normal(d, 0, gain * sqrt(2.0 / (double)d->columns));
}

/* LeCun et al., "Efficient BackProp" (1998), equation 16. */
static bool init_lecun(Draw *d) {
  double gain;
  return number_option(d, "gain", 1, &gain) && fill_normal(d, 0, gain * sqrt(1.0 / (double)d->columns));
}

/* --- matrices ------------------------------------------------------------------------------------------------------- */

/* q [tall][narrow] of normals → its Q, with R's diagonal positive, so that Q is uniform (Mezzadri, 2007). */
static bool orthonormal_columns(double *q, int64_t tall, int64_t narrow) {
  double *tau = malloc((size_t)(2 * narrow) * sizeof *tau);
  if (!tau) return false;
  lapack_int m = (lapack_int)tall, n = (lapack_int)narrow;
  bool fine = LAPACKE_dgeqrf(LAPACK_ROW_MAJOR, m, n, q, n, tau) == 0;
  for (int64_t j = 0; j < narrow; j++) tau[narrow + j] = q[j * narrow + j] < 0 ? -1 : 1;
  fine = fine && LAPACKE_dorgqr(LAPACK_ROW_MAJOR, m, n, n, q, n, tau) == 0;
  for (int64_t i = 0; i < tall * narrow; i++) q[i] *= tau[narrow + i % narrow];
  free(tau);
  return fine;
}

/* Saxe et al. (2014). The longer side's vectors are orthonormal: Wᵀ W = 1 when tall, W Wᵀ = 1 when wide. */
static bool init_orthogonal(Draw *d) {
  double gain;
  if (d->rank < 2) return wrong_shape(d, "at least two dims");
  if (!number_option(d, "gain", 1, &gain)) return false;
  bool tall = d->rows >= d->columns;
  int64_t m = tall ? d->rows : d->columns, n = tall ? d->columns : d->rows;
  double *q = malloc((size_t)d->elements * sizeof *q);
  if (!q) return no_memory(d->error);
  for (int64_t i = 0; i < d->elements; i++) q[i] = random_normal(&d->random);
  bool fine = orthonormal_columns(q, m, n);
  for (int64_t i = 0; i < m; i++)
    for (int64_t j = 0; j < n; j++) d->out[tall ? i * n + j : j * m + i] = gain * q[i * n + j];
  free(q);
  return fine || rnn_fail(d->error, "E0421", "`%s ~ orthogonal` could not be computed", d->name);
}

static bool init_identity(Draw *d) {
  double scale = 1;
  if (d->rank < 2) return wrong_shape(d, "a matrix");
  if (!number_option(d, "scale", 1, &scale)) return false;
  fill_constant(d, 0);
  for (int64_t i = 0; i < d->rows && i < d->columns; i++) d->out[i * d->columns + i] = scale;
  return true;
}

static bool init_one_hot(Draw *d) {
  int64_t last = d->rank ? d->shape[d->rank - 1] : 1, place;
  if (!whole_option(d, "place", 0, (double)last - 1, &place)) return false;
  for (int64_t i = 0; i < d->elements; i++) d->out[i] = i % last == place;
  return true;
}

/* Simple cycle reservoir: unit i reads unit i − 1, the first the last (Rodan and Tino, 2011, figure 1c). */
static bool init_ring(Draw *d) {
  double weight;
  if (!want_square(d) || !number_option(d, "weight", NAN, &weight)) return false;
  fill_constant(d, 0);
  for (int64_t i = 0; i < d->rows; i++) d->out[i * d->columns + (i + d->rows - 1) % d->rows] = weight;
  return true;
}

/* Delay line reservoir, with feedback to the unit before when `back` is not 0 (Rodan and Tino, 2011, figure 1a and b). */
static bool init_delay_line(Draw *d) {
  double weight, back;
  if (!want_square(d) || !number_option(d, "weight", NAN, &weight) || !number_option(d, "back", 0, &back)) return false;
  fill_constant(d, 0);
  for (int64_t i = 1; i < d->rows; i++) {
    d->out[i * d->columns + i - 1] = weight;
    d->out[(i - 1) * d->columns + i] = back;
  }
  return true;
}

/* The largest |eigenvalue| (LAPACK dgeev); negative when it cannot be computed. */
static double spectral_radius(const double *matrix, int64_t n) {
  size_t size = (size_t)n;
  double *copy = malloc((size * size + 2 * size) * sizeof *copy), radius = -1;
  if (!copy) return -1;
  double *real = copy + size * size, *imaginary = real + size;
  memcpy(copy, matrix, size * size * sizeof *copy);
  lapack_int order = (lapack_int)n;
  if (LAPACKE_dgeev(LAPACK_ROW_MAJOR, 'N', 'N', order, copy, order, real, imaginary, NULL, order, NULL, order) == 0)
    for (size_t i = 0; i < size; i++) radius = fmax(radius, hypot(real[i], imaginary[i]));
  free(copy);
  return radius;
}

/* Rescales W so that its largest |eigenvalue| is `wanted` (Jaeger, 2001). */
static bool rescale(Draw *d, double wanted) {
  if (!want_square(d)) return false;
  double radius = spectral_radius(d->out, d->rows);
  if (radius < 1e-12)
    return rnn_fail(d->error, "E0421", "`%s`: the drawn matrix has spectral radius 0, so no factor makes it %g\n"
                    "   = note: a very sparse matrix has no loops\n   = help: raise its density", d->name, wanted);
  for (int64_t i = 0; i < d->elements; i++) d->out[i] *= wanted / radius;
  return true;
}

static bool init_radius(Draw *d) {
  double radius = 1;
  if (d->first)
    return rnn_fail(d->error, "E0421", "`%s ~ radius(…)` has nothing to rescale\n   = help: draw first: `~ normal(0, 1) | radius(0.9)`", d->name);
  return number_option(d, "radius", NAN, &radius) && rescale(d, radius);
}

/* --- sparse matrices ------------------------------------------------------------------------------------------------ */

/* Zeroes all but `keep` of the n entries at `at`, each choice equally likely (selection sampling: Knuth, 3.4.2 S). */
static void keep_some(Draw *d, double *at, int64_t n, int64_t keep) {
  for (int64_t i = 0; i < n; i++) {
    if (random_uniform(&d->random) * (double)(n - i) < (double)keep) keep--;
    else at[i] = 0;
  }
}

/* sparse(density, values = v): ±v with equal chance (Jaeger, 2001); std = s: normal(0, s); else uniform in [−1, 1]. */
static bool sparse_values(Draw *d) {
  double x = 0;
  if (has_option(d, "values")) {
    if (!number_option(d, "values", NAN, &x)) return false;
    for (int64_t i = 0; i < d->elements; i++) d->out[i] = random_uniform(&d->random) < 0.5 ? -x : x;
    return true;
  }
  if (has_option(d, "std")) return number_option(d, "std", NAN, &x) && fill_normal(d, 0, x);
  return !d->first || fill_uniform(d, -1, 1);
}

/* The same by blocks of `tall` rows in one column, those of the last rows as tall as there are rows left. */
static void keep_blocks(Draw *d, int64_t tall, double density) {
  int64_t blocks = (d->rows + tall - 1) / tall * d->columns, keep = llround(density * (double)blocks);
  for (int64_t b = 0; b < blocks; b++) {
    if (random_uniform(&d->random) * (double)(blocks - b) < (double)keep) {
      keep--;
      continue;
    }
    int64_t first = b / d->columns * tall;
    for (int64_t i = first; i < first + tall && i < d->rows; i++) d->out[i * d->columns + b % d->columns] = 0;
  }
}

/* Exactly round(density × elements) entries are kept, so that small matrices have what is asked for; or so many of the blocks. */
static bool init_sparse(Draw *d) {
  double density, radius;
  if (!number_option(d, "density", NAN, &density)) return false;
  if (has_option(d, "values") && has_option(d, "std"))
    return rnn_fail(d->error, "E0422", "`%s ~ sparse(…)` takes values or std, not both", d->name);
  if (!sparse_values(d)) return false;
  int64_t tall = 1;
  if (has_option(d, "blocks") && !whole_option(d, "blocks", 1, (double)d->rows, &tall)) return false;
  if (tall > 1) keep_blocks(d, tall, density);
  else keep_some(d, d->out, d->elements, llround(density * (double)d->elements));
  return !has_option(d, "radius") || (number_option(d, "radius", NAN, &radius) && rescale(d, radius));
}

static bool init_fan_in(Draw *d) {
  int64_t k = 0;
  if (d->rank < 2) return wrong_shape(d, "a matrix");
  if (!whole_option(d, "k", 1, (double)d->columns, &k)) return false;
  if (d->first) fill_uniform(d, -1, 1);
  for (int64_t i = 0; i < d->rows; i++) keep_some(d, d->out + i * d->columns, d->columns, k);
  return true;
}

/* Moves the edge i ← j to a place of row i that is free and not i itself. A full row stays as it is. */
static void rewire(Draw *d, int64_t i, int64_t j) {
  double *row = d->out + i * d->columns;
  int64_t available = 0;
  for (int64_t k = 0; k < d->columns; k++) available += k != i && row[k] == 0;
  if (!available) return;
  int64_t chosen = random_below(&d->random, available), k = -1;
  do k++, chosen -= k != i && row[k] == 0;
  while (chosen >= 0);
  row[k] = row[j];
  row[j] = 0;
}

/* Watts and Strogatz (1998), directed: each unit reads its k nearest on the ring; each link is rewired with chance p. */
static bool init_small_world(Draw *d) {
  int64_t k = 0;
  double p, radius;
  if (!want_square(d) || !whole_option(d, "k", 2, (double)d->rows - 1, &k) || !number_option(d, "p", NAN, &p)) return false;
  if (k % 2) return bad_option(d, "k", "even: half of the neighbours on each side");
  fill_constant(d, 0);
  for (int64_t i = 0; i < d->rows; i++)
    for (int64_t away = -k / 2; away <= k / 2; away++)
      if (away) d->out[i * d->columns + (i + away + d->rows) % d->rows] = 2 * random_uniform(&d->random) - 1;
  for (int64_t i = 0; i < d->rows; i++)
    for (int64_t away = -k / 2; away <= k / 2; away++)
      if (away && random_uniform(&d->random) < p) rewire(d, i, (i + away + d->rows) % d->rows);
  return !has_option(d, "radius") || (number_option(d, "radius", NAN, &radius) && rescale(d, radius));
}

/* --- signs(pi) ------------------------------------------------------------------------------------------------------ */

/* The first n decimals of pi, four at a time (the spigot of Rabinowitz and Wagon, 1995). NULL: no memory. */
static char *pi_decimals(int64_t n) {
  int64_t groups = n / 4 + 2, terms = groups * 14;
  int64_t *remainder = malloc((size_t)(terms + 1) * sizeof *remainder);
  char *digits = malloc((size_t)(groups * 4 + 8));
  if (!remainder || !digits) return free(remainder), free(digits), NULL;
  for (int64_t i = 0; i <= terms; i++) remainder[i] = 2000;
  int64_t kept = 0, used = 0;
  for (; terms > 0 && used < n + 1; terms -= 14) {
    int64_t carry = 0;
    for (int64_t i = terms; i > 0; i--) {
      carry = carry * i + 10000 * remainder[i];
      remainder[i] = carry % (2 * i - 1);
      carry /= 2 * i - 1;
    }
    snprintf(digits + used, 8, "%04d", (int)(kept + carry / 10000));
    used += 4;
    kept = carry % 10000;
  }
  free(remainder);
  memmove(digits, digits + 1, (size_t)used); /* without the 3 */
  return digits;
}

/* Signs by the decimals of pi: 0–4 minus, 5–9 plus (Rodan and Tino, 2011, section III). Alone it draws ±1. */
static bool init_signs(Draw *d) {
  enum { DECIMALS_MOST = 20000 };
  if (!value_is_call(option_of(d, "of"), "pi")) return bad_option(d, "of", "`pi`");
  if (d->elements > DECIMALS_MOST) return wrong_shape(d, "at most 20000 elements");
  char *digits = pi_decimals(d->elements);
  if (!digits) return no_memory(d->error);
  if (d->first) fill_constant(d, 1);
  for (int64_t i = 0; i < d->elements; i++) d->out[i] = digits[i] < '5' ? -fabs(d->out[i]) : fabs(d->out[i]);
  free(digits);
  return true;
}

/* --- from a file ---------------------------------------------------------------------------------------------------- */

static bool same_shape(const Draw *d, const Npy *array) {
  bool same = d->rank == array->rank;
  for (int i = 0; same && i < d->rank; i++) same = d->shape[i] == array->shape[i];
  return same;
}

static bool init_file(Draw *d) {
  const cJSON *name = option_of(d, "path");
  if (!cJSON_IsString(name)) return bad_option(d, "path", "the name of a .npy file in quotes");
  char *path = clause_path(d->directory, name->valuestring);
  Npy array = {0};
  if (!path || !npy_read(path, &array, d->error)) return free(path), false;
  bool fits = same_shape(d, &array);
  if (fits) memcpy(d->out, array.value, (size_t)d->elements * sizeof *d->out);
  else wrong_shape(d, "the same shape as the array in the file");
  free(array.value);
  free(path);
  return fits;
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
  if (cJSON_IsNumber(v)) return fill_constant(d, v->valuedouble);
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
