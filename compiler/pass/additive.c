/* additive.c — do the results of slices of a batch add up to the result of the batch? Requires a verified graph; changes nothing.
 *
 * Seen from the sequence axis a value is the same whatever the batch, or one for each row, or a sum over rows, or something
 * that knows all rows at once (the largest over a batch, the square of a mean). A loss must be a sum; the runtime then
 * computes slices of the batch on several threads and adds losses and gradients: derivatives of a sum are sums. The share input,
 * 1 in one slice and 0 in the others, is a sum by its meaning; norms are the whole batch's in every slice. */
#include "pass/rewrite.h"

typedef enum Kind { KIND_SAME, KIND_ROWS, KIND_SUM, KIND_WHOLE } Kind;

typedef struct Sums {
  const Graph *g;
  Kind *kind; /* by node */
} Sums;

static Kind worst_input(const Sums *s, const Node *n) {
  Kind worst = KIND_SAME;
  for (int i = 0; i < n->inputs; i++)
    if (s->kind[n->in[i]] > worst) worst = s->kind[n->in[i]];
  return worst;
}

static int inputs_of_kind(const Sums *s, const Node *n, Kind kind) {
  int count = 0;
  for (int i = 0; i < n->inputs; i++) count += s->kind[n->in[i]] == kind;
  return count;
}

/* Is it linear in its sums, and the same function of them in every slice? */
static bool keeps_sums(const Sums *s, const Node *n) {
  const int sums = inputs_of_kind(s, n, KIND_SUM), same = inputs_of_kind(s, n, KIND_SAME);
  switch (n->op) {
  case OP_NEG: case OP_STOP: case OP_SUM: case OP_BROADCAST: case OP_RESHAPE: case OP_SLICE: case OP_PAD: return true;
  case OP_ADD: case OP_SUB: case OP_CONCAT: return sums == n->inputs;
  case OP_MUL: case OP_CONTRACT: return sums == 1 && same == 1;
  case OP_DIV: case OP_GATHER: case OP_SCATTER: return s->kind[n->in[0]] == KIND_SUM && same == 1;
  case OP_SELECT: return s->kind[n->in[0]] == KIND_SAME && sums == 2;
  default: return false;
  }
}

static Kind kind_of_leaf(const Graph *g, const Node *n) {
  if (n->axes & GRAPH_SEQUENCE) return KIND_ROWS;
  return n->op == OP_INPUT && g->inputs.at[n->attrs.index].role == INPUT_SHARE ? KIND_SUM : KIND_SAME;
}

static Kind kind_of(const Sums *s, const Node *n) {
  if (op_class(n->op) == CLASS_LEAF) return kind_of_leaf(s->g, n);
  const Kind worst = worst_input(s, n);
  const bool over_rows = n->attrs.over & GRAPH_SEQUENCE;
  if (worst == KIND_WHOLE) return KIND_WHOLE;
  if (worst == KIND_SUM) return !over_rows && !(n->axes & GRAPH_SEQUENCE) && keeps_sums(s, n) ? KIND_SUM : KIND_WHOLE;
  if (over_rows) return n->op == OP_AMAX ? KIND_WHOLE : KIND_SUM;
  if (n->axes & GRAPH_SEQUENCE) return KIND_ROWS;
  return worst == KIND_SAME ? KIND_SAME : KIND_WHOLE; /* rows that vanish without a reduction: whatever that is, it is no sum */
}

/* Edges between steps may point forward, so kinds are raised until nothing changes. */
static bool raise_kinds(Sums *s) {
  bool changed = false;
  for (Ref r = 0; r < s->g->nodes.len; r++) {
    const Kind kind = kind_of(s, node_of(s->g, r));
    if (kind <= s->kind[r]) continue;
    s->kind[r] = kind;
    changed = true;
  }
  return changed;
}

static bool adds_up(const Sums *s, const GraphOutput *o) {
  const Kind kind = s->kind[o->value];
  return o->role == OUTPUT_LOSS ? kind == KIND_SUM : kind <= KIND_ROWS;
}

bool graph_additive(Session *session, const Graph *g) {
  Sums s = {.g = g, .kind = arena_array(session->arena, Kind, g->nodes.len)};
  for (int i = 0; i < g->nodes.len; i++) s.kind[i] = KIND_SAME;
  while (raise_kinds(&s)) continue;
  for (int i = 0; i < g->outputs.len; i++)
    if (g->outputs.at[i].role != OUTPUT_GRAD && !adds_up(&s, &g->outputs.at[i])) return false;
  return true;
}
