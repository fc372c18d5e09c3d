/* check.h — what the files of the checker share: the state of one check, and who types what.
 *
 * The order of a check: names of the file (file.c), libraries (use.c), each cell and net (items.c): names, then shapes
 * (shapes.c, on demand, so that equations may stand in any order), then clocks (clocks.c, a fixpoint), then the stages
 * (stages.c, clauses*.c). A poisoned type follows an error already reported and is silent. */
#ifndef RNN_SEMA_CHECK_H
#define RNN_SEMA_CHECK_H
#include "sema/sema.h"

enum { PROGRESS_NONE, PROGRESS_BUSY, PROGRESS_DONE };

/* Of equations that ask each other, summed over their depths: what the stack bears. */
enum { DEEPEST_CHAIN = 3 * MAX_DEPTH };

/* A source file being checked, or already checked. */
typedef struct Module {
  const char *path;
  Ast *ast;
  Scope *scope;
  Vec(ClockInfo) clocks;
  int progress;
} Module;

/* A read at another time of a value without a history: reported once its shape is known. */
typedef struct MissingHistory {
  Expr *read;
  Symbol *symbol;
  Diag *said;
  const Expr *shapeless; /* a read that wanted the shape while it was being found; NULL: none did */
} MissingHistory;

typedef Vec(MissingHistory) MissingList;

/* A weight that was given what it does not take: other weights of its declaration will be, too. */
typedef struct MisfitWeight {
  const Item *item;
  Shape given;
  Diag *said;
} MisfitWeight;

/* Which outputs the next call is asked for: those that have names here, or one, as in `P(x).h`. With neither the cell has but one, and
 * `value` is the name it gets here; NULL: none. */
typedef struct Asked {
  Symbol *call, *value;
  const Expr *field;
} Asked;

typedef struct Checker {
  Session *s;
  Program *program;
  Scope *root; /* functions of the language, `true` and `false`: the parent of every file's scope */
  Module *module;
  Vec(Module *) modules;
  MissingList missing;         /* of the cell or net at hand */
  Vec(MisfitWeight) misfits;
  const Type *expected;        /* what a history or a constant is for: gives `one_hot(0)` its size. NULL elsewhere */
  const Symbol *children;      /* the tree n inside of `sum over n.children (…)`; NULL elsewhere */
  Decl *stage;                 /* train or run at hand, NULL elsewhere */
  Asked asked;                 /* taken by type_call */
  int part;                    /* clocks.c: which output the next call is asked for; taken by it */
  bool wants_function;         /* an option that may be a function is being read */
  bool of_weight;              /* … or the constant of a param or fixed */
  bool quiet;                  /* clocks.c: still looking for the fixpoint */
  bool changed;
  bool unclear;                /* clocks.c: an end of a value on several clocks has been reported in this body */
  int symbols, nesting;
} Checker;

/* --- names: symbol.c ----------------------------------------------------------------------------------------------- */
Scope *scope_new(Checker *c, Scope *parent, Decl *owner);
/* A second definition in the same scope is an error and gives NULL. */
Symbol *scope_declare(Checker *c, Scope *scope, SymbolKind kind, Name name, Span span);
void scope_add(Checker *c, Scope *scope, Symbol *symbol);
Symbol *symbol_new(Checker *c, Scope *scope, SymbolKind kind, Name name, Span span);
Symbol *scope_here(const Scope *scope, Name name);
const char *symbol_kind_text(SymbolKind kind);
/* Finds what `e` (a NAME or a CALL) names, or reports it as unknown. */
Symbol *resolve(Checker *c, Scope *scope, Expr *e);
Scope *scope_make_root(Checker *c);

/* --- sizes and delays: linear.c ------------------------------------------------------------------------------------- */
/* An index or a size: times·clock + dims + seconds. */
typedef struct Linear {
  const char *problem; /* NULL: fine */
  Span where;
  int clock; /* -1: none */
  int64_t times;
  Dim dim;
  double seconds;
  bool timed;
  Symbol *tensor; /* t - D: a fixed, or a param, which a delay may not be */
  int64_t tensor_times;
} Linear;
Linear linear_of(Checker *c, Scope *scope, Expr *e);
/* A size as written in a type; reports what is not one. */
bool dim_of_expr(Checker *c, Scope *scope, Expr *e, Dim *out);
bool shape_of_exprs(Checker *c, Scope *scope, Expr *const *sizes, int count, Span span, Shape *out);
bool mentions_clock(Checker *c, Scope *scope, const Expr *e);

