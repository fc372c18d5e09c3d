/* contract.h — matrix products by emitted tiles. */
#ifndef RNN_LLVM_CONTRACT_H
#define RNN_LLVM_CONTRACT_H
#include "llvm/emit.h"

enum { QUAD = 4 };
/* Fields of a term in the table that a strip is given, each of 8 bytes. */
enum { TERM_K, TERM_P, TERM_LDP, TERM_NEXT, TERM_X, TERM_XJ, TERM_XK, TERM_XG, TERM_AHEAD, TERM_STEP, TERM_FIELDS }; /* NEXT: from one panel to the next. AHEAD:
  what is fetched into the second cache meanwhile, STEP bytes for each k of a tile */

/* One term of a product: Σ_k P[k·ldp + i] · X[j·xj + k·xk]. */
typedef struct ContractTerm {
  LLVMValueRef k, p, ldp, x, xj, xk;
  LLVMValueRef xg;      /* X lies in groups of TILE_COLUMNS columns: a group that begins with column j begins at j·xg. NULL: it does not */
  bool packed;          /* P lies in panels, [panel][depth][panel's width]; ldp is not used */
  int64_t depth, begin; /* of packed panels: they are so deep, and k counts from `begin` on */
} ContractTerm;

/* C[j·ldc + i] (+)= Σ over terms, for i < width, j < columns. */
typedef struct Contract {
  int64_t width;
  LLVMValueRef columns;
  const ContractTerm *term;
  int terms, together; /* together: so many terms are summed in registers at once, the others are added in further passes; 0: all */
  LLVMValueRef c, ldc;
  bool add; /* adds to C instead of setting it */
  bool alone; /* one column may be all there is: it has code of its own */
  bool quads; /* X of a column lies together, each k is a multiple of QUAD, and there is enough of it for four at a time to pay */
  LLVMValueRef adds; /* not NULL: whether it adds is known only when it runs; 1 or 0 */
  bool ahead; /* the next panel is fetched while columns pass the present one */
  LLVMValueRef scratch; /* room for the k rows of a full panel of P: they are copied there first, side by side. NULL: they are used where they are */
} Contract;

void emit_contract_panels(Emit *e, const Contract *c);

/* What differs between products with the same weights: columns, where C is, then a table of the terms. */
enum { SIDE_COLUMNS, SIDE_C, SIDE_TABLE };
static inline int64_t contract_side_words(int terms) { return SIDE_TABLE + (int64_t)terms * TERM_FIELDS; }
void emit_contract_side(Emit *e, const Contract *c, LLVMValueRef side);
/* The products of `count` such sides: of the contract itself, only P and the sizes are used. */
void emit_contract_sides(Emit *e, const Contract *c, LLVMValueRef sides, LLVMValueRef count);
/* The same for a width of 4 at most, where P has runs of k: P[i·ldp + k] (dots.c). Sets C. */
void emit_dots(Emit *e, const Contract *c);
void emit_pack_runs(Emit *e, const Product *p, LLVMValueRef to);
/* The terms as a table; P as it is. */
LLVMValueRef contract_table(Emit *e, const Contract *c);
/* Vectors in a panel: as many as leave room for the sums in the target's registers. */
int panel_vectors(Emit *e);

/* groups.c: rows of m numbers, `pitch` apart, as groups of TILE_COLUMNS columns, [group][row][column]. */
void emit_column_groups(Emit *e, LLVMValueRef from, LLVMValueRef pitch, int64_t m, LLVMValueRef rows, LLVMValueRef to);

/* --- tile.c: one panel against all columns, a function of the module ----------------------------------------------------------- */

typedef struct StripCall {
  int panels;           /* taken together, side by side; more than one only for a single column */
  int vectors;          /* of a panel */
  int64_t last_lanes;   /* of the last vector */
  LLVMValueRef table;   /* terms × TERM_FIELDS */
  LLVMValueRef terms, c, ldc, columns;
  LLVMValueRef adds;    /* not NULL: instead of add */
  bool add;
  bool ahead, groups;   /* something is to be fetched meanwhile, as the table says; X lies in groups of columns (full panels only) */
  bool quads;
  bool single;          /* there is one column */
} StripCall;

enum { MOST_PANELS = 4 };
enum { TILE_COLUMNS = 6 }; /* columns of a full panel that a tile takes */

void emit_strip(Emit *e, const StripCall *call);
/* Field `field` of a term of the table that a function was given. */
LLVMValueRef term_field(Emit *e, LLVMValueRef table, LLVMValueRef term, LLVMTypeRef type, int field);

#endif
