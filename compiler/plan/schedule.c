/* schedule.c — which loops compute what, in which order.
 *
 * Scans are found in scans.c; everything else has no order in time and is a map over all steps at once. Within a region (the
 * top level, or a scan's body, where scans over other clocks may stand) nodes are listed as they become ready: products and reductions first, then all the
 * element-wise work that they made possible, which so falls into few groups; a scan goes when nothing else can. */
#include "plan/scans.h"
#include <stdlib.h>

typedef Vec(PlanItem *) Items;

/* Where an edge leads: input `input` of node `user`. */
typedef struct Use {
  Ref user;
  int input;
} Use;
typedef Vec(Use) Uses;

typedef struct Schedule {
  Plan *plan;
  Graph *g;
  Arena *arena;
  Scans scans;
  Uses *uses;         /* [node] */
  int *pending;       /* [node] inputs not there yet that its region must give */
  int *scan_pending;  /* [scan] inputs not there yet that the region around it must give */
  int *history_item;  /* [node] serial of the item that fills its delay line; -1 */
  int64_t *front, *back;
  Ref *history;
  bool *is_sum;       /* [node] a sum of products */
  int serial;
} Schedule;

/* The nodes that became ready in one region. */
typedef struct Region {
  int scan;
  Items *items;
  Refs hard, elementwise, scans; /* queues; scans holds component numbers */
  int hard_done, elementwise_done, scans_done;
  Items groups;                  /* of this region, with their serials in `group_serial` */
  Refs group_serial;
} Region;

static const Node *node_at(Schedule *s, Ref r) { return &s->g->nodes.at[r]; }

/* --- preparation ----------------------------------------------------------------------------------------------------- */

static void collect_uses(Schedule *s) {
  for (Ref i = 0; i < s->g->nodes.len; i++)
    for (int k = 0; k < node_at(s, i)->inputs; k++) vec_push(s->arena, s->uses[node_at(s, i)->in[k]], ((Use){i, k}));
}

/* How far, and with which history, each value is read at other steps. */
static void collect_reach(Schedule *s) {
  for (Ref i = 0; i < s->g->nodes.len; i++) {
    const Node *n = node_at(s, i);
    if (!op_reads_steps(n->op)) continue;
    Ref x = n->in[0];
    int64_t front, back;
    reach_of(n, &front, &back);
    if (front > s->front[x]) s->front[x] = front;
    if (back > s->back[x]) s->back[x] = back;
    s->history[x] = n->op == OP_OVERLAP ? NO_REF : n->in[1];
  }
}

/* An edge that a scan carries leads to another step of it: it orders nothing within the step. */
static bool edge_is_loose(Schedule *s, Use u) {
  if (s->plan->is_step) return u.input == 0 && reads_the_past(node_at(s, u.user));
  return node_edge_is_delayed(node_at(s, u.user), u.input) && s->scans.carried_by[u.user] != TOP;
}

/* What waits for a value: within the region where the ways to both meet, either the user itself or the scan that holds it. */
static int *waiting(Schedule *s, int region, Use u) {
  int of = s->scans.of[u.user];
  return of == region ? &s->pending[u.user] : &s->scan_pending[scan_towards(&s->scans, region, of)];
}

static void count_pending(Schedule *s) {
  for (Ref i = 0; i < s->g->nodes.len; i++)
    for (int k = 0; k < s->uses[i].len; k++) {
      Use u = s->uses[i].at[k];
      if (!edge_is_loose(s, u)) ++*waiting(s, scans_meet(&s->scans, s->scans.of[i], s->scans.of[u.user]), u);
    }
}

/* --- items ----------------------------------------------------------------------------------------------------------- */

static PlanItem *new_item(Schedule *s, Items *to, PlanItemKind kind, Ref node) {
  PlanItem *item = arena_new_of(s->arena, PlanItem);
  item->kind = kind;
  item->history = NO_REF;
  item->state = item->behind = -1;
  item->scratch = -1;
  if (node != NO_REF) {
    item->axes = node_at(s, node)->axes;
    item->shape = node_at(s, node)->shape;
    vec_push(s->arena, item->nodes, node);
  }
  vec_push(s->arena, *to, item);
  s->serial++;
  return item;
}

/* The delay line of what `reader` looks at must be filled before anybody reads it: before the scan that carries the read, or
 * where the reader stands. */
static void need_history(Schedule *s, Items *items, const Node *reader) {
  Ref x = reader->in[0];
  if (s->history_item[x] >= 0 || (!s->front[x] && !s->back[x])) return;
  PlanItem *item = new_item(s, items, PLAN_HISTORY, x);
  item->clock = reader->attrs.clock;
  item->front = s->front[x];
  item->back = s->back[x];
  item->history = s->history[x];
  s->history_item[x] = s->serial - 1;
}

