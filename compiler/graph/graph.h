/* graph.h — typed values over clocks. Time is only a READ at another step.
 *
 * Nodes are in topological order: every input comes before its user, except in[0] of READ, WINDOW, OVERLAP and those of trees (CHILD …), the
 * only edges between steps, which may point anywhere. A value on a clock is also on the sequence axis (a step belongs to a
 * sequence), and reductions only name axes that their input has. Shapes are sizes now (dims were checked by sema); element-wise operands have
 * exactly the result's shape (BROADCAST makes it so), while axes are joined implicitly. */
#ifndef RNN_GRAPH_GRAPH_H
#define RNN_GRAPH_GRAPH_H
#include "base/session.h"
#include <stdio.h>

typedef int32_t Ref; /* a node's number; -1: none */
enum { NO_REF = -1, GRAPH_RANK = 7, GRAPH_CLOCKS = 6 };

/* As in ast/type.h: bit 0 sequence, bit 1 + i clock i. (The graph never sees the AST.) */
typedef uint32_t GraphAxes;
#define GRAPH_SEQUENCE ((GraphAxes)1)
#define GRAPH_CLOCK(i) ((GraphAxes)2 << (i))

typedef enum Op {
#define OP(name, text, inputs, class) OP_##name,
#include "graph/ops.def"
#undef OP
  OP_COUNT
} Op;

typedef enum OpClass { CLASS_LEAF, CLASS_UNARY, CLASS_BINARY, CLASS_TERNARY, CLASS_MOVE, CLASS_REDUCE, CLASS_PRODUCT, CLASS_TIME } OpClass;

typedef struct Sizes {
  int rank;
  int64_t dim[GRAPH_RANK];
} Sizes;

/* The derivative of a SPIKE, in the order of runtime/surrogates.def. */
typedef enum SpikeSurrogate { SPIKE_FAST_SIGMOID, SPIKE_SIGMOID, SPIKE_TRIANGLE, SPIKE_ATAN, SPIKE_GAUSSIAN, SPIKE_SURROGATES } SpikeSurrogate;

/* What an op needs besides its inputs; the fields an op does not use are zero, so nodes compare by bytes. */
typedef struct Attrs {
  double value;              /* CONST scalar, the number of a SPIKE's surrogate */
  const double *data;        /* CONST tensor, row-major; NULL for a scalar (repeated over the shape) */
  int32_t index;             /* PARAM, INPUT, RANDOM site */
  int32_t clock;             /* TIME ops, LENGTH, STEP_INDEX */
  int64_t offset, stride;    /* READ, WINDOW, OVERLAP, EDGE; of trees (±1); SLICE and PAD (stride) */
  int64_t taps;              /* WINDOW, OVERLAP, EDGE when windowed */
  int32_t dim;               /* SLICE, PAD, CONCAT, ARGMAX, EMBED, EMBED_ADD */
  int64_t begin, count;      /* SLICE, PAD; EMBED_ADD (count); GATHER, SCATTER: what the first place is called, and (SCATTER) how many there are */
  int32_t end;               /* AT_END, IMPULSE: 1 last, 0 first */
  int32_t windowed;          /* EDGE */
  int32_t kind;              /* RANDOM; SPIKE: a SpikeSurrogate */
  uint32_t dims;             /* SUM, AMAX: bit i is dim i */
  GraphAxes over;            /* SUM, AMAX, CONTRACT, EMBED_ADD: axes that are reduced */
  int8_t map[GRAPH_RANK];    /* BROADCAST */
  char letters[3][GRAPH_RANK + 1]; /* CONTRACT: dims of a, b, out, as "hx", "x", "h" */
} Attrs;

typedef struct Node {
  Op op;
  GraphAxes axes;
  Sizes shape;
  int inputs;
  Ref *in;
  Attrs attrs;
  Name name; /* the user's name for it, as "h" or "lstm.i"; NULL where it has none */
  Span span; /* where it was written */
} Node;

