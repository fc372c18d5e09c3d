/* linear_fit.c — least squares with a ridge, in double. */
#include "runtime/train/linear_fit.h"
#include "runtime/calls.h"
#include <cblas.h>
#include <lapacke.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

enum { KEEP_SCALARS = 12000000, PIECE = 512 }; /* 96 MB of kept rows at most; rows added to the Gram matrix at once */

static double *doubles(int64_t n) {
  return calloc((size_t)(n > 0 ? n : 1), sizeof(double));
}

bool linear_fit_init(LinearFit *f, int64_t rows, int64_t features, int64_t targets, double lambda) {
  *f = (LinearFit){.features = features, .targets = targets, .lambda = lambda};
  bool keep = rows * features <= KEEP_SCALARS;
  f->room = keep ? (rows > 0 ? rows : 1) : PIECE;
  f->x = doubles(f->room * features);
  f->y = doubles(f->room * targets);
  if (!keep) f->gram = doubles(features * features);
  if (!keep) f->cross = doubles(features * targets);
  return f->x && f->y && (keep || (f->gram && f->cross));
}

void linear_fit_free(LinearFit *f) {
  free(f->x);
  free(f->y);
  free(f->gram);
  free(f->cross);
  *f = (LinearFit){0};
}

double *linear_fit_features(LinearFit *f) {
  return f->x + (f->gram ? f->pending : f->rows) * f->features;
}

double *linear_fit_targets(LinearFit *f) {
  return f->y + (f->gram ? f->pending : f->rows) * f->targets;
}

/* G += Xᵀ X (upper half), C += Xᵀ Y for the rows that wait. */
static void add_pending(LinearFit *f) {
  int n = (int)f->features, m = (int)f->targets, k = (int)f->pending;
  if (!f->gram || k == 0) return;
  rnn_blas_one_thread();
  cblas_dsyrk(CblasRowMajor, CblasUpper, CblasTrans, n, k, 1, f->x, n, 1, f->gram, n);
  cblas_dgemm(CblasRowMajor, CblasTrans, CblasNoTrans, n, m, k, 1, f->x, n, f->y, m, 1, f->cross, m);
  f->pending = 0;
}

void linear_fit_added(LinearFit *f) {
  const double *y = linear_fit_targets(f);
  for (int64_t i = 0; i < f->targets; i++) f->squares += y[i] * y[i];
  f->rows++;
  if (f->gram && ++f->pending == f->room) add_pending(f);
}

/* [targets][features] from the solver's column-major [leading] × targets. */
static bool take(const LinearFit *f, const double *solution, int64_t leading, double *weights) {
  for (int64_t k = 0; k < f->targets; k++)
    for (int64_t i = 0; i < f->features; i++) {
      weights[k * f->features + i] = solution[k * leading + i];
      if (!isfinite(solution[k * leading + i])) return false;
    }
  return true;
}

/* min ‖[X; √λ I] W − [Y; 0]‖, by the singular values of the stacked rows; those below machine precision are dropped (the least norm
 * then decides). */
static bool solve_rows(const LinearFit *f, double *weights) {
  int64_t n = f->features, m = f->targets, r = f->rows, all = r + (f->lambda > 0 ? n : 0), tall = all > n ? all : n;
  double *a = doubles(all * n), *b = doubles(tall * m), *singular = doubles(n);
  for (int64_t t = 0; t < r; t++) {
    for (int64_t i = 0; i < n; i++) a[i * all + t] = f->x[t * n + i];
    for (int64_t k = 0; k < m; k++) b[k * tall + t] = f->y[t * m + k];
  }
  for (int64_t i = 0; i < all - r; i++) a[i * all + r + i] = sqrt(f->lambda);
  lapack_int rank = 0;
  rnn_blas_one_thread();
  bool good = !LAPACKE_dgelsd(LAPACK_COL_MAJOR, (lapack_int)all, (lapack_int)n, (lapack_int)m, a, (lapack_int)all, b,
                              (lapack_int)tall, singular, -1, &rank);
  good = good && take(f, b, tall, weights);
  free(a);
  free(b);
  free(singular);
  return good;
}

static void copy_system(const LinearFit *f, double *g, double *c) {
  int64_t n = f->features, m = f->targets;
  for (int64_t i = 0; i < n; i++) {
    for (int64_t j = 0; j < n; j++) g[i * n + j] = f->gram[i <= j ? i * n + j : j * n + i] + (i == j ? f->lambda : 0);
    for (int64_t k = 0; k < m; k++) c[k * n + i] = f->cross[i * m + k];
  }
}

/* (G + λ I) W = C by Cholesky; where rounding has made G + λ I lose its definiteness, by its singular values. */
static bool solve_gram(LinearFit *f, double *weights) {
  lapack_int n = (lapack_int)f->features, m = (lapack_int)f->targets, rank = 0;
  double *g = doubles(n * (int64_t)n), *c = doubles(n * (int64_t)m), *singular = doubles(n);
  rnn_blas_one_thread();
  copy_system(f, g, c);
  bool good = !LAPACKE_dposv(LAPACK_COL_MAJOR, 'U', n, m, g, n, c, n) && take(f, c, n, weights);
  if (!good) {
    copy_system(f, g, c);
    good = !LAPACKE_dgelsd(LAPACK_COL_MAJOR, n, n, m, g, n, c, n, singular, -1, &rank) && take(f, c, n, weights);
  }
  free(g);
  free(c);
  free(singular);
  return good;
}

bool linear_fit_solve(LinearFit *f, double *weights) {
  if (f->rows == 0) return false;
  add_pending(f);
  return f->gram ? solve_gram(f, weights) : solve_rows(f, weights);
}

/* Σ (y − w x)² = Σ y² − 2 wᵀ c + wᵀ G w */
static double gram_error(const LinearFit *f, const double *w, int64_t k) {
  int64_t n = f->features;
  double sum = 0;
  for (int64_t i = 0; i < n; i++) {
    double gw = 0;
    for (int64_t j = 0; j < n; j++) gw += f->gram[i <= j ? i * n + j : j * n + i] * w[j];
    sum += w[i] * (gw - 2 * f->cross[i * f->targets + k]);
  }
  return sum;
}

static double rows_error(const LinearFit *f, const double *w, int64_t k) {
  double sum = 0;
  for (int64_t t = 0; t < f->rows; t++) {
    double e = f->y[t * f->targets + k];
    for (int64_t i = 0; i < f->features; i++) e -= w[i] * f->x[t * f->features + i];
    sum += e * e;
  }
  return sum;
}

double linear_fit_error(LinearFit *f, const double *weights) {
  add_pending(f);
  double sum = f->gram ? f->squares : 0;
  for (int64_t k = 0; k < f->targets; k++) {
    const double *w = weights + k * f->features;
    sum += f->gram ? gram_error(f, w, k) : rows_error(f, w, k);
  }
  return fmax(sum, 0) / (double)(f->rows * f->targets);
}