/* Serial of the item after which operand `in` of an element-wise node of a region can be read from memory. */
static int available_after(Schedule *s, int region, Ref in) {
  int after = -1;
  for (Ref r = in;; r = node_at(s, r)->in[0]) {
    const Node *n = node_at(s, r);
    if (!op_is_view(n->op)) return s->plan->item_of[r] > after ? s->plan->item_of[r] : after;
    if (n->op != OP_READ && n->op != OP_WINDOW) continue;
    if (s->plan->is_step && reads_the_past(n)) return after;
    if (s->history_item[n->in[0]] > after) after = s->history_item[n->in[0]];
    if (s->scans.carried_by[r] != TOP && scan_holds(&s->scans, s->scans.carried_by[r], region)) return after; /* another step's */
  }
}

/* A step's groups are whole functions' matter: what is computed once for all steps does not mix with what is not. */
static bool same_moment(const Schedule *s, const PlanItem *group, Ref r) {
  return !s->plan->is_step || s->plan->moment[group->nodes.at[0]] == s->plan->moment[r];
}

static bool fits_group(Schedule *s, Region *region, const PlanItem *group, int serial, Ref r) {
  const Node *n = node_at(s, r);
  if (group->axes != n->axes || !sizes_equal(group->shape, n->shape) || !same_moment(s, group, r)) return false;
  for (int i = 0; i < n->inputs; i++) {
    bool direct = !op_is_view(node_at(s, n->in[i])->op);
    int after = available_after(s, region->scan, n->in[i]);
    if (after > serial || (after == serial && !direct)) return false;
  }
  return true;
}

static void place_elementwise(Schedule *s, Region *region, Ref r) {
  for (int i = region->groups.len - 1; i >= 0; i--) {
    if (!fits_group(s, region, region->groups.at[i], region->group_serial.at[i], r)) continue;
    vec_push(s->arena, region->groups.at[i]->nodes, r);
    s->plan->item_of[r] = region->group_serial.at[i];
    return;
  }
  PlanItem *group = new_item(s, region->items, PLAN_GROUP, r);
  s->plan->item_of[r] = s->serial - 1;
  vec_push(s->arena, region->groups, group);
  vec_push(s->arena, region->group_serial, s->serial - 1);
}

static void add_term(Schedule *s, PlanItem *item, Product p) {
  Term t = {.m = p.m, .pack = -1, .sparse = -1};
  vec_push(s->arena, t.parts, p);
  vec_push(s->arena, item->terms, t);
  item->product = p;
}

/* The products that a sum absorbs, from the left; what it computes on its way is computed where it is. */
static void add_terms(Schedule *s, PlanItem *item, Ref sum, Ref r) {
  const Node *n = node_at(s, r);
  Product p;
  if (r != sum) s->plan->item_of[r] = s->serial - 1;
  if (n->op == OP_CONTRACT && product_match(s->g, r, &p)) add_term(s, item, p);
  else
    for (int i = 0; i < n->inputs; i++) add_terms(s, item, sum, n->in[i]);
}

static void place_hard(Schedule *s, Region *region, Ref r) {
  const Node *n = node_at(s, r);
  if (op_reads_steps(n->op)) need_history(s, region->items, n);
  PlanItem *item = new_item(s, region->items, PLAN_NODE, r);
  if (s->is_sum[r]) {
    item->kind = PLAN_PRODUCT;
    add_terms(s, item, r, r);
  } else if (product_match(s->g, r, &item->product)) {
    item->kind = PLAN_PRODUCT;
    if (item->product.form == PRODUCT_ROWS) add_term(s, item, item->product);
  }
  s->plan->item_of[r] = s->serial - 1;
}

/* --- the list scheduler --------------------------------------------------------------------------------------------------- */

static void complete(Schedule *s, Region *region, Ref r);

static bool is_leaf(const Node *n) {
  return n->op == OP_CONST || n->op == OP_PARAM || n->op == OP_INPUT;
}

static void make_ready(Schedule *s, Region *region, Ref r) {
  const Node *n = node_at(s, r);
  if (op_is_view(n->op) || is_leaf(n) || is_absorbed(s->plan, r)) {
    if (op_reads_steps(n->op)) need_history(s, region->items, n);
    complete(s, region, r);
  } else if (op_is_elementwise(n->op) && !s->is_sum[r]) vec_push(s->arena, region->elementwise, r);
  else vec_push(s->arena, region->hard, r);
}

/* Tells one user that waits in this region. */
static void tell(Schedule *s, Region *region, Use u) {
  if (--*waiting(s, region->scan, u)) return;
  int of = s->scans.of[u.user];
  if (of == region->scan) make_ready(s, region, u.user);
  else vec_push(s->arena, region->scans, scan_towards(&s->scans, region->scan, of));
}

/* Tells the users of r that are in the region or in a scan of it; users outside are told when the scan is complete. */
static void complete(Schedule *s, Region *region, Ref r) {
  for (int i = 0; i < s->uses[r].len; i++) {
    Use u = s->uses[r].at[i];
    if (!edge_is_loose(s, u) && scan_holds(&s->scans, region->scan, s->scans.of[u.user])) tell(s, region, u);
  }
}

