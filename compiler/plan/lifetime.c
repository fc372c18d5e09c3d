/* lifetime.c — how long a value is needed, and so which values may lie in the same memory.
 *
 * A value that is made and used within one step of a scan lies at one place for all steps ("local" to them): its buffer leaves out the
 * clock. Values that are needed in different parts of the plan share a slot: each item of the top level is a moment, a scan one moment as a
 * whole, and a slot is handed on when the last user of its value is done. Values with a name of the user's stay to the end where there
 * is a gradient: the runtime looks through them for the first number that is not finite. */
#include "plan/internal.h"

/* Where an item stands: its moment, and for every clock the scan over it that is around. */
typedef struct Place {
  int moment;
  const PlanItem *scan[GRAPH_CLOCKS];
} Place;

typedef struct Life {
  int first, last;    /* moments; first > last: nobody makes it */
  bool kept;          /* its memory may not be handed on */
  GraphAxes not_local;/* clocks whose other steps are looked at */
  const PlanItem *scan[GRAPH_CLOCKS]; /* the scan that holds everybody who makes or uses it; NULL: none */
} Life;

typedef struct Lifetimes {
  Plan *plan;
  Place *place; /* [node] of the item that computes it */
  Life *life;   /* [buffer] */
  int moments;
  bool named_stay;
} Lifetimes;

static Life *life_of(Lifetimes *l, Ref base) {
  int buffer = base == NO_REF ? -1 : l->plan->buffer_of[base];
  return buffer < 0 ? NULL : &l->life[buffer];
}

static void live_at(Life *life, const Place *at) {
  if (!life) return;
  for (int c = 0; c < GRAPH_CLOCKS; c++) {
    if (life->first > life->last) life->scan[c] = at->scan[c];
    else if (life->scan[c] != at->scan[c]) life->scan[c] = NULL;
  }
  if (at->moment < life->first) life->first = at->moment;
  if (at->moment > life->last) life->last = at->moment;
}

/* --- who uses what, where -------------------------------------------------------------------------------------------------- */

/* What a node reads: through views; a read at another step is a use by whoever uses the READ, and says that steps matter. */
static void use_inputs(Lifetimes *l, Ref user, const Place *at) {
  const Graph *g = l->plan->graph;
  const Node *n = &g->nodes.at[user];
  for (int k = 0; k < n->inputs; k++) live_at(life_of(l, view_of(g, n->in[k]).base), at);
}

/* Its panels, the weights that they are made of or that it reads itself, and the right side. */
static void use_term(Lifetimes *l, const Term *t, const Place *at) {
  if (t->pack >= 0) live_at(&l->life[t->pack], at);
  if (t->sparse >= 0) live_at(&l->life[t->sparse], at);
  for (int i = 0; i < t->parts.len; i++) {
    live_at(life_of(l, t->parts.at[i].a.view.base), at);
    live_at(life_of(l, t->parts.at[i].b.view.base), at);
  }
}

static void visit(Lifetimes *l, const PlanItem *item, Place at) {
  if (item->kind == PLAN_SCAN) at.scan[item->clock] = item;
  for (int i = 0; i < item->body.len; i++) visit(l, item->body.at[i], at);
  if (item->kind == PLAN_HISTORY && item->history != NO_REF) live_at(life_of(l, view_of(l->plan->graph, item->history).base), &at);
  for (int i = 0; i < item->terms.len; i++) use_term(l, &item->terms.at[i], &at);
  for (int i = 0; i < item->nodes.len; i++) {
    live_at(life_of(l, item->nodes.at[i]), &at);
    if (item->kind != PLAN_HISTORY && item->kind != PLAN_PACK) use_inputs(l, item->nodes.at[i], &at);
  }
}

/* Delay lines, children and the ends of a clock are looked at from other steps. */
static void mark_clocks(Lifetimes *l) {
  const Graph *g = l->plan->graph;
  for (Ref i = 0; i < g->nodes.len; i++) {
    const Node *n = &g->nodes.at[i];
    for (int k = 0; op_class(n->op) == CLASS_TIME && k < n->inputs; k++) {
      Life *life = life_of(l, view_of(g, n->in[k]).base);
      if (life) life->not_local |= GRAPH_CLOCK(n->attrs.clock);
    }
  }
}

