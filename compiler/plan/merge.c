/* merge.c — products of one right side become one: the gates of any gated cell.
 *
 * out_i[r] = W_i x[r] for several i is out[r] = [W_1; W_2; …] x[r]: x is read once, and small gates fill whole panels. The results
 * keep their names but share a buffer, side by side in every row; Plan.home says where. Only whole vectors are put side by side, so that
 * element-wise work on the parts stays in full vectors, and only values that need no memory of their own (no outputs, no delay
 * lines). */
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

/* A weight that is there from the start: the product may move to where the first of its kind stands. */
static bool is_candidate(const Merge *m, const PlanItem *item) {
  if (item->kind != PLAN_PRODUCT || item->product.form != PRODUCT_ROWS || m->owns[item->nodes.at[0]]) return false;
  Op weight = m->plan->graph->nodes.at[item->product.a.view.base].op;
  return (weight == OP_PARAM || weight == OP_CONST) && item->product.m % PANEL_ROUND == 0;
}

static bool same_right_side(const PlanItem *a, const PlanItem *b) {
  const View *v = &a->product.b.view, *w = &b->product.b.view;
  return a->axes == b->axes && a->product.k == b->product.k && v->base == w->base && v->clock == w->clock && v->step == w->step &&
         v->offset == w->offset;
}

static void join(Merge *m, PlanItem *leader, const PlanItem *follower) {
  Arena *a = m->plan->session->arena;
  if (!leader->parts.len) vec_push(a, leader->parts, leader->product);
  Ref node = follower->nodes.at[0];
  m->plan->home[node] = (Home){leader->nodes.at[0], leader->product.m};
  m->plan->item_of[node] = m->plan->item_of[leader->nodes.at[0]];
  vec_push(a, leader->parts, follower->product);
  vec_push(a, leader->nodes, node);
  leader->product.m += follower->product.m;
}

static PlanItem *find_leader(const Merge *m, PlanItem *const *items, int count, const PlanItem *item) {
  if (!is_candidate(m, item)) return NULL;
  for (int i = 0; i < count; i++)
    if (is_candidate(m, items[i]) && same_right_side(items[i], item)) return items[i];
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
