/* calls.h — the matrix library, set up. */
#ifndef RNN_RUNTIME_CALLS_H
#define RNN_RUNTIME_CALLS_H
#include "runtime/abi.h"

/* OpenBLAS 0.3.21 takes a newer AVX-512 machine for a Haswell and runs at half its speed; the core type can be said only in the
 * environment, before the library loads. So, where that is the case and OPENBLAS_CORETYPE is not set, sets it and starts the
 * program again, once. Call first in main. */
void rnn_fix_blas_core(char **argv);
/* One thread in BLAS and LAPACK. rnn_gemm_* see to it themselves. */
void rnn_blas_one_thread(void);

#endif
