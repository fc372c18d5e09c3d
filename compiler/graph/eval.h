/* eval.h — what the files of the interpreter share. Private to the folder. */
#ifndef RNN_GRAPH_EVAL_H
#define RNN_GRAPH_EVAL_H
#include "graph/graph.h"

typedef struct Place {
  int sequence;
  int64_t step[GRAPH_CLOCKS];
} Place;

enum { UNKNOWN, STARTED, KNOWN };

typedef struct Memo {
  double *value;        /* [places][count] */
  unsigned char *state; /* [places] */
  int64_t count;
} Memo;

typedef struct Eval {
  const Graph *g;
  const EvalData *data;
  int64_t longest[GRAPH_CLOCKS];
  Memo *memo; /* [node] */
} Eval;

/* Input i of a node at a place: computed when it is asked for, and remembered. */
const double *eval_input(Eval *e, const Node *n, int i, Place p);
static inline Sizes eval_input_shape(const Eval *e, const Node *n, int i) { return e->g->nodes.at[n->in[i]].shape; }

/* The places along these axes, one after the other. Steps beyond a sequence's length are no places; there may be none at all. */
bool eval_first_place(const Eval *e, GraphAxes axes, Place *p);
bool eval_next_place(const Eval *e, GraphAxes axes, Place *p);

/* A node's elements at a place, by the class of its op (eval_step.c). */
void eval_elementwise(Eval *e, const Node *n, Place p, double *y);
void eval_move(Eval *e, const Node *n, Place p, double *y);
void eval_reduce(Eval *e, const Node *n, Place p, double *y);
void eval_product(Eval *e, const Node *n, Place p, double *y);

#endif
