/* gradients.c — which gradients of weights have their left operand laid out for their tiles.
 *
 * out[m][n] += Σ_r a[r][m] · b[r][n] walks a few columns of a down all rows, again for every panel of n. Rows of a that lie a power of two apart
 * share a few sets of the caches, so what one tile has fetched is gone before the next one wants the rest of the line. Laid out as
 * [group of columns][row][column of the group] a tile reads one run. That pays where there are several panels, and serves all products of a bundle
 * with the same a: dU = Σ δ hᵀ and dW = Σ δ xᵀ. */
#include "plan/internal.h"

enum { SEVERAL_PANELS = 8 * PANEL_VECTORS * PANEL_ROUND, COLUMNS_ENOUGH = 96 };

static bool is_gradient(const PlanItem *item) { return item->kind == PLAN_PRODUCT && item->product.form == PRODUCT_GRAD; }

static bool wants_layout(const PlanItem *item) {
  return is_gradient(item) && item->product.n >= SEVERAL_PANELS && item->product.m >= COLUMNS_ENOUGH;
}

static bool same_view(const View *v, const View *w) {
  return v->base == w->base && v->clock == w->clock && v->step == w->step && v->offset == w->offset;
}

static bool same_left(const PlanItem *a, const PlanItem *b) {
  return a->product.m == b->product.m && same_view(&a->product.a.view, &b->product.a.view);
}

typedef struct Layouts {
  Plan *plan;
  int buffer;             /* for all of them, one after the other; -1: not made yet */
  const PlanItem *latest; /* of the present bundle: whose left operand is there */
} Layouts;

static int room_for(Layouts *l, const PlanItem *item) {
  const int64_t columns = (item->product.m + PANEL_ROUND - 1) / PANEL_ROUND * PANEL_ROUND;
  if (l->buffer < 0) {
    l->buffer = l->plan->buffers.len;
    const Buffer b = {.kind = BUFFER_TEMP, .node = item->nodes.at[0]};
    vec_push(l->plan->session->arena, l->plan->buffers, b);
  }
  Buffer *b = &l->plan->buffers.at[l->buffer];
  if (b->elements < columns * SCRATCH_ROWS) b->elements = columns * SCRATCH_ROWS;
  return l->buffer;
}

static void lay_out(Layouts *l, PlanItem *item) {
  if (!is_gradient(item)) return;
  item->laid_out = l->latest && same_left(l->latest, item) && item->product.n >= PANEL_VECTORS * PANEL_ROUND;
  if (item->laid_out) item->scratch = l->buffer;
  else if (wants_layout(item)) item->scratch = room_for(l, item), l->latest = item;
}

void plan_lay_out_gradients(Plan *p) {
  Layouts l = {.plan = p, .buffer = -1};
  for (int i = 0; i < p->items.len; i++) {
    PlanItem *item = p->items.at[i];
    l.latest = NULL;
    if (item->kind == PLAN_BUNDLE)
      for (int k = 0; k < item->body.len; k++) lay_out(&l, item->body.at[k]);
    else lay_out(&l, item);
  }
}