/* --- constants: constant.c ------------------------------------------------------------------------------------------- */
bool constant_number(const Expr *e, double *out);   /* of the file's and net's lets and dims; after typing */
/* A call within a call: what the options of each cell are. The net itself has no `call`. */
typedef struct CellCall {
  const Expr *call;
  const struct CellCall *outer;
} CellCall;
bool number_in_call(const Expr *e, const CellCall *in, double *out); /* in the body of the cell that is called: its options too */
bool constant_expr(const Expr *e);                  /* known when compiling: options, lets, dims, numbers */
bool whole_number(double x, int64_t *out);

/* --- units.c: times and numbers --------------------------------------------------------------------------------------- */
bool is_percentage(const Expr *e);
double step_here(const Checker *c); /* seconds of the step of the clock that has one; 0: none has */
bool unit_named(const char *unit, double *times); /* constant.c: "ms", 1e-3 */
const char *as_time(Checker *c, const Expr *number);         /* "20 ms" */
bool check_same_units(Checker *c, const Expr *e);            /* E0309: of + and - and comparisons */
bool check_time_of_decay(Checker *c, const Expr *time); /* E0309 */

/* --- types: shapes.c, index.c, calls.c, functions.c ------------------------------------------------------------------- */
Type type_expr(Checker *c, Scope *scope, Expr *e);
Type type_of_symbol(Checker *c, Symbol *symbol, const Expr *use);
bool is_product_by_element(const Expr *e); /* `W * u` where `W @ u` would fit */
void suggest_product(Diag *d, const Expr *e);
Type type_real(void);
Type type_shaped(Shape shape);
Type type_numbers(Checker *c, Type t, const Expr *e); /* an index as its one-hot shape */
Type type_agree(Checker *c, const char *what, Type a, const Expr *ea, Type b, const Expr *eb);
Type type_index(Checker *c, Scope *scope, Expr *e);
const Symbol *tree_of_field(Checker *c, const Scope *scope, const Expr *field); /* n.left: the tree clock n; NULL with a diagnostic */
Type type_delays(Checker *c, Expr *e, Symbol *symbol, const Linear *at); /* delays.c: x[t - D], x[t - D..t - D - 4] */
bool same_delays(Checker *c, const Expr *range, const Linear *from, const Linear *to);
Type type_component(Checker *c, Scope *scope, Expr *e, Expr *at); /* components.c */
Type type_as(Checker *c, Scope *scope, Expr *e);
Type type_call(Checker *c, Scope *scope, Expr *e);
Type type_start(Checker *c, Scope *scope, Expr *e);
Type type_shared(Checker *c, Scope *scope, Expr *e);
Type type_function(Checker *c, Scope *scope, Expr *e, const Builtin *b);
Type type_over(Checker *c, Scope *scope, Expr *e); /* over.c */
static inline Expr *argument(const Expr *e, int i) { return e->args.at[i].value; }
static inline Type numbers_at(Checker *c, const Expr *e, int i) { return type_numbers(c, argument(e, i)->type, argument(e, i)); }
Type wants(Checker *c, const Expr *e, int i, const Type *t, const char *what); /* functions.c: argument i is not `what`; poison */
Type type_part(Checker *c, Symbol *part, const Expr *use);       /* what a call gives one of its outputs */
Type type_definition(Checker *c, Symbol *symbol, const Expr *use);
Type type_option(Checker *c, Scope *scope, Expr *e); /* an option's value: a number or a function */
Type type_for(Checker *c, Scope *scope, Expr *e, const Type *expected);
void want_history(Checker *c, Expr *e, Symbol *symbol); /* of a value read at another time: declared, or given by `start` */
bool append_dim(Checker *c, Shape *shape, Dim d, Span span);
bool demand_size(Checker *c, Scope *scope, SizeDemand demand, Span asked);
const char *shape_phrase(Checker *c, const Type *t);

