/* loss.c — losses: an error for every element, its average over all that counts in the batch.
 *
 * Averages run over all counted elements: Σ_{sequence, step} w Σ_elements e / (elements · Σ w). On several clocks a step is one on each of
 * them, Σ_{sequence, s, t}: sequences count by their lengths, never a mean over s as one value of t. The runtime gives the weights
 * w (washout, missing targets) and 1/Σ w, so that a slice of a batch can be computed alone and slices add up. What depends
 * on no data counts in one slice only: it is multiplied by the `share` input. */
#include "base/diag.h"
#include "lower/builder.h"

typedef enum Average { AVERAGE_ELEMENTS, AVERAGE_SEQUENCES, AVERAGE_NOT } Average;

/* --- averages ------------------------------------------------------------------------------------------------------------- */

/* The clock whose steps the data weight: the one called t, if there is such a one. */
static int main_clock(const Builder *b) {
  for (int i = 0; i < b->graph->clocks.len; i++)
    if (!strcmp(b->graph->clocks.at[i].name, "t")) return i;
  return 0;
}

/* Do the data say targets on this clock, which may then be missing at some of its steps? */
static bool has_references(const Builder *b, int clock) {
  const Scope *net = b->net->scope;
  for (int i = 0; i < net->symbols.len; i++) {
    const Symbol *s = net->symbols.at[i];
    if ((s->kind == SYMBOL_TARGET || s->kind == SYMBOL_OUTPUT) && axes_here(b->net, s->type.axes) & GRAPH_CLOCK(clock)) return true;
  }
  return false;
}

/* Steps of a fixed length are all alike, unless data may be missing among them; so one clock of the others at least. */
static GraphAxes weighted_clocks(const Builder *b, GraphAxes axes) {
  GraphAxes out = 0;
  for (int c = 0; c < b->graph->clocks.len; c++)
    if (axes & GRAPH_CLOCK(c) && (!b->graph->clocks.at[c].length || has_references(b, c))) out |= GRAPH_CLOCK(c);
  const int clock = axes & GRAPH_CLOCK(main_clock(b)) ? main_clock(b) : first_clock(axes);
  return out || clock < 0 ? out : GRAPH_CLOCK(clock);
}

/* A target, or the data's own value of an output. */
static bool is_reference(const Builder *b, const GraphInput *input) {
  const Symbol *s = scope_find(b->net->scope, input->name);
  return input->role == INPUT_DATA && (!strncmp(input->name, "data.", 5) || (s && s->kind == SYMBOL_TARGET));
}

/* Does x need data that live on further clocks than it does, as Σ_s data.a[s, t]? Where some of them are missing it means nothing. What
 * is read at other steps is the net's, and was made later where it waits for them. */
static bool gathers_references(const Builder *b, Ref x, GraphAxes clocks) {
  const Graph *g = b->graph;
  bool *seen = arena_array(b->session->arena, bool, g->nodes.len + 1), found = false;
  seen[x] = true;
  for (Ref r = x; r >= 0 && !found; r--) {
    const Node *n = &g->nodes.at[r];
    if (!seen[r]) continue;
    for (int i = 0; i < n->inputs && n->op != OP_READ && n->op != OP_WINDOW; i++)
      if (n->in[i] != NO_REF && n->in[i] < r) seen[n->in[i]] = true;
    if (n->op != OP_INPUT) continue;
    const GraphInput *input = &g->inputs.at[n->attrs.index];
    found = is_reference(b, input) && input->axes & clocks && clocks_of(input->axes) & ~clocks;
  }
  return found;
}

/* "sequences"; "steps" of the main clock alone; else the clocks are named: "steps.s", "steps.s.t". ".whole": see above. */
static const char *weight_name(const Builder *b, GraphAxes clocks, bool whole) {
  if (!clocks) return "sequences";
  const char *name = "steps";
  for (int c = 0; c < b->graph->clocks.len; c++)
    if (clocks & GRAPH_CLOCK(c) && clocks != GRAPH_CLOCK(main_clock(b))) name = arena_printf(b->session->arena, "%s.%s", name, b->graph->clocks.at[c].name);
  return whole ? arena_printf(b->session->arena, "%s.whole", name) : name;
}

