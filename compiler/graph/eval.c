/* eval.c — the truth: a slow, obvious interpreter, to be checked by reading.
 *
 * value(node, place) is the node's elements at one sequence and one step of every clock; it asks for its inputs at the
 * places that the op names, and is remembered. Every sequence is fresh. A clock of no steps has no ends: at_end of it is 0. */
#include "graph/eval.h"
#include "runtime/philox.h"
#include <inttypes.h>
#include <math.h>
#include <stdlib.h>

static const double *value(Eval *e, Ref r, Place p);

const double *eval_input(Eval *e, const Node *n, int i, Place p) { return value(e, n->in[i], p); }

static int64_t length(const Eval *e, int clock, int sequence) { return e->data->length[clock][sequence]; }

static bool inside(const Eval *e, const Node *n, Place p, int64_t step) {
  return step >= 0 && step < length(e, n->attrs.clock, p.sequence);
}

static Place at_step(Place p, int clock, int64_t step) {
  p.step[clock] = step;
  return p;
}

/* Where a place lies in an array of [sequence][clock …] with only these axes. */
static int64_t place_number(const Eval *e, GraphAxes axes, Place p) {
  int64_t number = axes & GRAPH_SEQUENCE ? p.sequence : 0;
  for (int c = 0; c < e->g->clocks.len; c++)
    if (axes & GRAPH_CLOCK(c)) number = number * e->longest[c] + p.step[c];
  return number;
}

static int64_t places_of(const Eval *e, GraphAxes axes) {
  int64_t places = axes & GRAPH_SEQUENCE ? e->data->sequences : 1;
  for (int c = 0; c < e->g->clocks.len; c++)
    if (axes & GRAPH_CLOCK(c)) places *= e->longest[c];
  return places;
}

/* The next place is found as an odometer does it. */
static bool sequence_has_steps(const Eval *e, GraphAxes axes, const Place *p) {
  for (int c = 0; c < e->g->clocks.len; c++)
    if (axes & GRAPH_CLOCK(c) && length(e, c, p->sequence) == 0) return false;
  return true;
}

bool eval_first_place(const Eval *e, GraphAxes axes, Place *p) {
  for (int c = 0; c < e->g->clocks.len; c++)
    if (axes & GRAPH_CLOCK(c)) p->step[c] = 0;
  if (axes & GRAPH_SEQUENCE) p->sequence = 0;
  while (!sequence_has_steps(e, axes, p))
    if (!(axes & GRAPH_SEQUENCE) || ++p->sequence == e->data->sequences) return false;
  return true;
}

bool eval_next_place(const Eval *e, GraphAxes axes, Place *p) {
  for (int c = e->g->clocks.len - 1; c >= 0; c--) {
    if (!(axes & GRAPH_CLOCK(c))) continue;
    if (++p->step[c] < length(e, c, p->sequence)) return true;
    p->step[c] = 0;
  }
  if (!(axes & GRAPH_SEQUENCE)) return false;
  while (++p->sequence < e->data->sequences)
    if (sequence_has_steps(e, axes, p)) return true;
  return false;
}

/* --- leaves ----------------------------------------------------------------------------------------------------------- */

/* One number for the steps of all the clocks that key a draw, as compiled code has it (draw_step in llvm/pieces.c). */
static uint64_t draw_step(const Eval *e, const Node *n, Place p) {
  uint64_t number = 0;
  for (int c = 0; c < e->g->clocks.len; c++)
    if (n->axes & GRAPH_CLOCK(c)) number = (number << 32) + (uint64_t)p.step[c];
  return number;
}

static void eval_random(Eval *e, const Node *n, Place p, double *y) {
  const uint64_t sequence = n->axes & GRAPH_SEQUENCE ? (uint64_t)p.sequence : 0, step = draw_step(e, n, p);
  for (int64_t i = 0; i < sizes_count(n->shape); i++)
    y[i] = philox_random(e->data->seed, e->data->update, (uint64_t)n->attrs.index, sequence, step, (uint64_t)i, n->attrs.kind);
}

