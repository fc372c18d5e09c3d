/* builtins.c — functions of the language: one row a name. */
#include "base/diag.h"
#include "lower/builder.h"
#include <math.h>

/* --- a call's arguments ------------------------------------------------------------------------------------------------- */

const Expr *call_arg(const Call *c, int i) {
  for (int k = 0; k < c->e->args.len; k++)
    if (!c->e->args.at[k].name && !i--) return c->e->args.at[k].value;
  return NULL;
}

int call_count(const Call *c) {
  int n = 0;
  while (call_arg(c, n)) n++;
  return n;
}

const Expr *call_named(const Call *c, const char *name) {
  for (int k = 0; k < c->e->args.len; k++)
    if (c->e->args.at[k].name && !strcmp(c->e->args.at[k].name, name)) return c->e->args.at[k].value;
  return NULL;
}

Ref call_dense(const Call *c, int i) { return lower_dense(c->b, c->at, call_arg(c, i)); }

Ref call_aligned(const Call *c, int i) {
  return align(c->b, c->at, lower_value(c->b, c->at, call_arg(c, i)), &c->e->type.shape);
}

/* --- small formulas -------------------------------------------------------------------------------------------------------- */

static Ref unary(const Call *c, Op op, Ref x) { return graph_unary(c->b->graph, op, x); }
static Ref binary(const Call *c, Op op, Ref x, Ref y) { return graph_binary(c->b->graph, op, x, y); }
static Ref constant(const Call *c, double value) { return graph_const(c->b->graph, value); }
static Ref add(const Call *c, Ref x, Ref y) { return binary(c, OP_ADD, x, y); }
static Ref mul(const Call *c, Ref x, Ref y) { return binary(c, OP_MUL, x, y); }
static Ref divide(const Call *c, Ref x, Ref y) { return binary(c, OP_DIV, x, y); }

Ref fill_like(Builder *b, Ref x, double value) { return graph_fill(b->graph, value, node_at(b, x)->shape); }

/* UNARY(name, op): one number to one number, straight to an op of the graph. */
#define UNARIES(UNARY)                                                                                                 \
  UNARY(sigmoid, SIGMOID) UNARY(tanh, TANH) UNARY(relu, RELU) UNARY(exp, EXP) UNARY(sqrt, SQRT) UNARY(abs, ABS)            \
  UNARY(sign, SIGN) UNARY(step, STEP) UNARY(softplus, SOFTPLUS) UNARY(erf, ERF) UNARY(sin, SIN) UNARY(cos, COS)            \
  UNARY(floor, FLOOR) UNARY(stop, STOP)

#define UNARY(name, op) \
  static Ref do_##name(const Call *c) { return unary(c, OP_##op, call_dense(c, 0)); }
UNARIES(UNARY)
#undef UNARY

static Ref identity(const Call *c) { return call_dense(c, 0); }

static Ref do_log(const Call *c) { return unary(c, OP_LOG, call_dense(c, 0)); }

/* gelu x = x Φ(x) = x (1 + erf(x/√2)) / 2 */
static Ref do_gelu(const Call *c) {
  const Ref x = call_dense(c, 0);
  const Ref phi = add(c, unary(c, OP_ERF, mul(c, x, constant(c, sqrt(0.5)))), constant(c, 1));
  return mul(c, mul(c, x, constant(c, 0.5)), phi);
}

static Ref clamp(const Call *c, Ref x, Ref low, Ref high) { return binary(c, OP_MIN, binary(c, OP_MAX, x, low), high); }

static Ref do_clamp(const Call *c) { return clamp(c, call_aligned(c, 0), call_aligned(c, 1), call_aligned(c, 2)); }

/* hard_sigmoid x = 0.2 x + 0.5 between 0 and 1 */
static Ref do_hard_sigmoid(const Call *c) {
  const Ref line = add(c, mul(c, call_dense(c, 0), constant(c, 0.2)), constant(c, 0.5));
  return clamp(c, line, constant(c, 0), constant(c, 1));
}

static Ref do_hard_tanh(const Call *c) { return clamp(c, call_dense(c, 0), constant(c, -1), constant(c, 1)); }

/* mod(a, n) = a − n ⌊a/n⌋ */
static Ref do_mod(const Call *c) {
  const Ref a = call_aligned(c, 0), n = call_aligned(c, 1);
  return binary(c, OP_SUB, a, mul(c, n, unary(c, OP_FLOOR, divide(c, a, n))));
}

static Ref do_pow(const Call *c) { return binary(c, OP_POW, call_aligned(c, 0), call_aligned(c, 1)); }

