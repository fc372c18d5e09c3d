/* plan.c — the planner's one page. */
#include "pass/pass.h"
#include "plan/internal.h"

Plan *plan_make(Session *s, Graph *g, const char *symbol, bool is_double) {
  Plan *p = arena_new_of(s->arena, Plan);
  p->session = s;
  p->graph = plan_prepare(s, plan_recompute(s, pass_dead(s, g))); /* what nobody needs must not be computed */
  p->symbol = arena_strdup(s->arena, symbol);
  p->is_double = is_double;
  p->buffer_of = arena_array(s->arena, int, p->graph->nodes.len + 1);
  p->absorbed_by = arena_array(s->arena, Ref, p->graph->nodes.len + 1);
  p->item_of = arena_array(s->arena, int, p->graph->nodes.len + 1);
  plan_schedule(p);
  plan_merge_products(p);
  plan_assign_buffers(p);
  plan_sparse_weights(p);
  plan_pack_weights(p);
  plan_bundle(p);
  plan_share_memory(p);
  return p;
}