static void eval_leaf(Eval *e, const Node *n, Place p, double *y) {
  const int64_t count = sizes_count(n->shape);
  const int64_t *const *lengths = e->data->whole[n->attrs.clock] ? e->data->whole : e->data->length;
  switch (n->op) {
  case OP_CONST:
    for (int64_t i = 0; i < count; i++) y[i] = n->attrs.data ? n->attrs.data[i] : n->attrs.value;
    return;
  case OP_PARAM: memcpy(y, e->data->param[n->attrs.index], sizeof *y * (size_t)count); return;
  case OP_INPUT:
    memcpy(y, e->data->input[n->attrs.index] + place_number(e, n->axes, p) * count, sizeof *y * (size_t)count);
    return;
  case OP_LENGTH: *y = (double)lengths[n->attrs.clock][p.sequence]; return;
  case OP_STEP_INDEX: *y = (double)p.step[n->attrs.clock]; return;
  default: eval_random(e, n, p, y); return;
  }
}

/* --- time ------------------------------------------------------------------------------------------------------------- */

/* x at the step, or the history where the sequence has no such step. */
static const double *read_step(Eval *e, const Node *n, Place p, int64_t step) {
  if (inside(e, n, p, step)) return eval_input(e, n, 0, at_step(p, n->attrs.clock, step));
  return eval_input(e, n, 1, at_step(p, n->attrs.clock, -1));
}

/* READ, and WINDOW tap by tap. */
static void eval_read(Eval *e, const Node *n, Place p, double *y) {
  const int64_t taps = n->op == OP_READ ? 1 : n->attrs.taps, count = sizes_count(n->shape) / taps;
  for (int64_t j = 0; j < taps; j++) {
    const int64_t step = p.step[n->attrs.clock] + n->attrs.offset + j * n->attrs.stride;
    memcpy(y + j * count, read_step(e, n, p, step), sizeof *y * (size_t)count);
  }
}

/* The step is data. */
static void eval_child(Eval *e, const Node *n, Place p, double *y) {
  const double index = *eval_input(e, n, 2, p);
  memcpy(y, read_step(e, n, p, index < 0 ? -1 : (int64_t)index), sizeof *y * (size_t)sizes_count(n->shape));
}

/* The step that link i names, seen from a step: −1 where that is none of the sequence's. */
static int64_t linked(Eval *e, const Node *n, int i, Place p, int64_t step) {
  const double number = *eval_input(e, n, i, at_step(p, n->attrs.clock, step));
  return number >= 0 && number < (double)length(e, n->attrs.clock, p.sequence) ? (int64_t)number : -1;
}

static void eval_parent(Eval *e, const Node *n, Place p, double *y) {
  const int64_t parent = linked(e, n, 3, p, p.step[n->attrs.clock]);
  const size_t size = sizeof *y * (size_t)sizes_count(n->shape);
  if (parent < 0) memset(y, 0, size);
  else memcpy(y, eval_input(e, n, 0, at_step(p, n->attrs.clock, parent)), size);
}

/* y[t] = Σ x[s], or max x[s], over the children s of t, the first one first */
static void eval_children(Eval *e, const Node *n, Place p, double *y) {
  const int64_t count = sizes_count(n->shape), first = linked(e, n, 1, p, p.step[n->attrs.clock]);
  const Op op = n->op == OP_CHILDREN_SUM ? OP_ADD : OP_MAX;
  memset(y, 0, sizeof *y * (size_t)count);
  for (int64_t s = first; s >= 0; s = linked(e, n, 2, p, s)) {
    const double *x = eval_input(e, n, 0, at_step(p, n->attrs.clock, s));
    for (int64_t k = 0; k < count; k++) y[k] = s == first ? x[k] : op_number(op, (double[]){y[k], x[k]});
  }
}

/* Score k of a child, and the value that goes with it. */
static double mix_part(Eval *e, const Node *n, Place p, int64_t s, int64_t k) {
  return eval_input(e, n, 0, at_step(p, n->attrs.clock, s))[k];
}

