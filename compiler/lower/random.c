/* random.c — draws: dropout and noise (only in training), samples (always). A draw belongs to a site; the runtime keys it. */
#include "lower/builder.h"
#include <math.h>

enum { UNIFORM, NORMAL };

static Ref draw(const Call *c, int kind, Sizes shape, GraphAxes axes) {
  return graph_random(c->b->graph, c->b->sites++, kind, shape, axes | GRAPH_SEQUENCE);
}

/* The number may be given by its name. */
static Ref option(const Call *c, int place, const char *name) {
  const Expr *named = call_named(c, name), *e = named ? named : call_arg(c, place);
  return e ? lower_expr(c->b, c->at, e) : graph_const(c->b->graph, 0.5);
}

/* dropout(x, p) = x · [u ≥ p] / (1 − p) in training, x otherwise. */
Ref random_dropout(const Call *c) {
  Graph *g = c->b->graph;
  const Ref x = call_dense(c, 0), p = option(c, 1, "p");
  if (c->b->kind != UNIT_LOSS) return x;
  const Ref u = draw(c, UNIFORM, node_at(c->b, x)->shape, node_at(c->b, x)->axes);
  const Ref kept = graph_binary(g, OP_LE, p, u);
  return graph_binary(g, OP_MUL, x, graph_binary(g, OP_DIV, kept, graph_binary(g, OP_SUB, graph_const(g, 1), p)));
}

/* noise(std) is a scalar draw, noise(std, [N]) a vector of them; on the axes where it stands. */
Ref random_noise(const Call *c) {
  Graph *g = c->b->graph;
  const Sizes shape = sizes_here(c->at, &c->e->type.shape);
  if (c->b->kind != UNIT_LOSS) return graph_fill(g, 0, shape);
  GraphAxes axes = axes_here(c->at, c->e->type.axes);
  if (!clocks_of(axes)) axes |= c->at->extra;
  return graph_binary(g, OP_MUL, draw(c, NORMAL, shape, axes), option(c, 0, "std"));
}

/* Gumbel's way to draw k with chance p_k: argmax (log p − log(−log u)); a temperature divides log p (Gumbel, 1954). */
static Ref sample_index(const Call *c, Ref p) {
  Builder *b = c->b;
  Graph *g = b->graph;
  const Ref u = draw(c, UNIFORM, node_at(b, p)->shape, node_at(b, p)->axes);
  const Ref inside = graph_binary(g, OP_MIN, graph_binary(g, OP_MAX, u, graph_const(g, 1e-7)), graph_const(g, 1 - 1e-7));
  const Ref exponential = graph_unary(g, OP_NEG, graph_unary(g, OP_LOG, inside));
  const Ref warm = graph_binary(g, OP_DIV, log_of(b, p), graph_const(g, b->temperature));
  return graph_argmax(g, graph_binary(g, OP_SUB, warm, graph_unary(g, OP_LOG, exponential)), rank_of(b, p) - 1);
}

/* sample(p): an index of a distribution; of other chances 1 or 0 each. */
Ref random_sample(const Call *c) {
  const Ref p = call_dense(c, 0);
  if (c->e->type.kind == TYPE_INDEX) return sample_index(c, p);
  const Ref u = draw(c, UNIFORM, node_at(c->b, p)->shape, node_at(c->b, p)->axes);
  return graph_binary(c->b->graph, OP_LT, u, p);
}
