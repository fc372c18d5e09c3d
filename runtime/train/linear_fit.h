/* linear_fit.h — least squares with a ridge, in double. */
#ifndef RNN_RUNTIME_LINEAR_FIT_H
#define RNN_RUNTIME_LINEAR_FIT_H
#include <stdbool.h>
#include <stdint.h>

/* Rows arrive in pieces. While rows × features stays modest they are kept and solved by a singular value decomposition of the
 * rows themselves: forming the Gram matrix squares the condition number, and a reservoir of 400 strongly correlated states with
 * λ = 1e-12 does not survive that. Beyond, only Xᵀ X and Xᵀ Y are kept. */
typedef struct LinearFit {
  int64_t rows, features, targets;
  double lambda;
  double *x, *y;          /* [rows][features], [rows][targets]; NULL: gram and cross are used */
  double *gram, *cross;   /* [features][features], [features][targets] */
  double squares;         /* Σ y² */
  int64_t room, pending;  /* rows x and y have room for; rows in them not yet in gram */
} LinearFit;

/* Room for `rows` rows in all. False: no memory. */
bool linear_fit_init(LinearFit *f, int64_t rows, int64_t features, int64_t targets, double lambda);
void linear_fit_free(LinearFit *f);
/* Where the next row's features and targets go; then linear_fit_added. */
double *linear_fit_features(LinearFit *f);
double *linear_fit_targets(LinearFit *f);
void linear_fit_added(LinearFit *f);
/* weights [targets][features] = argmin Σ (y − W x)² + λ‖W‖². False where even the singular value decomposition does not
 * converge or a value is not finite. Overwrites nothing of the rows. */
bool linear_fit_solve(LinearFit *f, double *weights);
/* Σ (y − W x)² / (rows × targets) on what was added. */
double linear_fit_error(LinearFit *f, const double *weights);

#endif
