/* linear.c — the linear system behind a readout: y = Σ W·feature + rest, so that ridge can solve for W.
 *
 * y is walked through +, − and repetition down to its terms. A term is a product of a tuned param with something free of tuned
 * params (its feature), the bare param (its feature is 1, or the number it is multiplied by), or free of them: that goes to the target. */
#include "base/diag.h"
#include "lower/builder.h"

typedef struct Linear {
  Builder *b;
  const bool *tuned; /* [param] */
  bool *depends;     /* [node] on a tuned param, at any step */
  Ref *feature;      /* [param] the sum of its features; NO_REF: none yet */
  Ref rest;
  const char *where; /* name of the equation being walked */
  Span span;
  bool failed;
} Linear;

/* --- what depends on tuned params ------------------------------------------------------------------------------------------ */

static bool depends_now(const Linear *l, const Node *n) {
  if (n->op == OP_PARAM) return l->tuned[n->attrs.index];
  for (int i = 0; i < n->inputs; i++)
    if (n->in[i] != NO_REF && l->depends[n->in[i]]) return true;
  return false;
}

/* Reads may point forward, so until nothing changes. */
static void find_dependence(Linear *l) {
  const Graph *g = l->b->graph;
  l->depends = arena_array(g->session->arena, bool, g->nodes.len);
  for (bool changed = true; changed;) {
    changed = false;
    for (Ref r = 0; r < g->nodes.len; r++)
      if (!l->depends[r] && depends_now(l, &g->nodes.at[r])) changed = l->depends[r] = true;
  }
}

static int param_below(const Linear *l, Ref r, int depth) {
  const Node *n = node_at(l->b, r);
  if (n->op == OP_PARAM) return l->tuned[n->attrs.index] ? n->attrs.index : -1;
  for (int i = 0; i < n->inputs && depth < MAX_DEPTH; i++) {
    if (n->in[i] == NO_REF || !l->depends[n->in[i]]) continue;
    const int p = param_below(l, n->in[i], depth + 1);
    if (p >= 0) return p;
  }
  return -1;
}

/* --- terms ------------------------------------------------------------------------------------------------------------------ */

/* An output that is fed back and not forced: what depends on it depends on the weights, through the steps before. */
static const Symbol *fed_back(const Linear *l) {
  const Graph *g = l->b->graph;
  const Scope *scope = l->b->net->scope;
  for (Ref r = 0; r < g->nodes.len; r++) {
    const Node *n = &g->nodes.at[r];
    const char *name = n->op == OP_READ && n->in[0] != NO_REF && l->depends[n->in[0]] ? g->nodes.at[n->in[0]].name : NULL;
    const char *dot = name ? strrchr(name, '.') : NULL;
    for (int i = 0; name && i < scope->symbols.len; i++)
      if (scope->symbols.at[i]->kind == SYMBOL_OUTPUT && !strcmp(scope->symbols.at[i]->name, dot ? dot + 1 : name)) return scope->symbols.at[i];
  }
  return NULL;
}

static void not_linear(Linear *l, Ref r) {
  if (l->failed) return;
  l->failed = true;
  const int p = param_below(l, r, 0);
  const char *weight = p < 0 ? "a weight" : l->b->graph->params.at[p].name;
  const Node *n = node_at(l->b, r);
  const char *equation = n->name ? n->name : l->where, *dot = strrchr(equation, '.');
  Diag *d = diag_error(l->b->session, E0430, n->span.file ? n->span : l->span,
                       "ridge solves only weights that the output is linear in: `%s` is not one", weight);
  diag_label(d, n->span.file ? n->span : l->span, "in the equation of `%s`", dot ? dot + 1 : equation);
  const Symbol *output = fed_back(l);
  if (output) diag_help(d, "`%s` is fed back: in training let the data stand in its delay line, by a line `force %s`", output->name, output->name);
  else diag_help(d, "name the weights of the readout with `tune`, or train by another method");
}

static Ref signed_value(Linear *l, Ref r, bool minus) { return minus ? graph_unary(l->b->graph, OP_NEG, r) : r; }

static Ref added(Linear *l, Ref sum, Ref term) { return sum == NO_REF ? term : graph_binary(l->b->graph, OP_ADD, sum, term); }

static void add_feature(Linear *l, int param, Ref feature, bool minus) {
  l->feature[param] = added(l, l->feature[param], signed_value(l, feature, minus));
}

static bool is_tuned_param(const Linear *l, Ref r) {
  return node_at(l->b, r)->op == OP_PARAM && l->tuned[node_at(l->b, r)->attrs.index];
}

/* W [n, F] meets a feature [F] and leaves [n]: letters "abc" and "bc" to "a". */
static bool is_linear_map(const Node *n) {
  const char *w = n->attrs.letters[0], *x = n->attrs.letters[1], *out = n->attrs.letters[2];
  const size_t kept = strlen(out);
  return !n->attrs.over && !strncmp(w, out, kept) && !strcmp(w + kept, x);
}