static Ref input(Builder *b, const char *name, InputRole role, GraphAxes axes) {
  return graph_input_ref(b->graph, graph_input(b->graph, name, role, sizes_scalar(), axes));
}

static Ref mul(Builder *b, Ref x, Ref y) { return graph_binary(b->graph, OP_MUL, x, y); }
static Ref sub(Builder *b, Ref x, Ref y) { return graph_binary(b->graph, OP_SUB, x, y); }

static Ref shared_once(Builder *b, Ref x) { return mul(b, x, input(b, "share", INPUT_SHARE, 0)); }

/* Σ w x, times 1/Σ w for an average; a clock of fixed length that has no weights is averaged by its length. */
static Ref average(Builder *b, Ref x, Average how) {
  const GraphAxes axes = node_at(b, x)->axes;
  if (!axes) return shared_once(b, x);
  const GraphAxes clocks = weighted_clocks(b, axes), weighted = GRAPH_SEQUENCE | clocks, others = axes & ~weighted;
  const char *name = weight_name(b, clocks, gathers_references(b, x, clocks));
  if (others) x = how == AVERAGE_ELEMENTS ? mean_of(b, x, 0, others) : graph_sum(b->graph, x, 0, others);
  const Ref counted = mul(b, x, input(b, name, INPUT_WEIGHT, weighted));
  const Ref sum = graph_sum(b->graph, counted, 0, weighted);
  if (how == AVERAGE_NOT) return sum;
  return mul(b, sum, input(b, how == AVERAGE_SEQUENCES ? "sequences" : name, INPUT_NORM, 0));
}

/* --- errors, element by element ------------------------------------------------------------------------------------------- */

typedef struct Pair {
  Ref y, d; /* what the net says, what the data say, brought to one shape */
} Pair;

static Pair pair_of(Builder *b, const Expr *e) {
  const Value y = lower_value(b, b->net, e->args.at[0].value), d = lower_value(b, b->net, e->args.at[1].value);
  const Shape ys = dense_shape(&y.type), ds = dense_shape(&d.type);
  int8_t map[GRAPH_RANK];
  const Shape *target = shape_embed(&ys, &ds, map) ? &ds : &ys;
  const bool indices = y.type.kind == TYPE_INDEX && d.type.kind == TYPE_INDEX;
  if (indices) target = &y.type.shape;
  return (Pair){align(b, b->net, y, target), align(b, b->net, d, target)};
}

static Ref squared(Builder *b, const Expr *e) {
  const Pair p = pair_of(b, e);
  const Ref difference = sub(b, p.y, p.d);
  return mul(b, difference, difference);
}

static Ref absolute(Builder *b, const Expr *e) {
  const Pair p = pair_of(b, e);
  return graph_unary(b->graph, OP_ABS, sub(b, p.y, p.d));
}

/* huber: e²/2 up to δ, δ(|e| − δ/2) beyond; with m = min(|e|, δ) both are m(|e| − m/2). */
static Ref huber(Builder *b, const Expr *e) {
  double delta = 1;
  for (int i = 2; i < e->args.len; i++) static_number(b->net, e->args.at[i].value, &delta);
  const Ref size = absolute(b, e);
  const Ref m = graph_binary(b->graph, OP_MIN, size, graph_const(b->graph, delta));
  return mul(b, m, sub(b, size, mul(b, m, graph_const(b->graph, 0.5))));
}

static Ref within_open_unit(Builder *b, Ref p) {
  const Ref low = graph_binary(b->graph, OP_MAX, p, graph_const(b->graph, 1e-7));
  return graph_binary(b->graph, OP_MIN, low, graph_const(b->graph, 1 - 1e-7));
}

Ref chances_of(Builder *b, const char *measure, Ref p) {
  if (!strcmp(measure, "bce")) return node_at(b, p)->op == OP_SIGMOID ? p : within_open_unit(b, p);
  return is_softmax(b, p) ? p : graph_binary(b->graph, OP_MAX, p, graph_const(b->graph, 1e-7));
}