static void mark_kept(Lifetimes *l) {
  const Plan *p = l->plan;
  for (int i = 0; i < p->buffers.len; i++) {
    const Buffer *b = &p->buffers.at[i];
    if (b->kind != BUFFER_TEMP || b->stays) l->life[i].kept = true;
    if (b->kind == BUFFER_STATE) life_of(l, b->node)->kept = true;
  }
  for (Ref i = 0; l->named_stay && i < p->graph->nodes.len; i++) {
    Life *life = life_of(l, i);
    if (life && p->graph->nodes.at[i].name) life->kept = true;
  }
}

/* --- what follows ------------------------------------------------------------------------------------------------------------- */

static void make_local(Lifetimes *l) {
  for (int i = 0; i < l->plan->buffers.len; i++) {
    Buffer *b = &l->plan->buffers.at[i];
    const Life *life = &l->life[i];
    if (life->kept) continue;
    for (int c = 0; c < GRAPH_CLOCKS; c++)
      if (life->scan[c] && !(life->not_local & GRAPH_CLOCK(c))) b->axes &= ~GRAPH_CLOCK(c);
  }
}

typedef struct Slot {
  GraphAxes axes;
  int64_t front, back, elements;
  int clock, free_from; /* the moment from which on nobody needs what is in it */
} Slot;
typedef Vec(Slot) Slots;

/* Of the free slots of this kind the one that fits best: the size in rows and steps is not known, so only like goes to like. */
static int find_slot(const Slots *slots, const Buffer *b, int moment) {
  int best = -1;
  int64_t best_waste = INT64_MAX;
  for (int i = 0; i < slots->len; i++) {
    const Slot *s = &slots->at[i];
    if (s->free_from > moment || s->axes != b->axes || s->front != b->front || s->back != b->back || s->clock != b->clock) continue;
    int64_t waste = s->elements > b->elements ? s->elements - b->elements : b->elements - s->elements;
    if (waste < best_waste) best = i, best_waste = waste;
  }
  return best;
}

static void give_slot(Lifetimes *l, Slots *slots, int buffer) {
  Buffer *b = &l->plan->buffers.at[buffer];
  const Life *life = &l->life[buffer];
  b->slot = find_slot(slots, b, life->first);
  if (b->slot < 0) {
    b->slot = slots->len;
    vec_push(l->plan->session->arena, *slots, ((Slot){.axes = b->axes, .front = b->front, .back = b->back, .clock = b->clock}));
  }
  Slot *s = &slots->at[b->slot];
  if (s->elements < b->elements) s->elements = b->elements;
  s->free_from = life->last + 1;
}

/* Slots are handed on in the order of time. */
static void share_slots(Lifetimes *l) {
  Slots slots = {0};
  for (int moment = 0; moment < l->moments; moment++)
    for (int i = 0; i < l->plan->buffers.len; i++)
      if (!l->life[i].kept && l->life[i].first == moment) give_slot(l, &slots, i);
}

static bool has_gradients(const Graph *g) {
  for (int i = 0; i < g->outputs.len; i++)
    if (g->outputs.at[i].role == OUTPUT_GRAD) return true;
  return false;
}

void plan_share_memory(Plan *p) {
  Lifetimes l = {.plan = p, .moments = p->items.len, .named_stay = has_gradients(p->graph)};
  l.life = arena_array(p->session->arena, Life, p->buffers.len + 1);
  for (int i = 0; i < p->buffers.len; i++) l.life[i] = (Life){.first = l.moments, .last = -1};
  for (int i = 0; i < p->items.len; i++) visit(&l, p->items.at[i], (Place){.moment = i});
  mark_clocks(&l);
  mark_kept(&l);
  make_local(&l);
  for (int i = 0; i < p->buffers.len; i++) p->buffers.at[i].slot = -1;
  share_slots(&l);
}
