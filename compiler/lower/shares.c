/* shares.c — attention over a node's children: sum over n.children (softmax over n.children (s) * v).
 *
 * A share among siblings, p = exp(s) / Σ exp(s), needs the scores of all of them, and those that come later too. Where scores depend on
 * what the node above makes of them (h of children), p would be a step that waits for the future. The sum does not: in Σ p v the shares
 * are taken out of the terms, and the node that sums, which comes after all its children, makes them itself (CHILDREN_MIX). The same p
 * named, and written or plotted, stays outside of the loop. */
#include "lower/builder.h"

static const Share *find_share(const Builder *b, Ref x, int clock) {
  for (int i = 0; i < b->shares.len; i++)
    if (b->shares.at[i].share == x && b->shares.at[i].clock == clock) return &b->shares.at[i];
  return NULL;
}

static const SharedTerm no_share = {NO_REF, NO_REF, NO_REF};

/* Node x with other inputs, and without its name. */
static Ref again(Builder *b, Ref x, const Ref *in) {
  Node n = *node_at(b, x);
  n.name = NULL;
  return graph_rebuild_node(b->graph, &n, in);
}

/* What moves elements moves scores and values alike. */
static SharedTerm moved(Builder *b, Ref x, int clock) {
  const SharedTerm t = shared_term(b, node_at(b, x)->in[0], clock);
  if (t.score == NO_REF) return t;
  return (SharedTerm){again(b, x, &t.score), again(b, x, &t.value), t.number};
}

/* (p v) · c, c · (p v), (p v) / c, −(p v) */
static SharedTerm scaled(Builder *b, Ref x, int clock) {
  const int inputs = node_at(b, x)->inputs, factors = node_at(b, x)->op == OP_MUL ? 2 : 1;
  Ref in[2] = {NO_REF, NO_REF};
  for (int i = 0; i < inputs; i++) in[i] = node_at(b, x)->in[i];
  for (int i = 0; i < factors; i++) {
    const SharedTerm t = shared_term(b, in[i], clock);
    if (t.score == NO_REF) continue;
    in[i] = t.value;
    return (SharedTerm){t.score, again(b, x, in), t.number};
  }
  return no_share;
}

/* f(p v) = p f(v) of a linear f, where p is one number */
static SharedTerm linear(Builder *b, Ref x, int clock) {
  const int inputs = node_at(b, x)->inputs;
  Ref in[2] = {NO_REF, NO_REF};
  if (node_at(b, x)->attrs.over) return no_share;
  for (int i = 0; i < inputs; i++) in[i] = node_at(b, x)->in[i];
  for (int i = 0; i < inputs; i++) {
    const SharedTerm t = shared_term(b, in[i], clock);
    if (t.number == NO_REF) continue;
    in[i] = t.value;
    return (SharedTerm){graph_expand(b->graph, t.number, node_at(b, x)->shape), again(b, x, in), t.number};
  }
  return no_share;
}

SharedTerm shared_term(Builder *b, Ref x, int clock) {
  const Share *s = find_share(b, x, clock);
  if (s) return (SharedTerm){s->score, fill_like(b, x, 1), rank_of(b, x) ? NO_REF : s->score};
  switch (node_at(b, x)->op) {
  case OP_MUL: case OP_DIV: case OP_NEG: return scaled(b, x, clock);
  case OP_BROADCAST: case OP_RESHAPE: case OP_SLICE: return moved(b, x, clock);
  case OP_CONTRACT: case OP_SUM: return linear(b, x, clock);
  default: return no_share;
  }
}

