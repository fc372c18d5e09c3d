/* sweep.c — of a unit that is called piece by piece (bptt(checkpoint = k)): what the sweep computes that only wants the states at the
 * beginnings of the pieces. The loss, what it alone needs, and all of the reverse pass are left out.
 *
 * Whole items of the top level are in or out. An item that is in is computed as it stands, so all that its nodes look at is in too, even where
 * no state needs them: an index that nobody has computed would be read as one. Weights are laid out once for all pieces. */
#include "plan/internal.h"

typedef struct Sweep {
  Plan *p;
  int *maker, *filler; /* [node] item of the top level that computes it, and that fills its delay line; -1 */
  int *packer;         /* [buffer] item of the top level that lays a weight out there; -1 */
} Sweep;

/* --- who makes what ------------------------------------------------------------------------------------------------------------- */

static void note_term(Sweep *s, const Term *t, int number) {
  if (t->pack >= 0) s->packer[t->pack] = number;
  if (t->sparse >= 0) s->packer[t->sparse] = number;
}

static void note_makers(Sweep *s, const PlanItem *item, int number) {
  for (int i = 0; i < item->body.len; i++) note_makers(s, item->body.at[i], number);
  if (item->kind == PLAN_PACK) note_term(s, &item->terms.at[0], number);
  else
    for (int i = 0; i < item->nodes.len; i++) (item->kind == PLAN_HISTORY ? s->filler : s->maker)[item->nodes.at[i]] = number;
}

/* --- what is needed ---------------------------------------------------------------------------------------------------------------- */

static void need_item(Sweep *s, int number);

static void need(Sweep *s, Ref value) {
  for (Ref r = value;; r = s->p->graph->nodes.at[r].in[0]) {
    const Node *n = &s->p->graph->nodes.at[r];
    if (op_reads_steps(n->op)) need_item(s, s->filler[n->in[0]]);
    if (op_is_view(n->op)) continue;
    need_item(s, s->maker[r]);
    return;
  }
}

static void need_panels(Sweep *s, const Term *t) {
  if (t->pack >= 0) need_item(s, s->packer[t->pack]);
  if (t->sparse >= 0) need_item(s, s->packer[t->sparse]);
}

static void need_inputs(Sweep *s, Ref r) {
  const Node *n = &s->p->graph->nodes.at[r];
  if (op_reads_steps(n->op)) need_item(s, s->filler[n->in[0]]);
  for (int i = 0; i < n->inputs; i++)
    if (is_absorbed(s->p, n->in[i])) need_inputs(s, n->in[i]); /* computed on the way to the sum */
    else need(s, n->in[i]);
}

static void need_all_of(Sweep *s, const PlanItem *item) {
  for (int i = 0; i < item->body.len; i++) need_all_of(s, item->body.at[i]);
  if (item->kind == PLAN_PACK) need(s, item->nodes.at[0]);
  else
    for (int i = 0; i < item->terms.len; i++) need_panels(s, &item->terms.at[i]);
  if (item->kind == PLAN_HISTORY && item->history != NO_REF) need(s, item->history);
  if (item->kind == PLAN_HISTORY || item->kind == PLAN_PACK) return;
  for (int i = 0; i < item->nodes.len; i++) need_inputs(s, item->nodes.at[i]);
}

static void need_item(Sweep *s, int number) {
  if (number < 0 || s->p->items.at[number]->in_sweep) return;
  s->p->items.at[number]->in_sweep = true;
  need_all_of(s, s->p->items.at[number]);
}

static void need_states(Sweep *s, const PlanItem *item) {
  for (int i = 0; i < item->body.len; i++) need_states(s, item->body.at[i]);
  if (item->kind != PLAN_HISTORY || item->state < 0) return;
  need(s, item->nodes.at[0]);
  need_item(s, s->filler[item->nodes.at[0]]); /* a piece shorter than the delay line keeps some of what was in front */
}

static int *none(Plan *p, int count) {
  int *numbers = arena_array(p->session->arena, int, count + 1);
  for (int i = 0; i < count; i++) numbers[i] = -1;
  return numbers;
}

/* --- panels that serve all pieces --------------------------------------------------------------------------------------------------- */

static bool is_there_always(const Plan *p, const Term *t) {
  for (int i = 0; i < t->parts.len; i++) {
    const Op op = p->graph->nodes.at[t->parts.at[i].a.view.base].op;
    if (op != OP_PARAM && op != OP_CONST) return false;
  }
  return true;
}

/* The first call of a batch lays all of them out, the reverse pass's too. */
static void let_stay(Plan *p, PlanItem *item) {
  const Term *t = &item->terms.at[0];
  if (!is_there_always(p, t)) return;
  item->stays = item->in_sweep = true;
  if (t->pack >= 0) p->buffers.at[t->pack].stays = true;
  if (t->sparse >= 0) p->buffers.at[t->sparse].stays = true;
}

void plan_find_sweep(Plan *p) {
  Sweep s = {.p = p, .maker = none(p, p->graph->nodes.len), .filler = none(p, p->graph->nodes.len), .packer = none(p, p->buffers.len)};
  for (int i = 0; i < p->items.len; i++) note_makers(&s, p->items.at[i], i);
  for (int i = 0; i < p->items.len; i++) need_states(&s, p->items.at[i]);
  for (int i = 0; i < p->items.len; i++)
    if (p->items.at[i]->kind == PLAN_PACK) let_stay(p, p->items.at[i]);
}