/* y[t] = Σ p(s) v(s) over the children s of t with p = exp(score) / Σ exp(score) */
static void eval_mix(Eval *e, const Node *n, Place p, double *y) {
  const int64_t count = sizes_count(n->shape), first = linked(e, n, 1, p, p.step[n->attrs.clock]);
  for (int64_t k = 0; k < count; k++) {
    double largest = -INFINITY, total = 0, sum = 0;
    for (int64_t s = first; s >= 0; s = linked(e, n, 2, p, s)) largest = op_number(OP_MAX, (double[]){largest, mix_part(e, n, p, s, k)});
    for (int64_t s = first; s >= 0; s = linked(e, n, 2, p, s)) {
      const double power = exp(mix_part(e, n, p, s, k) - largest);
      total += power;
      sum += power * mix_part(e, n, p, s, count + k);
    }
    y[k] = first >= 0 ? sum / total : 0;
  }
}

static void add_to(double *y, const double *x, int64_t count) {
  for (int64_t k = 0; k < count; k++) y[k] += x[k];
}

/* y[t] = Σ_j x[t - offset - j·stride][j] */
static void eval_overlap(Eval *e, const Node *n, Place p, double *y) {
  const int64_t count = sizes_count(n->shape);
  memset(y, 0, sizeof *y * (size_t)count);
  for (int64_t j = 0; j < n->attrs.taps; j++) {
    const int64_t step = p.step[n->attrs.clock] - n->attrs.offset - j * n->attrs.stride;
    if (inside(e, n, p, step)) add_to(y, eval_input(e, n, 0, at_step(p, n->attrs.clock, step)) + j * count, count);
  }
}

/* y = Σ_t Σ_j x[t][j] where t + offset + j·stride is no step */
static void eval_edge(Eval *e, const Node *n, Place p, double *y) {
  const int64_t count = sizes_count(n->shape), taps = n->attrs.windowed ? n->attrs.taps : 1;
  memset(y, 0, sizeof *y * (size_t)count);
  for (int64_t t = 0; t < length(e, n->attrs.clock, p.sequence); t++)
    for (int64_t j = 0; j < taps; j++)
      if (!inside(e, n, p, t + n->attrs.offset + j * n->attrs.stride))
        add_to(y, eval_input(e, n, 0, at_step(p, n->attrs.clock, t)) + j * count, count);
}

/* AT_END reads the step at that end; IMPULSE writes it. */
static void eval_end(Eval *e, const Node *n, Place p, double *y) {
  const int clock = n->attrs.clock;
  const int64_t end = n->attrs.end ? length(e, clock, p.sequence) - 1 : 0;
  const bool there = inside(e, n, p, end) && (n->op == OP_AT_END || p.step[clock] == end);
  const size_t size = sizeof *y * (size_t)sizes_count(n->shape);
  if (there) memcpy(y, eval_input(e, n, 0, at_step(p, clock, n->op == OP_AT_END ? end : -1)), size);
  else memset(y, 0, size);
}

static void eval_time(Eval *e, const Node *n, Place p, double *y) {
  switch (n->op) {
  case OP_READ:
  case OP_WINDOW: eval_read(e, n, p, y); return;
  case OP_CHILD: eval_child(e, n, p, y); return;
  case OP_CHILDREN_SUM:
  case OP_CHILDREN_MAX: eval_children(e, n, p, y); return;
  case OP_CHILDREN_MIX: eval_mix(e, n, p, y); return;
  case OP_PARENT: eval_parent(e, n, p, y); return;
  case OP_OVERLAP: eval_overlap(e, n, p, y); return;
  case OP_EDGE: eval_edge(e, n, p, y); return;
  default: eval_end(e, n, p, y); return;
  }
}

/* --- the recursion -------------------------------------------------------------------------------------------------- */

static void compute(Eval *e, const Node *n, Place p, double *y) {
  switch (op_class(n->op)) {
  case CLASS_LEAF: eval_leaf(e, n, p, y); return;
  case CLASS_UNARY:
  case CLASS_BINARY:
  case CLASS_TERNARY: eval_elementwise(e, n, p, y); return;
  case CLASS_MOVE: eval_move(e, n, p, y); return;
  case CLASS_REDUCE: eval_reduce(e, n, p, y); return;
  case CLASS_PRODUCT: eval_product(e, n, p, y); return;
  case CLASS_TIME: eval_time(e, n, p, y); return;
  }
}

