/* together.c — which plans are computed for several slices of a batch together.
 *
 * Training cuts a batch into slices of rows (runtime/slices.h). Where the weights of a step are more than the second cache holds, each slice
 * would fetch all of them from beyond it, at every step, for its few rows. Slices that one thread computes then go through the step
 * together: a panel of the weights is fetched once, and all of them pass it. What each of them computes stays the same to the bit. */
#include "plan/internal.h"

enum { TOGETHER_BYTES = 1 << 19 }; /* of weights in a step: half of a second cache; the other half is for the rows */
enum { TOGETHER_ROWS = 16 };       /* smaller batches are one slice */

/* One run of rows at each step, against dense weights. */
bool plan_is_shared(const Plan *p, const PlanItem *scan, const PlanItem *item) {
  if (item->kind != PLAN_PRODUCT || item->product.form != PRODUCT_ROWS) return false;
  if (p->graph->nodes.at[item->nodes.at[0]].axes != (GRAPH_SEQUENCE | GRAPH_CLOCK(scan->clock))) return false;
  for (int i = 0; i < item->terms.len; i++)
    if (item->terms.at[i].runs || item->terms.at[i].sparse >= 0) return false;
  return true;
}

int64_t plan_shared_weights(const Plan *p, const PlanItem *scan) {
  int64_t weights = 0;
  for (int i = 0; scan->kind == PLAN_SCAN && i < scan->body.len; i++) {
    const PlanItem *item = scan->body.at[i];
    for (int k = 0; plan_is_shared(p, scan, item) && k < item->terms.len; k++) weights += item->terms.at[k].m * item->terms.at[k].parts.at[0].k;
  }
  return weights;
}

/* Rows of two clocks of the data's length come in runs, which differ from slice to slice. */
static bool sorted_by_length(const Graph *g) {
  int of_data = 0;
  for (int i = 0; i < g->clocks.len; i++) of_data += g->clocks.at[i].length == 0;
  return of_data < 2;
}

/* Of the scan that has the most. */
static int64_t most_weights(const Plan *p) {
  int64_t most = 0;
  for (int i = 0; i < p->items.len; i++) {
    const int64_t here = plan_shared_weights(p, p->items.at[i]);
    if (here > most) most = here;
  }
  return most;
}

/* Pieces with checkpoints are called in another order, slice by slice. */
bool plan_can_be_together(const Plan *p) { return !p->is_step && !p->graph->checkpoints && sorted_by_length(p->graph) && most_weights(p) > 0; }

void plan_find_together(Plan *p) {
  p->together = plan_can_be_together(p) && p->graph->rows >= TOGETHER_ROWS && most_weights(p) * (p->is_double ? 8 : 4) >= TOGETHER_BYTES;
}
