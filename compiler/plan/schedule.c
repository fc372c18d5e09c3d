/* schedule.c — which loops compute what, in which order.
 *
 * Strongly connected components are scans; everything else has no order in time and is a map over all steps at once. Within a
 * region (the top level, or a scan's body) nodes are listed as they become ready: products and reductions first, then all the
 * element-wise work that they made possible, which so falls into few groups; a scan goes when nothing else can. */
#include "pass/pass.h"
#include "plan/internal.h"
#include <stdlib.h>

enum { TOP = -1 };

typedef Vec(Ref) Refs;
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
  int *scan_of;       /* [node] component that is its scan, TOP */
  int scans;
  int *direction;     /* [component] */
  Refs *members;      /* [component] of a scan */
  Uses *uses;         /* [node] */
  int *pending;       /* [node] inputs not there yet, within the region */
  int *scan_pending;  /* [component] inputs from outside not there yet */
  int *history_item;  /* [node] serial of the item that fills its delay line; -1 */
  int64_t *front, *back;
  Ref *history;
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

/* Element-wise work outside every loop, but wanted by one scan only, is done there: it need not travel through memory. */
static void sink_node(Schedule *s, const bool *is_output, Ref r) {
  const Node *n = node_at(s, r);
  bool movable = op_is_elementwise(n->op) || n->op == OP_BROADCAST || n->op == OP_SLICE || n->op == OP_RESHAPE;
  if (s->scan_of[r] != TOP || !movable || is_output[r] || s->plan->clock < 0 || !(n->axes & GRAPH_CLOCK(s->plan->clock))) return;
  int scan = TOP;
  for (int i = 0; i < s->uses[r].len; i++) {
    Use u = s->uses[r].at[i];
    const Node *user = node_at(s, u.user);
    if (op_reads_steps(user->op) || s->scan_of[u.user] == TOP) return;
    if (scan != TOP && scan != s->scan_of[u.user]) return;
    scan = s->scan_of[u.user];
  }
  s->scan_of[r] = scan;
}

static void assign_scans(Schedule *s) {
  Components c = graph_components(s->plan->session, s->g);
  int n = s->g->nodes.len;
  bool *is_output = arena_array(s->arena, bool, n + 1);
  for (int i = 0; i < s->g->outputs.len; i++) is_output[s->g->outputs.at[i].value] = true;
  s->scans = c.count;
  s->direction = c.direction;
  for (Ref i = 0; i < n; i++) s->scan_of[i] = c.loops[c.component[i]] ? c.component[i] : TOP;
  /* users before what they use: components are in topological order */
  Refs *by_component = arena_array(s->arena, Refs, c.count + 1);
  for (Ref i = 0; i < n; i++) vec_push(s->arena, by_component[c.component[i]], i);
  for (int k = c.count - 1; k >= 0; k--)
    for (int i = by_component[k].len - 1; i >= 0; i--) sink_node(s, is_output, by_component[k].at[i]);
  s->members = arena_array(s->arena, Refs, c.count + 1);
  for (Ref i = 0; i < n; i++)
    if (s->scan_of[i] != TOP) vec_push(s->arena, s->members[s->scan_of[i]], i);
}

/* An edge inside a scan to another step orders nothing within the step. */
static bool edge_is_loose(Schedule *s, Use u, Ref from) {
  return node_edge_is_delayed(node_at(s, u.user), u.input) && s->scan_of[from] != TOP && s->scan_of[from] == s->scan_of[u.user];
}

static void count_pending(Schedule *s) {
  for (Ref i = 0; i < s->g->nodes.len; i++)
    for (int k = 0; k < s->uses[i].len; k++) {
      Use u = s->uses[i].at[k];
      if (edge_is_loose(s, u, i)) continue;
      int to = s->scan_of[u.user];
      if (to == TOP || to == s->scan_of[i]) s->pending[u.user]++;
      else s->scan_pending[to]++;
    }
}

/* --- items ----------------------------------------------------------------------------------------------------------- */

