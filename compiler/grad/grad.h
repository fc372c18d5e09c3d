/* grad.h — differentiation: a graph turned into another graph of the same kind. */
#ifndef RNN_GRAD_GRAD_H
#define RNN_GRAD_GRAD_H
#include "graph/graph.h"

/* Reverse mode by transposition. Returns `g` with the gradient of the scalar output of role OUTPUT_LOSS with respect to every param p
 * with wanted[p] (NULL: all trained ones) as outputs of role OUTPUT_GRAD; a param that the loss does not reach gets zeros.
 * The result contains forward and reverse in one graph: what both need is shared, and the reverse scans run the other way. */
Graph *grad_reverse(Session *s, Graph *g, const bool *wanted);

/* The same, and the gradient with respect to every input i with inputs[i] (NULL: none) as an output "grad.NAME" of role
 * OUTPUT_VALUE, on the input's own axes. */
Graph *grad_reverse_inputs(Session *s, Graph *g, const bool *params, const bool *inputs);

/* Forward mode: for every output of g of role VALUE or LOSS adds an output "tangent.NAME": its derivative in the direction given by
 * new INPUT_DATA inputs "tangent.PARAM" (axes none) for each wanted param (NULL: all trained), on the same rules. */
Graph *grad_forward(Session *s, Graph *g, const bool *wanted);

/* Before differentiation: does a derivative of the loss come to every wanted param? One that only a step, a comparison or an argmax
 * connects to the loss is an error (E0432) at that place; one that the loss does not read at all, where it is `named` by `tune`.
 * `loss`: the clause. */
bool grad_reaches(const Graph *g, const bool *wanted, bool named, Span loss);

#endif
