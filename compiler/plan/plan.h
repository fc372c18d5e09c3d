/* plan.h — in which order, in which loops, in which memory a graph is computed.
 *
 * A plan is a list of items. A scan is a loop over the steps of the clock (one strongly connected component of the graph) with
 * items of its own; every other item stands for all of time at once. Products are items by themselves; element-wise work
 * that shares an iteration space is one group, whose values stay in registers unless somebody else needs them.
 *
 * Which nodes own memory: results of groups used elsewhere, products, reductions, everything read at another step. READ,
 * WINDOW, BROADCAST, SLICE and RESHAPE are never computed: they are views, addresses into their base's buffer. */
#ifndef RNN_PLAN_PLAN_H
#define RNN_PLAN_PLAN_H
#include "graph/graph.h"

/* --- views ---------------------------------------------------------------------------------------------------------- */

/* Element (i…) of a view at step t, row r lies in its base's buffer at
 *   ((t + step + Σ i_d · dim_step[d]) · rows + r) · elements(base) + offset + Σ i_d · stride[d]
 * where the base lives on one clock. On several, each has a step of its own, and those of the view go along `clock`. */
typedef struct View {
  Ref base;
  int clock;
  int64_t step, offset;
  int rank;
  int64_t size[GRAPH_RANK], stride[GRAPH_RANK], dim_step[GRAPH_RANK];
} View;

View view_of(const Graph *g, Ref value);
bool op_is_view(Op op);
/* Can these dims (a run from `first`, `count` of them) be walked with one stride? Sets the stride (1 for none). */
bool view_flattens(const View *v, int first, int count, int64_t *stride);

/* --- buffers -------------------------------------------------------------------------------------------------------- */

typedef enum BufferKind { BUFFER_PARAM, BUFFER_INPUT, BUFFER_OUTPUT, BUFFER_TEMP, BUFFER_CONST, BUFFER_STATE } BufferKind;

typedef struct Buffer {
  BufferKind kind;
  int index;         /* PARAM, INPUT, OUTPUT: which */
  Ref node;          /* whose value; for STATE: the value that is kept */
  int64_t elements;
  GraphAxes axes;    /* fewer than the value's where one place serves all steps of a scan (lifetime.c) */
  int64_t front, back; /* steps before the first and after the last of `clock` */
  int clock;
  int64_t steps;     /* STATE: kept steps */
  bool stays;        /* TEMP: a weight's panels or sparse layout that serve the calls to come too, while the weight is the same */
  bool behind;       /* STATE: of the steps behind a piece, which was called before; else of those before it */
  int slot;          /* TEMP: buffers of one slot lie in the same memory, one after the other is done; -1: its own */
  bool local;        /* TEMP of a step: needs no memory between calls (step.c) */
} Buffer;

/* --- items ---------------------------------------------------------------------------------------------------------- */

typedef enum PlanItemKind {
  PLAN_GROUP,   /* element-wise loop over one space: nodes in order; those with a buffer go to memory */
  PLAN_PRODUCT, /* CONTRACT as a matrix product */
  PLAN_NODE,    /* any other op, alone: reductions, pieces, ends of the clock, draws */
  PLAN_BUNDLE,  /* items over all steps of one space that are done together, some rows at a time (bundle.c) */
  PLAN_PACK,    /* lays a weight out in panels for the products that follow (pack.c) */
  PLAN_HISTORY, /* fills the delay line (front and back) of a node from its history and the kept state */
  PLAN_SCAN,    /* loop over steps */
} PlanItemKind;

typedef enum ProductForm {
  PRODUCT_ROWS,  /* out[r][m] = Σ_k weight[m][k] · x[r][k] : x varies by row, weight does not */
  PRODUCT_GRAD,  /* out[m][n] = Σ_r a[r][m] · b[r][n] : summed over rows (and steps) */
  PRODUCT_PLAIN, /* out[m][n] = Σ_k a[m][k] · b[k][n] : nothing varies by row */
} ProductForm;

/* A matrix as BLAS takes it: element (i, j) at i · row_stride + j · column_stride, one of them 1. */
typedef struct Matrix {
  View view;
  int64_t row_stride, column_stride; /* ROWS and GRAD: the rows axis is implied; only column_stride is used, and is 1 */
} Matrix;

typedef struct Product {
  ProductForm form;
  Matrix a, b; /* ROWS: a = weight [m][k], b = x. GRAD: a, b by row. PLAIN: a [m][k], b [k][n] */
  int64_t m, n, k;
} Product;

/* One right side of a PRODUCT_ROWS item. The weights of all parts stand one above the other and share it:
 * out = Σ over terms of [W_1; W_2; …] x. */
typedef struct Term {
  Vec(Product) parts; /* one for each of the item's nodes, with the same b and k */
  int64_t m;          /* of all parts together */
  int pack;           /* buffer of the weights' panels; -1: they are used where they are */
  bool runs;          /* of so few outputs that lanes go along k: [output][k], packed or not, and no panels */
  int sparse;         /* buffer where the weight is laid out as a sparse one, if that is cheaper once it is there; -1: none (sparse.c) */
  bool all_steps;     /* the product takes all steps at once, and so many columns */
} Term;

/* Where a value lies: in the buffer of `node`, from element `offset` of every row (merge.c). */
typedef struct Home {
  Ref node;
  int64_t offset;
} Home;

