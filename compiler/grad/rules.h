/* rules.h — the derivative of every op, one function an op. Private to the folder.
 *
 * For an op that makes one number of numbers, partial_OP(g, node, i, d) is d · ∂y/∂x_i, element by element: the adjoint of
 * input i when d is the adjoint of y, its part of the tangent of y when d is the tangent of x_i. The other ops have a rule in
 * each direction: vjp_OP (rules.c) and jvp_OP (forward.c). */
#ifndef RNN_GRAD_RULES_H
#define RNN_GRAD_RULES_H
#include "grad/grad.h"

typedef struct Reverse {
  Graph *g;
  bool *active; /* by forward node: on a path from a wanted param to the loss */
  Ref *adjoint; /* by forward node; NO_REF: nothing has reached it */
  Ref *waiting; /* by forward node with a delayed edge to a later node: the node that will read its adjoint */
} Reverse;

/* x̄ += c for input i of a node, if it is wanted; summed over the axes that the input has not. */
void reverse_add(Reverse *r, Ref node, int i, Ref c);
/* The same for ops within a step, where an input without an axis of the result is the same for all of it. */
void reverse_add_repeated(Reverse *r, Ref node, int i, Ref c);
bool reverse_wants(const Reverse *r, Ref node, int i);
/* The adjoint of in[0] of a node whose edge to it is delayed, given the node's own (NO_REF: to be set later): what is read, and what of
 * that in[0] gets. */
Ref reverse_delayed(Graph *g, Ref node, Ref adjoint);
Ref reverse_share(Graph *g, Ref node, Ref read);

typedef struct Forward {
  Graph *g;
  Ref *tangent; /* by original node; NO_REF: it does not vary */
  Ref *waiting; /* by original node that reads a later one: its tangent, whose in[0] is still to be set */
} Forward;

/* The tangent of input i, or zeros of its shape. */
Ref forward_tangent_or_zero(Forward *f, Ref node, int i);

/* Does a derivative pass from the result to input i? */
bool op_passes_gradient(Op op, int i);
/* Can a derivative reach a node from `from` (backward = false: from inputs to results)? (activity.c) */
bool *reached_forward(const Graph *g, const bool *from);
bool *reached_backward(const Graph *g, const bool *from);
/* Params p with wanted[p], or all trained ones. */
bool param_wanted(const Graph *g, int param, const bool *wanted);

/* Weights of the elements that were the largest: they add up to 1 for every result (partials.c). */
Ref largest_weights(Graph *g, Ref node);
Ref largest_child(Graph *g, Ref node);
void mix_of_children(Graph *g, Ref node, Ref *share, Ref *off);
Ref broadcast_reduced(Graph *g, Ref y, Sizes shape, uint32_t dims);

typedef Ref Partial(Graph *g, Ref node, int i, Ref d);
typedef void ReverseRule(Reverse *r, Ref node, Ref adjoint);
typedef Ref ForwardRule(Forward *f, Ref node);

#define RULES_LEAF(name)
#define RULES_UNARY(name) Partial partial_##name;
#define RULES_BINARY(name) Partial partial_##name;
#define RULES_TERNARY(name) Partial partial_##name;
#define RULES_MOVE(name) ReverseRule vjp_##name; ForwardRule jvp_##name;
#define RULES_REDUCE(name) ReverseRule vjp_##name; ForwardRule jvp_##name;
#define RULES_PRODUCT(name) ReverseRule vjp_##name; ForwardRule jvp_##name;
#define RULES_TIME(name) ReverseRule vjp_##name; ForwardRule jvp_##name;
#define OP(name, text, inputs, class) RULES_##class(name)
#include "graph/ops.def"
#undef OP

extern Partial *const partials[OP_COUNT];          /* NULL: not element-wise */
extern ReverseRule *const reverse_rules[OP_COUNT]; /* NULL: element-wise, or a leaf */
extern ForwardRule *const forward_rules[OP_COUNT];

static inline const Node *node_of(const Graph *g, Ref r) { return &g->nodes.at[r]; }
static inline Ref input_of(const Graph *g, Ref r, int i) { return g->nodes.at[r].in[i]; }
static inline Ref zeros(Graph *g, Sizes shape) { return graph_fill(g, 0, shape); }

#endif
