/* rewrite.h — how passes make one graph of another: node by node, edges between steps last. Private to the folder. */
#ifndef RNN_PASS_REWRITE_H
#define RNN_PASS_REWRITE_H
#include "pass/pass.h"

typedef struct Rewrite {
  const Graph *from;
  Graph *to;
  Ref *map; /* by old node: the new one that stands for it; NO_REF: not yet, or dropped */
} Rewrite;

/* What stands for node `made` of the new graph, just copied from `old`: itself, or something better of the same shape and axes. */
typedef Ref RewriteRule(Rewrite *w, Ref old, Ref made, void *context);
/* Copies the graph and lets the rule replace each node; what is then needed no more goes. */
Graph *rewrite_graph(Session *s, const Graph *g, RewriteRule *rule, void *context);
/* May x stand for the node? Only a value of the same shape on the same axes: reductions count steps. */
bool rewrite_fits(const Graph *g, Ref node, Ref x);

/* One rule of algebra: what the node equals, or NO_REF. */
typedef Ref Identity(Graph *g, Ref node);
Identity lookup_of_one_hot; /* lookup.c */
/* Applies the first identity that fits, until none does. */
Ref rewrite_by(Graph *g, Ref node, Identity *const *identities, int count);

static inline const Node *node_of(const Graph *g, Ref r) { return &g->nodes.at[r]; }
static inline Op op_of(const Graph *g, Ref r) { return g->nodes.at[r].op; }
static inline Ref input_of(const Graph *g, Ref r, int i) { return g->nodes.at[r].in[i]; }
/* A constant with one value everywhere. */
bool constant_value(const Graph *g, Ref r, double *value);
static inline bool is_constant(const Graph *g, Ref r, double value) {
  double found;
  return constant_value(g, r, &found) && found == value;
}

Identity gathered_sum; /* gathered.c */

#endif