/* −(d log p + (1 − d) log(1 − p)); of p = sigmoid(a) that is softplus(a) − d·a, which never overflows. */
static Ref binary_entropy(Builder *b, const Expr *e) {
  Graph *g = b->graph;
  const Pair pair = pair_of(b, e);
  if (node_at(b, pair.y)->op == OP_SIGMOID) {
    const Ref a = node_at(b, pair.y)->in[0];
    return sub(b, graph_unary(g, OP_SOFTPLUS, a), mul(b, pair.d, a));
  }
  const Ref one = graph_const(g, 1), p = within_open_unit(b, pair.y);
  const Ref yes = mul(b, pair.d, graph_unary(g, OP_LOG, p));
  const Ref no = mul(b, sub(b, one, pair.d), graph_unary(g, OP_LOG, sub(b, one, p)));
  return graph_unary(g, OP_NEG, graph_binary(g, OP_ADD, yes, no));
}

/* −Σ_s [s = k] log p(s): p a distribution over the steps of a clock. */
static Ref entropy_over_clock(Builder *b, Ref log_p, Ref k, int clock) {
  const Ref here = graph_binary(b->graph, OP_EQ, graph_step_index(b->graph, clock), k);
  return graph_unary(b->graph, OP_NEG, graph_contract(b->graph, here, log_p, "", "", "", GRAPH_CLOCK(clock)));
}

/* −Σ_v k(v) log p(v) over the last dim; an index k is its one-hot. */
static Ref cross_entropy(Builder *b, const Expr *e) {
  const Ref p = lower_dense(b, b->net, e->args.at[0].value);
  const Value k = lower_value(b, b->net, e->args.at[1].value);
  const Ref log_p = log_of(b, p);
  if (k.type.kind == TYPE_CLOCK_INDEX) return entropy_over_clock(b, log_p, k.ref, clock_here(b->net, k.type.clock));
  const Ref wanted = one_hot_of(b, b->net, k).ref;
  return graph_unary(b->graph, OP_NEG, graph_sum(b->graph, mul(b, wanted, log_p), last_dim(b, log_p), 0));
}

/* --- rows ------------------------------------------------------------------------------------------------------------------- */

typedef Ref ErrorRule(Builder *b, const Expr *e);

static const struct LossRow {
  const char *name;
  ErrorRule *error;
  Average how;
} loss_rows[] = {
    {"mse", squared, AVERAGE_ELEMENTS},   {"mae", absolute, AVERAGE_ELEMENTS},       {"huber", huber, AVERAGE_ELEMENTS},
    {"sse", squared, AVERAGE_NOT},        {"bce", binary_entropy, AVERAGE_ELEMENTS}, {"xent", cross_entropy, AVERAGE_ELEMENTS},
};

static const struct LossRow *loss_row(const Expr *e) {
  for (size_t i = 0; e->kind == EXPR_CALL && i < sizeof loss_rows / sizeof *loss_rows; i++)
    if (!strcmp(loss_rows[i].name, e->name)) return &loss_rows[i];
  return NULL;
}

/* Elements are summed; `mean` then divides by how many there are. */
static Ref error_of(Builder *b, const struct LossRow *row, const Expr *e) {
  const Ref error = row->error(b, e);
  const uint32_t dims = all_dims(b, error);
  if (!dims) return error;
  return row->how == AVERAGE_NOT ? graph_sum(b->graph, error, dims, 0) : mean_of(b, error, dims, 0);
}

/* Σ W² or Σ |W|: of weights once, of values on clocks averaged like other numbers. */
static Ref weight_norm(Builder *b, const Expr *e, bool square) {
  const Ref w = lower_dense(b, b->net, e->args.at[0].value);
  const Ref size = square ? mul(b, w, w) : graph_unary(b->graph, OP_ABS, w);
  const uint32_t dims = all_dims(b, size);
  return average(b, dims ? graph_sum(b->graph, size, dims, 0) : size, AVERAGE_ELEMENTS);
}

