/* links: test_support rnn_graph rnn_front */
/* Derivatives against central differences, in random directions, signed: of every op alone, on ragged sequences; of random
 * graphs; of small nets. And reverse against forward: ⟨u, J v⟩ = ⟨Jᵀ u, v⟩. */
#include "grad/grad.h"
#include "pass/pass.h"
#include "support/random_graph.h"
#include "support/random_trees.h"
#include <CUnit/Basic.h>
#include <math.h>

enum { SEQUENCES = 3, T = 0, S = 1 };
static const int64_t lengths_t[SEQUENCES] = {5, 3, 1}, lengths_s[SEQUENCES] = {2, 4, 1};
static const GraphAxes on_t = GRAPH_SEQUENCE | GRAPH_CLOCK(T), on_s = GRAPH_SEQUENCE | GRAPH_CLOCK(S);

/* --- one derivative, three ways ------------------------------------------------------------------------------------------ */

static int output_of(const Graph *g, OutputRole role, int index, const char *name) {
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
  const double loss = *random_graph_eval(r, g, output_of(g, OUTPUT_LOSS, 0, NULL), &n);
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
    const double *grad = random_graph_eval(r, reverse, output_of(reverse, OUTPUT_GRAD, p, NULL), &n);
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
  graph_eval(forward, &data, output_of(forward, OUTPUT_VALUE, 0, "tangent.loss"), &tangent);
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

/* `smooth` graphs have differences; `scale` is that of the loss, below which a difference has no digits. */
static void check(Session *s, const RandomGraph *r, uint64_t seed, const char *what, bool smooth) {
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

typedef struct Case {
  Session *session;
  Graph *g;
  uint64_t state;
  RandomGraph r;
  Vec(double *) inputs;
} Case;

static Case new_case(uint64_t seed) {
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

static Ref data(Case *c, Sizes shape, GraphAxes axes, double low, double high) {
  const int i = graph_input(c->g, arena_printf(c->session->arena, "u%d", c->g->inputs.len), INPUT_DATA, shape, axes);
  vec_push(c->session->arena, c->inputs, numbers(c, places(axes) * sizes_count(shape), low, high));
  return graph_input_ref(c->g, i);
}

static Ref param(Case *c, Sizes shape) {
  return graph_param_ref(c->g, graph_param(c->g, arena_printf(c->session->arena, "p%d", c->g->params.len), shape, true));
}

/* A value that varies with a param of its own, on these axes, between low and high: low + (high − low) sigmoid(p u + v). */
static Ref varying(Case *c, Sizes shape, GraphAxes axes, double low, double high) {
  Graph *g = c->g;
  Ref x = param(c, shape);
  if (axes) x = graph_binary(g, OP_ADD, graph_binary(g, OP_MUL, x, data(c, shape, axes, 0.5, 1.5)), data(c, shape, axes, -2, 2));
  return graph_binary(g, OP_ADD, graph_const(g, low), graph_binary(g, OP_MUL, graph_const(g, high - low), graph_unary(g, OP_SIGMOID, x)));
}

/* L = Σ weights · y + ½ y², with weights on all axes or, `plain`, L = Σ y: an adjoint that varies with nothing. */
static void finish(Case *c, Ref y, bool plain) {
  Graph *g = c->g;
  const Node n = g->nodes.at[y];
  Ref all = y;
  if (!plain) {
    const Ref weight = data(c, n.shape, n.axes, -1, 1);
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

static const Sizes vector = {.rank = 1, .dim = {3}}, matrix = {.rank = 2, .dim = {2, 3}};
/* Axes of first and second operand. */
static const GraphAxes pairs[][2] = {{0, 0}, {GRAPH_SEQUENCE, 0}, {GRAPH_SEQUENCE | GRAPH_CLOCK(T), 0},
                                     {0, GRAPH_SEQUENCE | GRAPH_CLOCK(T)}, {GRAPH_SEQUENCE | GRAPH_CLOCK(T), GRAPH_SEQUENCE},
                                     {GRAPH_SEQUENCE | GRAPH_CLOCK(T), GRAPH_SEQUENCE | GRAPH_CLOCK(S)},
                                     {GRAPH_SEQUENCE | GRAPH_CLOCK(T) | GRAPH_CLOCK(S), GRAPH_SEQUENCE | GRAPH_CLOCK(T)}};
enum { PAIRS = sizeof pairs / sizeof *pairs };

typedef Ref Build(Case *c, int variant);

static void try_op(const char *what, Build *build, int variants) {
  for (int variant = 0; variant < 2 * variants; variant++) {
    Case c = new_case((uint64_t)variant * 77 + 5);
    finish(&c, build(&c, variant / 2), variant % 2);
    check(c.session, &c.r, (uint64_t)variant + 1, arena_printf(c.session->arena, "%s, variant %d", what, variant), true);
    session_free(c.session);
  }
}

/* --- element-wise --------------------------------------------------------------------------------------------------------- */

static void unary_ops(void) {
  static const struct {
    Op op;
    double low, high;
  } ops[] = {{OP_NEG, -2, 2}, {OP_EXP, -2, 2}, {OP_LOG, 0.2, 3}, {OP_SQRT, 0.2, 3}, {OP_ABS, 0.1, 2}, {OP_ABS, -2, -0.1},
             {OP_TANH, -2, 2}, {OP_SIGMOID, -3, 3}, {OP_RELU, 0.1, 2}, {OP_RELU, -2, -0.1}, {OP_SOFTPLUS, -3, 3}, {OP_ERF, -1, 1},
             {OP_SIN, -3, 3}, {OP_COS, -3, 3}, {OP_FLOOR, 0.1, 0.9}, {OP_SIGN, 0.1, 1}, {OP_STEP, 0.1, 1}, {OP_NOT, 0.1, 1}};
  for (size_t i = 0; i < sizeof ops / sizeof *ops; i++)
    for (int axes = 0; axes < PAIRS; axes++) {
      Case c = new_case(i * 9 + (uint64_t)axes);
      finish(&c, graph_unary(c.g, ops[i].op, varying(&c, matrix, pairs[axes][0], ops[i].low, ops[i].high)), axes & 1);
      check(c.session, &c.r, i, op_text(ops[i].op), true);
      session_free(c.session);
    }
}

static void binary_ops(void) {
  static const struct {
    Op op;
    double low, high, low2, high2;
  } ops[] = {{OP_ADD, -2, 2, -2, 2}, {OP_SUB, -2, 2, -2, 2}, {OP_MUL, -2, 2, -2, 2}, {OP_DIV, -2, 2, 0.3, 2}, {OP_DIV, 1, 2, -2, -1},
             {OP_POW, 0.3, 2, -2, 2}, {OP_MIN, 0, 1, 1.1, 2}, {OP_MIN, 1.1, 2, 0, 1}, {OP_MAX, 0, 1, 1.1, 2}, {OP_MAX, 1.1, 2, 0, 1},
             {OP_LT, 0, 1, 2, 3}, {OP_LE, 0, 1, 2, 3}, {OP_EQ, 0, 1, 2, 3}, {OP_NE, 0, 1, 2, 3}, {OP_AND, 0.1, 1, 2, 3}, {OP_OR, 0.1, 1, 2, 3}};
  for (size_t i = 0; i < sizeof ops / sizeof *ops; i++)
    for (int axes = 0; axes < PAIRS; axes++) {
      Case c = new_case(i * 11 + (uint64_t)axes);
      const Ref a = varying(&c, vector, pairs[axes][0], ops[i].low, ops[i].high);
      const Ref b = varying(&c, vector, pairs[axes][1], ops[i].low2, ops[i].high2);
      finish(&c, graph_binary(c.g, ops[i].op, a, b), axes & 1);
      check(c.session, &c.r, i, op_text(ops[i].op), true);
      session_free(c.session);
    }
}

static Ref build_select(Case *c, int variant) {
  const Ref a = varying(c, vector, pairs[variant][0], -1, 1), b = varying(c, vector, pairs[variant][1], -1, 1);
  const Ref condition = graph_binary(c->g, OP_LT, data(c, vector, variant & 1 ? on_t : GRAPH_SEQUENCE, -1, 1), graph_const(c->g, 0));
  return graph_select(c->g, condition, a, b);
}

static void selects(void) { try_op("select", build_select, PAIRS); }

/* Whatever `stop` hides has no part in the derivative; a spike has its surrogate's: no differences for these. */
static void stop_and_spike(void) {
  Case c = new_case(3);
  const Ref x = varying(&c, vector, on_t, -1, 1);
  const Ref y = graph_spike(c.g, x, SPIKE_FAST_SIGMOID, 25);
  finish(&c, graph_binary(c.g, OP_ADD, graph_unary(c.g, OP_STOP, graph_unary(c.g, OP_EXP, x)), graph_binary(c.g, OP_MUL, x, y)), false);
  check(c.session, &c.r, 1, "spike", false);
  session_free(c.session);
  Case d = new_case(4);
  finish(&d, graph_unary(d.g, OP_STOP, param(&d, vector)), true);
  int64_t n;
  const double *grad = random_graph_eval(&d.r, grad_reverse(d.session, d.g, NULL), 2, &n);
  CU_ASSERT(n == 3 && grad[0] == 0 && grad[1] == 0 && grad[2] == 0);
  session_free(d.session);
}

/* What each surrogate is the derivative of. */
static double fast_sigmoid_of(double v, double k) { return v / (1 + k * fabs(v)); }
static double sigmoid_of(double v, double k) { return 1 / (1 + exp(-k * v)); }
static double triangle_of(double v, double g) { return fabs(v) > 1 ? copysign(g / 2, v) : g * (v - v * fabs(v) / 2); }
static double atan_of(double v, double a) { return atan(acos(-1) * a * v / 2) / acos(-1); }
static double gaussian_of(double v, double s) { return erf(v / (s * sqrt(2))) / 2; }

/* d/dv of Σ spike(v), against differences of the integral. */
static void surrogate_value(void) {
  static double (*const integral[])(double, double) = {fast_sigmoid_of, sigmoid_of, triangle_of, atan_of, gaussian_of};
  static const double numbers[] = {25, 5, 0.3, 2, 0.5}, places[] = {-1.3, 0.1, 0.7}, h = 1e-5;
  for (int kind = 0; kind < SPIKE_SURROGATES; kind++) {
    Case c = new_case(5);
    finish(&c, graph_spike(c.g, param(&c, vector), (SpikeSurrogate)kind, numbers[kind]), true);
    for (int i = 0; i < 3; i++) c.r.param[0][i] = places[i];
    int64_t n;
    const double *grad = random_graph_eval(&c.r, grad_reverse(c.session, c.g, NULL), 2, &n);
    for (int i = 0; i < 3; i++) {
      const double difference = (integral[kind](places[i] + h, numbers[kind]) - integral[kind](places[i] - h, numbers[kind])) / (2 * h);
      CU_ASSERT_DOUBLE_EQUAL(grad[i], difference, 1e-6);
    }
    session_free(c.session);
  }
}

/* x^0 and x² at x = 0, and 0^p: derivatives that a careless rule makes NaN. */
static void powers_at_zero(void) {
  Case c = new_case(6);
  const Ref x = param(&c, vector);
  const double exponents[] = {0, 2, 1};
  const Ref varied = param(&c, vector);
  const Ref fixed = graph_binary(c.g, OP_POW, x, graph_tensor(c.g, exponents, vector));
  finish(&c, graph_binary(c.g, OP_ADD, fixed, graph_binary(c.g, OP_POW, graph_unary(c.g, OP_STOP, x), varied)), true);
  for (int i = 0; i < 3; i++) c.r.param[0][i] = 0, c.r.param[1][i] = 2;
  int64_t n;
  const Graph *g = grad_reverse(c.session, c.g, NULL);
  const double *grad = random_graph_eval(&c.r, g, 2, &n), *other = random_graph_eval(&c.r, g, 3, &n);
  CU_ASSERT(grad[0] == 0 && grad[1] == 0 && grad[2] == 1);
  CU_ASSERT(other[0] == 0 && other[1] == 0 && other[2] == 0);
  session_free(c.session);
}

/* Of equals, the first takes all. */
static void ties(void) {
  for (int i = 0; i < 3; i++) {
    Case c = new_case(7);
    const Ref a = param(&c, vector), b = param(&c, vector);
    const Ref y = i == 2 ? graph_amax(c.g, a, 1, 0) : graph_binary(c.g, i ? OP_MAX : OP_MIN, a, b);
    finish(&c, y, true);
    for (int k = 0; k < 3; k++) c.r.param[0][k] = c.r.param[1][k] = 1;
    int64_t n;
    const Graph *g = grad_reverse(c.session, c.g, NULL);
    const double *first = random_graph_eval(&c.r, g, 2, &n), *second = random_graph_eval(&c.r, g, 3, &n);
    CU_ASSERT(first[0] == 1 && first[1] == (i < 2) && second[0] == 0 && second[1] == 0);
    session_free(c.session);
  }
}

/* --- moves, reductions, products ------------------------------------------------------------------------------------------ */

static Ref build_move(Case *c, int variant) {
  Graph *g = c->g;
  const GraphAxes axes = variant & 1 ? on_t : 0;
  const Ref x = varying(c, matrix, axes, -1, 1);
  switch (variant / 2) {
  case 0: return graph_transpose(g, x);
  case 1: return graph_broadcast(g, x, (int8_t[]){1, -1, 0}, sizes_of(3, (int64_t)3, (int64_t)4, (int64_t)2));
  case 2: return graph_broadcast(g, x, (int8_t[]){-1, 0, 1}, sizes_of(3, (int64_t)2, (int64_t)2, (int64_t)3));
  case 3: return graph_reshape(g, x, sizes_of(1, (int64_t)6));
  case 4: return graph_slice(g, x, 1, 0, 2, 2);
  case 5: return graph_slice(g, x, 0, 1, 1, 1);
  case 6: return graph_pad(g, x, 1, 1, 2, 7);
  case 7: return graph_concat(g, (Ref[]){x, varying(c, matrix, GRAPH_SEQUENCE, -1, 1), x}, 3, 0);
  case 8: return graph_concat(g, (Ref[]){varying(c, matrix, on_t, -1, 1), x}, 2, 1);
  case 9: return graph_transpose(g, graph_slice(g, x, 0, 0, 1, 1));
  case 10: return graph_gather(g, x, graph_tensor(g, (double[]){2, 3, 2, 3, 9, 2, 3, -9, 2, 3, 3, 2}, sizes_of(3, (int64_t)2, (int64_t)2, (int64_t)3)), 2);
  case 11: return graph_gather(g, x, graph_tensor(g, (double[]){1, 0, 1}, sizes_of(1, (int64_t)3)), 0);
  default: return graph_scatter(g, x, graph_tensor(g, (double[]){1, 2, 4, 1, 3, 3}, matrix), 1, sizes_of(2, (int64_t)4, (int64_t)3));
  }
}

static void moves(void) { try_op("move", build_move, 26); }

static Ref build_sum(Case *c, int variant) {
  static const struct {
    uint32_t dims;
    GraphAxes axes, over;
  } ways[] = {{1, 0, 0}, {3, 0, 0}, {0, GRAPH_SEQUENCE, GRAPH_SEQUENCE},
              {0, GRAPH_SEQUENCE | GRAPH_CLOCK(T), GRAPH_CLOCK(T)},
              {2, GRAPH_SEQUENCE | GRAPH_CLOCK(T), GRAPH_SEQUENCE | GRAPH_CLOCK(T)},
              {1, GRAPH_SEQUENCE | GRAPH_CLOCK(T) | GRAPH_CLOCK(S), GRAPH_CLOCK(S)},
              {3, GRAPH_SEQUENCE | GRAPH_CLOCK(T) | GRAPH_CLOCK(S), GRAPH_SEQUENCE | GRAPH_CLOCK(S) | GRAPH_CLOCK(T)}};
  const Ref x = varying(c, matrix, ways[variant % 7].axes, -1, 1);
  return variant < 7 ? graph_sum(c->g, x, ways[variant].dims, ways[variant].over)
                     : graph_amax(c->g, x, ways[variant - 7].dims, ways[variant - 7].over);
}

static void reductions(void) { try_op("sum and amax", build_sum, 14); }

static Ref build_contract(Case *c, int variant) {
  static const char *const forms[][3] = {{"ab", "b", "a"}, {"ab", "a", "b"}, {"ab", "ab", ""}, {"ab", "ab", "ba"}, {"ab", "cb", "ac"},
                                         {"a", "c", "ca"}, {"ab", "c", "c"}, {"", "ab", "b"}, {"abc", "b", "c"}, {"a", "a", "a"}};
  const char *const *form = forms[variant % 10];
  const int64_t size[] = {2, 3, 2};
  Sizes s[2] = {{0}, {0}};
  for (int k = 0; k < 2; k++)
    for (const char *l = form[k]; *l; l++) s[k].dim[s[k].rank++] = size[*l - 'a'];
  const GraphAxes *axes = pairs[variant / 10 % PAIRS], joined = axes[0] | axes[1];
  GraphAxes over = 0;
  if (variant % 3 == 1) over = joined;
  if (variant % 3 == 2) over = joined & ~GRAPH_SEQUENCE & ~(joined & GRAPH_CLOCK(S) ? GRAPH_CLOCK(T) : 0);
  return graph_contract(c->g, varying(c, s[0], axes[0], -1, 1), varying(c, s[1], axes[1], -1, 1), form[0], form[1], form[2], over);
}

/* The steps' numbers go beyond the places that there are. */
static Ref build_embed(Case *c, int variant) {
  const int dim = variant % 2;
  const Ref place = variant / 2 % 3 ? graph_step_index(c->g, variant / 2 % 3 == 1 ? T : S) : graph_const(c->g, 1);
  if (variant < 6) return graph_embed(c->g, param(c, matrix), place, dim);
  const Ref d = varying(c, vector, pairs[variant / 6 % PAIRS][0], -1, 1);
  return graph_embed_add(c->g, d, place, dim, 4, c->g->nodes.at[d].axes | c->g->nodes.at[place].axes);
}

static void embeddings(void) { try_op("embed", build_embed, 6 * (PAIRS + 1)); }

static void contractions(void) { try_op("contract", build_contract, 10 * PAIRS); }

/* --- time ------------------------------------------------------------------------------------------------------------------ */

/* Axes of what is read and of its history. */
static const GraphAxes read_pairs[][2] = {
    {GRAPH_SEQUENCE | GRAPH_CLOCK(T), 0}, {GRAPH_SEQUENCE | GRAPH_CLOCK(T), GRAPH_SEQUENCE}, {0, GRAPH_SEQUENCE},
    {GRAPH_SEQUENCE | GRAPH_CLOCK(T), GRAPH_SEQUENCE | GRAPH_CLOCK(S)}, {GRAPH_SEQUENCE | GRAPH_CLOCK(S), 0},
    {GRAPH_SEQUENCE | GRAPH_CLOCK(T) | GRAPH_CLOCK(S), GRAPH_SEQUENCE}};

static Ref build_read(Case *c, int variant) {
  const GraphAxes *axes = read_pairs[variant % 6];
  const int64_t offset = variant / 6 % 9 - 4;
  const Ref x = varying(c, vector, axes[0], -1, 1), h = varying(c, vector, axes[1], -1, 1);
  return graph_read(c->g, x, h, T, offset, vector, 0);
}

static Ref build_window(Case *c, int variant) {
  const GraphAxes *axes = read_pairs[variant % 6];
  const int64_t offset = variant / 6 % 5 - 2, stride = variant / 30 ? 2 : -1;
  const Ref x = varying(c, vector, axes[0], -1, 1), h = varying(c, vector, axes[1], -1, 1);
  return graph_window(c->g, x, h, T, offset, 3, stride, vector, 0);
}

/* Taps on both sides of now, and all of them far. */
static Ref build_long_window(Case *c, int variant) {
  const GraphAxes *axes = read_pairs[variant % 6];
  const int64_t offset[] = {-11, 11, 5, -5};
  const Ref x = varying(c, vector, axes[0], -1, 1), h = varying(c, vector, axes[1], -1, 1);
  return graph_window(c->g, x, h, T, offset[variant / 6], 11, variant / 6 % 2 ? -1 : 1, vector, 0);
}

static Ref build_overlap(Case *c, int variant) {
  const GraphAxes axes[] = {on_t, 0, on_t | on_s};
  return graph_overlap(c->g, varying(c, matrix, axes[variant % 3], -1, 1), T, variant / 3 % 5 - 2, 2, variant / 15 ? 2 : -1, vector, 0);
}

static Ref build_edge(Case *c, int variant) {
  const Ref x = varying(c, matrix, variant & 1 ? on_t | on_s : on_t, -1, 1);
  const int64_t offset = variant / 2 % 5 - 2;
  return variant < 10 ? graph_edge(c->g, x, T, offset, false, 0) : graph_edge(c->g, x, T, offset, true, variant < 20 ? -1 : 2);
}

static Ref build_end(Case *c, int variant) {
  const Ref x = varying(c, vector, pairs[variant / 4][0], -1, 1);
  const bool there = c->g->nodes.at[x].axes & GRAPH_CLOCK(T);
  return there ? graph_at_end(c->g, x, T, variant & 1) : graph_impulse(c->g, x, T, variant & 1);
}

static void tree_inputs(Case *c, Ref *input) {
  const RandomTrees trees = random_trees(c->session->arena, &c->state, lengths_t, SEQUENCES, lengths_t[0]);
  for (int i = 0; i < TREE_INPUTS; i++) {
    input[i] = graph_input_ref(c->g, graph_input(c->g, random_tree_inputs[i], INPUT_DATA, sizes_scalar(), on_t));
    vec_push(c->session->arena, c->inputs, trees.input[i]);
  }
}

/* side 0, 1: a child; 2, 3: the step whose left or right child this one is. */
static ChildRead child_read(const Ref *tree, int side, Ref history) {
  return (ChildRead){.history = history, .index = tree[side], .inverse = tree[(side + 2) % 4], .clock = T, .towards = side < 2 ? -1 : 1};
}

static Ref build_child(Case *c, int variant) {
  const GraphAxes *axes = read_pairs[variant % 6];
  Ref tree[TREE_INPUTS];
  tree_inputs(c, tree);
  const Ref x = varying(c, vector, axes[0], -1, 1), h = varying(c, vector, axes[1], -1, 1);
  return graph_child(c->g, x, child_read(tree, variant / 6, h), vector, 0);
}

static TreeLinks tree_links(const Ref *tree, int towards) {
  return (TreeLinks){tree[TREE_FIRST], tree[TREE_NEXT], tree[TREE_PARENT], T, towards};
}

static Ref build_links(Case *c, int variant) {
  static const Op ops[] = {OP_CHILDREN_SUM, OP_CHILDREN_MAX, OP_PARENT};
  static const GraphAxes axes[] = {GRAPH_SEQUENCE | GRAPH_CLOCK(T), 0, GRAPH_SEQUENCE, GRAPH_SEQUENCE | GRAPH_CLOCK(T) | GRAPH_CLOCK(S)};
  Ref tree[TREE_INPUTS];
  tree_inputs(c, tree);
  const Ref x = varying(c, variant < 12 ? vector : sizes_scalar(), axes[variant / 3 % 4], -1, 1);
  return graph_tree(c->g, ops[variant % 3], x, tree_links(tree, variant % 3 < 2 ? -1 : 1), c->g->nodes.at[x].shape, 0);
}

/* Scores and values from one op, and each its own. */
static Ref build_mix(Case *c, int variant) {
  static const GraphAxes axes[] = {GRAPH_SEQUENCE | GRAPH_CLOCK(T), 0, GRAPH_SEQUENCE | GRAPH_CLOCK(T) | GRAPH_CLOCK(S)};
  Ref tree[TREE_INPUTS];
  tree_inputs(c, tree);
  const Sizes pair = sizes_of(2, (int64_t)2, (int64_t)9), one = sizes_of(1, (int64_t)9);
  const Ref x = varying(c, variant < 3 ? pair : sizes_of(1, (int64_t)2), axes[variant % 3], -3, 3);
  return graph_tree(c->g, OP_CHILDREN_MIX, x, tree_links(tree, -1), variant < 3 ? one : sizes_scalar(), 0);
}

static void mixes(void) { try_op("children_mix", build_mix, 6); }

static void links(void) { try_op("links of trees", build_links, 24); }

static void children(void) { try_op("child", build_child, 24); }
static void reads(void) { try_op("read", build_read, 54); }
static void windows(void) { try_op("window", build_window, 60); }
static void long_windows(void) { try_op("long window", build_long_window, 24); }
static void overlaps(void) { try_op("overlap", build_overlap, 30); }
static void edges(void) { try_op("edge", build_edge, 30); }
static void ends(void) { try_op("at_end and impulse", build_end, 4 * PAIRS); }

/* x = p + u varies on the clock, its tangent p does not: what reduces or moves steps must still count them. */
static Ref build_constant_tangent(Case *c, int variant) {
  Graph *g = c->g;
  const Ref x = graph_binary(g, OP_ADD, param(c, vector), data(c, vector, on_t, -1, 1)), q = param(c, vector);
  switch (variant) {
  case 0: return graph_sum(g, x, 0, GRAPH_CLOCK(T));
  case 1: return graph_contract(g, x, q, "a", "a", "", on_t);
  case 2: return graph_contract(g, q, x, "a", "b", "ab", GRAPH_CLOCK(T));
  case 3: return graph_edge(g, x, T, -2, false, 0);
  case 4: return graph_at_end(g, x, T, 1);
  case 5: return graph_read(g, x, q, T, -1, vector, 0);
  case 6: return graph_overlap(g, x, T, -1, 3, -1, sizes_scalar(), 0);
  case 7: return graph_impulse(g, graph_sum(g, x, 0, on_t), T, 1);
  default: return graph_sum(g, graph_binary(g, OP_MUL, graph_amax(g, x, 0, GRAPH_CLOCK(T)), q), 1, GRAPH_SEQUENCE);
  }
}

static void constant_tangents(void) { try_op("constant tangent", build_constant_tangent, 9); }

/* --- small nets ------------------------------------------------------------------------------------------------------------ */

enum { X = 2, H = 3 };
static const Sizes hidden = {.rank = 1, .dim = {H}};

static Ref times(Case *c, int out, int in, Ref x) {
  return graph_contract(c->g, param(c, sizes_of(2, (int64_t)out, (int64_t)in)), x, "hx", "x", "h", 0);
}

/* W x + U h + b */
static Ref affine(Case *c, Ref x, Ref h) {
  const Ref sum = graph_binary(c->g, OP_ADD, times(c, H, X, x), times(c, H, H, h));
  return graph_binary(c->g, OP_ADD, sum, param(c, hidden));
}

static Ref delayed(Case *c, Ref start, int64_t offset) { return graph_read(c->g, NO_REF, start, T, offset, hidden, on_t); }

static Ref rnn(Case *c, Ref x, Ref start, int64_t offset) {
  const Ref before = delayed(c, start, offset);
  const Ref h = graph_unary(c->g, OP_TANH, affine(c, x, before));
  graph_set_read(c->g, before, h);
  return h;
}

static Ref gate(Case *c, Ref x, Ref h) { return graph_unary(c->g, OP_SIGMOID, affine(c, x, h)); }
static Ref mul(Case *c, Ref a, Ref b) { return graph_binary(c->g, OP_MUL, a, b); }
static Ref add(Case *c, Ref a, Ref b) { return graph_binary(c->g, OP_ADD, a, b); }

static Ref lstm(Case *c, Ref x, Ref start) {
  const Ref h1 = delayed(c, start, -1), c1 = delayed(c, param(c, hidden), -1);
  const Ref input = mul(c, gate(c, x, h1), graph_unary(c->g, OP_TANH, affine(c, x, h1)));
  const Ref cell = add(c, mul(c, gate(c, x, h1), c1), input);
  const Ref h = mul(c, gate(c, x, h1), graph_unary(c->g, OP_TANH, cell));
  graph_set_read(c->g, h1, h);
  graph_set_read(c->g, c1, cell);
  return h;
}

static Ref gru(Case *c, Ref x, Ref start) {
  const Ref before = delayed(c, start, -1), z = gate(c, x, before);
  const Ref candidate = graph_unary(c->g, OP_TANH, affine(c, x, mul(c, gate(c, x, before), before)));
  const Ref keep = graph_binary(c->g, OP_SUB, graph_const(c->g, 1), z);
  const Ref h = add(c, mul(c, z, before), mul(c, keep, candidate));
  graph_set_read(c->g, before, h);
  return h;
}

/* h = tanh(W x + V · h[t-1..t-3]) */
static Ref narx(Case *c, Ref x, Ref start) {
  const Ref window = graph_window(c->g, NO_REF, start, T, -1, 3, -1, hidden, on_t);
  const Ref v = param(c, sizes_of(3, (int64_t)H, (int64_t)3, (int64_t)H));
  const Ref past = graph_contract(c->g, v, window, "hkg", "kg", "h", 0);
  const Ref h = graph_unary(c->g, OP_TANH, add(c, times(c, H, X, x), past));
  graph_set_read(c->g, window, h);
  return h;
}

/* For each step t, a scan over s that starts from a scan over t; t's next step reads its end. */
static Ref nested(Case *c, Ref x) {
  const Ref outer = delayed(c, param(c, hidden), -1);
  const Ref inner = graph_read(c->g, NO_REF, outer, S, -1, hidden, on_t | on_s);
  const Ref h = graph_unary(c->g, OP_TANH, add(c, affine(c, x, inner), times(c, H, H, data(c, hidden, on_s, -1, 1))));
  graph_set_read(c->g, inner, h);
  const Ref end = graph_unary(c->g, OP_TANH, times(c, H, H, graph_at_end(c->g, h, S, 1)));
  graph_set_read(c->g, outer, end);
  return end;
}

/* a = softmax over s (k[s] · h[t-1]);  h = tanh(W x + Σ a k) */
static Ref attention(Case *c, Ref x) {
  Graph *g = c->g;
  const Ref keys = varying(c, hidden, on_s, -1, 1), before = delayed(c, param(c, hidden), -1);
  const Ref score = graph_contract(g, keys, before, "h", "h", "", 0);
  const Ref e = graph_unary(g, OP_EXP, graph_binary(g, OP_SUB, score, graph_amax(g, score, 0, GRAPH_CLOCK(S))));
  const Ref a = graph_binary(g, OP_DIV, e, graph_sum(g, e, 0, GRAPH_CLOCK(S)));
  const Ref context = graph_contract(g, a, keys, "", "h", "h", GRAPH_CLOCK(S));
  const Ref h = graph_unary(g, OP_TANH, add(c, times(c, H, X, x), context));
  graph_set_read(g, before, h);
  return h;
}

/* h = tanh(W x + L h[left] + R h[right]); y = h[last] */
static Ref tree_net(Case *c, Ref x, Ref start) {
  Ref tree[TREE_INPUTS];
  tree_inputs(c, tree);
  const Ref left = graph_child(c->g, NO_REF, child_read(tree, 0, start), hidden, on_t);
  const Ref right = graph_child(c->g, NO_REF, child_read(tree, 1, start), hidden, on_t);
  const Ref h = graph_unary(c->g, OP_TANH, add(c, affine(c, x, left), times(c, H, H, right)));
  graph_set_read(c->g, left, h);
  graph_set_read(c->g, right, h);
  return h;
}

/* h = tanh(W x + Σ or max over the children k of sigmoid(V x + U h_k) h_k): a child-sum tree's forget gates. */
static Ref wide_tree_net(Case *c, Ref x, Op op) {
  Ref tree[TREE_INPUTS];
  tree_inputs(c, tree);
  const Ref all = graph_tree(c->g, op, NO_REF, tree_links(tree, -1), hidden, on_t);
  const Ref h = graph_unary(c->g, OP_TANH, affine(c, x, all));
  const Ref above = graph_tree(c->g, OP_PARENT, times(c, H, X, x), tree_links(tree, 1), hidden, 0);
  const Ref forget = graph_unary(c->g, OP_SIGMOID, add(c, above, times(c, H, H, h)));
  graph_set_read(c->g, all, mul(c, forget, h));
  return h;
}

/* h = tanh(W x + Σ softmax(V h_k) h_k): attention over a node's children. */
static Ref attending_tree_net(Case *c, Ref x) {
  Ref tree[TREE_INPUTS];
  tree_inputs(c, tree);
  const Sizes one = sizes_of(2, (int64_t)1, (int64_t)H);
  const Ref all = graph_tree(c->g, OP_CHILDREN_MIX, NO_REF, tree_links(tree, -1), hidden, on_t);
  const Ref h = graph_unary(c->g, OP_TANH, affine(c, x, all));
  const Ref parts[] = {graph_reshape(c->g, times(c, H, H, h), one), graph_reshape(c->g, h, one)};
  graph_set_read(c->g, all, graph_concat(c->g, parts, 2, 0));
  return h;
}

static Ref build_net(Case *c, int variant) {
  const Ref x = data(c, sizes_of(1, (int64_t)X), on_t, -1, 1);
  const Ref zero = graph_fill(c->g, 0, hidden);
  const Ref sequence = varying(c, hidden, GRAPH_SEQUENCE, -1, 1);
  const Ref encoder = graph_at_end(c->g, rnn(c, x, zero, -1), T, 1);
  switch (variant) {
  case 0: return rnn(c, x, zero, -1);
  case 1: return rnn(c, x, param(c, hidden), -2);
  case 2: return rnn(c, x, sequence, 1);
  case 3: return lstm(c, x, sequence);
  case 4: return gru(c, x, encoder); /* `start enc[last]` */
  case 5: return graph_concat(c->g, (Ref[]){rnn(c, x, zero, -1), rnn(c, x, param(c, hidden), 1)}, 2, 0);
  case 6: return narx(c, x, sequence);
  case 7: return encoder;
  case 8: return nested(c, x);
  case 9: return attention(c, x);
  case 10: return tree_net(c, x, sequence);
  case 11: return graph_at_end(c->g, tree_net(c, x, zero), T, 1);
  case 12: return wide_tree_net(c, x, OP_CHILDREN_SUM);
  case 13: return graph_at_end(c->g, wide_tree_net(c, x, OP_CHILDREN_MAX), T, 1);
  case 14: return attending_tree_net(c, x);
  default: return lstm(c, x, graph_at_end(c->g, rnn(c, x, encoder, 1), T, 0));
  }
}

static void nets(void) { try_op("net", build_net, 16); }

static void random_graphs(void) {
  for (int seed = 0; seed < 150; seed++) {
    Session *s = session_new();
    const bool smooth = seed % 3;
    const RandomGraph r = random_graph(s, 1000 + (uint64_t)seed, 5 + seed % 30, (smooth ? RANDOM_SMOOTH : 0) | (seed % 2 ? RANDOM_TWO_CLOCKS : 0));
    check(s, &r, (uint64_t)seed, arena_printf(s->arena, "random graph %d", seed), smooth);
    session_free(s);
  }
}

/* The gradient of a gradient: by differences of ⟨grad, v⟩, and H v by forward over reverse. */
static void second_order(void) {
  Case c = new_case(8);
  finish(&c, build_net(&c, 3), false);
  Graph *reverse = grad_reverse(c.session, c.g, NULL), *both = grad_forward(c.session, reverse, NULL);
  (void)both;
  Ref sum = NO_REF;
  for (int p = 0; p < c.g->params.len; p++) {
    const Ref grad = reverse->outputs.at[output_of(reverse, OUTPUT_GRAD, p, NULL)].value;
    const int rank = reverse->nodes.at[grad].shape.rank;
    const Ref square = graph_sum(reverse, graph_binary(reverse, OP_MUL, grad, grad), (1u << rank) - 1, 0);
    sum = sum == NO_REF ? square : graph_binary(reverse, OP_ADD, sum, square);
  }
  Graph *norm = graph_clone(reverse);
  norm->outputs.len = 0;
  graph_output(norm, "loss", OUTPUT_LOSS, 0, sum);
  RandomGraph r = c.r;
  r.graph = norm;
  check(c.session, &r, 1, "norm of the gradient", true);
  session_free(c.session);
}

int main(void) {
  CU_initialize_registry();
  CU_pSuite suite = CU_add_suite("gradient", NULL, NULL);
  CU_add_test(suite, "unary ops", unary_ops);
  CU_add_test(suite, "binary ops", binary_ops);
  CU_add_test(suite, "select", selects);
  CU_add_test(suite, "stop and spike", stop_and_spike);
  CU_add_test(suite, "a surrogate's value", surrogate_value);
  CU_add_test(suite, "powers at zero", powers_at_zero);
  CU_add_test(suite, "ties", ties);
  CU_add_test(suite, "moves", moves);
  CU_add_test(suite, "reductions", reductions);
  CU_add_test(suite, "contractions", contractions);
  CU_add_test(suite, "embeddings", embeddings);
  CU_add_test(suite, "reads", reads);
  CU_add_test(suite, "children", children);
  CU_add_test(suite, "links of trees", links);
  CU_add_test(suite, "shares of children", mixes);
  CU_add_test(suite, "windows", windows);
  CU_add_test(suite, "long windows", long_windows);
  CU_add_test(suite, "overlaps", overlaps);
  CU_add_test(suite, "edges", edges);
  CU_add_test(suite, "ends", ends);
  CU_add_test(suite, "constant tangents", constant_tangents);
  CU_add_test(suite, "small nets", nets);
  CU_add_test(suite, "random graphs", random_graphs);
  CU_add_test(suite, "second order", second_order);
  CU_basic_run_tests();
  return CU_get_number_of_failures() ? 1 : 0;
}
