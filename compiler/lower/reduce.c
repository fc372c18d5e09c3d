/* reduce.c — fewer numbers of many: `sum over t (e)`, softmax, means; along dims, axes or both. */
#include "lower/builder.h"

uint32_t all_dims(const Builder *b, Ref x) { return (1u << rank_of(b, x)) - 1; }

uint32_t last_dim(const Builder *b, Ref x) { return rank_of(b, x) ? 1u << (rank_of(b, x) - 1) : 0; }

Ref repeat_dims(Builder *b, Ref reduced, uint32_t dims, Sizes shape) {
  int8_t map[GRAPH_RANK], kept = 0;
  if (!dims) return reduced;
  for (int i = 0; i < shape.rank; i++) map[i] = dims & (1u << i) ? (int8_t)-1 : kept++;
  return graph_broadcast(b->graph, reduced, map, shape);
}

/* --- softmax ---------------------------------------------------------------------------------------------------------------- */

/* p = exp(z)/Σ exp(z) with z = x − max x: the maximum cancels, so no gradient needs to pass it. */
static SoftmaxRow softmax_parts(Builder *b, Ref x, uint32_t dims, GraphAxes over) {
  Graph *g = b->graph;
  const Sizes shape = node_at(b, x)->shape;
  const Ref largest = graph_unary(g, OP_STOP, graph_amax(g, x, dims, over));
  const Ref shifted = graph_binary(g, OP_SUB, x, repeat_dims(b, largest, dims, shape));
  const Ref powers = graph_unary(g, OP_EXP, shifted);
  const Ref total = graph_sum(g, powers, dims, over);
  const Ref p = graph_binary(g, OP_DIV, powers, repeat_dims(b, total, dims, shape));
  return (SoftmaxRow){p, shifted, total, dims};
}

Ref softmax(Builder *b, Ref x, uint32_t dims, GraphAxes over) {
  if (!dims && !over) return fill_like(b, x, 1);
  const SoftmaxRow row = softmax_parts(b, x, dims, over);
  vec_push(b->session->arena, b->softmaxes, row);
  return row.softmax;
}

/* log p = z − log Σ exp(z) */
static Ref log_softmax_row(Builder *b, const SoftmaxRow *row) {
  const Ref log_total = graph_unary(b->graph, OP_LOG, row->total);
  return graph_binary(b->graph, OP_SUB, row->shifted, repeat_dims(b, log_total, row->dims, node_at(b, row->shifted)->shape));
}

Ref logsoftmax(Builder *b, Ref x, uint32_t dims, GraphAxes over) {
  if (!dims && !over) return fill_like(b, x, 0);
  const SoftmaxRow row = softmax_parts(b, x, dims, over);
  return log_softmax_row(b, &row);
}

bool is_softmax(const Builder *b, Ref p) {
  for (int i = 0; i < b->softmaxes.len; i++)
    if (b->softmaxes.at[i].softmax == p) return true;
  return false;
}

Ref log_of(Builder *b, Ref p) {
  for (int i = 0; i < b->softmaxes.len; i++)
    if (b->softmaxes.at[i].softmax == p) return log_softmax_row(b, &b->softmaxes.at[i]);
  return graph_unary(b->graph, OP_LOG, graph_binary(b->graph, OP_MAX, p, graph_const(b->graph, 1e-7)));
}

/* --- means ------------------------------------------------------------------------------------------------------------------ */

static double count_of(const Builder *b, Ref x, uint32_t dims) {
  double n = 1;
  for (int i = 0; i < rank_of(b, x); i++)
    if (dims & (1u << i)) n *= (double)node_at(b, x)->shape.dim[i];
  return n;
}

