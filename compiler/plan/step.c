/* step.c — one step of one sequence a call, for nets that are fed as the world goes on.
 *
 * With one step there is no loop over time: what a READ looks at is memory that the steps before have left, so the graph is straight-line
 * code and W x[t] + U h[t-1] one sum of products. What depends on the weights alone is computed when they change (MOMENT_PREPARE), and
 * with it the layout of the weights: the outputs of all terms of a product lie in groups of as many vectors as there are registers for sums,
 * [group][k of all terms][outputs of the group], so that a step reads them from first to last. */
#include "plan/internal.h"

/* --- moments ------------------------------------------------------------------------------------------------------------------ */

static Moment earlier(Moment a, Moment b) { return a < b ? a : b; }

/* Of a leaf, or of what a node is by itself. */
static Moment own_moment(const Graph *g, const Node *n) {
  const bool on_clock = (n->axes & ~GRAPH_SEQUENCE) != 0;
  if (n->op == OP_INPUT) {
    const InputRole role = g->inputs.at[n->attrs.index].role;
    return on_clock ? MOMENT_STEP : role == INPUT_MEAN || role == INPUT_STD ? MOMENT_PREPARE : MOMENT_SEQUENCE;
  }
  if (n->op == OP_RANDOM) return on_clock ? MOMENT_STEP : MOMENT_SEQUENCE;
  return op_class(n->op) == CLASS_TIME || n->op == OP_LENGTH || n->op == OP_STEP_INDEX ? MOMENT_STEP : MOMENT_PREPARE;
}

/* Nodes come after what they use, but for what they read at other steps; those are of the step anyway. Outputs may go elsewhere in each
 * step: they are computed there. */
void plan_find_moments(Plan *p) {
  const Graph *g = p->graph;
  p->moment = arena_array(p->session->arena, Moment, g->nodes.len + 1);
  for (Ref i = 0; i < g->nodes.len; i++) p->moment[i] = MOMENT_PREPARE;
  for (int i = 0; i < g->outputs.len; i++) p->moment[g->outputs.at[i].value] = MOMENT_SEQUENCE;
  for (Ref i = 0; i < g->nodes.len; i++) {
    const Node *n = &g->nodes.at[i];
    p->moment[i] = earlier(p->moment[i], own_moment(g, n));
    for (int k = 0; k < n->inputs && p->moment[i] != MOMENT_STEP; k++) p->moment[i] = earlier(p->moment[i], p->moment[n->in[k]]);
  }
}

static void set_item_moments(Plan *p) {
  for (int i = 0; i < p->items.len; i++)
    if (p->items.at[i]->nodes.len) p->items.at[i]->moment = p->moment[p->items.at[i]->nodes.at[0]];
}

/* --- the weights' layout ------------------------------------------------------------------------------------------------------- */

typedef Vec(PlanItem *) Items;

static bool is_dots(const PlanItem *item) {
  if (item->terms.at[0].m > FEW_OUTPUTS) return false;
  for (int i = 0; i < item->terms.len; i++) {
    const Term *t = &item->terms.at[i];
    for (int k = 0; k < t->parts.len; k++)
      if (t->parts.at[k].k < RUN_K || t->parts.at[k].a.column_stride != 1) return false;
  }
  return true;
}

static bool same_terms(const PlanItem *a, const PlanItem *b) {
  bool same = a->terms.len == b->terms.len;
  for (int i = 0; same && i < a->terms.len; i++) same = same_weights(&a->terms.at[i], &b->terms.at[i]);
  return same;
}

static int find_panels(const Items *items, const PlanItem *product) {
  for (int i = 0; i < items->len; i++)
    if (items->at[i]->kind == PLAN_PACK && same_terms(items->at[i], product)) return items->at[i]->panels;
  return -1;
}

int64_t plan_step_columns(const Plan *p, const PlanItem *product) {
  const int64_t round = p->half_weights ? 2 * PANEL_ROUND : PANEL_ROUND;
  return (product->terms.at[0].m + round - 1) / round * round;
}

int64_t plan_step_depth(const PlanItem *product) {
  int64_t depth = 0;
  for (int i = 0; i < product->terms.len; i++) depth += product->terms.at[i].parts.at[0].k;
  return depth;
}

static int add_panels(Plan *p, const PlanItem *product) {
  const int64_t weights = plan_step_columns(p, product) * plan_step_depth(product);
  Buffer b = {.kind = BUFFER_TEMP, .node = product->terms.at[0].parts.at[0].a.view.base, .elements = p->half_weights ? weights / 2 : weights, .slot = -1};
  vec_push(p->session->arena, p->buffers, b);
  return p->buffers.len - 1;
}

static Moment moment_of_weights(const Plan *p, const PlanItem *product) {
  Moment moment = MOMENT_PREPARE;
  for (int i = 0; i < product->terms.len; i++)
    for (int k = 0; k < product->terms.at[i].parts.len; k++)
      moment = earlier(moment, p->moment[product->terms.at[i].parts.at[k].a.view.base]);
  return moment;
}

static void pack_for(Plan *p, Items *out, PlanItem *product) {
  product->panels = is_dots(product) ? -1 : find_panels(out, product);
  if (product->panels >= 0 || is_dots(product)) return;
  product->panels = add_panels(p, product);
  PlanItem *pack = arena_new_of(p->session->arena, PlanItem);
  *pack = *product; /* its terms and its first weight */
  pack->kind = PLAN_PACK;
  pack->moment = moment_of_weights(p, product);
  vec_push(p->session->arena, *out, pack);
}

static void pack_weights(Plan *p) {
  Items out = {0};
  for (int i = 0; i < p->items.len; i++) {
    PlanItem *item = p->items.at[i];
    if (item->kind == PLAN_PRODUCT && item->product.form == PRODUCT_ROWS) pack_for(p, &out, item);
    vec_push(p->session->arena, out, item);
  }
  p->items.at = out.at;
  p->items.len = out.len;
  p->items.cap = out.cap;
}

/* --- memory ---------------------------------------------------------------------------------------------------------------------- */

enum { LOCAL_MOST = 4096, LOCAL_ALL = 16 * LOCAL_MOST }; /* elements of one value, and of all, that may live on the stack of a call */

static bool is_local(const Plan *p, const Buffer *b, int64_t *all) {
  if (b->kind != BUFFER_TEMP || b->front || p->moment[b->node] == MOMENT_PREPARE || b->elements > LOCAL_MOST) return false;
  return (*all += b->elements) <= LOCAL_ALL;
}

void plan_step_memory(Plan *p) {
  int64_t all = 0;
  for (int i = 0; i < p->buffers.len; i++) {
    p->buffers.at[i].slot = -1;
    p->buffers.at[i].local = is_local(p, &p->buffers.at[i], &all);
  }
  set_item_moments(p);
  pack_weights(p);
}
