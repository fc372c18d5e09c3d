/* scans.c — the graph's loops, after Allen and Kennedy.
 *
 * A strongly connected component is a scan over a clock that can carry it (component_direction). Without the edges that the scan
 * carries, what loops are left inside it are scans inside that scan, and so on until there is no loop. */
#include "plan/scans.h"
#include "pass/pass.h"

typedef struct Search {
  Session *session;
  const Graph *g;
  bool *dropped; /* [node] its delayed edge is carried by some scan */
  Scans *result;
} Search;

/* --- loops ------------------------------------------------------------------------------------------------------------ */

/* Causality has been checked: some clock carries every loop. */
static Scan scan_of_component(const Search *f, const Components *k, int c, Ref member) {
  Scan scan = {.parent = f->result->of[member]};
  for (; scan.clock < f->g->clocks.len; scan.clock++) {
    int direction = component_direction(f->g, k, c, scan.clock, f->dropped);
    scan.direction = direction < 0 ? 1 : -1;
    if (direction) return scan;
  }
  fprintf(stderr, "rnn: internal error: no clock carries the loop through %%%d\n", member);
  __builtin_trap();
}

static bool is_carried(const Search *f, const Components *k, Ref r, int clock) {
  const Node *n = &f->g->nodes.at[r];
  return n->inputs && node_edge_is_delayed(n, 0) && n->attrs.clock == clock && k->component[n->in[0]] == k->component[r];
}

/* Makes a scan of every component that loops, inside the scan that its nodes were in so far. */
static void add_scans(Search *f, const Components *k) {
  Scans *s = f->result;
  int *number = arena_array(f->session->arena, int, k->count + 1); /* [component] of its scan, + 1 */
  for (Ref r = 0; r < f->g->nodes.len; r++) {
    int c = k->component[r];
    if (!k->loops[c]) continue;
    if (!number[c]) {
      vec_push(f->session->arena, *s, scan_of_component(f, k, c, r));
      number[c] = s->len;
    }
    s->of[r] = number[c] - 1;
  }
}

/* One level deeper everywhere: returns whether there was a loop. */
static bool peel(Search *f) {
  Scans *s = f->result;
  const Components k = graph_components_without(f->session, f->g, f->dropped);
  int before = s->len;
  add_scans(f, &k);
  for (Ref r = 0; r < f->g->nodes.len; r++)
    if (k.loops[k.component[r]] && !f->dropped[r] && is_carried(f, &k, r, s->at[s->of[r]].clock)) s->carried_by[r] = s->of[r];
  for (Ref r = 0; r < f->g->nodes.len; r++) f->dropped[r] |= s->carried_by[r] != TOP;
  return s->len > before;
}

/* --- regions ---------------------------------------------------------------------------------------------------------- */

bool scan_holds(const Scans *s, int outer, int inner) {
  while (inner != outer && inner != TOP) inner = s->at[inner].parent;
  return inner == outer;
}

int scans_meet(const Scans *s, int a, int b) {
  while (!scan_holds(s, a, b)) a = s->at[a].parent;
  return a;
}

int scan_towards(const Scans *s, int region, int inner) {
  while (s->at[inner].parent != region) inner = s->at[inner].parent;
  return inner;
}

/* --- sinking ---------------------------------------------------------------------------------------------------------- */

typedef struct Sinking {
  const Graph *g;
  Scans *scans;
  int *wanted;     /* [node] the region that holds all its users */
  bool *is_used;
  int *uses;       /* [node] */
  Ref *user;       /* [node] the last that uses it */
  bool *stays;     /* [node] read at other steps, or an output: must be complete */
} Sinking;

static void note_use(Sinking *f, Ref user, Ref used) {
  int of = f->scans->of[user];
  f->wanted[used] = f->is_used[used] ? scans_meet(f->scans, f->wanted[used], of) : of;
  f->is_used[used] = true;
  f->uses[used]++;
  f->user[used] = user;
}

enum { SINK_ROWS = 6, SINK_WEIGHTS = 1 << 15 }; /* columns that a tile of a product takes at once; weights of one gate that the second cache holds
                                                  for a few of them */

/* W x outside of the loop, added to U h inside: with several sequences at once, [W U] [x; h] in the loop keeps its sum in
 * registers, where W x would travel through memory. A single sequence has its W x for all steps at once, and cheaper; and so has a W
 * that is fetched anew at every step, where that is more than the W x of the batch, there and back. */
static bool joins_product(const Sinking *f, Ref r) {
  Product p;
  if (f->g->rows < SINK_ROWS || f->g->nodes.at[r].op != OP_CONTRACT || f->uses[r] != 1) return false;
  const Node *sum = &f->g->nodes.at[f->user[r]];
  if (sum->op != OP_ADD || sum->in[0] == sum->in[1]) return false;
  const Ref other = sum->in[sum->in[0] == r];
  if (f->g->nodes.at[other].op != OP_CONTRACT || f->scans->of[other] != f->wanted[r]) return false;
  if (!product_match(f->g, other, &p) || p.form != PRODUCT_ROWS) return false;
  const int64_t inside = p.k;
  if (!product_match(f->g, r, &p) || p.form != PRODUCT_ROWS) return false;
  return (p.k + inside) * p.m <= SINK_WEIGHTS || p.k <= 2 * f->g->rows;
}

