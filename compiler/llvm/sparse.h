/* sparse.h — products with a weight that may be laid out as a sparse one. */
#ifndef RNN_LLVM_SPARSE_H
#define RNN_LLVM_SPARSE_H
#include "llvm/contract.h"

/* Lays the term's weight out; gives the truth of "it was not, the dense product wants its panels". */
LLVMValueRef emit_sparse_pack(Emit *e, const Term *t);
/* The product `c` has one term, whose weight is t's: as it was laid out, dense or not. */
void emit_sparse_term(Emit *e, const Contract *c, const Term *t);

#endif
