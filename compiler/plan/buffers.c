/* buffers.c — which values own memory, and how much. */
#include "plan/internal.h"

typedef struct Sharing {
  bool *needed; /* [node] somebody reads it from memory */
} Sharing;

static void need(Plan *p, Sharing *s, Ref value) { s->needed[view_of(p->graph, value).base] = true; }

/* A group's value stays in a register unless it is used outside the group, or through a view. */
static void find_needed(Plan *p, Sharing *s) {
  Graph *g = p->graph;
  for (Ref i = 0; i < g->nodes.len; i++) {
    const Node *n = &g->nodes.at[i];
    for (int k = 0; k < n->inputs; k++) {
      Ref in = n->in[k];
      bool together = p->item_of[i] >= 0 && p->item_of[i] == p->item_of[in] && op_is_elementwise(n->op);
      if (!together && !op_is_view(n->op)) need(p, s, in);
      if (op_reads_steps(n->op)) need(p, s, in); /* what is looked at, and its history */
    }
  }
  for (int i = 0; i < g->outputs.len; i++) s->needed[g->outputs.at[i].value] = true;
}

static int add_buffer(Plan *p, Buffer b) {
  vec_push(p->session->arena, p->buffers, b);
  return p->buffers.len - 1;
}

static BufferKind kind_of(const Node *n) {
  switch (n->op) {
  case OP_PARAM: return BUFFER_PARAM;
  case OP_INPUT: return BUFFER_INPUT;
  case OP_CONST: return BUFFER_CONST;
  default: return BUFFER_TEMP;
  }
}

/* What was merged lies side by side in one buffer. */
static void share_buffers(Plan *p) {
  for (Ref i = 0; i < p->graph->nodes.len; i++) {
    Ref home = p->home[i].node;
    if (home == i) continue;
    p->buffer_of[i] = p->buffer_of[home];
    p->buffers.at[p->buffer_of[home]].elements += sizes_count(p->graph->nodes.at[i].shape);
  }
}

/* Numbers of the program text are immediate operands; every other value that is needed has a buffer. */
static void add_node_buffers(Plan *p, const Sharing *s) {
  Graph *g = p->graph;
  for (Ref i = 0; i < g->nodes.len; i++) {
    const Node *n = &g->nodes.at[i];
    p->buffer_of[i] = -1;
    if (!s->needed[i] || op_is_view(n->op) || (n->op == OP_CONST && !n->attrs.data) || p->home[i].node != i) continue;
    p->buffer_of[i] =
        add_buffer(p, (Buffer){.kind = kind_of(n), .index = n->attrs.index, .node = i, .elements = sizes_count(n->shape), .axes = n->axes});
  }
  share_buffers(p);
  for (int i = 0; i < g->outputs.len; i++) {
    Buffer *b = &p->buffers.at[p->buffer_of[g->outputs.at[i].value]];
    b->kind = BUFFER_OUTPUT;
    b->index = i;
  }
}

/* Elements of one row at one step of the clock that is kept; 0: a sequence cannot be cut into chunks along it. A clock of fixed
 * length begins anew at every step of the others, and data that live on several clocks come whole. */
static int64_t kept_elements(const Plan *p, const Buffer *b, int clock) {
  int64_t elements = p->graph->clocks.at[clock].length ? 0 : b->elements;
  for (int i = 0; i < p->clocks; i++)
    if (p->order[i] != clock && b->axes & GRAPH_CLOCK(p->order[i])) elements *= p->graph->clocks.at[p->order[i]].length;
  return elements;
}

static int add_state(Plan *p, Ref x, int64_t elements, int64_t steps, bool behind) {
  const GraphAxes axes = p->buffers.at[p->buffer_of[x]].axes;
  return add_buffer(p, (Buffer){.kind = BUFFER_STATE, .node = x, .elements = elements, .axes = axes, .steps = steps, .behind = behind});
}

static void add_delay_line(Plan *p, PlanItem *item) {
  for (int i = 0; i < item->body.len; i++) add_delay_line(p, item->body.at[i]);
  if (item->kind != PLAN_HISTORY) return;
  Ref x = item->nodes.at[0];
  Buffer *b = &p->buffers.at[p->buffer_of[x]];
  b->front = item->front;
  b->back = item->back;
  b->clock = item->clock;
  int64_t kept = kept_elements(p, b, item->clock);
  if (item->front && kept && !p->is_step) item->state = add_state(p, x, kept, item->front, false); /* a step's delay line is itself what is kept */
  if (item->back && kept && p->graph->checkpoints) item->behind = add_state(p, x, kept, item->back, true);
}

void plan_assign_buffers(Plan *p) {
  Sharing s = {arena_array(p->session->arena, bool, p->graph->nodes.len + 1)};
  find_needed(p, &s);
  add_node_buffers(p, &s);
  for (int i = 0; i < p->items.len; i++) add_delay_line(p, p->items.at[i]);
}

static int64_t buffer_values(const Plan *p, const Buffer *b, int64_t rows, int64_t steps) {
  if (b->kind == BUFFER_STATE) return b->steps * rows * b->elements;
  int64_t values = b->axes ? rows * b->elements : b->elements;
  for (int i = 0; i < p->clocks; i++) {
    int64_t length = p->graph->clocks.at[p->order[i]].length, pads = p->order[i] == b->clock ? b->front + b->back : 0;
    if (b->axes & GRAPH_CLOCK(p->order[i])) values *= (length ? length : steps) + pads;
  }
  return values;
}

/* The largest buffer of a slot stands for all of them. */
static bool stands_for_slot(const Plan *p, int buffer, int64_t rows, int64_t steps) {
  const Buffer *b = &p->buffers.at[buffer];
  for (int i = 0; b->slot >= 0 && i < p->buffers.len; i++) {
    const Buffer *other = &p->buffers.at[i];
    if (i == buffer || other->slot != b->slot) continue;
    int64_t mine = buffer_values(p, b, rows, steps), others = buffer_values(p, other, rows, steps);
    if (others > mine || (others == mine && i < buffer)) return false;
  }
  return true;
}

int64_t plan_bytes(const Plan *p, int64_t rows, int64_t steps) {
  int64_t values = 0;
  for (int i = 0; i < p->buffers.len; i++)
    if (stands_for_slot(p, i, rows, steps)) values += buffer_values(p, &p->buffers.at[i], rows, steps);
  return values * (p->is_double ? 8 : 4);
}
