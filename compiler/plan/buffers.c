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

/* Numbers of the program text are immediate operands; every other value that is needed has a buffer. */
static void add_node_buffers(Plan *p, const Sharing *s) {
  Graph *g = p->graph;
  for (Ref i = 0; i < g->nodes.len; i++) {
    const Node *n = &g->nodes.at[i];
    p->buffer_of[i] = -1;
    if (!s->needed[i] || op_is_view(n->op) || (n->op == OP_CONST && !n->attrs.data)) continue;
    p->buffer_of[i] =
        add_buffer(p, (Buffer){.kind = kind_of(n), .index = n->attrs.index, .node = i, .elements = sizes_count(n->shape), .axes = n->axes});
  }
  for (int i = 0; i < g->outputs.len; i++) {
    Buffer *b = &p->buffers.at[p->buffer_of[g->outputs.at[i].value]];
    b->kind = BUFFER_OUTPUT;
    b->index = i;
  }
}

static void add_delay_lines(Plan *p) {
  for (int i = 0; i < p->items.len; i++) {
    PlanItem *item = p->items.at[i];
    if (item->kind != PLAN_HISTORY) continue;
    Ref x = item->nodes.at[0];
    Buffer *b = &p->buffers.at[p->buffer_of[x]];
    b->front = item->front;
    b->back = item->back;
    if (item->front)
      item->state = add_buffer(p, (Buffer){.kind = BUFFER_STATE, .node = x, .elements = b->elements, .axes = b->axes, .steps = item->front});
  }
}

void plan_assign_buffers(Plan *p) {
  Sharing s = {arena_array(p->session->arena, bool, p->graph->nodes.len + 1)};
  find_needed(p, &s);
  add_node_buffers(p, &s);
  add_delay_lines(p);
}

static int64_t buffer_values(const Buffer *b, int clock, int64_t rows, int64_t steps) {
  if (b->kind == BUFFER_STATE) return b->steps * rows * b->elements;
  if (clock >= 0 && b->axes & GRAPH_CLOCK(clock)) return (steps + b->front + b->back) * rows * b->elements;
  return b->axes ? rows * b->elements : b->elements;
}

int64_t plan_bytes(const Plan *p, int64_t rows, int64_t steps) {
  int64_t values = 0;
  for (int i = 0; i < p->buffers.len; i++) values += buffer_values(&p->buffers.at[i], p->clock, rows, steps);
  return values * (p->is_double ? 8 : 4);
}
