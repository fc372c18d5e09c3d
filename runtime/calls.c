/* calls.c — what compiled code may call: matrix products on OpenBLAS, on one thread (the runtime's own threads split the batch;
 * two pools in one process wreck each other). */
#include "runtime/calls.h"
#include <cblas.h>
#include <pthread.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

void openblas_set_num_threads(int threads);
char *openblas_get_corename(void);

static void use_one_thread(void) {
  openblas_set_num_threads(1);
}

static void prepare(void) {
  static pthread_once_t once = PTHREAD_ONCE_INIT;
  pthread_once(&once, use_one_thread);
}

void rnn_blas_one_thread(void) {
  prepare();
}

static CBLAS_TRANSPOSE transposed(int64_t t) {
  return t ? CblasTrans : CblasNoTrans;
}

void rnn_gemm_f32(int64_t ta, int64_t tb, int64_t m, int64_t n, int64_t k, const float *a, int64_t lda, const float *b,
                  int64_t ldb, float beta, float *c, int64_t ldc) {
  prepare();
  cblas_sgemm(CblasRowMajor, transposed(ta), transposed(tb), (blasint)m, (blasint)n, (blasint)k, 1, a, (blasint)lda, b,
              (blasint)ldb, beta, c, (blasint)ldc);
}

void rnn_gemm_f64(int64_t ta, int64_t tb, int64_t m, int64_t n, int64_t k, const double *a, int64_t lda, const double *b,
                  int64_t ldb, double beta, double *c, int64_t ldc) {
  prepare();
  cblas_dgemm(CblasRowMajor, transposed(ta), transposed(tb), (blasint)m, (blasint)n, (blasint)k, 1, a, (blasint)lda, b,
              (blasint)ldb, beta, c, (blasint)ldc);
}

static int has_avx512(void) {
#if defined(__x86_64__)
  __builtin_cpu_init();
  return __builtin_cpu_supports("avx512f") && __builtin_cpu_supports("avx512dq") && __builtin_cpu_supports("avx512bw") &&
         __builtin_cpu_supports("avx512vl");
#else
  return 0;
#endif
}

void rnn_fix_blas_core(char **argv) {
  if (getenv("OPENBLAS_CORETYPE") || strcmp(openblas_get_corename(), "Haswell") != 0 || !has_avx512()) return;
  if (setenv("OPENBLAS_CORETYPE", "SKYLAKEX", 1)) return;
  execv("/proc/self/exe", argv); /* returns only where it fails: then the slower kernels do */
}

/* --- rows of several clocks -------------------------------------------------------------------------------------------------- */

/* Those that have the step are among the first active[step]. */
static int64_t rows_with_steps(const RnnArgs *a, int64_t axes, const int64_t *at) {
  int64_t rows = a->rows;
  for (int c = 0; c < RNN_MAX_CLOCKS; c++)
    if (axes >> (c + 1) & 1 && a->clock[c].active[at[c]] < rows) rows = a->clock[c].active[at[c]];
  return rows;
}

static bool has_steps(const RnnArgs *a, int64_t axes, const int64_t *at, int64_t row) {
  for (int c = 0; axes >> (c + 1); c++)
    if (axes >> (c + 1) & 1 && a->clock[c].length[row] <= at[c]) return false;
  return true;
}

int64_t rnn_active_rows(const RnnArgs *a, int64_t axes, const int64_t *at, int64_t from, int64_t *end) {
  int64_t limit = rows_with_steps(a, axes, at), begin = from;
  while (begin < limit && !has_steps(a, axes, at, begin)) begin++;
  *end = a->rows;
  if (begin >= limit) return a->rows;
  int64_t row = begin + 1;
  while (row < limit && has_steps(a, axes, at, row)) row++;
  *end = row;
  return begin;
}