/* A trained or fixed tensor. Parameters of one model are numbered alike in all its graphs. */
typedef struct GraphParam {
  Name name; /* "adding.h.Wi" */
  Sizes shape;
  bool trained;
  double density; /* share of its entries that its initialiser may make other than 0; 0: nothing is known. A hint: weights may come
                     from elsewhere, so whoever counts on it counts at run time */
} GraphParam;

typedef enum InputRole {
  INPUT_DATA,    /* a variable of the model by its name: "u", "z", "data.y" */
  INPUT_WEIGHT,  /* 1 for a step (or sequence) that counts in the loss, 0 for one that does not */
  INPUT_NORM,    /* axes none: 1 / (number of counted steps of the whole batch); `of` names the weight input it belongs to */
  INPUT_SHARE,   /* axes none: 1 in one slice of the batch, 0 in the others: for terms that do not depend on data */
  INPUT_FORCE,   /* 1 where data enter the delay line named */
  INPUT_MEAN,    /* axes none: mean of the scaled variable `name` (0 when it is not scaled) */
  INPUT_STD,     /* axes none: its standard deviation (1 …) */
  INPUT_DECODED, /* the variable `name` as a decoder has chosen it so far */
} InputRole;

typedef struct GraphInput {
  Name name;
  InputRole role;
  Sizes shape;
  GraphAxes axes;
} GraphInput;

typedef struct GraphClock {
  Name name;
  int64_t length; /* 0: the data's */
} GraphClock;

typedef enum OutputRole {
  OUTPUT_VALUE,  /* asked for by report, write, plot, :step */
  OUTPUT_LOSS,   /* scalar without axes */
  OUTPUT_GRAD,   /* gradient of params[index] */
} OutputRole;

typedef struct GraphOutput {
  Name name;
  OutputRole role;
  int index; /* GRAD: which param */
  Ref value;
} GraphOutput;

typedef struct Graph {
  Session *session;
  Name name; /* of the compiled unit, as "train_adding" */
  int64_t rows; /* sequences that come together, as far as the program says; 0: it does not. Only speed may depend on it */
  bool checkpoints; /* called piece by piece, from the last piece to the first: what the reverse pass carries is kept between calls too */
  Vec(Node) nodes;
  Vec(GraphClock) clocks;
  Vec(GraphParam) params;
  Vec(GraphInput) inputs;
  Vec(GraphOutput) outputs;
} Graph;

/* --- building (build.c): each checks its operands (a wrong one is a compiler bug: abort with a message) ------------- */

Graph *graph_new(Session *s, const char *name);
/* A graph with the same clocks, params, inputs and no nodes or outputs. */
Graph *graph_like(const Graph *g);

int graph_clock(Graph *g, const char *name, int64_t length);
int graph_param(Graph *g, const char *name, Sizes shape, bool trained);
/* Finds or adds the input of that name and role. */
int graph_input(Graph *g, const char *name, InputRole role, Sizes shape, GraphAxes axes);
void graph_output(Graph *g, const char *name, OutputRole role, int index, Ref value);