/* Averages the sums of sequences: Σ_sequences Σ_t e / number of sequences. */
static Ref per_sequence(Builder *b, const Expr *e) {
  const Expr *inner = e->args.at[0].value;
  const struct LossRow *row = loss_row(inner);
  return average(b, row ? error_of(b, row, inner) : lower_expr(b, b->net, inner), AVERAGE_SEQUENCES);
}

static bool is_call(const Expr *e, const char *name) { return e->kind == EXPR_CALL && !strcmp(e->name, name); }

static bool is_loss(const Expr *e) { return loss_row(e) || is_call(e, "l1") || is_call(e, "l2") || is_call(e, "per_sequence"); }

typedef void PartAct(Builder *b, const Expr *part);

/* The values that an expression is made of; what a sum runs over and what stands in brackets are none. */
static void each_part(Builder *b, const Expr *e, PartAct *act) {
  const bool over = e->kind == EXPR_OVER;
  if (e->left && !over) act(b, e->left);
  if (e->right) act(b, e->right);
  if (e->third) act(b, e->third);
  for (int i = 0; i < e->args.len && e->kind != EXPR_INDEX && e->kind != EXPR_AS; i++) act(b, e->args.at[i].value);
}

static bool has_loss(const Expr *e) {
  if (!e || is_loss(e)) return e;
  if ((e->kind != EXPR_OVER && has_loss(e->left)) || has_loss(e->right) || has_loss(e->third)) return true;
  for (int i = 0; i < e->args.len && e->kind != EXPR_INDEX && e->kind != EXPR_AS; i++)
    if (has_loss(e->args.at[i].value)) return true;
  return false;
}

/* Beside losses, which are numbers of the whole batch, what varies counts as its average. */
static Ref factor(Builder *b, const Expr *e) {
  if (has_loss(e)) return lower_loss(b, e);
  const Ref r = lower_expr(b, b->net, e);
  return node_at(b, r)->axes ? average(b, r, AVERAGE_ELEMENTS) : r;
}

static void give_parts(Builder *b, const Expr *e) {
  if (has_loss(e) && !is_loss(e)) each_part(b, e, give_parts);
  else if (e->type.axes || is_loss(e)) vec_push(b->session->arena, b->given, ((Given){e, factor(b, e)}));
}

/* sqrt(mse(…)), max(…, …), if … then … else …: any other expression, of numbers of the whole batch. It is no sum over slices of the
 * batch, and is computed in one (pass/additive.c). */
static Ref expression_of_losses(Builder *b, const Expr *e) {
  each_part(b, e, give_parts);
  return lower_expr(b, b->net, e);
}

static Ref combination(Builder *b, const Expr *e) {
  Graph *g = b->graph;
  if (e->kind != EXPR_UNARY && e->kind != EXPR_BINARY) return expression_of_losses(b, e);
  switch (e->op) {
  case OPERATOR_NEG: return graph_unary(g, OP_NEG, lower_loss(b, e->left));
  case OPERATOR_ADD: return graph_binary(g, OP_ADD, lower_loss(b, e->left), lower_loss(b, e->right));
  case OPERATOR_SUB: return sub(b, lower_loss(b, e->left), lower_loss(b, e->right));
  case OPERATOR_MUL: return mul(b, factor(b, e->left), factor(b, e->right));
  case OPERATOR_DIV: return graph_binary(g, OP_DIV, factor(b, e->left), factor(b, e->right));
  default: return expression_of_losses(b, e);
  }
}

static Ref loss_of(Builder *b, const Expr *e) {
  const struct LossRow *row = loss_row(e);
  if (row) return average(b, error_of(b, row, e), row->how);
  if (is_call(e, "l2") || is_call(e, "l1")) return weight_norm(b, e, is_call(e, "l2"));
  if (is_call(e, "per_sequence")) return per_sequence(b, e);
  if (has_loss(e)) return combination(b, e);
  return average(b, lower_expr(b, b->net, e), AVERAGE_ELEMENTS);
}

Ref lower_loss(Builder *b, const Expr *e) {
  const int before = b->graph->nodes.len;
  const Ref r = loss_of(b, e);
  place_nodes(b, before, e->span);
  return r;
}
