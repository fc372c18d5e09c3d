/* sparse.c — which weights may get a layout for few entries other than 0.
 *
 * An initialiser says when compiling how many entries a fixed param will have, but not where; and weights may be loaded that were never
 * drawn by it. So the plan only gives such a weight room; whether it is used, and how, is decided where the weight is packed
 * (runtime/sparse.c), and the dense product stands by. Trained params are dense after the first update. */
#include "plan/internal.h"

/* Denser ones never gain: beyond this the entries of a vector's rows fill up nearly every place. */
static const double densest = 0.3;

/* What a layout of a few lanes needs at most before it costs more than the dense product, and the place of every entry; in numbers. Lanes
 * that stay empty beside the longest row of a panel count too: four times the entries, and a vector for each row. */
static int64_t room_for(const Product *q, double density) {
  int64_t whole = q->m * q->k, entries = (int64_t)(density * (double)whole) + 1;
  int64_t room = 8 * entries + 64 * q->m;
  return (room < 2 * whole ? room : 2 * whole) + 2 * q->m + 256;
}

static double density_of(const Plan *p, const Product *q) {
  const Node *n = &p->graph->nodes.at[q->a.view.base];
  if (n->op != OP_PARAM || p->graph->params.at[n->attrs.index].trained) return 0;
  return p->graph->params.at[n->attrs.index].density;
}

bool plan_is_sparse(const Plan *p, const Product *q) {
  double density = density_of(p, q);
  return density > 0 && density <= densest && q->m > 1;
}

typedef Vec(Term *) Terms;

static void sparse_term(Plan *p, Terms *found, Term *t, bool all_steps) {
  const Product *q = &t->parts.at[0];
  if (t->parts.len != 1 || !plan_is_sparse(p, q)) return;
  t->all_steps = all_steps;
  for (int i = 0; i < found->len && t->sparse < 0; i++)
    if (found->at[i]->all_steps == all_steps && plan_same_matrix(&found->at[i]->parts.at[0], q)) t->sparse = found->at[i]->sparse;
  if (t->sparse >= 0) return;
  Buffer b = {.kind = BUFFER_TEMP, .node = q->a.view.base, .elements = room_for(q, density_of(p, q)), .stays = true};
  vec_push(p->session->arena, p->buffers, b);
  t->sparse = p->buffers.len - 1;
  vec_push(p->session->arena, *found, t);
}

static void sparse_terms(Plan *p, Terms *found, PlanItem *item, bool all_steps) {
  for (int i = 0; i < item->body.len; i++) sparse_terms(p, found, item->body.at[i], all_steps && item->kind != PLAN_SCAN);
  for (int i = 0; item->kind == PLAN_PRODUCT && item->product.form == PRODUCT_ROWS && i < item->terms.len; i++)
    sparse_term(p, found, &item->terms.at[i], all_steps);
}

void plan_sparse_weights(Plan *p) {
  Terms found = {0};
  for (int i = 0; i < p->items.len; i++) sparse_terms(p, &found, p->items.at[i], true);
}
