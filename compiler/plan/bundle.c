/* bundle.c — work over all steps that goes through memory together.
 *
 * Outside of loops, products by rows, gradients of weights, sums over rows and element-wise work of one iteration space are done some rows
 * at a time, all of them for the same rows, so that what they share (the gradient of a layer's gates, its input) is fetched
 * into the cache once and not once for each. An item fits as long as it needs of the others only the rows that it is at. */
#include "plan/internal.h"

typedef Vec(PlanItem *) Items;

enum { MOST_ITEMS = 24 }; /* about those of one layer: more share nothing, and would make one large function (unit.c) */

/* --- one item ----------------------------------------------------------------------------------------------------------------- */

static GraphAxes memory_axes(const Plan *p, Ref base) {
  const Node *n = &p->graph->nodes.at[base];
  return n->op == OP_CONST && !n->attrs.data ? 0 : n->axes;
}

/* The innermost clock in memory of these axes, whose steps and rows are one run; -1. */
static int innermost_clock(const Plan *p, GraphAxes axes) {
  for (int i = p->clocks - 1; i >= 0; i--)
    if (axes & GRAPH_CLOCK(p->order[i])) return p->order[i];
  return -1;
}

/* Do the rows of this base follow each other through the steps of the axes' innermost clock? */
static bool follows(const Plan *p, Ref base, GraphAxes axes) {
  int clock = innermost_clock(p, axes);
  return clock >= 0 && (!memory_axes(p, base) || (memory_axes(p, base) & GRAPH_CLOCK(clock)));
}

static bool group_walks(const Plan *p, const PlanItem *item) {
  for (int i = 0; i < item->nodes.len; i++) {
    const Node *n = &p->graph->nodes.at[item->nodes.at[i]];
    for (int k = 0; k < n->inputs; k++)
      if (!follows(p, view_of(p->graph, n->in[k]).base, item->axes)) return false;
  }
  return true;
}

bool plan_sums_columns(const Plan *p, Ref node) {
  const Node *n = &p->graph->nodes.at[node];
  if (n->op != OP_SUM || n->axes || !n->attrs.over || n->attrs.dims) return false;
  View v = view_of(p->graph, n->in[0]);
  int64_t stride;
  for (int d = 0; d < v.rank; d++)
    if (v.dim_step[d]) return false;
  return memory_axes(p, v.base) && follows(p, v.base, n->attrs.over) && view_flattens(&v, 0, v.rank, &stride) && stride == 1;
}

/* Whose rows an item walks, all steps of the innermost clock in one run; 0: it does not. */
static GraphAxes walked_axes(const Plan *p, const PlanItem *item) {
  const Node *n = item->nodes.len ? &p->graph->nodes.at[item->nodes.at[0]] : NULL;
  switch (item->kind) {
  case PLAN_GROUP: return group_walks(p, item) ? item->axes : 0;
  case PLAN_NODE: return plan_sums_columns(p, item->nodes.at[0]) ? n->attrs.over : 0;
  case PLAN_PRODUCT: return item->product.form == PRODUCT_GRAD ? n->attrs.over : item->product.form == PRODUCT_ROWS ? n->axes : 0;
  default: return 0;
  }
}

static bool sums_rows(const PlanItem *item) {
  return item->kind == PLAN_NODE || (item->kind == PLAN_PRODUCT && item->product.form == PRODUCT_GRAD);
}

/* --- what goes with what -------------------------------------------------------------------------------------------------------- */

static const PlanItem *maker(const PlanItem *bundle, Ref value) {
  for (int i = 0; i < bundle->body.len; i++)
    for (int k = 0; k < bundle->body.at[i]->nodes.len; k++)
      if (bundle->body.at[i]->nodes.at[k] == value) return bundle->body.at[i];
  return NULL;
}

/* A value of the bundle may be read at the reader's own rows, as these are done: not at other steps, nor a sum over all rows. */
static bool reads_own_rows(const PlanItem *bundle, const View *v) {
  const PlanItem *by = maker(bundle, v->base);
  if (!by) return true;
  if (sums_rows(by) || v->step) return false;
  for (int d = 0; d < v->rank; d++)
    if (v->dim_step[d]) return false;
  return true;
}

static bool terms_fit(const PlanItem *bundle, const PlanItem *item) {
  for (int i = 0; i < item->terms.len; i++)
    for (int k = 0; k < item->terms.at[i].parts.len; k++) {
      const Product *q = &item->terms.at[i].parts.at[k];
      if (!reads_own_rows(bundle, &q->a.view) || !reads_own_rows(bundle, &q->b.view)) return false;
    }
  return true;
}

static bool fits(const Plan *p, const PlanItem *bundle, const PlanItem *item) {
  if (!terms_fit(bundle, item)) return false;
  for (int i = 0; i < item->nodes.len; i++) {
    const Node *n = &p->graph->nodes.at[item->nodes.at[i]];
    for (int k = 0; k < n->inputs; k++) {
      View v = view_of(p->graph, n->in[k]);
      if (!reads_own_rows(bundle, &v)) return false;
    }
  }
  return true;
}

static void close_bundle(Plan *p, Items *out, PlanItem *bundle) {
  if (bundle->body.len == 1) vec_push(p->session->arena, *out, bundle->body.at[0]);
  else if (bundle->body.len) vec_push(p->session->arena, *out, bundle);
}

static PlanItem *new_bundle(Plan *p, GraphAxes axes) {
  PlanItem *bundle = arena_new_of(p->session->arena, PlanItem);
  bundle->kind = PLAN_BUNDLE;
  bundle->axes = axes;
  bundle->history = NO_REF;
  bundle->state = bundle->behind = -1;
  return bundle;
}

/* A weight's layout, for a product that may join the bundle, can be made in front of all of it, unless the bundle makes the weight. */
static bool goes_in_front(const PlanItem *bundle, const PlanItem *item) { return item->kind == PLAN_PACK && terms_fit(bundle, item) && !maker(bundle, item->nodes.at[0]); }

void plan_bundle(Plan *p) {
  Items out = {0};
  PlanItem *bundle = new_bundle(p, 0);
  for (int i = 0; i < p->items.len; i++) {
    PlanItem *item = p->items.at[i];
    if (goes_in_front(bundle, item)) {
      vec_push(p->session->arena, out, item);
      continue;
    }
    GraphAxes axes = walked_axes(p, item);
    if (!(axes & ~GRAPH_SEQUENCE)) axes = 0;
    if (!axes || axes != bundle->axes || bundle->body.len == MOST_ITEMS || !fits(p, bundle, item)) {
      close_bundle(p, &out, bundle);
      bundle = new_bundle(p, axes);
    }
    if (axes) vec_push(p->session->arena, bundle->body, item);
    else vec_push(p->session->arena, out, item);
  }
  close_bundle(p, &out, bundle);
  p->items.at = out.at;
  p->items.len = out.len;
  p->items.cap = out.cap;
}
