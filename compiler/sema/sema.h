/* sema.h — what the names mean: symbols, scopes, the checked program.
 *
 * Cells are checked once, with their own dims as rigid names; a call unifies its arguments' shapes with the cell's and
 * records each cell dim in the caller's dims (Expr.bind). Lowering then instantiates cells with sizes. */
#ifndef RNN_SEMA_SEMA_H
#define RNN_SEMA_SEMA_H
#include "ast/ast.h"
#include "base/diag.h"

typedef struct Scope Scope;
typedef struct Builtin Builtin;

typedef enum SymbolKind {
  SYMBOL_DIM,      /* file dim (with its size), vocab, or a cell's own dim (rigid) */
  SYMBOL_CLOCK,
  SYMBOL_LET,      /* a constant; `value` */
  SYMBOL_PARAM,
  SYMBOL_FIXED,
  SYMBOL_STATE,    /* declared, with a history; `definition` is its equation */
  SYMBOL_INPUT,
  SYMBOL_TARGET,
  SYMBOL_OUTPUT,
  SYMBOL_VALUE,    /* an equation without a declaration */
  SYMBOL_ARGUMENT, /* a cell's argument */
  SYMBOL_OPTION,   /* a cell's option: a number, a truth value or a function */
  SYMBOL_SHARED,   /* a cell called several times with the same params */
  SYMBOL_CALL,     /* the call of a cell with several outputs: `q` of `q = P(x)`. No value: its parts `q.h` are */
  SYMBOL_CELL,
  SYMBOL_NET,
  SYMBOL_BUILTIN,  /* a function of the language: builtins.def */
} SymbolKind;

struct Symbol {
  SymbolKind kind;
  Name name;
  Span span;        /* where it was declared */
  int serial;       /* order of creation; DimTerms sort by it */
  Type type;        /* of a value; of an argument in the cell's own dims */
  Scope *scope;     /* where it lives */
  Item *item;       /* declaration of a param, state, input … ; NULL */
  Item *equation;   /* ITEM_EQUATION that defines it; NULL */
  Expr *definition; /* right side (inside EXPR_START: that node); NULL */
  Expr *history;    /* `= e` of a state, input, output, or what `start` gave; NULL: none */
  int64_t size;     /* DIM of the file: its size, overrides applied */
  const char **symbols; /* DIM that is a vocab: [size]; NULL. Its `decl` is the vocab */
  int clock;        /* CLOCK: its number; bit AXIS_CLOCK(clock) */
  Expr *value;      /* LET, OPTION default */
  double number;    /* LET of the file or net: its value, overrides applied (scalars) */
  const Builtin *builtin;
  Decl *decl;       /* CELL, NET; SHARED and CALL: its cell's */
  Symbol *call;     /* VALUE, STATE, OUTPUT that is one output of a call with several: the CALL; NULL */
  int part;         /* … and which of them */
  Type given;       /* … and its type as the call gives it; of a call's one output: as far as it is known before its arguments are */
  Vec(Symbol *) parts; /* CALL: its outputs, as far as they have names here */
  bool known_number; /* LET, DIM: `number` or `size` is known */
  int unit;          /* LET, once settled: time_in its value */
  bool settled;      /* LET, DIM: it has been looked for, or is being */
  int progress;     /* of the checker: 0 not begun, 1 in the middle, 2 done */
  bool known_shape; /* declared with a shape, so that it need not be inferred */
  bool known_clock; /* declared with `on` or `per sequence` */
};

/* A condition on sizes that a cell's own dims leave open: left == right, or left >= right. */
typedef struct SizeDemand {
  Dim left, right;
  bool equal;
  DiagCode code;
  Span span;
} SizeDemand;

/* One cell's or net's names (and the file's, as the parent of all). */
struct Scope {
  Scope *parent;
  Decl *owner;              /* NULL: the file */
  Vec(Symbol *) symbols;    /* in order of declaration */
  Symbol **table;           /* the same by name: open addressing, `slots` a power of two */
  int slots;
  Vec(Symbol *) dims;       /* a cell's own dims in order: EXPR_CALL.bind is parallel to it */
  Vec(Symbol *) arguments, options, outputs; /* of a cell, in order. outputs: the symbols its body defines */
  bool unknown_clock;       /* an input does not say on which of several clocks it lives: that is the error */
  Vec(SizeDemand) demands;  /* of a cell: what its sizes must satisfy, checked at each call with the call's sizes */
  int clock; /* the number that the clock `t` has in this cell. A cell is checked once: lowering replaces this clock by the
                clocks of the call's arguments. With one clock both are 0 */
};

typedef struct ClockInfo {
  Name name;
  int64_t length; /* fixed length, 0: the data's */
  double step;    /* seconds; 0: none */
  bool tree;
  Span span;
} ClockInfo;