static void product(Linear *l, Ref r, bool minus) {
  const Node n = *node_at(l->b, r);
  if (is_tuned_param(l, n.in[0]) && !l->depends[n.in[1]] && is_linear_map(&n))
    add_feature(l, node_at(l->b, n.in[0])->attrs.index, n.in[1], minus);
  else if (is_tuned_param(l, n.in[1]) && !l->depends[n.in[0]] && !strcmp(n.attrs.letters[0], n.attrs.letters[1]) && !*n.attrs.letters[2])
    add_feature(l, node_at(l->b, n.in[1])->attrs.index, n.in[0], minus); /* dot(x, w) */
  else if (is_tuned_param(l, n.in[0]) && l->depends[n.in[1]]) not_linear(l, n.in[1]); /* the inner weight is at fault, not the readout */
  else if (is_tuned_param(l, n.in[1]) && l->depends[n.in[0]]) not_linear(l, n.in[0]);
  else not_linear(l, r);
}

/* The number that is repeated along `r`; NO_REF: r is more than a number. */
static Ref scalar_behind(const Linear *l, Ref r) {
  while (node_at(l->b, r)->op == OP_BROADCAST) r = node_at(l->b, r)->in[0];
  return node_at(l->b, r)->shape.rank ? NO_REF : r;
}

/* w * u with a number u: as a bias whose feature is u instead of 1. */
static void scaled_param(Linear *l, Ref r, bool minus) {
  const Node n = *node_at(l->b, r);
  const int w = is_tuned_param(l, n.in[1]) ? 1 : 0;
  const bool fits = is_tuned_param(l, n.in[w]) && !l->depends[n.in[1 - w]];
  const Ref feature = fits ? scalar_behind(l, n.in[1 - w]) : NO_REF;
  if (feature == NO_REF) not_linear(l, r);
  else add_feature(l, node_at(l->b, n.in[w])->attrs.index, feature, minus);
}

static void term(Linear *l, Ref r, bool minus);

static void two_terms(Linear *l, const Node *n, bool minus) {
  const Ref left = n->in[0], right = n->in[1];
  term(l, left, minus);
  term(l, right, n->op == OP_SUB ? !minus : minus);
}

static void term(Linear *l, Ref r, bool minus) {
  const Node n = *node_at(l->b, r);
  const char *outer = l->where;
  if (n.name && n.op != OP_PARAM) l->where = n.name;
  if (!l->depends[r]) l->rest = added(l, l->rest, signed_value(l, r, minus));
  else if (n.op == OP_ADD || n.op == OP_SUB) two_terms(l, &n, minus);
  else if (n.op == OP_NEG) term(l, n.in[0], !minus);
  else if (n.op == OP_PARAM) add_feature(l, n.attrs.index, graph_const(l->b->graph, 1), minus);
  else if (n.op == OP_CONTRACT) product(l, r, minus);
  else if (n.op == OP_MUL) scaled_param(l, r, minus);
  else not_linear(l, r);
  l->where = outer;
}

/* --- the system ------------------------------------------------------------------------------------------------------------- */

static const Expr *squared_error(const Builder *b) {
  const Expr *e = clause_expr(clause_of_stage(b->stage, "loss"), 0);
  const bool fits = e && e->kind == EXPR_CALL && (!strcmp(e->name, "mse") || !strcmp(e->name, "sse")) && e->args.len == 2;
  if (fits) return e;
  diag_error(b->session, E0430, e ? e->span : b->stage->span, "ridge minimises a squared error: write `loss mse(y, data.y)`");
  return NULL;
}

/* Everything reads wait for must be there before dependence can be seen. */
static void settle_reads(Builder *b) {
  for (int i = 0; i < b->pending.len; i++) {
    const Pending next = b->pending.at[i];
    pending_resolve(b, &next);
  }
  b->pending.len = 0;
}

static void add_outputs(Linear *l, Ref y, Ref data) {
  Graph *g = l->b->graph;
  const Ref rest = l->rest == NO_REF ? graph_fill(g, 0, node_at(l->b, y)->shape) : l->rest;
  graph_output(g, "target", OUTPUT_VALUE, 0, graph_binary(g, OP_SUB, data, rest));
  for (int i = 0; i < g->params.len; i++) {
    if (l->feature[i] == NO_REF) continue;
    graph_output(g, arena_printf(g->session->arena, "feature.%s", g->params.at[i].name), OUTPUT_VALUE, i, l->feature[i]);
  }
}

bool lower_ridge(Builder *b) {
  const Expr *e = squared_error(b);
  if (!e) return false;
  const Ref y = lower_dense(b, b->net, e->args.at[0].value), data = lower_dense(b, b->net, e->args.at[1].value);
  settle_reads(b);
  Linear l = {.b = b, .rest = NO_REF, .where = expr_text(b->session, e->args.at[0].value), .span = e->span};
  l.tuned = lower_tuned(b->model, b->stage);
  l.feature = arena_array(b->session->arena, Ref, b->graph->params.len + 1);
  for (int i = 0; i < b->graph->params.len; i++) l.feature[i] = NO_REF;
  find_dependence(&l);
  const Ref shown = l.depends[y] ? y : data; /* mse(data.y, y) is the same */
  term(&l, shown, false);
  if (!l.failed) add_outputs(&l, shown, shown == y ? data : y);
  return !l.failed;
}