static PlanItem *new_item(Schedule *s, Items *to, PlanItemKind kind, Ref node) {
  PlanItem *item = arena_new_of(s->arena, PlanItem);
  item->kind = kind;
  item->history = NO_REF;
  item->state = -1;
  if (node != NO_REF) {
    item->axes = node_at(s, node)->axes;
    item->shape = node_at(s, node)->shape;
    vec_push(s->arena, item->nodes, node);
  }
  vec_push(s->arena, *to, item);
  s->serial++;
  return item;
}

/* The delay line of what `reader` looks at must be filled before anybody reads it; at the top level, before any scan. */
static void need_history(Schedule *s, Items *top, const Node *reader) {
  Ref x = reader->in[0];
  if (s->history_item[x] >= 0 || (!s->front[x] && !s->back[x])) return;
  PlanItem *item = new_item(s, top, PLAN_HISTORY, x);
  item->front = s->front[x];
  item->back = s->back[x];
  item->history = s->history[x];
  s->history_item[x] = s->serial - 1;
}

/* Serial of the item after which operand `in` of an element-wise node of region `scan` can be read from memory. */
static int available_after(Schedule *s, int scan, Ref in) {
  int after = -1;
  for (Ref r = in;; r = node_at(s, r)->in[0]) {
    const Node *n = node_at(s, r);
    if (!op_is_view(n->op)) return s->plan->item_of[r] > after ? s->plan->item_of[r] : after;
    if (n->op != OP_READ && n->op != OP_WINDOW) continue;
    if (s->history_item[n->in[0]] > after) after = s->history_item[n->in[0]];
    if (scan != TOP && s->scan_of[n->in[0]] == scan) return after; /* an earlier step's */
  }
}

static bool fits_group(Schedule *s, Region *region, const PlanItem *group, int serial, const Node *n) {
  if (group->axes != n->axes || !sizes_equal(group->shape, n->shape)) return false;
  for (int i = 0; i < n->inputs; i++) {
    bool direct = !op_is_view(node_at(s, n->in[i])->op);
    int after = available_after(s, region->scan, n->in[i]);
    if (after > serial || (after == serial && !direct)) return false;
  }
  return true;
}

static void place_elementwise(Schedule *s, Region *region, Ref r) {
  const Node *n = node_at(s, r);
  for (int i = region->groups.len - 1; i >= 0; i--) {
    if (!fits_group(s, region, region->groups.at[i], region->group_serial.at[i], n)) continue;
    vec_push(s->arena, region->groups.at[i]->nodes, r);
    s->plan->item_of[r] = region->group_serial.at[i];
    return;
  }
  PlanItem *group = new_item(s, region->items, PLAN_GROUP, r);
  s->plan->item_of[r] = s->serial - 1;
  vec_push(s->arena, region->groups, group);
  vec_push(s->arena, region->group_serial, s->serial - 1);
}

static void place_hard(Schedule *s, Region *region, Items *top, Ref r) {
  const Node *n = node_at(s, r);
  if (op_reads_steps(n->op)) need_history(s, top, n);
  PlanItem *item = new_item(s, region->items, PLAN_NODE, r);
  if (product_match(s->g, r, &item->product)) item->kind = PLAN_PRODUCT;
  s->plan->item_of[r] = s->serial - 1;
}

/* --- the list scheduler --------------------------------------------------------------------------------------------------- */

static void complete(Schedule *s, Region *region, Items *top, Ref r);

static bool is_leaf(const Node *n) {
  return n->op == OP_CONST || n->op == OP_PARAM || n->op == OP_INPUT;
}

static void make_ready(Schedule *s, Region *region, Items *top, Ref r) {
  const Node *n = node_at(s, r);
  if (op_is_view(n->op) || is_leaf(n)) {
    if (op_reads_steps(n->op)) need_history(s, top, n);
    complete(s, region, top, r);
  } else if (op_is_elementwise(n->op)) vec_push(s->arena, region->elementwise, r);
  else vec_push(s->arena, region->hard, r);
}

