/* links: test_support rnn_graph rnn_front */
/* Derivatives of every op that computes, moves or adds numbers, alone. */
#include "grad/grad.h"
#include "support/derivative.h"
#include <CUnit/Basic.h>
#include <math.h>

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
      Case c = case_new(i * 9 + (uint64_t)axes);
      case_finish(&c, graph_unary(c.g, ops[i].op, case_varying(&c, matrix, pairs[axes][0], ops[i].low, ops[i].high)), axes & 1);
      derivative_check(c.session, &c.r, i, op_text(ops[i].op), true);
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
      Case c = case_new(i * 11 + (uint64_t)axes);
      const Ref a = case_varying(&c, vector, pairs[axes][0], ops[i].low, ops[i].high);
      const Ref b = case_varying(&c, vector, pairs[axes][1], ops[i].low2, ops[i].high2);
      case_finish(&c, graph_binary(c.g, ops[i].op, a, b), axes & 1);
      derivative_check(c.session, &c.r, i, op_text(ops[i].op), true);
      session_free(c.session);
    }
}

static Ref build_select(Case *c, int variant) {
  const Ref a = case_varying(c, vector, pairs[variant][0], -1, 1), b = case_varying(c, vector, pairs[variant][1], -1, 1);
  const Ref condition = graph_binary(c->g, OP_LT, case_data(c, vector, variant & 1 ? on_t : GRAPH_SEQUENCE, -1, 1), graph_const(c->g, 0));
  return graph_select(c->g, condition, a, b);
}

static void selects(void) { derivative_try("select", build_select, PAIRS); }

/* Whatever `stop` hides has no part in the derivative; a spike has its surrogate's: no differences for these. */
static void stop_and_spike(void) {
  Case c = case_new(3);
  const Ref x = case_varying(&c, vector, on_t, -1, 1);
  const Ref y = graph_spike(c.g, x, SPIKE_FAST_SIGMOID, 25);
  case_finish(&c, graph_binary(c.g, OP_ADD, graph_unary(c.g, OP_STOP, graph_unary(c.g, OP_EXP, x)), graph_binary(c.g, OP_MUL, x, y)), false);
  derivative_check(c.session, &c.r, 1, "spike", false);
  session_free(c.session);
  Case d = case_new(4);
  case_finish(&d, graph_unary(d.g, OP_STOP, case_param(&d, vector)), true);
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
    Case c = case_new(5);
    case_finish(&c, graph_spike(c.g, case_param(&c, vector), (SpikeSurrogate)kind, numbers[kind]), true);
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
  Case c = case_new(6);
  const Ref x = case_param(&c, vector);
  const double exponents[] = {0, 2, 1};
  const Ref varied = case_param(&c, vector);
  const Ref fixed = graph_binary(c.g, OP_POW, x, graph_tensor(c.g, exponents, vector));
  case_finish(&c, graph_binary(c.g, OP_ADD, fixed, graph_binary(c.g, OP_POW, graph_unary(c.g, OP_STOP, x), varied)), true);
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
    Case c = case_new(7);
    const Ref a = case_param(&c, vector), b = case_param(&c, vector);
    const Ref y = i == 2 ? graph_amax(c.g, a, 1, 0) : graph_binary(c.g, i ? OP_MAX : OP_MIN, a, b);
    case_finish(&c, y, true);
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
  const Ref x = case_varying(c, matrix, axes, -1, 1);
  switch (variant / 2) {
  case 0: return graph_transpose(g, x);
  case 1: return graph_broadcast(g, x, (int8_t[]){1, -1, 0}, sizes_of(3, (int64_t)3, (int64_t)4, (int64_t)2));
  case 2: return graph_broadcast(g, x, (int8_t[]){-1, 0, 1}, sizes_of(3, (int64_t)2, (int64_t)2, (int64_t)3));
  case 3: return graph_reshape(g, x, sizes_of(1, (int64_t)6));
  case 4: return graph_slice(g, x, 1, 0, 2, 2);
  case 5: return graph_slice(g, x, 0, 1, 1, 1);
  case 6: return graph_pad(g, x, 1, 1, 2, 7);
  case 7: return graph_concat(g, (Ref[]){x, case_varying(c, matrix, GRAPH_SEQUENCE, -1, 1), x}, 3, 0);
  case 8: return graph_concat(g, (Ref[]){case_varying(c, matrix, on_t, -1, 1), x}, 2, 1);
  case 9: return graph_transpose(g, graph_slice(g, x, 0, 0, 1, 1));
  case 10: return graph_gather(g, x, graph_tensor(g, (double[]){2, 3, 2, 3, 9, 2, 3, -9, 2, 3, 3, 2}, sizes_of(3, (int64_t)2, (int64_t)2, (int64_t)3)), 2);
  case 11: return graph_gather(g, x, graph_tensor(g, (double[]){1, 0, 1}, sizes_of(1, (int64_t)3)), 0);
  default: return graph_scatter(g, x, graph_tensor(g, (double[]){1, 2, 4, 1, 3, 3}, matrix), 1, sizes_of(2, (int64_t)4, (int64_t)3));
  }
}