Ref graph_const(Graph *g, double value);                        /* shape [] */
Ref graph_fill(Graph *g, double value, Sizes shape);            /* a constant of a shape */
Ref graph_tensor(Graph *g, const double *data, Sizes shape);    /* data is copied */
Ref graph_param_ref(Graph *g, int param);
Ref graph_input_ref(Graph *g, int input);
Ref graph_length(Graph *g, int clock);
Ref graph_step_index(Graph *g, int clock);
Ref graph_random(Graph *g, int site, int kind, Sizes shape, GraphAxes axes);
Ref graph_unary(Graph *g, Op op, Ref x);
Ref graph_spike(Graph *g, Ref x, SpikeSurrogate surrogate, double number);
/* Element-wise; a scalar [] operand is broadcast to the other's shape, other shapes must be equal. */
Ref graph_binary(Graph *g, Op op, Ref a, Ref b);
Ref graph_select(Graph *g, Ref c, Ref a, Ref b);
Ref graph_broadcast(Graph *g, Ref x, const int8_t *map, Sizes shape);
Ref graph_expand(Graph *g, Ref x, Sizes shape);                 /* a scalar [] repeated over shape */
Ref graph_transpose(Graph *g, Ref x);                           /* reverses the last two dims; of a vector: a row [1, n] */
Ref graph_reshape(Graph *g, Ref x, Sizes shape);
Ref graph_slice(Graph *g, Ref x, int dim, int64_t begin, int64_t count, int64_t stride);
Ref graph_pad(Graph *g, Ref x, int dim, int64_t begin, int64_t stride, int64_t size);
Ref graph_concat(Graph *g, const Ref *x, int n, int dim);
Ref graph_one_hot(Graph *g, Ref x, int64_t n);
Ref graph_gather(Graph *g, Ref x, Ref index, int64_t begin);
Ref graph_scatter(Graph *g, Ref y, Ref index, int64_t begin, Sizes shape);
Ref graph_sum(Graph *g, Ref x, uint32_t dims, GraphAxes over);
Ref graph_amax(Graph *g, Ref x, uint32_t dims, GraphAxes over);
Ref graph_argmax(Graph *g, Ref x, int dim);
Ref graph_contract(Graph *g, Ref a, Ref b, const char *la, const char *lb, const char *lout, GraphAxes over);
/* The table at place x of a dim; and the sum of d at place x of a new dim, over these axes. Where EMBED and EMBED_ADD do not fit (a table
 * on axes, a sum that keeps some) as a product with the one-hot of x. */
Ref graph_embed(Graph *g, Ref table, Ref x, int dim);
Ref graph_embed_add(Graph *g, Ref d, Ref x, int dim, int64_t size, GraphAxes over);
/* x may be NO_REF and set later by graph_set_read; then shape and axes say what x will have. */
Ref graph_read(Graph *g, Ref x, Ref history, int clock, int64_t offset, Sizes shape, GraphAxes axes);
Ref graph_window(Graph *g, Ref x, Ref history, int clock, int64_t offset, int64_t taps, int64_t stride, Sizes shape, GraphAxes axes);
/* x at a step that the data say; x may be set later, as for a read. `towards`: −1 earlier steps, +1 later ones. */
typedef struct ChildRead {
  Ref history, index, inverse;
  int clock, towards;
} ChildRead;
Ref graph_child(Graph *g, Ref x, ChildRead read, Sizes shape, GraphAxes axes);
/* The nodes of trees as steps: inputs that say a step's first child, its next sibling and its parent. `towards` as above. */
typedef struct TreeLinks {
  Ref first, next, parent;
  int clock, towards;
} TreeLinks;
/* CHILDREN_SUM, CHILDREN_MAX, CHILDREN_MIX or PARENT of x, which may be set later. */
Ref graph_tree(Graph *g, Op op, Ref x, TreeLinks links, Sizes shape, GraphAxes axes);
/* Among the children of one node (`links` as a node reads them) each one's share of Σ exp(s) is exp(shifted) / total, without overflow.
 * Who has no parent is alone. */
