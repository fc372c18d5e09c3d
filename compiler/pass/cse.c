/* cse.c — equal nodes become one. Requires topological order; keeps it. Draws of RANDOM are equal only at the same site.
 *
 * A READ of a later node is keyed by that node's old number: two of them whose sources only now became one are found in the
 * next round. Loops that are equal throughout, but start from two READs, stay two. */
#include "pass/rewrite.h"

typedef struct Numbering {
  Ref *slot; /* new nodes by hash */
  Ref *later; /* by new node: the old node that it will read, or NO_REF */
  uint32_t mask;
  bool merged;
} Numbering;

static uint64_t mix(uint64_t h, uint64_t word) { return (h ^ word) * 0x9e3779b97f4a7c15u ^ h >> 29; }

static uint64_t mix_bytes(uint64_t h, const void *bytes, size_t n) {
  for (size_t i = 0; i < n; i++) h = mix(h, ((const unsigned char *)bytes)[i]);
  return h;
}

/* Of equal operands in either order. MIN and MAX are not: of equals, and of what is not a number, they take the first. */
static bool commutes(Op op) {
  return op == OP_ADD || op == OP_MUL || op == OP_EQ || op == OP_NE || op == OP_AND || op == OP_OR;
}

static Ref operand(const Node *n, int i) {
  if (!commutes(n->op) || n->in[0] <= n->in[1]) return n->in[i];
  return n->in[1 - i];
}

static uint64_t hash_of(const Node *n, Ref later) {
  uint64_t h = mix(mix(mix(mix(1, n->op), n->axes), (uint64_t)later), (uint64_t)n->shape.rank);
  const Attrs *a = &n->attrs;
  for (int i = 0; i < n->shape.rank; i++) h = mix(h, (uint64_t)n->shape.dim[i]);
  for (int i = 0; i < n->inputs; i++) h = mix(h, (uint64_t)operand(n, i));
  h = mix_bytes(h, &a->value, sizeof a->value);
  h = mix(mix(mix(mix(h, (uint64_t)a->index), (uint64_t)a->clock), (uint64_t)a->offset), (uint64_t)a->begin);
  return mix(mix(h, a->dims), a->over) >> 20;
}

static bool equal_data(const double *a, const double *b, int64_t n) {
  if (!a || !b) return a == b;
  return memcmp(a, b, sizeof *a * (size_t)n) == 0;
}

static bool equal_attrs(const Attrs *a, const Attrs *b) {
  return memcmp(&a->value, &b->value, sizeof a->value) == 0 && a->index == b->index && a->clock == b->clock &&
         a->offset == b->offset && a->stride == b->stride && a->taps == b->taps && a->dim == b->dim && a->begin == b->begin &&
         a->count == b->count && a->end == b->end && a->windowed == b->windowed && a->kind == b->kind && a->dims == b->dims &&
         a->over == b->over && memcmp(a->map, b->map, sizeof a->map) == 0 && memcmp(a->letters, b->letters, sizeof a->letters) == 0;
}

static bool equal_nodes(const Node *a, const Node *b) {
  if (a->op != b->op || a->axes != b->axes || a->inputs != b->inputs || !sizes_equal(a->shape, b->shape)) return false;
  for (int i = 0; i < a->inputs; i++)
    if (operand(a, i) != operand(b, i)) return false;
  return equal_attrs(&a->attrs, &b->attrs) && equal_data(a->attrs.data, b->attrs.data, sizes_count(a->shape));
}

static Ref number_node(Rewrite *w, Ref old, Ref made, void *context) {
  Numbering *k = context;
  const Node *n = node_of(w->to, made);
  k->later[made] = n->inputs && n->in[0] == NO_REF ? input_of(w->from, old, 0) : NO_REF;
  uint32_t at = (uint32_t)hash_of(n, k->later[made]) & k->mask;
  for (; k->slot[at] != NO_REF; at = (at + 1) & k->mask)
    if (k->later[k->slot[at]] == k->later[made] && equal_nodes(node_of(w->to, k->slot[at]), n)) {
      k->merged = true;
      return k->slot[at];
    }
  return k->slot[at] = made;
}

static Numbering new_numbering(Session *s, const Graph *g) {
  Numbering k = {.mask = 16};
  while (k.mask < 2 * (uint32_t)g->nodes.len) k.mask *= 2;
  k.slot = arena_array(s->arena, Ref, k.mask);
  for (uint32_t i = 0; i < k.mask; i++) k.slot[i] = NO_REF;
  k.later = arena_array(s->arena, Ref, g->nodes.len);
  k.mask--;
  return k;
}

Graph *pass_cse(Session *s, Graph *g) {
  bool merged = true;
  while (merged) {
    Numbering k = new_numbering(s, g);
    g = rewrite_graph(s, g, number_node, &k);
    merged = k.merged;
  }
  return g;
}
