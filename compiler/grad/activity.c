/* activity.c — where derivatives go at all: only nodes on a path from a wanted param to the loss have adjoints. */
#include "grad/rules.h"

bool op_passes_gradient(Op op, int i) {
  switch (op) {
  case OP_SIGN:
  case OP_STEP:
  case OP_FLOOR:
  case OP_NOT:
  case OP_STOP:
  case OP_LT:
  case OP_LE:
  case OP_EQ:
  case OP_NE:
  case OP_AND:
  case OP_OR:
  case OP_ONE_HOT:
  case OP_ARGMAX: return false;
  case OP_SELECT: return i > 0;
  case OP_CHILD: return i < 2;
  case OP_EMBED:
  case OP_EMBED_ADD:
  case OP_CHILDREN_SUM:
  case OP_CHILDREN_MAX:
  case OP_CHILDREN_MIX:
  case OP_PARENT:
  case OP_GATHER:
  case OP_SCATTER: return i == 0;
  default: return true;
  }
}

bool param_wanted(const Graph *g, int param, const bool *wanted) {
  return wanted ? wanted[param] : g->params.at[param].trained;
}

/* Until nothing changes: an edge to another step may point anywhere, so one round need not do. */
bool *reached_forward(const Graph *g, const bool *from) {
  bool *reached = arena_array(g->session->arena, bool, g->nodes.len);
  bool changed = true;
  while (changed) {
    changed = false;
    for (Ref n = 0; n < g->nodes.len; n++) {
      bool now = from[n];
      for (int i = 0; i < node_of(g, n)->inputs; i++)
        now |= op_passes_gradient(node_of(g, n)->op, i) && reached[input_of(g, n, i)];
      changed |= now != reached[n];
      reached[n] = now;
    }
  }
  return reached;
}

static bool pass_to_inputs(const Graph *g, Ref n, bool *reached) {
  bool changed = false;
  for (int i = 0; i < node_of(g, n)->inputs; i++) {
    bool *x = &reached[input_of(g, n, i)];
    if (*x || !op_passes_gradient(node_of(g, n)->op, i)) continue;
    *x = true;
    changed = true;
  }
  return changed;
}

bool *reached_backward(const Graph *g, const bool *from) {
  bool *reached = arena_array(g->session->arena, bool, g->nodes.len);
  memcpy(reached, from, sizeof *reached * (size_t)g->nodes.len);
  bool changed = true;
  while (changed) {
    changed = false;
    for (Ref n = g->nodes.len - 1; n >= 0; n--)
      if (reached[n]) changed |= pass_to_inputs(g, n, reached);
  }
  return reached;
}
