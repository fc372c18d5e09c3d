/* terms.c — additions in an order in which products stand together: b + W x + U h is W x + U h + b, and W x + U h one product
 * (plan/sums.c), however it is written. Requires a causal graph. A chain of additions changes by rounding only.
 *
 * Only additions that nobody else looks at, on the same axes, are one chain: what lives on fewer axes is added once for all that are
 * repeated. Products of a loop stand together, and so do those outside of it, as either may be computed apart. */
#include "pass/rewrite.h"

enum { MOST_TERMS = 64 };

typedef struct Terms {
  const Graph *g;
  const Components *components;
  int *uses;    /* [node] */
  bool *inside; /* [node]: an addition that is part of a larger one */
} Terms;

/* The terms of one sum, in the order of the text. */
typedef struct Chain {
  Ref term[MOST_TERMS];
  int count;
} Chain;

static int *uses_of(Session *s, const Graph *g) {
  int *uses = arena_array(s->arena, int, g->nodes.len + 1);
  for (Ref r = 0; r < g->nodes.len; r++)
    for (int i = 0; i < node_of(g, r)->inputs; i++) uses[input_of(g, r, i)]++;
  for (int i = 0; i < g->outputs.len; i++) uses[g->outputs.at[i].value]++;
  return uses;
}

static bool continues(const Terms *t, Ref sum, Ref r) {
  return op_of(t->g, r) == OP_ADD && t->uses[r] == 1 && rewrite_fits(t->g, sum, r);
}

static void mark_inside(Terms *t) {
  for (Ref r = 0; r < t->g->nodes.len; r++)
    for (int i = 0; op_of(t->g, r) == OP_ADD && i < 2; i++)
      if (continues(t, r, input_of(t->g, r, i))) t->inside[input_of(t->g, r, i)] = true;
}

static bool collect(const Terms *t, Ref sum, Chain *out) {
  for (int i = 0; i < 2; i++) {
    const Ref in = input_of(t->g, sum, i);
    if (continues(t, sum, in)) {
      if (!collect(t, in, out)) return false;
    } else if (out->count == MOST_TERMS) return false;
    else out->term[out->count++] = in;
  }
  return true;
}

/* Weights times what varies with the sum: what a matrix product computes row by row. */
static bool is_product(const Terms *t, Ref sum, Ref r) {
  const Node *n = node_of(t->g, r);
  if (n->op != OP_CONTRACT || n->attrs.over || !rewrite_fits(t->g, sum, r)) return false;
  return !node_of(t->g, n->in[0])->axes != !node_of(t->g, n->in[1])->axes;
}

static bool in_its_loop(const Terms *t, Ref sum, Ref r) { return t->components->component[r] == t->components->component[sum]; }

/* 0 and 1: products, those like the first one before the others; 2: any other term. */
static int place_of(const Terms *t, Ref sum, const Chain *c, int i) {
  if (!is_product(t, sum, c->term[i])) return 2;
  int first = 0;
  while (!is_product(t, sum, c->term[first])) first++;
  return in_its_loop(t, sum, c->term[i]) != in_its_loop(t, sum, c->term[first]);
}

static Ref plus(Rewrite *w, Ref sum, Ref term) { return sum == NO_REF ? term : graph_binary(w->to, OP_ADD, sum, term); }

static Ref sum_of_place(Rewrite *w, const Terms *t, Ref sum, const Chain *c, int place) {
  Ref out = NO_REF;
  for (int i = 0; i < c->count; i++)
    if (place_of(t, sum, c, i) == place) out = plus(w, out, w->map[c->term[i]]);
  return out;
}

static Ref reorder(Rewrite *w, Ref old, Ref made, void *context) {
  const Terms *t = context;
  Chain c = {.count = 0};
  int products = 0;
  if (op_of(t->g, old) != OP_ADD || t->inside[old] || !collect(t, old, &c)) return made;
  for (int i = 0; i < c.count; i++) products += is_product(t, old, c.term[i]);
  if (products < 2 || products == c.count) return made;
  Ref sum = sum_of_place(w, t, old, &c, 0);
  const Ref apart = sum_of_place(w, t, old, &c, 1);
  if (apart != NO_REF) sum = plus(w, sum, apart);
  for (int i = 0; i < c.count; i++)
    if (place_of(t, old, &c, i) == 2) sum = plus(w, sum, w->map[c.term[i]]);
  return sum;
}

Graph *pass_terms(Session *s, Graph *g) {
  const Components k = graph_components(s, g);
  Terms t = {g, &k, uses_of(s, g), arena_array(s->arena, bool, g->nodes.len + 1)};
  mark_inside(&t);
  return rewrite_graph(s, g, reorder, &t);
}
