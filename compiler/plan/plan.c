/* plan.c — the planner's one page. */
#include "pass/pass.h"
#include "plan/internal.h"
#include <stdlib.h>

static int clock_of(const Graph *g) {
  GraphAxes axes = 0;
  for (Ref i = 0; i < g->nodes.len; i++) axes |= g->nodes.at[i].axes;
  int clock = -1;
  for (int i = 0; i < g->clocks.len; i++) {
    if (!(axes & GRAPH_CLOCK(i))) continue;
    if (clock >= 0) {
      fprintf(stderr, "rnn: internal error: two clocks in one unit reached the planner\n");
      abort();
    }
    clock = i;
  }
  return clock;
}

Plan *plan_make(Session *s, Graph *g, const char *symbol, bool is_double) {
  Plan *p = arena_new_of(s->arena, Plan);
  p->session = s;
  p->graph = plan_prepare(s, pass_dead(s, g)); /* what nobody needs must not be computed */
  p->symbol = arena_strdup(s->arena, symbol);
  p->is_double = is_double;
  p->clock = clock_of(p->graph);
  p->buffer_of = arena_array(s->arena, int, p->graph->nodes.len + 1);
  p->item_of = arena_array(s->arena, int, p->graph->nodes.len + 1);
  plan_schedule(p);
  plan_assign_buffers(p);
  plan_pack_weights(p);
  return p;
}
