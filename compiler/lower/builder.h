/* builder.h — inside lowering: one graph being built from one net, and the copies of cells it calls.
 *
 * An Instance is an environment: what the names of one cell call (or of the net itself) mean. Equations are lowered on
 * demand, by recursion over names. A name needed at another step becomes a READ whose operand is set at the end
 * (builder_finish), so recurrence never recurses. A name that is needed at its own step while it is being lowered is a loop
 * without delay: it becomes a READ at offset 0, and the causality pass draws the loop. */
#ifndef RNN_LOWER_BUILDER_H
#define RNN_LOWER_BUILDER_H
#include "lower/lower.h"

typedef struct Instance Instance;

typedef enum Progress { PROGRESS_NONE, PROGRESS_LOWERING, PROGRESS_DONE } Progress;

/* What one symbol means in one instance. */
typedef struct Binding {
  Symbol *symbol;
  Progress progress;
  Ref value;            /* equations, arguments, params: once lowered */
  Ref history;          /* what `start` gave; NO_REF: the symbol's own */
  int calls;            /* of cells in this name's equation so far: the second one's names end in _2 */
  const char *function; /* OPTION that is a function: its name; NULL: a number */
  double number;        /* OPTION */
  Instance *made;       /* CALL: the instance whose outputs it gives, once begun */
} Binding;

struct Instance {
  Scope *scope;
  const int64_t *dims;      /* sizes of the scope's own dims */
  const char *prefix;       /* of node names: "adding.h" */
  const char *param_prefix; /* the same, but for the calls of a `shared` cell */
  int clock[MAX_CLOCKS];    /* the cell's clocks in the file's: its `t` is its arguments' clock */
  const Expr *call;         /* that made it; NULL: the net itself */
  GraphAxes extra;          /* axes of arguments and starts: the cell's states may live on all of them */
  Vec(Binding *) bindings;
  Binding **table;          /* the same by symbol: open addressing, `slots` a power of two */
  int slots;
};

/* What equations inside each other save of what is around them. */
typedef struct Saved {
  Instance *naming;
  Binding *equation;
  bool original;
  int children;
} Saved;

/* A read of another step whose operand is not lowered yet: a name, or an expression of a tree's children. */
typedef struct Pending {
  Ref read;
  Instance *at;
  Symbol *symbol;
  bool forced; /* reads select(flag, data, own value) */
  const Expr *expr; /* NULL: the symbol */
  Ref chosen;       /* of `pick over n.children`: is this the child? */
  Saved around;     /* of expr */
} Pending;

/* A softmax remembers how to give its logarithm without overflow: log p = shifted − log total. */
typedef struct SoftmaxRow {
  Ref softmax, shifted, total;
  uint32_t dims;
} SoftmaxRow;

/* A share among siblings, softmax over n.children (score): a sum over n.children may take it out of its terms (shares.c). */
typedef struct Share {
  Ref share, score;
  int clock;
} Share;

/* An expression whose value is there already: the parts of a loss that is made of losses. */
typedef struct Given {
  const Expr *expr;
  Ref value;
} Given;

typedef enum ForceKind { FORCE_NONE, FORCE_ALWAYS, FORCE_SOMETIMES } ForceKind;

/* Nodes from..end-1 have their spans. */
typedef struct Placed {
  int from, end;
} Placed;

typedef struct Builder {
  Session *session;
  Model *model;
  Program *program;
  Graph *graph;
  UnitKind kind;
  const Decl *stage; /* NULL: none */
  Instance *net;
  Instance *naming;  /* instance and name of the equation being lowered: calls are named after it */
  Binding *equation;
  bool original;     /* lowering a clause's own expression: scaled variables are shown in original units */
  double temperature; /* of sample() */
  const Symbol *decoded; /* the output that a run's `decode` chooses; NULL */
  int children;      /* inside `sum over n.children (…)`: 1 + n; names mean what the node above reads. 0: not inside */
  bool split_windows; /* those that begin now are in a loop (time.c) */
  bool gaps;          /* what is forced may be missing somewhere: each step decides */
  int sites;         /* random draws so far */
  Vec(Placed) placed; /* one behind the other */
  const char *stack; /* where lowering began on it */
  int errors;        /* of the session before this unit */
  Vec(Pending) pending;
  Vec(SoftmaxRow) softmaxes;
  Vec(Share) shares;
  Vec(Given) given;
} Builder;

/* A lowered expression with its nominal type. */
typedef struct Value {
  Ref ref;
  Type type;
} Value;

