/* recompute.c — what is cheap is computed again where it is needed, and not kept for it.
 *
 * The reverse pass looks at values of the forward pass. One that is a few cheap operations on values that are kept anyway costs less to
 * compute again in the reverse loop than to store at every step and fetch at every step: it is copied there, and the original stays in a
 * register. (A. Griewank and A. Walther, Evaluating Derivatives, 2008, chapter 12, where it goes much further.) */
#include "pass/pass.h"
#include "plan/scans.h"

enum { MOST_OPERATIONS = 4 };

typedef struct Copy {
  int region;
  Ref copy; /* in the new graph */
} Copy;
typedef Vec(Copy) Copies;

typedef struct Recompute {
  Graph *from, *to;
  Scans scans;
  bool *kept;    /* [node] is needed in memory, or from another region, and not computed again */
  int *again;    /* [node] operations that computing it again takes; 0: it is not */
  Ref *map;
  Copies *copies; /* [node] */
} Recompute;

static const Node *node_at(const Recompute *r, Ref n) { return &r->from->nodes.at[n]; }

static bool is_cheap(Op op) {
  switch (op) {
  case OP_NEG: case OP_ABS: case OP_SIGN: case OP_STEP: case OP_RELU: case OP_NOT: case OP_ADD: case OP_SUB: case OP_MUL: case OP_MIN:
  case OP_MAX: case OP_LT: case OP_LE: case OP_EQ: case OP_NE: case OP_AND: case OP_OR: case OP_SELECT: return true;
  default: return false;
  }
}

/* --- what is needed where -------------------------------------------------------------------------------------------------- */

typedef struct Needs {
  bool *memory, *elsewhere; /* [node] */
} Needs;

static Needs find_needs(const Recompute *r) {
  Arena *a = r->from->session->arena;
  const int n = r->from->nodes.len;
  Needs needs = {arena_array(a, bool, n + 1), arena_array(a, bool, n + 1)};
  for (Ref i = 0; i < n; i++)
    for (int k = 0; k < node_at(r, i)->inputs; k++) {
      const Ref in = node_at(r, i)->in[k];
      needs.memory[in] |= !op_is_elementwise(node_at(r, i)->op); /* element-wise work of another region is served by a copy there */
      needs.elsewhere[in] |= r->scans.of[i] != r->scans.of[in];
    }
  for (int i = 0; i < r->from->outputs.len; i++) needs.memory[r->from->outputs.at[i].value] = true;
  return needs;
}

/* A number, a param, an input, a view of something that is kept, or kept itself. */
static bool is_there(const Recompute *r, Ref in) {
  while (op_is_view(node_at(r, in)->op)) in = node_at(r, in)->in[0];
  return op_class(node_at(r, in)->op) == CLASS_LEAF || r->kept[in];
}

/* Operations to compute n from what is there; more than allowed: it is kept. */
static int operations(const Recompute *r, const Node *n) {
  int count = 1;
  for (int k = 0; k < n->inputs; k++) {
    if (is_there(r, n->in[k])) continue;
    if (!r->again[n->in[k]]) return MOST_OPERATIONS + 1;
    count += r->again[n->in[k]];
  }
  return count;
}

static void decide(Recompute *r) {
  const Needs needs = find_needs(r);
  for (Ref i = 0; i < r->from->nodes.len; i++) r->kept[i] = needs.memory[i] || (needs.elsewhere[i] && !is_cheap(node_at(r, i)->op));
  for (Ref i = 0; i < r->from->nodes.len; i++) {
    if (!needs.elsewhere[i] || r->kept[i]) continue;
    const int count = operations(r, node_at(r, i));
    if (count <= MOST_OPERATIONS) r->again[i] = count;
    else r->kept[i] = true;
  }
}

/* --- copying ------------------------------------------------------------------------------------------------------------------ */

static Ref operand_in(Recompute *r, Ref in, int region);

static Ref copy_in(Recompute *r, Ref value, int region) {
  const Node *n = node_at(r, value);
  for (int i = 0; i < r->copies[value].len; i++)
    if (r->copies[value].at[i].region == region) return r->copies[value].at[i].copy;
  Ref *in = arena_array(r->to->session->arena, Ref, n->inputs + 1);
  for (int k = 0; k < n->inputs; k++) in[k] = operand_in(r, n->in[k], region);
  Node again = *n;
  again.name = NULL; /* the user's value is the other one */
  const Ref copy = graph_copy_node(r->to, &again, in);
  vec_push(r->to->session->arena, r->copies[value], ((Copy){region, copy}));
  return copy;
}

static Ref operand_in(Recompute *r, Ref in, int region) { return r->again[in] && r->scans.of[in] != region ? copy_in(r, in, region) : r->map[in]; }

static void copy_node(Recompute *r, Ref i) {
  const Node *n = node_at(r, i);
  Ref *in = arena_array(r->to->session->arena, Ref, n->inputs + 1);
  for (int k = 0; k < n->inputs; k++) in[k] = node_edge_is_delayed(n, k) ? NO_REF : operand_in(r, n->in[k], r->scans.of[i]);
  if (n->inputs && node_edge_is_delayed(n, 0)) { /* the operand may be a later node: set when all are there */
    Node copy = *n;
    copy.in = in;
    r->map[i] = graph_add(r->to, copy);
  } else r->map[i] = graph_copy_node(r->to, n, in);
}

Graph *plan_recompute(Session *s, Graph *g) {
  const int n = g->nodes.len;
  Recompute r = {.from = g, .to = graph_like(g), .scans = scans_of(s, g)};
  r.kept = arena_array(s->arena, bool, n + 1);
  r.again = arena_array(s->arena, int, n + 1);
  r.map = arena_array(s->arena, Ref, n + 1);
  r.copies = arena_array(s->arena, Copies, n + 1);
  decide(&r);
  for (Ref i = 0; i < n; i++) copy_node(&r, i);
  for (Ref i = 0; i < n; i++)
    if (node_at(&r, i)->inputs && node_edge_is_delayed(node_at(&r, i), 0)) r.to->nodes.at[r.map[i]].in[0] = r.map[node_at(&r, i)->in[0]];
  for (int i = 0; i < g->outputs.len; i++) {
    const GraphOutput *o = &g->outputs.at[i];
    graph_output(r.to, o->name, o->role, o->index, r.map[o->value]);
  }
  return pass_dead(s, r.to);
}
