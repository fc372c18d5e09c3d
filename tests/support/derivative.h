/* derivative.h — is a derivative right? Graphs of one op or of a small net, on ragged sequences and two clocks, their derivatives three ways: reverse,
 * forward, and central differences in random directions. */
#ifndef RNN_TESTS_DERIVATIVE_H
#define RNN_TESTS_DERIVATIVE_H
#include "graph/graph.h"
#include "support/random_graph.h"
#include "support/random_trees.h"

enum { SEQUENCES = 3, T = 0, S = 1 }; /* clocks; 5, 3, 1 steps of t and 2, 4, 1 of s */
static const GraphAxes on_t = GRAPH_SEQUENCE | GRAPH_CLOCK(T), on_s = GRAPH_SEQUENCE | GRAPH_CLOCK(S);
static const Sizes vector = {.rank = 1, .dim = {3}}, matrix = {.rank = 2, .dim = {2, 3}};
/* Axes of first and second operand. */
static const GraphAxes pairs[][2] = {{0, 0}, {GRAPH_SEQUENCE, 0}, {GRAPH_SEQUENCE | GRAPH_CLOCK(T), 0},
                                     {0, GRAPH_SEQUENCE | GRAPH_CLOCK(T)}, {GRAPH_SEQUENCE | GRAPH_CLOCK(T), GRAPH_SEQUENCE},
                                     {GRAPH_SEQUENCE | GRAPH_CLOCK(T), GRAPH_SEQUENCE | GRAPH_CLOCK(S)},
                                     {GRAPH_SEQUENCE | GRAPH_CLOCK(T) | GRAPH_CLOCK(S), GRAPH_SEQUENCE | GRAPH_CLOCK(T)}};
enum { PAIRS = sizeof pairs / sizeof *pairs };

typedef struct Case {
  Session *session;
  Graph *g;
  uint64_t state;
  RandomGraph r;
  Vec(double *) inputs;
} Case;

Case case_new(uint64_t seed);
Ref case_data(Case *c, Sizes shape, GraphAxes axes, double low, double high);
Ref case_param(Case *c, Sizes shape);
/* A value that varies with a param of its own, on these axes, between low and high: low + (high − low) sigmoid(p u + v). */
Ref case_varying(Case *c, Sizes shape, GraphAxes axes, double low, double high);
/* L = Σ weights · y + ½ y², with weights on all axes or, `plain`, L = Σ y: an adjoint that varies with nothing. */
void case_finish(Case *c, Ref y, bool plain);
/* Links of random trees along t: [TREE_INPUTS]. */
void case_tree(Case *c, Ref *input);
/* side 0, 1: a child; 2, 3: the step whose left or right child this one is. */
ChildRead case_child(const Ref *tree, int side, Ref history);
TreeLinks case_links(const Ref *tree, int towards);

/* The number of the output with this role (of gradients: of param `index`; of others: `name`, NULL any). */
int derivative_output(const Graph *g, OutputRole role, int index, const char *name);
/* Only `smooth` graphs have differences; the others are held reverse against forward. */
void derivative_check(Session *s, const RandomGraph *r, uint64_t seed, const char *what, bool smooth);

typedef Ref Build(Case *c, int variant);
/* All variants, each with either loss. */
void derivative_try(const char *what, Build *build, int variants);

#endif
