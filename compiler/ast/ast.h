/* ast.h — the program as written, every node with its span.
 *
 * The grammar's actions only call the ast_* builders in ast.c. After sema the same tree carries a type, the symbol and
 * the resolved meaning of every node (fields marked "sema"), and is immutable from there on. */
#ifndef RNN_AST_AST_H
#define RNN_AST_AST_H
#include "ast/type.h"
#include <stdio.h>

typedef struct Expr Expr;
typedef struct Item Item;
typedef struct Decl Decl;

enum { MAX_DEPTH = 1000 }; /* of an expression; deeper ones are an error */

/* --- expressions ------------------------------------------------------------------------------------------------ */

typedef enum ExprKind {
  EXPR_NUMBER,    /* 20, 1e-3, 20 ms, 10% : number, unit (NULL, "ms", "s", "us", "%") */
  EXPR_STRING,    /* "a.csv" : text */
  EXPR_NAME,      /* h */
  EXPR_LIST,      /* [[1, -1], [1, -1]] : args */
  EXPR_RANGE,     /* a..b, a..b by c : left, right, third (NULL without by) */
  EXPR_UNARY,     /* -e, not e : op, left */
  EXPR_BINARY,    /* e op e : op, left, right */
  EXPR_IF,        /* if c then a else b : left c, right a, third b */
  EXPR_CALL,      /* LSTM[H = H](x, f = relu) : name, dims, args */
  EXPR_INDEX,     /* h[t-1], x[0..3], h[last], taps[t-1][0..K-2] : left, args (one each bracketed item) */
  EXPR_FIELD,     /* data.y, n.left, n.children : left, name */
  EXPR_TRANSPOSE, /* A' : left */
  EXPR_OVER,      /* sum over s (e), pick over s (x, k) : name = sum, left = what it runs over, args */
  EXPR_AS,        /* x as [K] : left, args = the dims */
  EXPR_START,     /* Cell(x) start e0 ; start h = a, c = b : left, args (named or not). Only as an equation's right side */
  EXPR_CHAIN,     /* normal(0, 1) | sparse(0.1) : left, right. Only after `~` */
} ExprKind;

/* Operators, tightest last in the grammar's own precedence table. */
typedef enum Operator {
#define OPERATOR(name, text, precedence) OPERATOR_##name,
#include "operators.def"
#undef OPERATOR
  OPERATOR_COUNT
} Operator;

/* An argument: `x`, or `f = relu` with its name. Also a dim binding `H = H` in EXPR_CALL.dims. */
typedef struct Arg {
  Name name; /* NULL when positional */
  Span name_span;
  Expr *value;
} Arg;

typedef Vec(Arg) Args;
typedef Vec(Expr *) ExprList;

/* How an EXPR_INDEX reads (sema). */
typedef enum Access {
  ACCESS_NONE,
  ACCESS_OFFSET,    /* x[t+k]: offset */
  ACCESS_WINDOW,    /* x[t-a..t-b by c]: offset of the first tap, taps, stride (signed step between taps) */
  ACCESS_LAST,      /* x[last] */
  ACCESS_FIRST,     /* x[first] */
  ACCESS_COMPONENT, /* x[3], x[0..K-2 by 2] of the first dim: offset = first component, taps = how many, stride; x[3] drops the dim */
  ACCESS_DELAYS,    /* x[t + offset - D]: symbol D, times -1 (of t + D: 1). Of a range a window that begins there: taps, stride */
  ACCESS_CHILD,     /* h[n.left] */
  ACCESS_PARENT,    /* x[n] in `sum over n.children (…)` */
} Access;

struct Expr {
  ExprKind kind;
  Span span;
  double number;      /* NUMBER */
  const char *text;   /* STRING (unescaped), and NUMBER as written */
  Name unit;          /* NUMBER */
  Name name;          /* NAME, CALL, FIELD, OVER */
  Span name_span;
  Operator op;        /* UNARY, BINARY */
  Expr *left, *right, *third;
  Args dims, args;
  int depth;          /* of the tree below: at most MAX_DEPTH, so that every walk may recurse */

  /* sema */
  Type type;
  Symbol *symbol;     /* NAME: what it names. FIELD: the output of a call, or data. INDEX: the tensor of delays. CALL: the cell, or the builtin function, or a function-valued option */
  Access access;      /* INDEX */
  int clock;          /* INDEX and OVER: the clock read along; -1 for none */
  Dim offset, taps;   /* INDEX, linear in dims */
  int64_t stride;     /* INDEX: of a window or of components */
  int times;          /* INDEX, DELAYS: 1 or -1 */
  int over_dim;       /* OVER along a dim: which of the operand's dims; -1 along a clock */
  const Dim *bind;    /* CALL of a cell: for each of the cell's dims its value in the caller's dims */
  int static_choice;  /* IF on an option: 0 not static, else lowering decides by the option's value */
};

/* --- what stands inside a cell or a net -------------------------------------------------------------------------- */

typedef enum ItemKind {
  ITEM_PARAM,  /* param A, B: [H, X] ~ glorot  /  = 0 */
  ITEM_FIXED,
  ITEM_STATE,  /* state h, c: [H] on t = 0 */
  ITEM_INPUT,
  ITEM_TARGET,
  ITEM_OUTPUT,
  ITEM_LET,      /* let a = 0.9, C = 0.44: names and values */
  ITEM_EQUATION, /* h = e, and a, b = P(x) */
  ITEM_SHARED,   /* shared c = LSTM[H = H] */
} ItemKind;