/* --- calls with several outputs: outputs.c ------------------------------------------------------------------------------ */
Decl *called_cell(const Scope *scope, const Expr *value); /* of `P(x)`, `P(x) start e`; NULL */
bool gives_several(const Scope *scope, const Item *equation);
void declare_call(Checker *c, Scope *scope, Item *item);
void type_outputs(Checker *c, Symbol *call);
void take_outputs(Symbol *call, const Type *given); /* from calls.c: the types of all outputs, as far as they are known */
Symbol *names_one_output(Symbol *symbol); /* itself, where it is a name for a call of a cell with one output; NULL */
void take_history(Symbol *symbol);                       /* of a name for a cell's one output: the state's, where it is known here */
Type several_values(Checker *c, const Expr *e, const char *what, const Decl *cell);
Type unknown_output(Checker *c, const Expr *field, const Decl *cell);
bool is_part(const Scope *scope, const Expr *field);        /* `q.h` where q is a call */
Symbol *part_of(Checker *c, Scope *scope, Expr *field);     /* NULL with a diagnostic */
Type type_field_of_call(Checker *c, Scope *scope, Expr *e); /* `P(x).h` */

/* --- clocks.c ---------------------------------------------------------------------------------------------------------- */
void clocks_of_body(Checker *c, Scope *scope);
Axes clocks_of_expr(Checker *c, Scope *scope, Expr *e); /* of a clause */
const char *clocks_text(Checker *c, Axes axes); /* `s` and `t` */
const char *clock_name(Checker *c, int clock);
const char *clock_of_value(Checker *c, const Symbol *symbol);
int default_clock(Checker *c, const Scope *scope); /* -1: there are several, none called t */

/* --- declarations: items.c, file.c, use.c, stages.c ------------------------------------------------------------------------ */
Symbol *define(Checker *c, Scope *scope, NameAt *at, Item *item); /* a name on the left of an equation; NULL with a diagnostic */
void declare_header(Checker *c, Decl *cell);
void check_body(Checker *c, Decl *d);
void check_initialiser(Checker *c, Scope *scope, Expr *e, const Symbol *weight);
bool type_of_syntax(Checker *c, Scope *scope, TypeSyntax *syntax, Type *out);
void check_module(Checker *c, Module *m);
void check_use(Checker *c, Decl *d);
void check_stage(Checker *c, Decl *d);
bool has_data(const Symbol *symbol); /* an input, target or output */
void check_generator(Checker *c, const Expr *source, const Scope *net); /* generators.c */
bool is_generator(Name name);
bool is_generator_option(Name generator, Name option);
void declare_vocab(Checker *c, Decl *d); /* vocabulary.c */
bool take_override(Checker *c, Name name, int unit, double *value); /* unit: as time_in of what it replaces */
void let_number(Checker *c, Symbol *let);
void check_overrides(Checker *c);

/* --- foreign.c: words of other systems, as the rows of foreign.def say ---------------------------------------------------- */
typedef enum ForeignPlace { NAME_WORD, CALL_WORD, INITIALISER_WORD, CLAUSE_WORD, OPTION_WORD } ForeignPlace;
/* Each says whether it had something to say. e: the name or the call, of which `instead` may want the argument; NULL for other words. */
bool help_foreign(Checker *c, Diag *d, ForeignPlace where, const Expr *e, Span span);
bool help_foreign_word(Diag *d, ForeignPlace where, Span span, const char *word);
bool help_step_name(Checker *c, Diag *d, const Scope *scope, Span span, const char *word); /* h_prev: h[t-1] */
bool help_step_call(Checker *c, Diag *d, const Scope *scope, const Expr *e);

void warn_unused(Checker *c, const Ast *ast); /* unused.c */

/* --- unknown.c: names that are not there ------------------------------------------------------------------------------------ */
void unknown_name(Checker *c, const Scope *scope, Expr *e);
bool unknown_end(Checker *c, const Scope *scope, const Expr *e, const Expr *at); /* f[end]; true after an error */
bool is_initialiser(const char *name); /* initialisers.c */

/* --- errors.c ------------------------------------------------------------------------------------------------------------ */
Type poison(void);
bool is_poison(Type t);
void explain_origin(Checker *c, Diag *d, const Expr *e, const Type *t); /* "[H], from `state h: [H]` (line 9)" */
void note_sizes(Checker *c, Diag *d, const Shape *a, const Shape *b);
Diag *not_built(Checker *c, Span span, const char *format, ...) __attribute__((format(printf, 3, 4)));
void report_missing_histories(Checker *c);
void defined_through_itself(Checker *c, const Symbol *symbol, const Expr *use);
const char *nearest_word(Session *s, const char *wrong, const char *words); /* of words separated by spaces */
bool has_word(const char *words, const char *word);
const char *source_text(Checker *c, Span span);

#endif
