/* links: test_support rnn_graph rnn_front */
/* Derivatives of small nets and of random graphs, and of a derivative. */
#include "grad/grad.h"
#include "support/derivative.h"
#include <CUnit/Basic.h>

/* --- small nets ------------------------------------------------------------------------------------------------------------ */

enum { X = 2, H = 3 };
static const Sizes hidden = {.rank = 1, .dim = {H}};

static Ref times(Case *c, int out, int in, Ref x) {
  return graph_contract(c->g, case_param(c, sizes_of(2, (int64_t)out, (int64_t)in)), x, "hx", "x", "h", 0);
}

/* W x + U h + b */
static Ref affine(Case *c, Ref x, Ref h) {
  const Ref sum = graph_binary(c->g, OP_ADD, times(c, H, X, x), times(c, H, H, h));
  return graph_binary(c->g, OP_ADD, sum, case_param(c, hidden));
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
  const Ref h1 = delayed(c, start, -1), c1 = delayed(c, case_param(c, hidden), -1);
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
  const Ref v = case_param(c, sizes_of(3, (int64_t)H, (int64_t)3, (int64_t)H));
  const Ref past = graph_contract(c->g, v, window, "hkg", "kg", "h", 0);
  const Ref h = graph_unary(c->g, OP_TANH, add(c, times(c, H, X, x), past));
  graph_set_read(c->g, window, h);
  return h;
}

/* For each step t, a scan over s that starts from a scan over t; t's next step reads its end. */
static Ref nested(Case *c, Ref x) {
  const Ref outer = delayed(c, case_param(c, hidden), -1);
  const Ref inner = graph_read(c->g, NO_REF, outer, S, -1, hidden, on_t | on_s);
  const Ref h = graph_unary(c->g, OP_TANH, add(c, affine(c, x, inner), times(c, H, H, case_data(c, hidden, on_s, -1, 1))));
  graph_set_read(c->g, inner, h);
  const Ref end = graph_unary(c->g, OP_TANH, times(c, H, H, graph_at_end(c->g, h, S, 1)));
  graph_set_read(c->g, outer, end);
  return end;
}

/* a = softmax over s (k[s] · h[t-1]);  h = tanh(W x + Σ a k) */
static Ref attention(Case *c, Ref x) {
  Graph *g = c->g;
  const Ref keys = case_varying(c, hidden, on_s, -1, 1), before = delayed(c, case_param(c, hidden), -1);
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
  case_tree(c, tree);
  const Ref left = graph_child(c->g, NO_REF, case_child(tree, 0, start), hidden, on_t);
  const Ref right = graph_child(c->g, NO_REF, case_child(tree, 1, start), hidden, on_t);
  const Ref h = graph_unary(c->g, OP_TANH, add(c, affine(c, x, left), times(c, H, H, right)));
  graph_set_read(c->g, left, h);
  graph_set_read(c->g, right, h);
  return h;
}

/* h = tanh(W x + Σ or max over the children k of sigmoid(V x + U h_k) h_k): a child-sum tree's forget gates. */
static Ref wide_tree_net(Case *c, Ref x, Op op) {
  Ref tree[TREE_INPUTS];
  case_tree(c, tree);
  const Ref all = graph_tree(c->g, op, NO_REF, case_links(tree, -1), hidden, on_t);
  const Ref h = graph_unary(c->g, OP_TANH, affine(c, x, all));
  const Ref above = graph_tree(c->g, OP_PARENT, times(c, H, X, x), case_links(tree, 1), hidden, 0);
  const Ref forget = graph_unary(c->g, OP_SIGMOID, add(c, above, times(c, H, H, h)));
  graph_set_read(c->g, all, mul(c, forget, h));
  return h;
}

/* h = tanh(W x + Σ softmax(V h_k) h_k): attention over a node's children. */
static Ref attending_tree_net(Case *c, Ref x) {
  Ref tree[TREE_INPUTS];
  case_tree(c, tree);
  const Sizes one = sizes_of(2, (int64_t)1, (int64_t)H);
  const Ref all = graph_tree(c->g, OP_CHILDREN_MIX, NO_REF, case_links(tree, -1), hidden, on_t);
  const Ref h = graph_unary(c->g, OP_TANH, affine(c, x, all));
  const Ref parts[] = {graph_reshape(c->g, times(c, H, H, h), one), graph_reshape(c->g, h, one)};
  graph_set_read(c->g, all, graph_concat(c->g, parts, 2, 0));
  return h;
}

static Ref build_net(Case *c, int variant) {
  const Ref x = case_data(c, sizes_of(1, (int64_t)X), on_t, -1, 1);
  const Ref zero = graph_fill(c->g, 0, hidden);
  const Ref sequence = case_varying(c, hidden, GRAPH_SEQUENCE, -1, 1);
  const Ref encoder = graph_at_end(c->g, rnn(c, x, zero, -1), T, 1);
  switch (variant) {
  case 0: return rnn(c, x, zero, -1);
  case 1: return rnn(c, x, case_param(c, hidden), -2);
  case 2: return rnn(c, x, sequence, 1);
  case 3: return lstm(c, x, sequence);
  case 4: return gru(c, x, encoder); /* `start enc[last]` */
  case 5: return graph_concat(c->g, (Ref[]){rnn(c, x, zero, -1), rnn(c, x, case_param(c, hidden), 1)}, 2, 0);
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

static void nets(void) { derivative_try("net", build_net, 16); }

static void random_graphs(void) {
  for (int seed = 0; seed < 150; seed++) {
    Session *s = session_new();
    const bool smooth = seed % 3;
    const RandomGraph r = random_graph(s, 1000 + (uint64_t)seed, 5 + seed % 30, (smooth ? RANDOM_SMOOTH : 0) | (seed % 2 ? RANDOM_TWO_CLOCKS : 0));
    derivative_check(s, &r, (uint64_t)seed, arena_printf(s->arena, "random graph %d", seed), smooth);
    session_free(s);
  }
}

/* The gradient of ‖gradient‖²: reverse over reverse, and forward over reverse, against differences. */
static void second_order(void) {
  Case c = case_new(8);
  case_finish(&c, build_net(&c, 3), false);
  Graph *reverse = grad_reverse(c.session, c.g, NULL);
  Ref sum = NO_REF;
  for (int p = 0; p < c.g->params.len; p++) {
    const Ref grad = reverse->outputs.at[derivative_output(reverse, OUTPUT_GRAD, p, NULL)].value;
    const int rank = reverse->nodes.at[grad].shape.rank;
    const Ref square = graph_sum(reverse, graph_binary(reverse, OP_MUL, grad, grad), (1u << rank) - 1, 0);
    sum = sum == NO_REF ? square : graph_binary(reverse, OP_ADD, sum, square);
  }
  Graph *norm = graph_clone(reverse);
  norm->outputs.len = 0;
  graph_output(norm, "loss", OUTPUT_LOSS, 0, sum);
  RandomGraph r = c.r;
  r.graph = norm;
  derivative_check(c.session, &r, 1, "norm of the gradient", true);
  session_free(c.session);
}

int main(void) {
  CU_initialize_registry();
  CU_pSuite suite = CU_add_suite("gradient/nets", NULL, NULL);
  CU_add_test(suite, "small nets", nets);
  CU_add_test(suite, "random graphs", random_graphs);
  CU_add_test(suite, "second order", second_order);
  CU_basic_run_tests();
  return CU_get_number_of_failures() ? 1 : 0;
}
