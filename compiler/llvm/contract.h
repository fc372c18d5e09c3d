/* contract.h — matrix products by emitted tiles. */
#ifndef RNN_LLVM_CONTRACT_H
#define RNN_LLVM_CONTRACT_H
#include "llvm/emit.h"

/* One term of a product: Σ_k P[k·ldp + i] · X[j·xj + k·xk]. */
typedef struct ContractTerm {
  LLVMValueRef k, p, ldp, x, xj, xk;
  bool packed; /* P lies in panels, [panel][k][panel's width]; ldp is not used */
} ContractTerm;

/* C[j·ldc + i] (+)= Σ over terms, for i < width, j < columns. */
typedef struct Contract {
  int64_t width;
  LLVMValueRef columns;
  const ContractTerm *term;
  int terms;
  LLVMValueRef c, ldc;
  bool add; /* adds to C instead of setting it */
  LLVMValueRef scratch; /* room for the k rows of a full panel of P: they are copied there first, side by side. NULL: they are used where they are */
} Contract;

void emit_contract_panels(Emit *e, const Contract *c);
/* Vectors in a panel: as many as leave room for the sums in the target's registers. */
int panel_vectors(Emit *e);

/* --- tile.c: one panel against all columns, a function of the module ----------------------------------------------------------- */

/* Fields of a term in the table that a strip is given, each of 8 bytes. */
enum { TERM_K, TERM_P, TERM_LDP, TERM_NEXT, TERM_X, TERM_XJ, TERM_XK, TERM_FIELDS }; /* NEXT: from one panel to the next */

typedef struct StripCall {
  int panels;           /* taken together, side by side; more than one only for a single column */
  int vectors;          /* of a panel */
  int64_t last_lanes;   /* of the last vector */
  LLVMValueRef table;   /* terms × TERM_FIELDS */
  LLVMValueRef terms, c, ldc, columns;
  bool add;
} StripCall;

enum { MOST_PANELS = 4 };

void emit_strip(Emit *e, const StripCall *call);

#endif