typedef struct Siblings {
  Ref shifted, total;
} Siblings;
Siblings graph_siblings(Graph *g, Ref s, TreeLinks links);
/* What x's parent has; where there is none, `none` (a number [] or x's shape). */
Ref graph_parent_or(Graph *g, Ref x, TreeLinks links, Ref none);
void graph_set_read(Graph *g, Ref read, Ref x);
Ref graph_at_end(Graph *g, Ref x, int clock, int end);           /* x itself where it is not on the clock */
Ref graph_impulse(Graph *g, Ref x, int clock, int end);
/* shape and axes are those of the result, x is [taps] ++ shape and may be set later, as for a read. */
Ref graph_overlap(Graph *g, Ref x, int clock, int64_t offset, int64_t taps, int64_t stride, Sizes shape, GraphAxes axes);
Ref graph_edge(Graph *g, Ref x, int clock, int64_t offset, bool windowed, int64_t stride);
/* The same op and attributes on other inputs: how passes copy a node. */
Ref graph_copy_node(Graph *to, const Node *node, const Ref *in);
/* The same, with shape and axes as the new inputs give them. */
Ref graph_rebuild_node(Graph *to, const Node *node, const Ref *in);
Graph *graph_clone(const Graph *g);
Ref graph_add(Graph *g, Node node);                             /* the primitive under all of these; in[] is copied */
/* The same value on these axes too, for a reduction over them: x · (0 <= step index). */
Ref graph_lift(Graph *g, Ref x, GraphAxes axes);

Sizes sizes_of(int rank, ...);                                  /* sizes_of(2, (int64_t)4, (int64_t)3) */
int64_t sizes_count(Sizes s);
bool sizes_equal(Sizes a, Sizes b);
static inline Sizes sizes_scalar(void) { return (Sizes){0}; }

/* --- looking ------------------------------------------------------------------------------------------------------ */

const char *op_text(Op op);
int op_inputs(Op op);
OpClass op_class(Op op);
static inline bool op_is_elementwise(Op op) { return op_class(op) >= CLASS_UNARY && op_class(op) <= CLASS_TERNARY; }
static inline bool op_reads_links(Op op) { return op >= OP_CHILDREN_SUM && op <= OP_PARENT; }
/* Does it read steps that the data name? */
static inline bool op_reads_tree(Op op) { return op == OP_CHILD || op_reads_links(op); }
/* Is input i of this node the edge to another step? */
static inline bool node_edge_is_delayed(const Node *n, int i) {
  return i == 0 && (n->op == OP_READ || n->op == OP_WINDOW || n->op == OP_OVERLAP || op_reads_tree(n->op));
}
/* The steps between a node and what its delayed edge reads: from `least` to `most` (a READ's offset is both). What reads a tree is
 * said to read the next step: how far it really looks is in the data, but not to which side. */
void node_delays(const Node *n, int64_t *least, int64_t *most);
/* What an element-wise op makes of single numbers x[0], x[1] … (ops.c). */
double op_number(Op op, const double *x);
/* Which of `places` places, the first called `begin`, an index of GATHER and SCATTER means. */
int64_t gather_place(double index, int64_t begin, int64_t places);

/* Text form; graph_parse(graph_print(g)) prints the same. For --emit=graph and tests that start in the middle. */
void graph_print(const Graph *g, FILE *out);
Graph *graph_parse(Session *s, const char *text); /* NULL with a diagnostic on the first bad line */

/* Every invariant: order, shapes, axes, attributes, outputs. Aborts the program naming node and rule (a compiler bug),
 * or, with `why` given, returns false and says why. */
bool graph_verify(const Graph *g, const char **why);

/* --- the truth: a slow, obvious interpreter (eval.c) ------------------------------------------------------------------ */

typedef struct EvalData {
  int sequences;
  const int64_t *length[GRAPH_CLOCKS]; /* [clock][sequence] steps in this call */
  const int64_t *whole[GRAPH_CLOCKS];  /* what LENGTH says; NULL: the same */
  const double *const *param;          /* [param] row-major */
  const double *const *input;          /* [input]: row-major [sequence][clock (padded to the longest)…][shape], without
                                          the axes that it has not */
  uint64_t seed, update;               /* for RANDOM */
} EvalData;

/* Computes output `o` (graph->outputs[o]) for all sequences and steps into out: [sequence][steps to the longest][shape], as
 * axes say; what lies beyond a sequence's length is 0. */
void graph_eval(const Graph *g, const EvalData *data, int o, double *out);
/* Elements that such an array holds. */
int64_t graph_eval_count(const Graph *g, const EvalData *data, Ref value);

#endif