/* Element-wise work outside a loop, but wanted inside only, is done there: it need not travel through memory. It must live
 * on the clocks of all the loops that it moves into. */
static void sink_node(Sinking *f, Ref r) {
  const Node *n = &f->g->nodes.at[r];
  Scans *s = f->scans;
  bool movable = op_is_elementwise(n->op) || n->op == OP_BROADCAST || n->op == OP_SLICE || n->op == OP_RESHAPE || joins_product(f, r);
  int to = f->wanted[r];
  while (movable && f->is_used[r] && !f->stays[r] && to != s->of[r] && scan_holds(s, s->of[r], to)) {
    int next = scan_towards(s, s->of[r], to);
    if (!(n->axes & GRAPH_CLOCK(s->at[next].clock))) break;
    s->of[r] = next;
  }
  for (int i = 0; i < n->inputs; i++) note_use(f, r, n->in[i]);
}

static void note_what_stays(Sinking *f) {
  const Graph *g = f->g;
  for (int i = 0; i < g->outputs.len; i++) f->stays[g->outputs.at[i].value] = true;
  for (Ref r = 0; r < g->nodes.len; r++)
    for (int i = 0; i < g->nodes.at[r].inputs; i++) f->stays[g->nodes.at[r].in[i]] |= node_edge_is_delayed(&g->nodes.at[r], 0);
}

/* Users before what they use: without the carried edges every component is one node, and they come in topological order. */
static void sink_all(Session *session, const Graph *g, const bool *dropped, Scans *scans) {
  int n = g->nodes.len;
  Arena *a = session->arena;
  Sinking f = {.g = g, .scans = scans, .wanted = arena_array(a, int, n + 1), .is_used = arena_array(a, bool, n + 1), .stays = arena_array(a, bool, n + 1)};
  f.uses = arena_array(a, int, n + 1);
  f.user = arena_array(a, Ref, n + 1);
  note_what_stays(&f);
  const Components k = graph_components_without(session, g, dropped);
  Ref *by_component = arena_array(a, Ref, n + 1);
  for (Ref i = 0; i < n; i++) by_component[k.component[i]] = i;
  for (int c = k.count - 1; c >= 0; c--) sink_node(&f, by_component[c]);
}

static void collect_members(Session *session, const Graph *g, Scans *s) {
  for (Ref r = 0; r < g->nodes.len; r++)
    for (int k = s->of[r]; k != TOP; k = s->at[k].parent) vec_push(session->arena, s->at[k].members, r);
}

Scans scans_of_step(Session *session, const Graph *g) {
  int n = g->nodes.len;
  Scans s = {.of = arena_array(session->arena, int, n + 1), .carried_by = arena_array(session->arena, int, n + 1)};
  for (Ref r = 0; r < n; r++) s.of[r] = s.carried_by[r] = TOP;
  return s;
}

Scans scans_of(Session *session, const Graph *g) {
  int n = g->nodes.len;
  Scans s = scans_of_step(session, g);
  Search f = {session, g, arena_array(session->arena, bool, n + 1), &s};
  while (peel(&f)) continue;
  sink_all(session, g, f.dropped, &s);
  collect_members(session, g, &s);
  return s;
}

/* --- the order in memory ---------------------------------------------------------------------------------------------- */

/* How many values on clock `inner` too are computed in scans over clock `outer`. */
static int scanned_around(const Scans *s, const Graph *g, int outer, int inner) {
  int count = 0;
  for (int k = 0; k < s->len; k++)
    for (int i = 0; s->at[k].clock == outer && i < s->at[k].members.len; i++)
      count += (g->nodes.at[s->at[k].members.at[i]].axes & GRAPH_CLOCK(inner)) != 0;
  return count;
}

static bool lies_before(const Scans *s, const Graph *g, int a, int b) {
  int before = scanned_around(s, g, a, b), after = scanned_around(s, g, b, a);
  if (before != after) return before > after;
  return !g->clocks.at[a].length && g->clocks.at[b].length;
}

int scans_order(const Scans *s, const Graph *g, int *order) {
  GraphAxes axes = 0;
  int count = 0;
  for (Ref r = 0; r < g->nodes.len; r++) axes |= g->nodes.at[r].axes;
  for (int c = 0; c < g->clocks.len; c++) {
    if (!(axes & GRAPH_CLOCK(c))) continue;
    int at = count++;
    for (; at && lies_before(s, g, c, order[at - 1]); at--) order[at] = order[at - 1];
    order[at] = c;
  }
  return count;
}
