/* plan.c — the planner's one page. */
#include "pass/pass.h"
#include "plan/internal.h"

static Plan *plan_new(Session *s, Graph *g, const char *symbol, bool is_double, bool is_step) {
  Plan *p = arena_new_of(s->arena, Plan);
  p->session = s;
  Graph *live = pass_dead(s, g); /* what nobody needs must not be computed */
  p->graph = plan_prepare(s, is_step ? live : plan_recompute(s, live), is_step);
  p->symbol = arena_strdup(s->arena, symbol);
  p->is_double = is_double;
  p->is_step = is_step;
  p->buffer_of = arena_array(s->arena, int, p->graph->nodes.len + 1);
  p->absorbed_by = arena_array(s->arena, Ref, p->graph->nodes.len + 1);
  p->item_of = arena_array(s->arena, int, p->graph->nodes.len + 1);
  return p;
}

Plan *plan_make(Session *s, Graph *g, const char *symbol, bool is_double) {
  Plan *p = plan_new(s, g, symbol, is_double, false);
  plan_schedule(p);
  plan_merge_products(p);
  plan_assign_buffers(p);
  plan_sparse_weights(p);
  plan_pack_weights(p);
  plan_bundle(p);
  plan_lay_out_gradients(p);
  if (g->checkpoints) plan_find_sweep(p);
  plan_share_memory(p);
  plan_find_together(p);
  return p;
}

Plan *plan_make_step(Session *s, Graph *g, const char *symbol, bool is_double, bool half_weights) {
  Plan *p = plan_new(s, g, symbol, is_double, true);
  p->half_weights = half_weights && !is_double;
  plan_find_moments(p);
  plan_schedule(p);
  plan_merge_products(p);
  plan_assign_buffers(p);
  plan_step_memory(p);
  return p;
}