/* A stage that is understood but cannot run in this version: fine to check, an error (E0901) when it is asked to run. */
typedef struct Unsupported {
  Decl *stage;
  struct Diag *warning;
} Unsupported;

typedef struct Program {
  Ast *ast;
  Scope *file_scope;
  Vec(ClockInfo) clocks; /* at least the default `t` */
  uint64_t seed;
  Vec(Symbol *) nets;
  Vec(Decl *) stages;    /* DECL_TRAIN and DECL_RUN in order */
  Vec(Unsupported) unsupported; /* each also gave a warning */
} Program;

/* Checks a parsed file and everything it uses. NULL when there were errors (all of them are in the session). */
Program *sema_check(Session *s, Ast *ast);

/* Which output of a cell has this name; -1. And that output as the cell's body defines it; NULL after an error. */
int cell_output_place(const Decl *cell, Name name);
Symbol *cell_output(const Decl *cell, int place);
/* The value that `h`, or `q.h` of `q = P(x)`, names; NULL for anything else. */
Symbol *symbol_read(const Expr *e);
/* What a read at another time is of: `h` of `h[t-1]`, and of `h[t-1, n-1]`, which is the read along t of a read along n. */
static inline const Expr *value_of_read(const Expr *index) {
  const Expr *e = index->left;
  while (e->kind == EXPR_INDEX) e = e->left;
  return e;
}
Scope *scope_of(const Decl *cell_or_net);
Symbol *scope_find(const Scope *scope, Name name); /* here or in the parents; NULL */

/* A dim's value where the file's dims are known and `bind` gives the cell's own dims' sizes (parallel to cell->dims). */
int64_t dim_size(Dim d, const Scope *cell, const int64_t *bind);
char *dim_text(Session *s, Dim d);     /* "H + 1" */
char *shape_text(Session *s, Shape sh); /* "[H, X]" */
bool dim_equal(Dim a, Dim b);
Dim dim_literal(int64_t n);
Dim dim_of(Session *s, Symbol *dim);
Dim dim_add(Session *s, Dim a, Dim b, int64_t times); /* a + times·b */
Dim dim_bind(Session *s, Dim d, const Scope *cell, const Dim *bind); /* a cell's dim in its caller's dims (Expr.bind) */
bool dim_divide(Session *s, Dim d, int64_t by, Dim *out); /* ⌊d / by⌋, where that can be told */
bool dim_known(Dim d, int64_t *size); /* all of its dims are the file's */
bool shape_equal(const Shape *a, const Shape *b);
/* How `small` is repeated to `large`: map[i] = which dim of small is dim i of large, or -1. False when they do not agree. */
bool shape_embed(const Shape *small, const Shape *large, int8_t *map);

/* The vocab that an index is of: its dim, with `symbols`; NULL. */
const Symbol *vocabulary_of(const Type *t);

/* Functions of the language (builtins.def). */
typedef enum BuiltinClass {
  BUILTIN_ELEMENTWISE, /* any number of args, shapes agree as for `+`; min(x) and max(x) of one argument are a REDUCE */
  BUILTIN_REDUCE,      /* all dims to a scalar: sum(x), mean(x), norm(x), max(x) with one argument */
  BUILTIN_VECTOR,      /* keeps the shape: softmax(x), logsoftmax(x) along the last dim */
  BUILTIN_SPECIAL,     /* typed by its own function: concat, dot, outer, argmax, one_hot, cosine, … */
  BUILTIN_LOSS,        /* mse, xent, bce …: only in loss, report, expect */
  BUILTIN_METRIC,      /* fraction, nrmse …: only in report, expect */
} BuiltinClass;

struct Builtin {
  const char *name;
  BuiltinClass class;
  int least, most; /* positional arguments; most -1: any number */
  const char *options; /* names it takes, separated by spaces */
};
const Builtin *builtin_find(Name name);

/* --- units.c ---------------------------------------------------------------------------------------------------------- */
enum { ANY_UNIT = -99 };
int time_in(const Expr *e); /* as a power of time: a number 0, a time 1; ANY_UNIT where it is not known. After typing */
double step_of_clocks(const Program *p); /* seconds of the clock that has a step; 0: none has */

/* --- summary.c: expressions of clauses, once they are typed ---------------------------------------------------------- */
bool is_summary(const Expr *e);       /* `mean(cost)`: over all that a run records; of a value that does not vary it is the net's arithmetic */
bool is_measure(const Expr *e);       /* that, a metric or a loss */
bool differs_over_run(const Expr *e); /* from step to step or from sequence to sequence; `mean(y) < 1` does not */

#endif
