/* pass.h — graph to graph. A pass is a sentence: what it requires and establishes stands on top of its file. */
#ifndef RNN_PASS_PASS_H
#define RNN_PASS_PASS_H
#include "graph/graph.h"

/* Every loop of READ edges is delayed and all in one direction; otherwise diagnoses E0201 (no delay), E0202 (past and
 * future) or E0210 (through a reduction over its own clock) with the loop drawn, and returns NULL. Returns the graph
 * itself when it is causal. */
Graph *pass_causality(Session *s, Graph *g);
Graph *pass_fold(Session *s, Graph *g);     /* constants are computed; identities (x·1, x+0, read at 0 …) vanish */
Graph *pass_simplify(Session *s, Graph *g); /* the algebra that pays: stable logs of softmax and sigmoid, products with one-hots, … */
Graph *pass_terms(Session *s, Graph *g);    /* b + W x + U h becomes W x + U h + b: products stand together */
Graph *pass_cse(Session *s, Graph *g);      /* equal nodes become one (random draws too only if they are the same site) */
Graph *pass_dead(Session *s, Graph *g);     /* what no output needs goes */

/* Strongly connected components over all edges, READs included: component[node] in a topological order of components;
 * `loops[c]` says whether component c is a scan (more than one node, or a node that reads itself), `direction[c]` its sign:
 * -1 reads the past (runs forward), +1 reads the future (runs backward). */
typedef struct Components {
  int count;
  int *component;
  bool *loops;
  int *direction;
  Ref *first, *next; /* the members of a component: first[c], next[r] …, NO_REF */
} Components;
Components graph_components(Session *s, const Graph *g);
/* The same without the edges between steps of nodes n with dropped[n] (NULL: with all). */
Components graph_components_without(Session *s, const Graph *g, const bool *dropped);
/* -1 or +1 when the edges between steps on this clock inside a component can carry it: there are some, all look into that
 * direction, and everything in the component lives on the clock; 0 otherwise. `dropped` as above. */
int component_direction(const Graph *g, const Components *components, int c, int clock, const bool *dropped);

/* Does what slices of a batch (some of its sequences each) give add up to what the batch gives? The loss must be a sum over
 * sequences, and every other output each sequence's own. Look at the graph before it is differentiated. */
bool graph_additive(Session *s, const Graph *g);

/* Runs the passes in their order; NULL after a diagnostic. `watch` (may be NULL) sees the graph after each pass. */
typedef void PassWatch(void *context, const char *pass, const Graph *g, double seconds);
Graph *pass_run_all(Session *s, Graph *g, PassWatch *watch, void *context);

#endif
