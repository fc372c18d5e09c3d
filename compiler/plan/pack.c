/* pack.c — which weights are laid out anew before their products, once a call and not once a step.
 *
 * A product reads its weight a few vectors of neighbouring outputs at a time, for one k after the other. A weight whose outputs lie
 * together in memory (a transposed one, as in the reverse pass) serves as it is; any other is packed into panels
 * [panel][k][PANEL_VECTORS vectors]. Products with the same weight share its panels. With a few outputs only, lanes go along k instead,
 * and the weight is wanted as runs of k. */
#include "plan/internal.h"

bool plan_same_matrix(const Product *a, const Product *b) {
  const View *v = &a->a.view, *w = &b->a.view;
  return v->base == w->base && v->offset == w->offset && a->m == b->m && a->k == b->k && a->a.row_stride == b->a.row_stride &&
         a->a.column_stride == b->a.column_stride;
}

bool same_weights(const Term *a, const Term *b) {
  if (a->sparse != b->sparse) return false;
  for (int i = 0; i < a->parts.len && i < b->parts.len; i++)
    if (!plan_same_matrix(&a->parts.at[i], &b->parts.at[i])) return false;
  return a->parts.len == b->parts.len && a->runs == b->runs;
}

/* All terms of an item go the same way. */
static bool has_few_outputs(const PlanItem *item) {
  for (int i = 0; i < item->terms.len; i++)
    if (item->terms.at[i].sparse >= 0 || item->terms.at[i].m > FEW_OUTPUTS || item->terms.at[i].parts.len > 1 || item->terms.at[i].parts.at[0].k < RUN_K) return false;
  return true;
}

enum { FAR_APART = 256 }; /* numbers from one k to the next: of each page a few lines only, and of the first cache a few sets */

static bool serves_as_it_is(const Term *t) {
  const Product *p = &t->parts.at[0];
  if (t->runs) return p->a.column_stride == 1;
  return t->parts.len == 1 && (p->m == 1 || (p->a.row_stride == 1 && p->m % PANEL_ROUND == 0 && p->a.column_stride < FAR_APART));
}

typedef Vec(PlanItem *) Items;

static const PlanItem *find_pack(const Items *items, const Term *t) {
  for (int i = 0; i < items->len; i++)
    if (items->at[i]->kind == PLAN_PACK && same_weights(&items->at[i]->terms.at[0], t)) return items->at[i];
  return NULL;
}

static int add_pack_buffer(Plan *p, const Term *t) {
  int64_t columns = (t->m + PANEL_ROUND - 1) / PANEL_ROUND * PANEL_ROUND;
  Buffer b = {.kind = BUFFER_TEMP, .node = t->parts.at[0].a.view.base, .elements = columns * t->parts.at[0].k};
  vec_push(p->session->arena, p->buffers, b);
  return p->buffers.len - 1;
}

static void pack_term(Plan *p, Items *out, Term *t) {
  if (serves_as_it_is(t) && t->sparse < 0) return;
  const PlanItem *found = find_pack(out, t);
  if (found) {
    t->pack = found->terms.at[0].pack;
    return;
  }
  if (!serves_as_it_is(t)) t->pack = add_pack_buffer(p, t);
  PlanItem *pack = arena_new_of(p->session->arena, PlanItem);
  pack->kind = PLAN_PACK;
  vec_push(p->session->arena, pack->terms, *t);
  vec_push(p->session->arena, pack->nodes, t->parts.at[0].a.view.base);
  vec_push(p->session->arena, *out, pack);
}

static void pack_for(Plan *p, Items *out, PlanItem *item) {
  for (int i = 0; item->kind == PLAN_SCAN && i < item->body.len; i++) pack_for(p, out, item->body.at[i]);
  const bool runs = item->kind == PLAN_PRODUCT && has_few_outputs(item);
  for (int i = 0; item->kind == PLAN_PRODUCT && i < item->terms.len; i++) item->terms.at[i].runs = runs;
  for (int i = 0; item->kind == PLAN_PRODUCT && i < item->terms.len; i++) pack_term(p, out, &item->terms.at[i]);
}

void plan_pack_weights(Plan *p) {
  Items out = {0};
  for (int i = 0; i < p->items.len; i++) {
    pack_for(p, &out, p->items.at[i]);
    vec_push(p->session->arena, out, p->items.at[i]);
  }
  p->items.at = out.at;
  p->items.len = out.len;
  p->items.cap = out.cap;
}