/* spike(v, surrogate = atan(2)): the number, and which of runtime/surrogates.def. fast_sigmoid(25) where nothing is said. */
static Ref do_spike(const Call *c) {
  static const char *const names[] = {
#define SURROGATE(name, letter, formula, source) #name,
#include "runtime/surrogates.def"
#undef SURROGATE
  };
  _Static_assert(sizeof names / sizeof *names == SPIKE_SURROGATES, "SpikeSurrogate has the rows of runtime/surrogates.def");
  const Expr *surrogate = call_named(c, "surrogate");
  int kind = 0;
  double number = 25;
  while (surrogate && kind + 1 < SPIKE_SURROGATES && strcmp(names[kind], surrogate->name)) kind++;
  if (surrogate) static_number(c->at, surrogate->args.at[0].value, &number);
  if (!(number > 0)) /* by an option of the cell */
    diag_error(c->b->session, E0308, surrogate->span, "`%s` takes a number above 0, and is given %g", surrogate->name, number);
  return graph_spike(c->b->graph, call_dense(c, 0), (SpikeSurrogate)kind, number > 0 ? number : 1);
}

/* --- several numbers to one ------------------------------------------------------------------------------------------------ */

static Ref fold(const Call *c, Op op) {
  Ref r = call_aligned(c, 0);
  for (int i = 1; i < call_count(c); i++) r = binary(c, op, r, call_aligned(c, i));
  return r;
}

/* max(x) is the largest element, max(a, b) works element by element. */
static Ref do_max(const Call *c) {
  if (call_count(c) > 1) return fold(c, OP_MAX);
  const Ref x = call_dense(c, 0);
  return graph_amax(c->b->graph, x, all_dims(c->b, x), 0);
}

static Ref do_min(const Call *c) {
  if (call_count(c) > 1) return fold(c, OP_MIN);
  const Ref x = unary(c, OP_NEG, call_dense(c, 0));
  return unary(c, OP_NEG, graph_amax(c->b->graph, x, all_dims(c->b, x), 0));
}

static Ref do_sum(const Call *c) {
  const Ref x = call_dense(c, 0);
  return graph_sum(c->b->graph, x, all_dims(c->b, x), 0);
}

static Ref do_mean(const Call *c) {
  const Ref x = call_dense(c, 0);
  return mean_of(c->b, x, all_dims(c->b, x), 0);
}

static Ref length_of(const Call *c, Ref x, uint32_t dims) {
  return unary(c, OP_SQRT, graph_sum(c->b->graph, mul(c, x, x), dims, 0));
}

static Ref do_norm(const Call *c) {
  const Ref x = call_dense(c, 0);
  return length_of(c, x, all_dims(c->b, x));
}

static Ref do_argmax(const Call *c) {
  const Ref x = call_dense(c, 0);
  return graph_argmax(c->b->graph, x, rank_of(c->b, x) - 1);
}

static Ref do_softmax(const Call *c) {
  const Ref x = call_dense(c, 0);
  return softmax(c->b, x, last_dim(c->b, x), 0);
}

static Ref do_logsoftmax(const Call *c) {
  const Ref x = call_dense(c, 0);
  return logsoftmax(c->b, x, last_dim(c->b, x), 0);
}

/* --- products ---------------------------------------------------------------------------------------------------------------- */

static void letters(char *out, char first, int n) {
  for (int i = 0; i < n; i++) out[i] = (char)(first + i);
  out[n] = 0;
}

/* The last `meet` dims of the longer meet those of the shorter; equal dims before them go along; the result keeps what is left. */
static Ref meet_last(const Call *c, Ref a, Ref b, int meet) {
  Builder *bd = c->b;
  const bool swapped = rank_of(bd, a) < rank_of(bd, b);
  const Ref large = swapped ? b : a, small = swapped ? a : b;
  const int n = rank_of(bd, large), k = rank_of(bd, small);
  char all[GRAPH_RANK + 1], part[GRAPH_RANK + 1], out[GRAPH_RANK + 1];
  letters(all, 'a', n);
  letters(part, (char)('a' + n - k), k);
  letters(out, 'a', n - meet);
  return graph_contract(bd->graph, large, small, all, part, out, 0);
}

static int smaller_rank(const Call *c, Ref a, Ref b) {
  const int ra = rank_of(c->b, a), rb = rank_of(c->b, b);
  return ra < rb ? ra : rb;
}

/* dot(a, b): all dims of the smaller with the last of the larger, unless the checker's result keeps some. */
static Ref do_dot(const Call *c) {
  const Ref a = call_dense(c, 0), b = call_dense(c, 1);
  const int ra = rank_of(c->b, a), rb = rank_of(c->b, b);
  const int meet = (ra > rb ? ra : rb) - c->e->type.shape.rank;
  return meet_last(c, a, b, meet < 0 ? smaller_rank(c, a, b) : meet);
}