/* Over a clock the number of steps is each sequence's own. */
Ref mean_of(Builder *b, Ref x, uint32_t dims, GraphAxes over) {
  Ref r = graph_binary(b->graph, OP_DIV, graph_sum(b->graph, x, dims, over), graph_const(b->graph, count_of(b, x, dims)));
  for (int i = 0; i < b->graph->clocks.len; i++)
    if (over & GRAPH_CLOCK(i)) r = graph_binary(b->graph, OP_DIV, r, graph_length(b->graph, i));
  return r;
}

/* --- e `over` a clock or a dim ------------------------------------------------------------------------------------------------ */

/* What an OVER runs along: dims of x, or a clock. */
typedef struct Along {
  uint32_t dims;
  GraphAxes over;
  int clock, dim; /* the other one is -1 */
} Along;

static Ref negated(Builder *b, Ref x) { return graph_unary(b->graph, OP_NEG, x); }

static Ref over_sum(Builder *b, Ref x, Along a) { return graph_sum(b->graph, x, a.dims, a.over); }
static Ref over_mean(Builder *b, Ref x, Along a) { return mean_of(b, x, a.dims, a.over); }
static Ref over_max(Builder *b, Ref x, Along a) { return graph_amax(b->graph, x, a.dims, a.over); }
static Ref over_min(Builder *b, Ref x, Along a) { return negated(b, over_max(b, negated(b, x), a)); }
static Ref over_softmax(Builder *b, Ref x, Along a) { return softmax(b, x, a.dims, a.over); }
static Ref over_logsoftmax(Builder *b, Ref x, Along a) { return logsoftmax(b, x, a.dims, a.over); }

/* Of a clock: the first step that has the largest value, as min(step where x = max). */
static Ref over_argmax(Builder *b, Ref x, Along a) {
  Graph *g = b->graph;
  if (a.clock < 0) return graph_argmax(g, x, a.dim);
  const Ref is_largest = graph_binary(g, OP_EQ, x, over_max(b, x, a));
  const Ref step = graph_select(g, is_largest, graph_step_index(g, a.clock), graph_const(g, 1e9));
  return over_min(b, step, a);
}

typedef Ref OverRule(Builder *b, Ref x, Along a);

static const struct OverRow {
  const char *name;
  OverRule *rule;
} over_rows[] = {
    {"sum", over_sum}, {"mean", over_mean},     {"max", over_max},       {"min", over_min},
    {"softmax", over_softmax}, {"logsoftmax", over_logsoftmax}, {"argmax", over_argmax},
};

/* pick over s (x, k) = Σ_s [s = k] x */
static Ref pick(Builder *b, Instance *at, const Expr *e, Along a) {
  const Ref x = graph_lift(b->graph, lower_dense(b, at, e->args.at[0].value), a.over);
  const Ref k = lower_expr(b, at, e->args.at[1].value);
  const Ref here = graph_binary(b->graph, OP_EQ, graph_step_index(b->graph, a.clock), k);
  char letters[GRAPH_RANK + 1] = "";
  for (int i = 0; i < rank_of(b, x); i++) letters[i] = (char)('a' + i);
  return graph_contract(b->graph, here, x, "", letters, letters, a.over);
}

static Along along(const Instance *at, const Expr *e) {
  if (e->clock < 0) return (Along){.dims = 1u << e->over_dim, .clock = -1, .dim = e->over_dim};
  const int clock = clock_here(at, e->clock);
  return (Along){.over = GRAPH_CLOCK(clock), .clock = clock, .dim = -1};
}

Ref lower_over(Builder *b, Instance *at, const Expr *e) {
  if (e->left->kind == EXPR_FIELD) return over_children(b, at, e);
  const Along a = along(at, e);
  if (!strcmp(e->name, "pick")) return pick(b, at, e, a);
  Ref x = lower_dense(b, at, e->args.at[0].value);
  if (a.over) x = graph_lift(b->graph, x, a.over);
  for (size_t i = 0; i < sizeof over_rows / sizeof *over_rows; i++)
    if (!strcmp(over_rows[i].name, e->name)) return over_rows[i].rule(b, x, a);
  return impossible(b, e->span, e->name);
}
