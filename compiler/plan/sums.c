/* sums.c — sums of products become one: W x + V y is computed as [W V] [x; y], without the parts ever being in memory.
 *
 * That is what the reverse pass of a gated cell is full of: the gradient of its state is a sum over the gates of Uᵀδ. A sum is taken where
 * it is a tree of additions over products by rows that nobody else looks at, all of one region: what is outside of a loop stays there. */
#include "plan/scans.h"

typedef struct Sums {
  Plan *plan;
  const Graph *g;
  const Scans *scans;
  int *uses;    /* [node] */
  bool *is_sum;
} Sums;

static void count_uses(Sums *s) {
  for (Ref i = 0; i < s->g->nodes.len; i++)
    for (int k = 0; k < s->g->nodes.at[i].inputs; k++) s->uses[s->g->nodes.at[i].in[k]]++;
  for (int i = 0; i < s->g->outputs.len; i++) s->uses[s->g->outputs.at[i].value]++;
}

static bool is_product(const Sums *s, Ref r) {
  Product p;
  return s->g->nodes.at[r].op == OP_CONTRACT && product_match(s->g, r, &p) && p.form == PRODUCT_ROWS;
}

/* Is everything under the addition a product or another addition, of the same region and space, and used here only? */
static bool is_pure(const Sums *s, Ref sum) {
  const Node *n = &s->g->nodes.at[sum];
  for (int i = 0; i < 2; i++) {
    Ref in = n->in[i];
    const Node *m = &s->g->nodes.at[in];
    if (s->uses[in] != 1 || s->scans->of[in] != s->scans->of[sum] || m->axes != n->axes) return false;
    if (m->op == OP_ADD ? !is_pure(s, in) : !is_product(s, in)) return false;
  }
  return true;
}

static void absorb(Sums *s, Ref sum, Ref r) {
  const Node *n = &s->g->nodes.at[r];
  for (int i = 0; n->op == OP_ADD && i < 2; i++) {
    s->plan->absorbed_by[n->in[i]] = sum;
    absorb(s, sum, n->in[i]);
  }
}

bool *plan_find_sums(Plan *p, const Scans *scans) {
  Arena *a = p->session->arena;
  int n = p->graph->nodes.len;
  Sums s = {p, p->graph, scans, arena_array(a, int, n + 1), arena_array(a, bool, n + 1)};
  count_uses(&s);
  for (Ref i = 0; i < n; i++) p->absorbed_by[i] = NO_REF;
  for (Ref i = n - 1; i >= 0; i--) { /* the outermost addition of a tree comes last */
    if (s.g->nodes.at[i].op != OP_ADD || is_absorbed(p, i) || !is_pure(&s, i)) continue;
    s.is_sum[i] = true;
    absorb(&s, i, i);
  }
  return s.is_sum;
}