/* Tells the users of r within the region; users elsewhere are told when the scan is complete. */
static void complete(Schedule *s, Region *region, Items *top, Ref r) {
  for (int i = 0; i < s->uses[r].len; i++) {
    Use u = s->uses[r].at[i];
    int to = s->scan_of[u.user];
    if (edge_is_loose(s, u, r)) continue;
    if (to == region->scan) {
      if (--s->pending[u.user] == 0) make_ready(s, region, top, u.user);
    } else if (region->scan == TOP && --s->scan_pending[to] == 0) vec_push(s->arena, region->scans, to);
  }
}

static void run_region(Schedule *s, Region *region, Items *top);

/* A scan's values are there for the others when all of it is done. */
static void complete_scan(Schedule *s, Region *top_region, int scan) {
  for (int i = 0; i < s->members[scan].len; i++) {
    Ref r = s->members[scan].at[i];
    for (int k = 0; k < s->uses[r].len; k++) {
      Use u = s->uses[r].at[k];
      int to = s->scan_of[u.user];
      if (to == scan) continue;
      if (to == TOP) {
        if (--s->pending[u.user] == 0) make_ready(s, top_region, top_region->items, u.user);
      } else if (--s->scan_pending[to] == 0) vec_push(s->arena, top_region->scans, to);
    }
  }
}

static void place_scan(Schedule *s, Region *top_region, int scan) {
  for (int i = 0; i < s->members[scan].len; i++) {
    const Node *n = node_at(s, s->members[scan].at[i]);
    if (op_reads_steps(n->op)) need_history(s, top_region->items, n);
  }
  PlanItem *item = new_item(s, top_region->items, PLAN_SCAN, NO_REF);
  item->direction = s->direction[scan] <= 0 ? 1 : -1;
  Items body = {0};
  Region inner = {.scan = scan, .items = &body};
  Refs first = {0}; /* listed before any of them is completed, which readies others */
  for (int i = 0; i < s->members[scan].len; i++)
    if (s->pending[s->members[scan].at[i]] == 0) vec_push(s->arena, first, s->members[scan].at[i]);
  for (int i = 0; i < first.len; i++) make_ready(s, &inner, top_region->items, first.at[i]);
  run_region(s, &inner, top_region->items);
  for (int i = 0; i < body.len; i++) vec_push(s->arena, item->body, body.at[i]);
  complete_scan(s, top_region, scan);
}

static void run_region(Schedule *s, Region *region, Items *top) {
  for (;;) {
    if (region->hard_done < region->hard.len) {
      Ref r = region->hard.at[region->hard_done++];
      place_hard(s, region, top, r);
      complete(s, region, top, r);
    } else if (region->elementwise_done < region->elementwise.len) {
      Ref r = region->elementwise.at[region->elementwise_done++];
      place_elementwise(s, region, r);
      complete(s, region, top, r);
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

void plan_schedule(Plan *p) {
  int n = p->graph->nodes.len;
  Arena *a = p->session->arena;
  Schedule s = {.plan = p, .g = p->graph, .arena = a};
  s.scan_of = arena_array(a, int, n + 1);
  s.uses = arena_array(a, Uses, n + 1);
  s.pending = arena_array(a, int, n + 1);
  s.history_item = arena_array(a, int, n + 1);
  s.front = arena_array(a, int64_t, n + 1);
  s.back = arena_array(a, int64_t, n + 1);
  s.history = arena_array(a, Ref, n + 1);
  for (Ref i = 0; i < n; i++) s.history_item[i] = p->item_of[i] = s.history[i] = -1;
  collect_uses(&s);
  collect_reach(&s);
  assign_scans(&s);
  s.scan_pending = arena_array(a, int, s.scans + 1);
  count_pending(&s);
  Items top = {0};
  Region region = {.scan = TOP, .items = &top};
  /* scans that wait for nothing are listed before any leaf is completed, which readies others */
  for (int k = 0; k < s.scans; k++)
    if (s.members[k].len && s.scan_pending[k] == 0) vec_push(a, region.scans, k);
  for (Ref i = 0; i < n; i++)
    if (s.scan_of[i] == TOP && node_at(&s, i)->inputs == 0) make_ready(&s, &region, &top, i);
  run_region(&s, &region, &top);
  for (int i = 0; i < top.len; i++) vec_push(a, p->items, top.at[i]);
  check_all_placed(&s);
}
