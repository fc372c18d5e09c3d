/* random_graph.h — random well-typed graphs with data, for comparing what must be equal: interpreter and compiled code, a graph
 * before and after passes, derivatives and differences. The same seed gives the same graph.
 *
 * Values stay bounded. Ops that jump (comparisons, argmax, floor …) are applied to data only, so that rounding does not
 * make two correct executions differ. Lengths are ragged, at least 1, and sorted from long to short on the first clock. */
#ifndef RNN_TESTS_RANDOM_GRAPH_H
#define RNN_TESTS_RANDOM_GRAPH_H
#include "graph/graph.h"

enum {
  RANDOM_SMOOTH = 1,    /* only what is differentiable everywhere */
  RANDOM_TWO_CLOCKS = 2, /* also a clock s, with lengths of its own, and values on both */
  RANDOM_FIXED_CLOCK = 4 /* with it: s has the same length in every sequence */
};

typedef struct RandomGraph {
  Graph *graph;  /* outputs "y0", "y1", "y2" of role VALUE and "loss" */
  EvalData data;
  double **param; /* data.param, to be changed */
} RandomGraph;

/* In the session's arena. About `size` ops (a few times as many nodes). */
RandomGraph random_graph(Session *s, uint64_t seed, int size, unsigned flags);

/* The same data for another graph on the same params and inputs; inputs that it has beyond those are zeros (or `extra`, by
 * number of input, where given). */
EvalData random_graph_data(const RandomGraph *r, const Graph *g, double *const *extra);
/* Output o of a graph, in the session's arena, and how many numbers that is. */
double *random_graph_eval(const RandomGraph *r, const Graph *g, int o, int64_t *count);

/* A reproducible generator for tests: uniform in [0, 1), and a whole number below n. */
double draw_uniform(uint64_t *state);
int draw_below(uint64_t *state, int n);

#endif