static Ref do_outer(const Call *c) {
  const Ref a = call_dense(c, 0), b = call_dense(c, 1);
  char la[GRAPH_RANK + 1], lb[GRAPH_RANK + 1], out[2 * GRAPH_RANK + 1];
  letters(la, 'a', rank_of(c->b, a));
  letters(lb, (char)('a' + rank_of(c->b, a)), rank_of(c->b, b));
  letters(out, 'a', rank_of(c->b, a) + rank_of(c->b, b));
  return graph_contract(c->b->graph, a, b, la, lb, out, 0);
}

/* cosine(a, b) = a·b / (|a||b|) along the last dim; a vector of length 0 is like nothing. */
static Ref do_cosine(const Call *c) {
  const Ref a = call_dense(c, 0), b = call_dense(c, 1);
  const Ref dot = meet_last(c, a, b, 1);
  Ref la = length_of(c, a, last_dim(c->b, a)), lb = length_of(c, b, last_dim(c->b, b));
  const bool swapped = rank_of(c->b, la) < rank_of(c->b, lb);
  Ref large = swapped ? lb : la, small = swapped ? la : lb;
  const int n = rank_of(c->b, large), k = rank_of(c->b, small);
  int8_t map[GRAPH_RANK];
  for (int i = 0; i < n; i++) map[i] = (int8_t)(i < n - k ? -1 : i - (n - k));
  if (k != n) small = graph_broadcast(c->b->graph, small, map, node_at(c->b, large)->shape);
  return divide(c, dot, add(c, mul(c, large, small), constant(c, 1e-8)));
}

/* --- moving elements ---------------------------------------------------------------------------------------------------------- */

static Ref do_concat(const Call *c) {
  const int n = call_count(c);
  Ref *parts = arena_array(c->b->session->arena, Ref, n + 1);
  for (int i = 0; i < n; i++) parts[i] = call_dense(c, i);
  for (int i = 0; i < n; i++)
    if (!rank_of(c->b, parts[i])) parts[i] = graph_reshape(c->b->graph, parts[i], sizes_of(1, (int64_t)1));
  return graph_concat(c->b->graph, parts, n, 0);
}

static Ref do_one_hot(const Call *c) {
  const Shape *shape = &c->e->type.shape;
  const Ref x = lower_expr(c->b, c->at, call_arg(c, 0));
  return graph_one_hot(c->b->graph, x, size_here(c->at, shape->dim[shape->rank - 1]));
}

/* Turns a vector around its end: y[i] = x[(i − by) mod n]. */
static Ref rolled(const Call *c, Ref x, int64_t by) {
  Graph *g = c->b->graph;
  const int64_t n = node_at(c->b, x)->shape.dim[0], cut = ((-by % n) + n) % n;
  if (!cut) return x;
  const Ref parts[] = {graph_slice(g, x, 0, cut, n - cut, 1), graph_slice(g, x, 0, 0, cut, 1)};
  return graph_concat(g, parts, 2, 0);
}

static Ref component(const Call *c, Ref x, int64_t i) {
  return graph_reshape(c->b->graph, graph_slice(c->b->graph, x, 0, i, 1, 1), sizes_scalar());
}

/* rotate(x, s) = Σ_j s[j] · x turned by j − ⌊S/2⌋: the circular convolution of Graves et al. (2014), equation 8. */
static Ref do_rotate(const Call *c) {
  const Ref x = call_dense(c, 0);
  double by;
  if (static_number(c->at, call_arg(c, 1), &by)) return rolled(c, x, (int64_t)by);
  const Ref s = call_dense(c, 1);
  const int64_t n = node_at(c->b, s)->shape.dim[0];
  Ref sum = NO_REF;
  for (int64_t j = 0; j < n; j++) {
    const Ref term = mul(c, rolled(c, x, j - n / 2), component(c, s, j));
    sum = sum == NO_REF ? term : add(c, sum, term);
  }
  return sum;
}

/* x between two zeros, and for each i the place of x[i − k] there: GATHER takes the nearest, so a zero, for what x has not. */
static Ref shift_computed(const Call *c, Ref x, Ref k) {
  Graph *g = c->b->graph;
  const Sizes shape = node_at(c->b, x)->shape;
  const int64_t n = shape.dim[0];
  double *place = arena_array(c->b->session->arena, double, n);
  for (int64_t i = 0; i < n; i++) place[i] = (double)(i + 1);
  const int8_t first[GRAPH_RANK] = {0, -1, -1, -1, -1, -1, -1};
  const Ref places = graph_broadcast(g, graph_tensor(g, place, sizes_of(1, n)), first, shape);
  const Ref whole = unary(c, OP_FLOOR, add(c, k, constant(c, 0.5)));
  return graph_gather(g, graph_pad(g, x, 0, 1, 1, n + 2), binary(c, OP_SUB, places, whole), 0);
}

