/* derivative.c — one derivative three ways, and the graphs to hold it against. */
#include "support/derivative.h"
#include "grad/grad.h"
#include "pass/pass.h"
#include <CUnit/Basic.h>
#include <math.h>

static const int64_t lengths_t[SEQUENCES] = {5, 3, 1}, lengths_s[SEQUENCES] = {2, 4, 1};

/* --- one derivative, three ways ------------------------------------------------------------------------------------------ */

int derivative_output(const Graph *g, OutputRole role, int index, const char *name) {
  for (int o = 0; o < g->outputs.len; o++) {
    const GraphOutput *out = &g->outputs.at[o];
    if (out->role == role && (role != OUTPUT_GRAD || out->index == index) && (!name || strcmp(out->name, name) == 0)) return o;
  }
  CU_FAIL_FATAL("no such output");
  return 0;
}

static double loss_at(const RandomGraph *r, const double *const *direction, double h) {
  const Graph *g = r->graph;
  for (int p = 0; p < g->params.len; p++)
    for (int64_t i = 0; i < sizes_count(g->params.at[p].shape); i++) r->param[p][i] += h * direction[p][i];
  int64_t n;
  const double loss = *random_graph_eval(r, g, derivative_output(g, OUTPUT_LOSS, 0, NULL), &n);
  for (int p = 0; p < g->params.len; p++)
    for (int64_t i = 0; i < sizes_count(g->params.at[p].shape); i++) r->param[p][i] -= h * direction[p][i];
  return loss;
}

/* (−L(2h) + 8 L(h) − 8 L(−h) + L(−2h)) / 12h: the error is of the order h⁴, and of that of the loss's last digit over h */
static double by_difference(const RandomGraph *r, const double *const *direction, double h) {
  return (8 * (loss_at(r, direction, h) - loss_at(r, direction, -h)) - loss_at(r, direction, 2 * h) + loss_at(r, direction, -2 * h)) /
         (12 * h);
}

static double by_reverse(const RandomGraph *r, Graph *reverse, const double *const *direction) {
  double sum = 0;
  for (int p = 0; p < r->graph->params.len; p++) {
    int64_t n;
    const double *grad = random_graph_eval(r, reverse, derivative_output(reverse, OUTPUT_GRAD, p, NULL), &n);
    for (int64_t i = 0; i < n; i++) sum += grad[i] * direction[p][i];
  }
  return sum;
}

static int tangent_input(const Graph *g, int param) {
  const char *name = arena_printf(g->session->arena, "tangent.%s", g->params.at[param].name);
  for (int i = 0; i < g->inputs.len; i++)
    if (strcmp(g->inputs.at[i].name, name) == 0) return i;
  CU_FAIL_FATAL("no input for the tangent");
  return 0;
}

static double by_forward(const RandomGraph *r, Graph *forward, double **direction) {
  double **extra = arena_array(forward->session->arena, double *, forward->inputs.len);
  for (int p = 0; p < r->graph->params.len; p++) extra[tangent_input(forward, p)] = direction[p];
  const EvalData data = random_graph_data(r, forward, extra);
  double tangent;
  graph_eval(forward, &data, derivative_output(forward, OUTPUT_VALUE, 0, "tangent.loss"), &tangent);
  return tangent;
}

static double **random_direction(Session *s, const Graph *g, uint64_t *state) {
  double **direction = arena_array(s->arena, double *, g->params.len);
  for (int p = 0; p < g->params.len; p++) {
    const int64_t n = sizes_count(g->params.at[p].shape);
    direction[p] = arena_array(s->arena, double, n);
    for (int64_t i = 0; i < n; i++) direction[p][i] = 2 * draw_uniform(state) - 1;
  }
  return direction;
}

static void close_to(double a, double b, double tolerance, double scale, const char *what, const char *which) {
  const bool close = fabs(a - b) <= tolerance * (scale + fabs(a) + fabs(b));
  CU_ASSERT(close);
  if (!close) printf("%s: %s: %.12g and %.12g\n", what, which, a, b);
}

/* A loss that bends sharply wants a small h, one that is nearly straight a large one. */
static double nearest_difference(const RandomGraph *r, const double *const *direction, double a) {
  double best = by_difference(r, direction, 2e-4);
  for (double h = 2e-5; h > 1e-6 && fabs(best - a) > 1e-7 * (1e-2 + fabs(a) + fabs(best)); h /= 10) {
    const double other = by_difference(r, direction, h);
    if (fabs(other - a) < fabs(best - a)) best = other;
  }
  return best;
}

void derivative_check(Session *s, const RandomGraph *r, uint64_t seed, const char *what, bool smooth) {
  s->verify_each = true;
  Graph *reverse = grad_reverse(s, r->graph, NULL), *forward = grad_forward(s, r->graph, NULL);
  const bool causal = pass_causality(s, reverse) && pass_causality(s, forward);
  CU_ASSERT(causal);
  if (!causal) printf("%s: not causal\n", what);
  for (int i = 0; i < 2; i++) {
    double **direction = random_direction(s, r->graph, &seed);
    const double a = by_reverse(r, reverse, (const double *const *)direction), b = by_forward(r, forward, direction);
    close_to(a, b, 1e-11, 1e-3, what, "reverse and forward");
    if (smooth) close_to(a, nearest_difference(r, (const double *const *)direction, a), 1e-7, 1e-2, what, "reverse and difference");
  }
}