static void run_region(Schedule *s, Region *region);

/* A scan's values are there for the others of the region around it when all of it is done. */
static void complete_scan(Schedule *s, Region *around, int scan) {
  const Refs *members = &s->scans.at[scan].members;
  for (int i = 0; i < members->len; i++) {
    Ref r = members->at[i];
    for (int k = 0; k < s->uses[r].len; k++) {
      Use u = s->uses[r].at[k];
      int of = s->scans.of[u.user];
      if (!scan_holds(&s->scans, scan, of) && scan_holds(&s->scans, around->scan, of) && !edge_is_loose(s, u)) tell(s, around, u);
    }
  }
}

/* The nodes and the scans directly in a scan that wait for nothing inside it, listed before any of them is completed, which
 * readies others. */
static void begin_region(Schedule *s, Region *inner) {
  const Refs *members = &s->scans.at[inner->scan].members;
  Refs first = {0};
  for (int i = 0; i < members->len; i++)
    if (s->scans.of[members->at[i]] == inner->scan && s->pending[members->at[i]] == 0) vec_push(s->arena, first, members->at[i]);
  for (int k = 0; k < s->scans.len; k++)
    if (s->scans.at[k].parent == inner->scan && s->scan_pending[k] == 0) vec_push(s->arena, inner->scans, k);
  for (int i = 0; i < first.len; i++) make_ready(s, inner, first.at[i]);
}

static void place_scan(Schedule *s, Region *around, int scan) {
  const Scan *scanned = &s->scans.at[scan];
  for (int i = 0; i < scanned->members.len; i++) {
    Ref r = scanned->members.at[i];
    if (s->scans.carried_by[r] == scan && op_reads_steps(node_at(s, r)->op)) need_history(s, around->items, node_at(s, r));
  }
  PlanItem *item = new_item(s, around->items, PLAN_SCAN, NO_REF);
  item->clock = scanned->clock;
  item->direction = scanned->direction;
  Items body = {0};
  Region inner = {.scan = scan, .items = &body};
  begin_region(s, &inner);
  run_region(s, &inner);
  for (int i = 0; i < body.len; i++) vec_push(s->arena, item->body, body.at[i]);
  complete_scan(s, around, scan);
}

static void run_region(Schedule *s, Region *region) {
  for (;;) {
    if (region->hard_done < region->hard.len) {
      Ref r = region->hard.at[region->hard_done++];
      place_hard(s, region, r);
      complete(s, region, r);
    } else if (region->elementwise_done < region->elementwise.len) {
      Ref r = region->elementwise.at[region->elementwise_done++];
      place_elementwise(s, region, r);
      complete(s, region, r);
    } else if (region->scans_done < region->scans.len) place_scan(s, region, region->scans.at[region->scans_done++]);
    else return;
  }
}

static void check_all_placed(Schedule *s) {
  for (Ref i = 0; i < s->g->nodes.len; i++) {
    const Node *n = node_at(s, i);
    if (op_is_view(n->op) || is_leaf(n) || s->plan->item_of[i] >= 0) continue;
    fprintf(stderr, "rnn: internal error: %%%d (%s) was not scheduled\n", i, op_text(n->op));
    abort();
  }
}

static void begin_schedule(Schedule *s) {
  int n = s->g->nodes.len;
  Arena *a = s->arena;
  s->uses = arena_array(a, Uses, n + 1);
  s->pending = arena_array(a, int, n + 1);
  s->history_item = arena_array(a, int, n + 1);
  s->front = arena_array(a, int64_t, n + 1);
  s->back = arena_array(a, int64_t, n + 1);
  s->history = arena_array(a, Ref, n + 1);
  for (Ref i = 0; i < n; i++) s->history_item[i] = s->plan->item_of[i] = s->history[i] = -1;
  collect_uses(s);
  collect_reach(s);
  s->scan_pending = arena_array(a, int, s->scans.len + 1);
  count_pending(s);
}

void plan_schedule(Plan *p) {
  Schedule s = {.plan = p, .g = p->graph, .arena = p->session->arena, .scans = p->is_step ? scans_of_step(p->session, p->graph) : scans_of(p->session, p->graph)};
  s.is_sum = plan_find_sums(p, &s.scans);
  begin_schedule(&s);
  Items top = {0};
  Region region = {.scan = TOP, .items = &top};
  /* before leaves are ready, which queue the scans that wait for nothing else: a scan is queued once */
  for (int k = 0; k < s.scans.len; k++)
    if (s.scans.at[k].parent == TOP && s.scan_pending[k] == 0) vec_push(s.arena, region.scans, k);
  for (Ref i = 0; i < s.g->nodes.len; i++)
    if (s.scans.of[i] == TOP && node_at(&s, i)->inputs == 0) make_ready(&s, &region, i);
  run_region(&s, &region);
  for (int i = 0; i < top.len; i++) vec_push(s.arena, p->items, top.at[i]);
  check_all_placed(&s);
  p->clocks = scans_order(&s.scans, p->graph, p->order);
}
