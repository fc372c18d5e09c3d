/* initialise_matrices.c — initialisers that make or change a matrix as a whole: orthogonal ones, rings, reservoirs, signs. */
#include "runtime/initialise.h"
#include "runtime/room.h"
#include <lapacke.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

static bool has_option(const Draw *d, const char *name) { return initialise_option(d, name) != NULL; }

static bool want_square(Draw *d) {
  return (d->rank == 2 && d->rows == d->columns) || initialise_wrong_shape(d, "a square matrix [N, N]");
}

/* --- matrices ------------------------------------------------------------------------------------------------------- */

/* q [tall][narrow] of normals → its Q, with R's diagonal positive, so that Q is uniform (Mezzadri, 2007). */
static bool orthonormal_columns(double *q, int64_t tall, int64_t narrow) {
  double *tau = room_new(2 * narrow, sizeof *tau);
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
bool init_orthogonal(Draw *d) {
  double gain;
  if (d->rank < 2) return initialise_wrong_shape(d, "at least two dims");
  if (!initialise_number(d, "gain", 1, &gain)) return false;
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

bool init_identity(Draw *d) {
  double scale = 1;
  if (d->rank < 2) return initialise_wrong_shape(d, "a matrix");
  if (!initialise_number(d, "scale", 1, &scale)) return false;
  initialise_fill_constant(d, 0);
  for (int64_t i = 0; i < d->rows && i < d->columns; i++) d->out[i * d->columns + i] = scale;
  return true;
}

bool init_one_hot(Draw *d) {
  int64_t last = d->rank ? d->shape[d->rank - 1] : 1, place;
  if (!initialise_whole(d, "place", 0, (double)last - 1, &place)) return false;
  for (int64_t i = 0; i < d->elements; i++) d->out[i] = i % last == place;
  return true;
}

/* Simple cycle reservoir: unit i reads unit i − 1, the first the last (Rodan and Tino, 2011, figure 1c). */
bool init_ring(Draw *d) {
  double weight;
  if (!want_square(d) || !initialise_number(d, "weight", NAN, &weight)) return false;
  initialise_fill_constant(d, 0);
  for (int64_t i = 0; i < d->rows; i++) d->out[i * d->columns + (i + d->rows - 1) % d->rows] = weight;
  return true;
}

/* Delay line reservoir, with feedback to the unit before when `back` is not 0 (Rodan and Tino, 2011, figure 1a and b). */
bool init_delay_line(Draw *d) {
  double weight, back;
  if (!want_square(d) || !initialise_number(d, "weight", NAN, &weight) || !initialise_number(d, "back", 0, &back)) return false;
  initialise_fill_constant(d, 0);
  for (int64_t i = 1; i < d->rows; i++) {
    d->out[i * d->columns + i - 1] = weight;
    d->out[(i - 1) * d->columns + i] = back;
  }
  return true;
}

/* The largest |eigenvalue| (LAPACK dgeev); negative when it cannot be computed. */
static double spectral_radius(const double *matrix, int64_t n) {
  size_t size = (size_t)n;
  double *copy = room_new((int64_t)(size * size + 2 * size), sizeof *copy), radius = -1;
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

bool init_radius(Draw *d) {
  double radius = 1;
  if (d->first)
    return rnn_fail(d->error, "E0421", "`%s ~ radius(…)` has nothing to rescale\n   = help: draw first: `~ normal(0, 1) | radius(0.9)`", d->name);
  return initialise_number(d, "radius", NAN, &radius) && rescale(d, radius);
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
    if (!initialise_number(d, "values", NAN, &x)) return false;
    for (int64_t i = 0; i < d->elements; i++) d->out[i] = random_uniform(&d->random) < 0.5 ? -x : x;
    return true;
  }
  if (has_option(d, "std")) return initialise_number(d, "std", NAN, &x) && initialise_fill_normal(d, 0, x);
  return !d->first || initialise_fill_uniform(d, -1, 1);
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
bool init_sparse(Draw *d) {
  double density, radius;
  if (!initialise_number(d, "density", NAN, &density)) return false;
  if (has_option(d, "values") && has_option(d, "std"))
    return rnn_fail(d->error, "E0422", "`%s ~ sparse(…)` takes values or std, not both", d->name);
  if (!sparse_values(d)) return false;
  int64_t tall = 1;
  if (has_option(d, "blocks") && !initialise_whole(d, "blocks", 1, (double)d->rows, &tall)) return false;
  if (tall > 1) keep_blocks(d, tall, density);
  else keep_some(d, d->out, d->elements, llround(density * (double)d->elements));
  return !has_option(d, "radius") || (initialise_number(d, "radius", NAN, &radius) && rescale(d, radius));
}

bool init_fan_in(Draw *d) {
  int64_t k = 0;
  if (d->rank < 2) return initialise_wrong_shape(d, "a matrix");
  if (!initialise_whole(d, "k", 1, (double)d->columns, &k)) return false;
  if (d->first) initialise_fill_uniform(d, -1, 1);
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
bool init_small_world(Draw *d) {
  int64_t k = 0;
  double p, radius;
  if (!want_square(d) || !initialise_whole(d, "k", 2, (double)d->rows - 1, &k) || !initialise_number(d, "p", NAN, &p)) return false;
  if (k % 2) return initialise_bad_option(d, "k", "even: half of the neighbours on each side");
  initialise_fill_constant(d, 0);
  for (int64_t i = 0; i < d->rows; i++)
    for (int64_t away = -k / 2; away <= k / 2; away++)
      if (away) d->out[i * d->columns + (i + away + d->rows) % d->rows] = 2 * random_uniform(&d->random) - 1;
  for (int64_t i = 0; i < d->rows; i++)
    for (int64_t away = -k / 2; away <= k / 2; away++)
      if (away && random_uniform(&d->random) < p) rewire(d, i, (i + away + d->rows) % d->rows);
  return !has_option(d, "radius") || (initialise_number(d, "radius", NAN, &radius) && rescale(d, radius));
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
bool init_signs(Draw *d) {
  enum { DECIMALS_MOST = 20000 };
  if (!value_is_call(initialise_option(d, "of"), "pi")) return initialise_bad_option(d, "of", "`pi`");
  if (d->elements > DECIMALS_MOST) return initialise_wrong_shape(d, "at most 20000 elements");
  char *digits = pi_decimals(d->elements);
  if (!digits) return no_memory(d->error);
  if (d->first) initialise_fill_constant(d, 1);
  for (int64_t i = 0; i < d->elements; i++) d->out[i] = digits[i] < '5' ? -fabs(d->out[i]) : fabs(d->out[i]);
  free(digits);
  return true;
}
