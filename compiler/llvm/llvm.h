/* llvm.h — a plan to machine code: the only folder that knows LLVM. */
#ifndef RNN_LLVM_LLVM_H
#define RNN_LLVM_LLVM_H
#include "llvm/cache.h"
#include "plan/plan.h"
#include "runtime/abi.h"

/* --- just in time ----------------------------------------------------------------------------------------------------- */

typedef struct Jit Jit;

/* Units are taken from `cache` and kept there; NULL: all are compiled. NULL with a diagnostic when LLVM cannot serve this machine. */
Jit *jit_new(Session *s, CodeCache *cache);
void jit_free(Jit *j);
/* Compiles the plan under its symbol, or takes its code from the cache. False with a diagnostic. */
bool jit_add(Jit *j, const Plan *p);
RnnFunction *jit_find(Jit *j, const char *symbol);

/* Seconds spent since the JIT began, for `--time-passes` and the bench. */
typedef struct LlvmTimes {
  double cache, emit, optimize, generate, link; /* cache: looking there, and keeping what is new */
} LlvmTimes;
LlvmTimes jit_times(const Jit *j);

/* --- ahead of time ---------------------------------------------------------------------------------------------------- */

/* Writes one object file that defines every plan's function, rnn_manifest and rnn_symbols (runtime/abi.h). */
bool object_write(Session *s, Plan *const *plans, int count, const char *manifest, const char *path);

/* Writes the object file of functions that no model changes, for this machine (kernels.c). */
bool kernels_write(Session *s, const char *path);

/* --- to look at --------------------------------------------------------------------------------------------------------- */

typedef enum LlvmText { LLVM_TEXT_IR, LLVM_TEXT_OPTIMIZED, LLVM_TEXT_ASSEMBLY } LlvmText;
bool llvm_print(Session *s, const Plan *p, LlvmText what, FILE *out);
/* The machine that code is made for: CPU name and the widest vector in bits. */
const char *llvm_machine(Session *s, int *vector_bits);

#endif