/* --- builder.c ------------------------------------------------------------------------------------------------------- */
Builder *builder_new(Model *m, const Decl *stage, const Symbol *net, UnitKind kind, const char *name);
void builder_param(Builder *b, int index); /* the model's next param as one of the graph */
Graph *builder_finish(Builder *b); /* lowers what reads wait for and sets them; NULL when errors were found since builder_new */
Sizes sizes_here(const Instance *at, const Shape *shape);
int64_t size_here(const Instance *at, Dim d);
GraphAxes axes_here(const Instance *at, Axes axes);
int clock_here(const Instance *at, int clock);
GraphAxes clocks_of(GraphAxes axes);                /* without the sequence bit */
int first_clock(GraphAxes axes);                    /* lowest clock in axes; -1 */
void name_node(Builder *b, Ref r, const char *name); /* unless it has a name */
void place_nodes(Builder *b, int from, Span span);   /* nodes from `from` on without a span get this one */
static inline const Node *node_at(const Builder *b, Ref r) { return &b->graph->nodes.at[r]; }
static inline int rank_of(const Builder *b, Ref r) { return node_at(b, r)->shape.rank; }

/* --- expr.c ---------------------------------------------------------------------------------------------------------- */
Ref lower_expr(Builder *b, Instance *at, const Expr *e);
Value lower_value(Builder *b, Instance *at, const Expr *e);
Ref lower_dense(Builder *b, Instance *at, const Expr *e);           /* an index becomes its one-hot */
Value one_hot_of(Builder *b, Instance *at, Value v);
Ref align(Builder *b, Instance *at, Value v, const Shape *target);  /* repeated along what target has more */
Ref impossible(const Builder *b, Span span, const char *what);    /* what the checker refuses: a fault of the compiler; aborts */
Shape dense_shape(const Type *t);                                   /* of an index: with its one-hot dim */

/* --- names.c --------------------------------------------------------------------------------------------------------- */
Binding *binding_of(Builder *b, Instance *at, Symbol *s);
Ref value_of(Builder *b, Instance *at, Symbol *s);
Ref history_of(Builder *b, Instance *at, Symbol *s, int clock);
Ref variable_input(Builder *b, Instance *at, Symbol *s, bool data); /* data: the data's own y, "data.y" */
Saved enter_equation(Builder *b, Instance *at, Binding *equation);
void leave_equation(Builder *b, Saved before);
Symbol *data_field(const Instance *at, const Expr *e);              /* `data.y` → y; NULL for anything else */
Ref original_units(Builder *b, const Symbol *s, Ref r);             /* y · std + mean where clauses want that */
Ref decoded_input(Builder *b, Instance *at, const Symbol *s); /* what the decoder has said */
bool symbol_has_equation(const Symbol *s);

/* --- cells.c --------------------------------------------------------------------------------------------------------- */
Ref lower_cell_call(Builder *b, Instance *at, const Expr *call, const Expr *start, int output);
Ref value_of_part(Builder *b, Instance *at, const Symbol *part);          /* one output of a call with several */
void lower_equations(Builder *b, Instance *at);                       /* all of them, in the order of the text */
Instance *net_instance(Builder *b, const Symbol *net);
bool static_number(const Instance *at, const Expr *e, double *out); /* known when compiling */
const char *function_option(const Instance *at, const Symbol *s);   /* the function that an option names; NULL */
double number_of(const Expr *e);                                    /* NUMBER with its unit: 20 ms is 0.02 */

/* --- time.c ---------------------------------------------------------------------------------------------------------- */
Ref lower_index(Builder *b, Instance *at, const Expr *e);
Ref read_same_step(Builder *b, Instance *at, Symbol *s);            /* of a name that is being lowered: a loop without delay */
void pending_resolve(Builder *b, const Pending *p);
bool window_now_in_loop(const Graph *g); /* is there an h[t..t-L] whose h needs it? */
GraphAxes expected_axes(const Instance *at, const Symbol *s);        /* of an equation that is not lowered yet */
Ref shown(Builder *b, Instance *at, const Expr *e, Ref r);           /* what an index read, as clauses want it */
ForceKind force_of(const Builder *b, const Symbol *s);
Ref forced_value(Builder *b, Instance *at, Symbol *s, Ref own);       /* what stands in the delay line of a forced output */

/* --- delays.c: how far `x[t - D]` reaches ------------------------------------------------------------------------------------ */
typedef struct DelayBounds {
  int64_t low, high;
} DelayBounds;
/* By D's numbers, its `integers(low, high)`, or its file; also told to the runtime. False with E0215. */
bool delay_bounds(Builder *b, Instance *at, const Symbol *s, DelayBounds *out);