/* shift(x, k): y[i] = x[i − k], 0 where there is none; k is the nearest whole number. */
static Ref do_shift(const Call *c) {
  double by;
  const Ref x = call_dense(c, 0);
  if (!static_number(c->at, call_arg(c, 1), &by)) return shift_computed(c, x, lower_expr(c->b, c->at, call_arg(c, 1)));
  const int64_t n = node_at(c->b, x)->shape.dim[0], k = (int64_t)floor(by + 0.5), kept = n - (k < 0 ? -k : k);
  if (kept <= 0) return fill_like(c->b, x, 0);
  return graph_pad(c->b->graph, graph_slice(c->b->graph, x, 0, k < 0 ? -k : 0, kept, 1), 0, k < 0 ? 0 : k, 1, n);
}

/* --- time ---------------------------------------------------------------------------------------------------------------------- */

static double step_of(const Call *c) {
  for (int i = 0; i < c->b->program->clocks.len; i++)
    if (c->b->program->clocks.at[i].step > 0) return c->b->program->clocks.at[i].step;
  return 1;
}

/* decay(τ) = exp(−step/τ) */
static Ref do_decay(const Call *c) {
  double tau;
  if (static_number(c->at, call_arg(c, 0), &tau)) return constant(c, exp(-step_of(c) / tau));
  return unary(c, OP_EXP, divide(c, constant(c, -step_of(c)), call_dense(c, 0)));
}

static int clock_arg(const Call *c) {
  const Expr *e = call_arg(c, 0);
  return clock_here(c->at, e && e->symbol && e->symbol->kind == SYMBOL_CLOCK ? e->symbol->clock : 0);
}

static Ref do_begins(const Call *c) {
  return binary(c, OP_EQ, graph_step_index(c->b->graph, clock_arg(c)), constant(c, 0));
}

static Ref do_ends(const Call *c) {
  const Ref last = binary(c, OP_SUB, graph_length(c->b->graph, clock_arg(c)), constant(c, 1));
  return binary(c, OP_EQ, graph_step_index(c->b->graph, clock_arg(c)), last);
}

static Ref do_length(const Call *c) { return graph_length(c->b->graph, clock_arg(c)); }

/* --- the table ----------------------------------------------------------------------------------------------------------------- */

static const struct BuiltinRow {
  const char *name;
  CallRule *rule;
} builtin_rows[] = {
#define UNARY(name, op) {#name, do_##name},
    UNARIES(UNARY)
#undef UNARY
    {"log", do_log}, {"gelu", do_gelu}, {"clamp", do_clamp}, {"hard_sigmoid", do_hard_sigmoid}, {"hard_tanh", do_hard_tanh},
    {"hardlim", do_step}, {"identity", identity}, {"linear", identity}, {"mod", do_mod}, {"pow", do_pow}, {"spike", do_spike},
    {"max", do_max}, {"min", do_min}, {"sum", do_sum}, {"mean", do_mean}, {"norm", do_norm}, {"argmax", do_argmax},
    {"softmax", do_softmax}, {"logsoftmax", do_logsoftmax}, {"dot", do_dot}, {"outer", do_outer}, {"cosine", do_cosine},
    {"concat", do_concat}, {"one_hot", do_one_hot}, {"rotate", do_rotate}, {"shift", do_shift}, {"decay", do_decay},
    {"begins", do_begins}, {"ends", do_ends}, {"length", do_length},
    {"dropout", random_dropout}, {"noise", random_noise}, {"sample", random_sample},
};

/* Only what a clause passes to a cell may be one, which the checker lets through. */
static Ref measure_of_run(Builder *b, const Expr *e, const char *name) {
  if (!e->symbol || e->symbol->kind != SYMBOL_BUILTIN || e->symbol->builtin->class < BUILTIN_LOSS) return impossible(b, e->span, name);
  Diag *d = diag_error(b->session, E0409, e->span, "`%s` is known when all has been computed: no value of the net can need it", name);
  diag_label(d, e->span, "over all steps of all sequences");
  return graph_const(b->graph, 0);
}

Ref lower_builtin(Builder *b, Instance *at, const Expr *e, const char *name) {
  const Call c = {b, at, e, name};
  for (size_t i = 0; i < sizeof builtin_rows / sizeof *builtin_rows; i++)
    if (!strcmp(builtin_rows[i].name, name)) return builtin_rows[i].rule(&c);
  return measure_of_run(b, e, name);
}
