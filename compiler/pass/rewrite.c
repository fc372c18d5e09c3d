/* rewrite.c — copying a graph with replacements. */
#include "pass/rewrite.h"

bool rewrite_fits(const Graph *g, Ref node, Ref x) {
  return node_of(g, node)->axes == node_of(g, x)->axes && sizes_equal(node_of(g, node)->shape, node_of(g, x)->shape);
}

bool constant_value(const Graph *g, Ref r, double *value) {
  const Node *n = node_of(g, r);
  *value = n->attrs.value;
  return n->op == OP_CONST && !n->attrs.data;
}

static bool reads_later(const Node *n, Ref r) { return n->inputs && node_edge_is_delayed(n, 0) && n->in[0] >= r; }

/* A node with its inputs' new numbers; an edge to a later node waits. */
static Ref copy(Rewrite *w, Ref old) {
  const Node *n = node_of(w->from, old);
  Ref *in = arena_array(w->to->session->arena, Ref, n->inputs);
  for (int i = 0; i < n->inputs; i++) in[i] = w->map[n->in[i]];
  if (reads_later(n, old)) in[0] = NO_REF;
  return graph_copy_node(w->to, n, in);
}

/* The better node takes the name of the one it stands for, if it has none. */
static void keep_name(Graph *g, Ref made, Ref better) {
  Node *n = &g->nodes.at[better];
  if (n->name || !node_of(g, made)->name || op_class(n->op) == CLASS_LEAF) return;
  n->name = node_of(g, made)->name;
  n->span = node_of(g, made)->span;
}

static void copy_span(Graph *g, Ref from, Ref first) {
  for (Ref r = first; r < g->nodes.len; r++)
    if (!node_of(g, r)->span.file) g->nodes.at[r].span = node_of(g, from)->span;
}

static void set_waiting(Rewrite *w, const Ref *made) {
  for (Ref old = 0; old < w->from->nodes.len; old++)
    if (reads_later(node_of(w->from, old), old)) graph_set_read(w->to, made[old], w->map[input_of(w->from, old, 0)]);
}

Graph *rewrite_graph(Session *s, const Graph *g, RewriteRule *rule, void *context) {
  Ref *made = arena_array(s->arena, Ref, g->nodes.len);
  Rewrite w = {g, graph_like(g), arena_array(s->arena, Ref, g->nodes.len)};
  for (Ref old = 0; old < g->nodes.len; old++) {
    made[old] = copy(&w, old);
    w.map[old] = rule(&w, old, made[old], context);
    copy_span(w.to, made[old], made[old] + 1);
    if (w.map[old] != made[old]) keep_name(w.to, made[old], w.map[old]);
  }
  set_waiting(&w, made);
  for (int i = 0; i < g->outputs.len; i++) {
    GraphOutput o = g->outputs.at[i];
    o.value = w.map[o.value];
    vec_push(s->arena, w.to->outputs, o);
  }
  return pass_dead(s, w.to);
}

static Ref first_identity(Graph *g, Ref node, Identity *const *identities, int count) {
  for (int i = 0; i < count; i++) {
    const Ref better = identities[i](g, node);
    if (better != NO_REF && better != node && rewrite_fits(g, node, better)) return better;
  }
  return NO_REF;
}

Ref rewrite_by(Graph *g, Ref node, Identity *const *identities, int count) {
  enum { ENOUGH = 16 }; /* identities make things simpler, so this only guards against a mistaken pair */
  for (int round = 0; round < ENOUGH; round++) {
    const Ref better = first_identity(g, node, identities, count);
    if (better == NO_REF) return node;
    node = better;
  }
  return node;
}