/* --- tree.c ---------------------------------------------------------------------------------------------------------- */
Ref read_child(Builder *b, Instance *at, const Expr *e);            /* h[n.left] */
Ref read_parent(Builder *b, Instance *at, const Expr *e);           /* x[n] inside of … */
Ref over_children(Builder *b, Instance *at, const Expr *e);         /* sum over n.children (e) */
void resolve_children(Builder *b, const Pending *p);

/* --- shares.c -------------------------------------------------------------------------------------------------------- */
/* A term p · v of a sum over children, p a share among siblings: their scores and v, in the term's shape. */
typedef struct SharedTerm {
  Ref score, value; /* score NO_REF: there is no such share in it */
  Ref number;       /* the score where p is one number; NO_REF */
} SharedTerm;
SharedTerm shared_term(Builder *b, Ref x, int clock);

/* --- builtins.c, reduce.c, random.c ---------------------------------------------------------------------------------- */
/* A call of a function of the language; `name` may come from an option. */
typedef struct Call {
  Builder *b;
  Instance *at;
  const Expr *e;
  const char *name;
} Call;
typedef Ref CallRule(const Call *c);

Ref lower_builtin(Builder *b, Instance *at, const Expr *e, const char *name);
int call_count(const Call *c);                             /* positional arguments */
const Expr *call_arg(const Call *c, int i);                /* positional; NULL */
const Expr *call_named(const Call *c, const char *name);   /* NULL */
Ref call_dense(const Call *c, int i);
Ref call_aligned(const Call *c, int i);                    /* to the call's own shape */
Ref fill_like(Builder *b, Ref x, double value);

Ref lower_over(Builder *b, Instance *at, const Expr *e);
Ref repeat_dims(Builder *b, Ref reduced, uint32_t dims, Sizes shape); /* undoes a reduction over dims */
Ref softmax(Builder *b, Ref x, uint32_t dims, GraphAxes over);
Ref logsoftmax(Builder *b, Ref x, uint32_t dims, GraphAxes over);
bool is_softmax(const Builder *b, Ref p); /* its logarithm is that of the shares themselves, however small */
Ref log_of(Builder *b, Ref p);                             /* log p; of a softmax without overflow */
/* What the metrics xent and bce are given, so that they agree with the losses: chances as those clamp them (loss.c). */
Ref chances_of(Builder *b, const char *measure, Ref p);
Ref mean_of(Builder *b, Ref x, uint32_t dims, GraphAxes over);
uint32_t all_dims(const Builder *b, Ref x);
uint32_t last_dim(const Builder *b, Ref x);

CallRule random_dropout, random_noise, random_sample;

/* --- loss.c, linear.c, clauses.c, unit.c ----------------------------------------------------------------------------- */
Ref lower_loss(Builder *b, const Expr *e); /* scalar without axes */
bool lower_ridge(Builder *b);              /* adds the outputs; false with E0430 */
const Clause *clause_of_stage(const Decl *stage, const char *keyword); /* the first; NULL */
const Expr *clause_expr(const Clause *c, int i);
bool is_output_clause(const Clause *c);    /* report, expect, write, plot */
/* A clause's expressions as JSON. With a builder, what is compiled also becomes outputs of its graph: one walk makes both, so
 * that the numbers of `r0`, `r1` … agree. */
typedef struct ClauseWalk {
  Session *session;
  Instance *at;   /* the net's names */
  Builder *b;     /* NULL: only JSON */
  int outputs;    /* so far */
  double step;    /* seconds of the clock's step; 0: it has none */
  const char *chances; /* the first value to come is the chances of this measure, xent or bce; NULL */
  bool variables; /* in write and plot */
  bool expects;   /* in expect: conditions hold at every step */
  bool of_net;    /* `mean(x)` is the net's own arithmetic here: in write and plot, and inside a metric */
} ClauseWalk;
cJSON *json_of_clause(ClauseWalk *w, const Clause *c);
/* For the manifest: the files that the model reads (reads.c), its constants, and the names of those that the command line has changed. */
cJSON *manifest_reads(const Model *m);
cJSON *manifest_constants(const Model *m);
cJSON *manifest_overrides(const Model *m);
/* The share of a param's entries that its initialiser may make other than 0; 0: it says nothing (density.c). */
double initialiser_density(Session *s, const Expr *init, const Instance *home, Sizes shape);
cJSON *json_of_value(ClauseWalk *w, const Expr *e); /* of a clause whose expressions are not compiled, and of initialisers */

/* --- model.c --------------------------------------------------------------------------------------------------------- */
int model_param(Model *m, const char *name, const Symbol *s, Sizes shape, Instance *home); /* finds or adds */
const Symbol *stage_net(const Program *p, const Decl *stage);
bool scales_variable(const Program *p, const Symbol *net, Name variable); /* does a train stage of the net scale it? */
#endif