static const double *value(Eval *e, Ref r, Place p) {
  const Node *n = &e->g->nodes.at[r];
  Memo *memo = &e->memo[r];
  const int64_t number = place_number(e, n->axes, p);
  double *y = memo->value + number * memo->count;
  if (memo->state[number] == KNOWN) return y;
  if (memo->state[number] == STARTED) {
    fprintf(stderr, "rnn: internal error: %%%d needs itself at step %" PRId64 "\n", r, p.step[0]);
    abort();
  }
  memo->state[number] = STARTED;
  compute(e, n, p, y);
  memo->state[number] = KNOWN;
  return y;
}

/* What the output needs. */
static bool *needed_by(const Graph *g, Ref value_of, Arena *arena) {
  bool *needed = arena_array(arena, bool, g->nodes.len);
  Ref *stack = arena_array(arena, Ref, g->nodes.len);
  int depth = 0;
  stack[depth++] = value_of;
  needed[value_of] = true;
  while (depth) {
    const Node *n = &g->nodes.at[stack[--depth]];
    for (int i = 0; i < n->inputs; i++) {
      if (needed[n->in[i]]) continue;
      needed[n->in[i]] = true;
      stack[depth++] = n->in[i];
    }
  }
  return needed;
}

/* Computes a node at all its places. A read goes along its clock so that each step finds the one before it known: the
 * recursion stays as deep as one step is, not as long as the sequence. */
static void sweep(Eval *e, Ref r) {
  const Node *n = &e->g->nodes.at[r];
  int64_t least = 0, most = 0;
  if (n->inputs && node_edge_is_delayed(n, 0)) node_delays(n, &least, &most);
  Place p = {0};
  for (bool more = eval_first_place(e, n->axes, &p); more; more = eval_next_place(e, n->axes, &p)) {
    Place q = p;
    if (most > 0) q.step[n->attrs.clock] = length(e, n->attrs.clock, p.sequence) - 1 - p.step[n->attrs.clock];
    value(e, r, q);
  }
}

static Eval eval_begin(const Graph *g, const EvalData *data, Arena *arena) {
  Eval e = {.g = g, .data = data, .memo = arena_array(arena, Memo, g->nodes.len)};
  for (int c = 0; c < g->clocks.len; c++)
    for (int s = 0; s < data->sequences; s++)
      if (length(&e, c, s) > e.longest[c]) e.longest[c] = length(&e, c, s);
  return e;
}

static Memo new_memo(const Eval *e, Ref r, Arena *arena) {
  const Node *n = &e->g->nodes.at[r];
  const int64_t count = sizes_count(n->shape), places = places_of(e, n->axes);
  return (Memo){arena_array(arena, double, count * places), arena_array(arena, unsigned char, places), count};
}

void graph_eval(const Graph *g, const EvalData *data, int o, double *out) {
  Arena *arena = arena_new();
  const Ref asked = g->outputs.at[o].value;
  Eval e = eval_begin(g, data, arena);
  const bool *needed = needed_by(g, asked, arena);
  for (Ref r = 0; r < g->nodes.len; r++)
    if (needed[r]) e.memo[r] = new_memo(&e, r, arena);
  for (Ref r = 0; r < g->nodes.len; r++)
    if (needed[r]) sweep(&e, r);
  memcpy(out, e.memo[asked].value, sizeof *out * (size_t)graph_eval_count(g, data, asked));
  arena_free(arena);
}

int64_t graph_eval_count(const Graph *g, const EvalData *data, Ref r) {
  Arena *arena = arena_new();
  const Eval e = eval_begin(g, data, arena);
  const int64_t count = places_of(&e, g->nodes.at[r].axes) * sizes_count(g->nodes.at[r].shape);
  arena_free(arena);
  return count;
}
