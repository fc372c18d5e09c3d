/* infer.h — the shape and axes that a node's op, attributes and inputs give it: what the builder sets and the verifier
 * compares. Private to the folder. */
#ifndef RNN_GRAPH_INFER_H
#define RNN_GRAPH_INFER_H
#include "graph/graph.h"

/* Returns NULL, or the rule that the node breaks. READ, WINDOW, OVERLAP and RANDOM keep the shape and axes they were
 * given, as far as these agree with their inputs; a delayed edge that is still NO_REF is not looked at. */
const char *node_infer(const Graph *g, const Node *n, Sizes *shape, GraphAxes *axes);

#endif