/* A declared type as written: `[H, X]`, `index(V)`, `[K] per sequence`, `[H] on t, n`. */
typedef struct TypeSyntax {
  Span span;
  bool present;        /* `state h = 0` has none */
  ExprList dims;       /* sizes of the bracket; empty and not index: a scalar */
  Expr *index_of;      /* index(V): the name V; NULL otherwise */
  ExprList on;         /* names of clocks after `on` */
  bool per_sequence;
} TypeSyntax;

typedef struct NameAt {
  Name name;
  Span span;
  Expr *value;     /* LET: each name's own value */
  Symbol *symbol;  /* sema */
} NameAt;

typedef Vec(NameAt) NameList;

struct Item {
  ItemKind kind;
  Span span;
  NameList names;      /* SHARED has one; EQUATION one, or one for each output of a call */
  TypeSyntax type;
  Expr *value;         /* `= e`: EQUATION's right side, a param's constant, a state's history. NULL: none */
  Name value_on;       /* `= e on n`: which clock's history; NULL */
  Span value_on_span;
  Expr *init;          /* `~ e` */
  const char *doc;     /* `##` lines before it, or NULL */
};

typedef Vec(Item *) ItemList;

/* --- clauses of train and run ------------------------------------------------------------------------------------ */

/* What follows a clause's expressions: `by "id"`, `where e`, `for 4 steps`, `with p = 0.9`, `last 500`, `when e`. */
typedef struct Modifier {
  Name word;
  Span span;
  Args args; /* `with p = 0.9`: one named arg */
} Modifier;

typedef Vec(Modifier) ModifierList;

typedef struct Clause {
  Name keyword;
  Span span, keyword_span;
  Args args; /* comma-separated expressions after the keyword */
  ModifierList modifiers;
} Clause;

typedef Vec(Clause *) ClauseList;

/* --- declarations ------------------------------------------------------------------------------------------------ */

typedef enum DeclKind {
  DECL_USE, DECL_TIME, DECL_TREE, DECL_DIM, DECL_VOCAB, DECL_LET, DECL_SEED, DECL_CELL, DECL_NET, DECL_TRAIN, DECL_RUN,
} DeclKind;

/* `time t`, `time t step 1 ms`, `time n length 12`. */
typedef struct ClockSyntax {
  Name name;
  Span span;
  Expr *step, *length; /* or NULL */
} ClockSyntax;

typedef Vec(ClockSyntax) ClockList;

/* A cell's argument `x: [X]`, or option `rho = 0.9`, or output `h: [H]`. */
typedef struct Param {
  Name name;
  Span span;
  TypeSyntax type;
  Expr *value;    /* an option's default */
  Symbol *symbol; /* sema */
} Param;

typedef Vec(Param) ParamList;

struct Decl {
  DeclKind kind;
  Span span;
  Name name; /* CELL, NET, VOCAB; TRAIN and RUN: their `as` name or, without one, the net's */
  Span name_span;
  const char *doc;

  /* USE: a library `std.cells` or a file "mine.rnn", and the names taken */
  const char *library;
  bool library_is_file;
  NameList names;        /* USE; DIM and LET with values; a CELL's dims */

  ClockList clocks;      /* TIME, TREE */
  Expr *value;           /* SEED, VOCAB */

  ParamList arguments, options, outputs; /* CELL */
  ItemList items;        /* CELL, NET */

  Name net;              /* TRAIN, RUN */
  Span net_span;
  ClauseList clauses;    /* TRAIN, RUN */

  Symbol *symbol;        /* sema: CELL, NET */
};

/* A comment, kept for the formatter. */
typedef struct Comment {
  Span span;
  bool own_line; /* nothing but spaces before it on its line */
} Comment;

typedef Vec(Comment) CommentList;

typedef struct Ast {
  int file;
  Vec(Decl *) decls;
  CommentList comments;
  bool broken; /* had syntax errors: what is here is only what could be read */
} Ast;

/* --- operations -------------------------------------------------------------------------------------------------- */

/* Parses a whole file. Never NULL; on syntax errors diagnostics are in the session and `broken` is set. */
Ast *ast_parse(Session *s, int file);

/* Prints the program in its canonical form (`rnn fmt`): idempotent, comments kept. `out` is open for writing. */
void ast_format(Session *s, const Ast *ast, FILE *out);

/* Prints the tree, one node a line (`--emit=ast`), with types where sema has been (`--emit=types`). */
void ast_dump(Session *s, const Ast *ast, FILE *out);

/* Prints the tokens as the parser sees them, one a line (`--emit=tokens`). */
void ast_dump_tokens(Session *s, int file, FILE *out);

/* Prints one expression as its source form. */
void expr_print(Session *s, const Expr *e, FILE *out);
char *expr_text(Session *s, const Expr *e);

/* Same tree, spans apart? */
bool ast_equal(const Ast *a, const Ast *b);

/* --- line-by-line parsing, for the REPL ------------------------------------------------------------------------- */

typedef enum ReplInput { REPL_INCOMPLETE, REPL_ERROR, REPL_DECL, REPL_ITEM, REPL_EXPR } ReplInput;

typedef struct ReplParse {
  ReplInput kind;
  Decl *decl;
  Item *item;
  Expr *expr;
} ReplParse;

/* One input of the REPL: a declaration, an item of a net (`input p: []`, `a = p + 0.5 * a[t-1]`) or an expression.
 * INCOMPLETE asks for another line (an open bracket, a trailing operator); the caller then gives a source of all the
 * lines so far. ERROR: diagnostics are in the session. */
ReplParse ast_parse_input(Session *s, int file);

const char *operator_text(Operator op);
int operator_precedence(Operator op); /* higher binds tighter */

#endif
