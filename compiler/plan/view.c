/* view.c — READ, WINDOW, BROADCAST, SLICE and RESHAPE as addresses into their base's buffer. */
#include "plan/plan.h"

bool op_is_view(Op op) {
  return op == OP_READ || op == OP_WINDOW || op == OP_BROADCAST || op == OP_SLICE || op == OP_RESHAPE;
}

static View view_whole(Ref value, const int64_t *size, int rank) {
  View v = {.base = value, .rank = rank};
  int64_t stride = 1;
  for (int i = v.rank - 1; i >= 0; i--) {
    v.size[i] = size[i];
    v.stride[i] = stride;
    stride *= v.size[i];
  }
  return v;
}

static View view_window(const Node *n, View in) {
  View v = in;
  v.rank = in.rank + 1;
  for (int i = 0; i < in.rank; i++) {
    v.size[i + 1] = in.size[i];
    v.stride[i + 1] = in.stride[i];
    v.dim_step[i + 1] = in.dim_step[i];
  }
  v.size[0] = n->attrs.taps;
  v.stride[0] = 0;
  v.dim_step[0] = n->attrs.stride;
  v.step += n->attrs.offset;
  v.clock = n->attrs.clock;
  return v;
}

static View view_broadcast(const Node *n, View in) {
  View v = in;
  v.rank = n->shape.rank;
  for (int i = 0; i < v.rank; i++) {
    int from = n->attrs.map[i];
    v.size[i] = n->shape.dim[i];
    v.stride[i] = from < 0 ? 0 : in.stride[from];
    v.dim_step[i] = from < 0 ? 0 : in.dim_step[from];
  }
  return v;
}

static View view_slice(const Node *n, View v) {
  int d = n->attrs.dim;
  v.offset += n->attrs.begin * v.stride[d];
  v.step += n->attrs.begin * v.dim_step[d];
  v.size[d] = n->attrs.count;
  v.stride[d] *= n->attrs.stride;
  v.dim_step[d] *= n->attrs.stride;
  return v;
}

/* plan_prepare sees to it that the operand of a RESHAPE flattens. */
static View view_reshape(const Node *n, View in) {
  int64_t stride;
  view_flattens(&in, 0, in.rank, &stride);
  View v = in;
  v.rank = n->shape.rank;
  for (int i = v.rank - 1; i >= 0; i--) {
    v.size[i] = n->shape.dim[i];
    v.stride[i] = stride;
    v.dim_step[i] = 0;
    stride *= v.size[i];
  }
  return v;
}

View view_of(const Graph *g, Ref value) {
  const Node *n = &g->nodes.at[value];
  switch (n->op) {
  case OP_READ: {
    View v = view_whole(n->in[0], n->shape.dim, n->shape.rank); /* what is read at another step owns its memory */
    v.step += n->attrs.offset;
    v.clock = n->attrs.clock;
    return v;
  }
  case OP_WINDOW: return view_window(n, view_whole(n->in[0], n->shape.dim + 1, n->shape.rank - 1));
  case OP_BROADCAST: return view_broadcast(n, view_of(g, n->in[0]));
  case OP_SLICE: return view_slice(n, view_of(g, n->in[0]));
  case OP_RESHAPE: return view_reshape(n, view_of(g, n->in[0]));
  default: return view_whole(value, n->shape.dim, n->shape.rank);
  }
}

bool view_flattens(const View *v, int first, int count, int64_t *stride) {
  int64_t expected = 0; /* stride that the next outer dim must have; 0: free */
  *stride = 1;
  for (int i = first + count - 1; i >= first; i--) {
    if (v->size[i] == 1) continue;
    if (v->dim_step[i]) return false;
    if (expected && v->stride[i] != expected) return false;
    if (!expected) *stride = v->stride[i];
    expected = v->stride[i] * v->size[i];
    if (!v->stride[i]) return false; /* repeated: not one walk, unless it is the only dim; callers copy */
  }
  return true;
}
