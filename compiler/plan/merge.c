/* merge.c — products of the same right sides become one: the gates of any gated cell.
 *
 * out_i[r] = W_i x[r] for several i is out[r] = [W_1; W_2; …] x[r]: x is read once, and small gates fill whole panels. The results
 * keep their names but share a buffer, side by side in every row; Plan.home says where. Only whole vectors are put side by side, so that
 * element-wise work on the parts stays in full vectors (a step takes any: one column has never sums enough), and only values that need no
 * memory of their own (no outputs, no delay lines). The same holds for sums of products, term by term. */
#include "plan/internal.h"

typedef struct Merge {
  Plan *plan;
  bool *owns; /* [node] needs memory of its own */
} Merge;

static void find_owners(Merge *m) {
  const Graph *g = m->plan->graph;
  m->owns = arena_array(m->plan->session->arena, bool, g->nodes.len + 1);
  for (Ref i = 0; i < g->nodes.len; i++)
    if (op_reads_steps(g->nodes.at[i].op)) m->owns[g->nodes.at[i].in[0]] = true;
  for (int i = 0; i < g->outputs.len; i++) m->owns[g->outputs.at[i].value] = true;
}

static bool is_there_before(const Plan *p, Ref weight) {
  Op op = p->graph->nodes.at[weight].op;
  return op == OP_PARAM || op == OP_CONST || (p->is_step && p->moment[weight] == MOMENT_PREPARE);
}

/* Weights that are there from the start: the product may move to where the first of its kind stands. A sparse one stays by itself. */
static bool is_candidate(const Merge *m, const PlanItem *item) {
  if (item->kind != PLAN_PRODUCT || item->product.form != PRODUCT_ROWS || m->owns[item->nodes.at[0]]) return false;
  for (int i = 0; i < item->terms.len; i++) {
    Ref weight = item->terms.at[i].parts.at[0].a.view.base;
    if (!is_there_before(m->plan, weight) || (!m->plan->is_step && item->terms.at[i].m % PANEL_ROUND)) return false;
    if (!m->plan->is_step && plan_is_sparse(m->plan, &item->terms.at[i].parts.at[0])) return false;
  }
  return true;
}

static bool same_right_side(const Term *a, const Term *b) {
  const Product *p = &a->parts.at[0], *q = &b->parts.at[0];
  const View *v = &p->b.view, *w = &q->b.view;
  return p->k == q->k && v->base == w->base && v->clock == w->clock && v->step == w->step && v->offset == w->offset;
}

static bool same_right_sides(const PlanItem *a, const PlanItem *b) {
  if (a->axes != b->axes || a->terms.len != b->terms.len) return false;
  for (int i = 0; i < a->terms.len; i++)
    if (!same_right_side(&a->terms.at[i], &b->terms.at[i])) return false;
  return true;
}

static void join(Merge *m, PlanItem *leader, const PlanItem *follower) {
  Arena *a = m->plan->session->arena;
  Ref node = follower->nodes.at[0];
  m->plan->home[node] = (Home){leader->nodes.at[0], leader->terms.at[0].m};
  m->plan->item_of[node] = m->plan->item_of[leader->nodes.at[0]];
  vec_push(a, leader->nodes, node);
  for (int i = 0; i < leader->terms.len; i++) {
    Term *t = &leader->terms.at[i];
    const Term *more = &follower->terms.at[i];
    vec_push(a, t->parts, more->parts.at[0]);
    t->m += more->m;
  }
}

static PlanItem *find_leader(const Merge *m, PlanItem *const *items, int count, const PlanItem *item) {
  if (!is_candidate(m, item)) return NULL;
  for (int i = 0; i < count; i++)
    if (is_candidate(m, items[i]) && same_right_sides(items[i], item)) return items[i];
  return NULL;
}

static int merge_list(Merge *m, PlanItem **items, int count) {
  int kept = 0;
  for (int i = 0; i < count; i++) {
    items[i]->body.len = merge_list(m, items[i]->body.at, items[i]->body.len);
    PlanItem *leader = find_leader(m, items, kept, items[i]);
    if (leader) join(m, leader, items[i]);
    else items[kept++] = items[i];
  }
  return kept;
}

void plan_merge_products(Plan *p) {
  Merge m = {.plan = p};
  p->home = arena_array(p->session->arena, Home, p->graph->nodes.len + 1);
  for (Ref i = 0; i < p->graph->nodes.len; i++) p->home[i] = (Home){i, 0};
  find_owners(&m);
  p->items.len = merge_list(&m, p->items.at, p->items.len);
}
