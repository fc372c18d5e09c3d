/* components.c — strongly connected components by Tarjan's algorithm (1972), with a stack of its own: graphs are deep.
 *
 * Edges lead from a node to what it needs, so a component is complete before those that need it: their numbers are in
 * topological order as they are given out. */
#include "pass/rewrite.h"

typedef struct Search {
  const Graph *g;
  const bool *dropped;
  int *order, *low;   /* order 0: not seen yet */
  int *next_input;    /* of nodes on the path */
  bool *open;         /* seen, component not yet known */
  Ref *path, *seen;
  int path_len, seen_len, count;
  Components *result;
} Search;

static bool edge_is_dropped(const Search *f, Ref r, int i) {
  return f->dropped && f->dropped[r] && node_edge_is_delayed(node_of(f->g, r), i);
}

static void enter(Search *f, Ref r) {
  f->order[r] = f->low[r] = ++f->count;
  f->open[r] = true;
  f->path[f->path_len++] = r;
  f->seen[f->seen_len++] = r;
}

static void lower(Search *f, Ref r, int to) {
  if (to < f->low[r]) f->low[r] = to;
}

/* All that was seen since r and is still open reaches r and is reached from it. */
static void close_component(Search *f, Ref r) {
  const int c = f->result->count++;
  Ref member;
  do {
    member = f->seen[--f->seen_len];
    f->open[member] = false;
    f->result->component[member] = c;
    f->result->loops[c] |= member != r;
  } while (member != r);
}

static void leave(Search *f, Ref r) {
  if (f->low[r] == f->order[r]) close_component(f, r);
  f->path_len--;
  if (f->path_len) lower(f, f->path[f->path_len - 1], f->low[r]);
}

/* Follows one more edge of the last node of the path, or leaves it. */
static void advance(Search *f) {
  const Ref r = f->path[f->path_len - 1];
  const int i = f->next_input[r]++;
  if (i == node_of(f->g, r)->inputs) {
    leave(f, r);
    return;
  }
  const Ref x = input_of(f->g, r, i);
  if (edge_is_dropped(f, r, i)) return;
  if (!f->order[x]) enter(f, x);
  else if (f->open[x]) lower(f, r, f->order[x]);
}

static void mark_self_loops(const Search *f) {
  for (Ref r = 0; r < f->g->nodes.len; r++)
    for (int i = 0; i < node_of(f->g, r)->inputs; i++)
      if (input_of(f->g, r, i) == r && !edge_is_dropped(f, r, i)) f->result->loops[f->result->component[r]] = true;
}

/* Does the edge between steps of r lead inside component c? */
static bool carries(const Graph *g, const Components *k, int c, Ref r, const bool *dropped) {
  const Node *n = node_of(g, r);
  if (k->component[r] != c || !n->inputs || !node_edge_is_delayed(n, 0)) return false;
  return k->component[n->in[0]] == c && !(dropped && dropped[r]);
}

int component_direction(const Graph *g, const Components *k, int c, int clock, const bool *dropped) {
  int direction = 0;
  for (Ref r = k->first[c]; r != NO_REF; r = k->next[r]) {
    if (!(node_of(g, r)->axes & GRAPH_CLOCK(clock))) return 0;
    if (!carries(g, k, c, r, dropped) || node_of(g, r)->attrs.clock != clock) continue;
    int64_t least, most;
    node_delays(node_of(g, r), &least, &most);
    const int here = most < 0 ? -1 : least > 0 ? 1 : 0;
    if (!here || here == -direction) return 0;
    direction = here;
  }
  return direction;
}

static void list_members(const Graph *g, Components *k) {
  for (int c = 0; c < k->count; c++) k->first[c] = NO_REF;
  for (Ref r = g->nodes.len - 1; r >= 0; r--) {
    k->next[r] = k->first[k->component[r]];
    k->first[k->component[r]] = r;
  }
}

static void find_directions(const Graph *g, Components *k, const bool *dropped) {
  for (int c = 0; c < k->count; c++)
    for (int clock = 0; k->loops[c] && clock < g->clocks.len && !k->direction[c]; clock++)
      k->direction[c] = component_direction(g, k, c, clock, dropped);
}

Components graph_components_without(Session *s, const Graph *g, const bool *dropped) {
  const int n = g->nodes.len;
  Components k = {0, arena_array(s->arena, int, n), arena_array(s->arena, bool, n), arena_array(s->arena, int, n),
                  arena_array(s->arena, Ref, n), arena_array(s->arena, Ref, n)};
  Search f = {.g = g, .dropped = dropped, .result = &k};
  f.order = arena_array(s->arena, int, n);
  f.low = arena_array(s->arena, int, n);
  f.next_input = arena_array(s->arena, int, n);
  f.open = arena_array(s->arena, bool, n);
  f.path = arena_array(s->arena, Ref, n);
  f.seen = arena_array(s->arena, Ref, n);
  for (Ref r = 0; r < n; r++) {
    if (!f.order[r]) enter(&f, r);
    while (f.path_len) advance(&f);
  }
  mark_self_loops(&f);
  list_members(g, &k);
  find_directions(g, &k, dropped);
  return k;
}

Components graph_components(Session *s, const Graph *g) { return graph_components_without(s, g, NULL); }