/* --- one op -------------------------------------------------------------------------------------------------------------- */

Case case_new(uint64_t seed) {
  Session *s = session_new();
  Case c = {.session = s, .g = graph_new(s, "case"), .state = seed};
  graph_clock(c.g, "t", 0);
  graph_clock(c.g, "s", 0);
  return c;
}

static double *numbers(Case *c, int64_t n, double low, double high) {
  double *x = arena_array(c->session->arena, double, n);
  for (int64_t i = 0; i < n; i++) x[i] = low + (high - low) * draw_uniform(&c->state);
  return x;
}

static int64_t places(GraphAxes axes) {
  return (axes & GRAPH_SEQUENCE ? SEQUENCES : 1) * (axes & GRAPH_CLOCK(T) ? 5 : 1) * (axes & GRAPH_CLOCK(S) ? 4 : 1);
}

Ref case_data(Case *c, Sizes shape, GraphAxes axes, double low, double high) {
  const int i = graph_input(c->g, arena_printf(c->session->arena, "u%d", c->g->inputs.len), INPUT_DATA, shape, axes);
  vec_push(c->session->arena, c->inputs, numbers(c, places(axes) * sizes_count(shape), low, high));
  return graph_input_ref(c->g, i);
}

Ref case_param(Case *c, Sizes shape) {
  return graph_param_ref(c->g, graph_param(c->g, arena_printf(c->session->arena, "p%d", c->g->params.len), shape, true));
}

Ref case_varying(Case *c, Sizes shape, GraphAxes axes, double low, double high) {
  Graph *g = c->g;
  Ref x = case_param(c, shape);
  if (axes) x = graph_binary(g, OP_ADD, graph_binary(g, OP_MUL, x, case_data(c, shape, axes, 0.5, 1.5)), case_data(c, shape, axes, -2, 2));
  return graph_binary(g, OP_ADD, graph_const(g, low), graph_binary(g, OP_MUL, graph_const(g, high - low), graph_unary(g, OP_SIGMOID, x)));
}

void case_finish(Case *c, Ref y, bool plain) {
  Graph *g = c->g;
  const Node n = g->nodes.at[y];
  Ref all = y;
  if (!plain) {
    const Ref weight = case_data(c, n.shape, n.axes, -1, 1);
    all = graph_binary(g, OP_MUL, y, graph_binary(g, OP_ADD, weight, graph_binary(g, OP_MUL, graph_const(g, 0.5), y)));
  }
  graph_output(g, "y", OUTPUT_VALUE, 0, y);
  graph_output(g, "loss", OUTPUT_LOSS, 0, graph_sum(g, all, (1u << n.shape.rank) - 1, n.axes));
  c->r.graph = g;
  c->r.param = arena_array(c->session->arena, double *, g->params.len);
  for (int p = 0; p < g->params.len; p++) c->r.param[p] = numbers(c, sizes_count(g->params.at[p].shape), -1, 1);
  c->r.data = (EvalData){.sequences = SEQUENCES, .length = {lengths_t, lengths_s}, .seed = 1};
  c->r.data.param = (const double *const *)c->r.param;
  c->r.data.input = (const double *const *)c->inputs.at;
}

void derivative_try(const char *what, Build *build, int variants) {
  for (int variant = 0; variant < 2 * variants; variant++) {
    Case c = case_new((uint64_t)variant * 77 + 5);
    case_finish(&c, build(&c, variant / 2), variant % 2);
    derivative_check(c.session, &c.r, (uint64_t)variant + 1, arena_printf(c.session->arena, "%s, variant %d", what, variant), true);
    session_free(c.session);
  }
}

/* --- trees ------------------------------------------------------------------------------------------------------------------ */

void case_tree(Case *c, Ref *input) {
  const RandomTrees trees = random_trees(c->session->arena, &c->state, lengths_t, SEQUENCES, lengths_t[0]);
  for (int i = 0; i < TREE_INPUTS; i++) {
    input[i] = graph_input_ref(c->g, graph_input(c->g, random_tree_inputs[i], INPUT_DATA, sizes_scalar(), on_t));
    vec_push(c->session->arena, c->inputs, trees.input[i]);
  }
}

ChildRead case_child(const Ref *tree, int side, Ref history) {
  return (ChildRead){.history = history, .index = tree[side], .inverse = tree[(side + 2) % 4], .clock = T, .towards = side < 2 ? -1 : 1};
}

TreeLinks case_links(const Ref *tree, int towards) {
  return (TreeLinks){tree[TREE_FIRST], tree[TREE_NEXT], tree[TREE_PARENT], T, towards};
}