/* When a step's item is computed (step.c). */
typedef enum Moment {
  MOMENT_STEP,     /* in each step */
  MOMENT_SEQUENCE, /* depends on nothing that a step changes: in each step, and before the first one for the histories */
  MOMENT_PREPARE,  /* depends on params and constants only: once for each set of weights */
} Moment;

typedef struct PlanItem PlanItem;
struct PlanItem {
  PlanItemKind kind;
  Moment moment;   /* of a step's item */
  GraphAxes axes;  /* the iteration space: none, rows, rows × steps of one clock or several */
  int clock;       /* SCAN: whose steps; HISTORY: along which it is read */
  Sizes shape;     /* GROUP: the space's elements */
  Vec(Ref) nodes;  /* GROUP: in order of computation; PRODUCT: one for each part; others: one */
  Product product; /* PRODUCT: its form, and all there is to say of GRAD and PLAIN */
  Vec(Term) terms; /* PRODUCT_ROWS: what is summed; PACK: the one whose weights it lays out */
  int panels;      /* PRODUCT_ROWS and PACK of a step: buffer of the weights of all terms (step.c); -1: they are used where they are */
  int scratch;         /* PRODUCT_GRAD: buffer where its left operand is laid out for it, some rows at a time (gradients.c); -1: none */
  bool laid_out;       /* there it is, from an item before it in the bundle */
  int64_t front, back; /* HISTORY */
  Ref history;         /* HISTORY; NO_REF: zeros */
  int state, behind;   /* HISTORY: buffer of the kept state of its front, and of its back; -1 none */
  bool stays;          /* PACK: it need not be done again while the weights are the same */
  bool in_sweep;       /* of the top level: a sweep to kept states computes it (sweep.c) */
  int direction;       /* SCAN: +1 forward in time, -1 backward */
  Vec(PlanItem *) body;/* SCAN, BUNDLE */
};

typedef struct Plan {
  Session *session;
  Graph *graph;       /* as prepared for planning */
  const char *symbol; /* of the compiled function */
  bool is_double;
  bool is_step;       /* one step of one sequence a call, the delay lines kept from call to call (step.c) */
  bool together;      /* several slices of a batch may be given to one call (together.c) */
  bool half_weights;  /* of a step: panels hold params as bfloat16 */
  bool hasty; /* the code is called a few times: what counts is how soon it is there, not how fast it is */
  Moment *moment;     /* [node] of a step */
  int clocks;         /* on which values live */
  int order[GRAPH_CLOCKS]; /* they, as they lie in memory: the outermost first, [clock …][row][elements] */
  Vec(PlanItem *) items;
  Vec(Buffer) buffers;
  Home *home;         /* [node] */
  int *buffer_of;     /* [node] its buffer, -1: lives in registers or is a view */
  int *item_of;       /* [node] serial number of the item that computes it, in order of execution; -1: none */
  Ref *absorbed_by;   /* [node] the sum of products (sums.c) that computes it on its way; NO_REF: none */
} Plan;

/* Plans a verified, causal graph. */
Plan *plan_make(Session *s, Graph *g, const char *symbol, bool is_double);
/* Plans one step of a graph on one clock without a fixed length that needs no later step: three functions instead of one, SYMBOL for a
 * step, SYMBOL.begin for the histories before the first step, SYMBOL.prepare for what depends on the weights only. `half_weights` keeps the
 * weights of products as bfloat16 (single precision only). */
Plan *plan_make_step(Session *s, Graph *g, const char *symbol, bool is_double, bool half_weights);
void plan_print(const Plan *p, FILE *out);
/* Bytes that a call with so many rows and steps (of each clock without a fixed length) needs in buffers. */
int64_t plan_bytes(const Plan *p, int64_t rows, int64_t steps);

/* Makes the graph fit for planning: values read at another step, outputs and operands of products own contiguous memory
 * (identity nodes, OP_STOP, are put in where they do not). A step's outputs may lie anywhere, so they are not delay lines too. */
Graph *plan_prepare(Session *s, Graph *g, bool is_step);
/* The left operand of a gradient is laid out for so many rows at most; a bundle takes no more at once. */
enum { SCRATCH_ROWS = 1024 };
/* Panels of a packed weight are this many vectors wide; its buffer has room for any vector of up to 64 bytes. */
enum { PANEL_VECTORS = 4, PANEL_ROUND = 16 };

/* Of a step's product: its outputs with what fills up their last vectors, and the k of all terms together. */
int64_t plan_step_columns(const Plan *p, const PlanItem *product);
int64_t plan_step_depth(const PlanItem *product);

/* Writes the CONTRACT `value` as a matrix product; false: it is none. */
bool product_match(const Graph *g, Ref value, Product *out);

/* Could the function take several slices of a batch in one call? Is it worth it: then `together` says so. */
bool plan_can_be_together(const Plan *p);
/* Is this a product in the body of a scan whose weights all slices pass together? How many weights has a scan of such? */
bool plan_is_shared(const Plan *p, const PlanItem *scan, const PlanItem *item);
int64_t plan_shared_weights(const Plan *p, const PlanItem *scan);

/* Is the node a sum over all rows, element by element, that walks its rows in one run? */
bool plan_sums_columns(const Plan *p, Ref node);

#endif
