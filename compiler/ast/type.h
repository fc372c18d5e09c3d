/* type.h — what the checker writes on an expression: a shape of nominal dims, a set of clocks, a kind.
 *
 * Dims are nominal: `X` and `H` differ even where both are 64. A dim is kept in linear normal form
 * constant + Σ coefficient · dim, so that `H + H`, `K + 1` and a window's `L + 1` taps compare by structure. */
#ifndef RNN_AST_TYPE_H
#define RNN_AST_TYPE_H
#include "base/session.h"

typedef struct Symbol Symbol; /* sema/symbol.h */

enum { MAX_RANK = 6, MAX_CLOCKS = 6 };

typedef struct DimTerm {
  Symbol *dim; /* a SYMBOL_DIM */
  int64_t times;
} DimTerm;

/* constant + Σ times·dim; terms sorted by their dim's serial number, no zero terms. A literal size has no terms. */
typedef struct Dim {
  int64_t constant;
  int terms;
  const DimTerm *term;
} Dim;

typedef struct Shape {
  int rank;
  Dim dim[MAX_RANK];
} Shape;

/* Bit 0: the value differs between sequences (data, per sequence). Bit 1 + i: it lives on clock i of the file.
 * A value on a clock always has bit 0. A param, fixed or constant has none. */
typedef uint32_t Axes;
#define AXIS_SEQUENCE ((Axes)1)
#define AXIS_CLOCK(i) ((Axes)2 << (i))
#define AXES_CLOCKS(axes) ((axes) & ~AXIS_SEQUENCE)

typedef enum TypeKind {
  TYPE_POISON = 0,   /* follows an error already reported: silent in every check */
  TYPE_REAL,         /* numbers; truth values are 0 and 1 */
  TYPE_INDEX,        /* a whole number below `below`, acts as a one-hot [below] */
  TYPE_CLOCK_INDEX,  /* index(s): a step of clock `clock` */
  TYPE_STRING,       /* only in clauses */
} TypeKind;

typedef struct Type {
  TypeKind kind;
  Shape shape; /* of an index: the shape without the one-hot dim */
  Axes axes;
  Dim below; /* TYPE_INDEX */
  int clock; /* TYPE_CLOCK_INDEX */
} Type;

#endif