static void moves(void) { derivative_try("move", build_move, 26); }

static Ref build_sum(Case *c, int variant) {
  static const struct {
    uint32_t dims;
    GraphAxes axes, over;
  } ways[] = {{1, 0, 0}, {3, 0, 0}, {0, GRAPH_SEQUENCE, GRAPH_SEQUENCE},
              {0, GRAPH_SEQUENCE | GRAPH_CLOCK(T), GRAPH_CLOCK(T)},
              {2, GRAPH_SEQUENCE | GRAPH_CLOCK(T), GRAPH_SEQUENCE | GRAPH_CLOCK(T)},
              {1, GRAPH_SEQUENCE | GRAPH_CLOCK(T) | GRAPH_CLOCK(S), GRAPH_CLOCK(S)},
              {3, GRAPH_SEQUENCE | GRAPH_CLOCK(T) | GRAPH_CLOCK(S), GRAPH_SEQUENCE | GRAPH_CLOCK(S) | GRAPH_CLOCK(T)}};
  const Ref x = case_varying(c, matrix, ways[variant % 7].axes, -1, 1);
  return variant < 7 ? graph_sum(c->g, x, ways[variant].dims, ways[variant].over)
                     : graph_amax(c->g, x, ways[variant - 7].dims, ways[variant - 7].over);
}

static void reductions(void) { derivative_try("sum and amax", build_sum, 14); }

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
  return graph_contract(c->g, case_varying(c, s[0], axes[0], -1, 1), case_varying(c, s[1], axes[1], -1, 1), form[0], form[1], form[2], over);
}

/* The steps' numbers go beyond the places that there are. */
static Ref build_embed(Case *c, int variant) {
  const int dim = variant % 2;
  const Ref place = variant / 2 % 3 ? graph_step_index(c->g, variant / 2 % 3 == 1 ? T : S) : graph_const(c->g, 1);
  if (variant < 6) return graph_embed(c->g, case_param(c, matrix), place, dim);
  const Ref d = case_varying(c, vector, pairs[variant / 6 % PAIRS][0], -1, 1);
  return graph_embed_add(c->g, d, place, dim, 4, c->g->nodes.at[d].axes | c->g->nodes.at[place].axes);
}

static void embeddings(void) { derivative_try("embed", build_embed, 6 * (PAIRS + 1)); }

static void contractions(void) { derivative_try("contract", build_contract, 10 * PAIRS); }

int main(void) {
  CU_initialize_registry();
  CU_pSuite suite = CU_add_suite("gradient/ops", NULL, NULL);
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
  CU_basic_run_tests();
  return CU_get_number_of_failures() ? 1 : 0;
}
