/* dead.c — what no output needs goes. Requires nothing; establishes nodes without gaps, in the same order. */
#include "pass/rewrite.h"

static void need(Ref r, bool *needed, Ref *stack, int *depth) {
  if (needed[r]) return;
  needed[r] = true;
  stack[(*depth)++] = r;
}

static bool *needed_nodes(Session *s, const Graph *g) {
  bool *needed = arena_array(s->arena, bool, g->nodes.len);
  Ref *stack = arena_array(s->arena, Ref, g->nodes.len);
  int depth = 0;
  for (int i = 0; i < g->outputs.len; i++) need(g->outputs.at[i].value, needed, stack, &depth);
  while (depth) {
    const Node *n = node_of(g, stack[--depth]);
    for (int i = 0; i < n->inputs; i++)
      if (n->in[i] != NO_REF) need(n->in[i], needed, stack, &depth);
  }
  return needed;
}

/* New numbers, known for all nodes before any is copied. */
static Ref *new_numbers(Session *s, const Graph *g, const bool *needed) {
  Ref *number = arena_array(s->arena, Ref, g->nodes.len), next = 0;
  for (Ref r = 0; r < g->nodes.len; r++) number[r] = needed[r] ? next++ : NO_REF;
  return number;
}

Graph *pass_dead(Session *s, Graph *g) {
  Graph *to = graph_like(g);
  const bool *needed = needed_nodes(s, g);
  const Ref *number = new_numbers(s, g, needed);
  for (Ref r = 0; r < g->nodes.len; r++) {
    if (!needed[r]) continue;
    const Ref made = graph_copy_node(to, node_of(g, r), node_of(g, r)->in);
    Node *n = &to->nodes.at[made];
    for (int i = 0; i < n->inputs; i++) n->in[i] = number[n->in[i]];
  }
  for (int i = 0; i < g->outputs.len; i++) {
    GraphOutput o = g->outputs.at[i];
    o.value = number[o.value];
    vec_push(s->arena, to->outputs, o);
  }
  return to;
}
