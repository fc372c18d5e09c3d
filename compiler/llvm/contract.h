/* contract.h — matrix products by emitted tiles. */
#ifndef RNN_LLVM_CONTRACT_H
#define RNN_LLVM_CONTRACT_H
#include "llvm/emit.h"

/* C[j·ldc + i] (+)= Σ_k P[k·ldp + i] · X[j·xj + k·xk] for i < width, j < columns. */
typedef struct Contract {
  int64_t width;
  LLVMValueRef columns, k;
  LLVMValueRef p, ldp; /* ldp is not used when P is packed in panels */
  bool packed;
  LLVMValueRef x, xj, xk;
  LLVMValueRef c, ldc;
  bool add;            /* adds to C instead of setting it */
} Contract;

void emit_contract_panels(Emit *e, const Contract *c);
/* Vectors in a panel: as many as leave room for the sums in the target's registers. */
int panel_vectors(Emit *e);

#endif
