/* eval.c — the truth: a slow, obvious interpreter, to be checked by reading.
 *
 * value(node, place) is the node's elements at one sequence and one step of every clock; it asks for its inputs at the
 * places that the op names, and is remembered. Every sequence is fresh. A clock of no steps has no ends: at_end of it is 0. */
#include "graph/graph.h"
#include "runtime/philox.h"
#include <inttypes.h>
#include <math.h>
#include <stdlib.h>

typedef struct Place {
  int sequence;
  int64_t step[GRAPH_CLOCKS];
} Place;

enum { UNKNOWN, STARTED, KNOWN };

typedef struct Memo {
  double *value;        /* [places][count] */
  unsigned char *state; /* [places] */
  int64_t count;
} Memo;

typedef struct Eval {
  const Graph *g;
  const EvalData *data;
  int64_t longest[GRAPH_CLOCKS];
  Memo *memo; /* [node] */
} Eval;

static const double *value(Eval *e, Ref r, Place p);

static const double *input(Eval *e, const Node *n, int i, Place p) { return value(e, n->in[i], p); }

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

/* Goes to the next place along these axes, as an odometer does; false after the last. Steps beyond a sequence's length are
 * no places. `first_place` may find none at all. */
static bool sequence_has_steps(const Eval *e, GraphAxes axes, const Place *p) {
  for (int c = 0; c < e->g->clocks.len; c++)
    if (axes & GRAPH_CLOCK(c) && length(e, c, p->sequence) == 0) return false;
  return true;
}

static bool first_place(const Eval *e, GraphAxes axes, Place *p) {
  for (int c = 0; c < e->g->clocks.len; c++)
    if (axes & GRAPH_CLOCK(c)) p->step[c] = 0;
  if (axes & GRAPH_SEQUENCE) p->sequence = 0;
  while (!sequence_has_steps(e, axes, p))
    if (!(axes & GRAPH_SEQUENCE) || ++p->sequence == e->data->sequences) return false;
  return true;
}

static bool next_place(const Eval *e, GraphAxes axes, Place *p) {
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

/* --- index arithmetic on shapes ----------------------------------------------------------------------------------- */

static void unravel(Sizes s, int64_t flat, int64_t *index) {
  for (int i = s.rank - 1; i >= 0; i--) {
    index[i] = flat % s.dim[i];
    flat /= s.dim[i];
  }
}

static int64_t ravel(Sizes s, const int64_t *index) {
  int64_t flat = 0;
  for (int i = 0; i < s.rank; i++) flat = flat * s.dim[i] + index[i];
  return flat;
}

static Sizes input_shape(const Eval *e, const Node *n, int i) { return e->g->nodes.at[n->in[i]].shape; }

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

/* --- within a step ---------------------------------------------------------------------------------------------------- */

static void eval_elementwise(Eval *e, const Node *n, Place p, double *y) {
  const double *x[3] = {0};
  for (int i = 0; i < n->inputs; i++) x[i] = input(e, n, i, p);
  for (int64_t k = 0; k < sizes_count(n->shape); k++) {
    double number[3];
    for (int i = 0; i < n->inputs; i++) number[i] = x[i][k];
    y[k] = op_number(n->op, number);
  }
}

static void eval_broadcast(Eval *e, const Node *n, Place p, double *y) {
  const double *x = input(e, n, 0, p);
  int64_t out[GRAPH_RANK], in[GRAPH_RANK] = {0};
  for (int64_t k = 0; k < sizes_count(n->shape); k++) {
    unravel(n->shape, k, out);
    for (int i = 0; i < n->shape.rank; i++)
      if (n->attrs.map[i] >= 0) in[n->attrs.map[i]] = out[i];
    y[k] = x[ravel(input_shape(e, n, 0), in)];
  }
}

/* SLICE: y[i] = x[begin + i·stride].  PAD: y[begin + i·stride] = x[i], 0 elsewhere. */
static void eval_slice_or_pad(Eval *e, const Node *n, Place p, double *y) {
  const double *x = input(e, n, 0, p);
  const Sizes in = input_shape(e, n, 0), few = n->op == OP_SLICE ? n->shape : in, many = n->op == OP_SLICE ? in : n->shape;
  int64_t index[GRAPH_RANK];
  if (n->op == OP_PAD) memset(y, 0, sizeof *y * (size_t)sizes_count(many));
  for (int64_t k = 0; k < sizes_count(few); k++) {
    unravel(few, k, index);
    index[n->attrs.dim] = n->attrs.begin + index[n->attrs.dim] * n->attrs.stride;
    if (n->op == OP_SLICE) y[k] = x[ravel(many, index)];
    else y[ravel(many, index)] = x[k];
  }
}

static void eval_concat(Eval *e, const Node *n, Place p, double *y) {
  int64_t index[GRAPH_RANK], begin = 0;
  for (int i = 0; i < n->inputs; i++) {
    const double *x = input(e, n, i, p);
    const Sizes part = input_shape(e, n, i);
    for (int64_t k = 0; k < sizes_count(part); k++) {
      unravel(part, k, index);
      index[n->attrs.dim] += begin;
      y[ravel(n->shape, index)] = x[k];
    }
    begin += part.dim[n->attrs.dim];
  }
}

static void eval_one_hot(Eval *e, const Node *n, Place p, double *y) {
  const double *x = input(e, n, 0, p);
  const int64_t size = n->shape.dim[n->shape.rank - 1];
  for (int64_t k = 0; k < sizes_count(n->shape); k++) y[k] = x[k / size] == (double)(k % size);
}

/* GATHER: y[r, s] = x[place of index[r, s]][s].  SCATTER: y[place of index[r, s]][s] += x[r, s]. */
static void eval_gather_or_scatter(Eval *e, const Node *n, Place p, double *y) {
  const double *x = input(e, n, 0, p), *index = input(e, n, 1, p);
  const Sizes places = n->op == OP_GATHER ? input_shape(e, n, 0) : n->shape;
  const int64_t one = sizes_count(places) / places.dim[0];
  if (n->op == OP_SCATTER) memset(y, 0, sizeof *y * (size_t)sizes_count(places));
  for (int64_t k = 0; k < sizes_count(input_shape(e, n, 1)); k++) {
    const int64_t at = gather_place(index[k], n->attrs.begin, places.dim[0]) * one + k % one;
    if (n->op == OP_GATHER) y[k] = x[at];
    else y[at] += x[k];
  }
}

static void eval_move(Eval *e, const Node *n, Place p, double *y) {
  switch (n->op) {
  case OP_BROADCAST: eval_broadcast(e, n, p, y); return;
  case OP_RESHAPE: memcpy(y, input(e, n, 0, p), sizeof *y * (size_t)sizes_count(n->shape)); return;
  case OP_CONCAT: eval_concat(e, n, p, y); return;
  case OP_ONE_HOT: eval_one_hot(e, n, p, y); return;
  case OP_GATHER:
  case OP_SCATTER: eval_gather_or_scatter(e, n, p, y); return;
  default: eval_slice_or_pad(e, n, p, y); return;
  }
}

/* --- reductions ------------------------------------------------------------------------------------------------------- */

/* The number of x's element k among the elements that stay. */
static int64_t kept_number(Sizes x, int64_t k, uint32_t dims) {
  int64_t index[GRAPH_RANK], number = 0;
  unravel(x, k, index);
  for (int i = 0; i < x.rank; i++)
    if (!(dims & 1u << i)) number = number * x.dim[i] + index[i];
  return number;
}

/* SUM, AMAX: over the dims, and over every valid step. */
static void eval_sum_or_amax(Eval *e, const Node *n, Place p, double *y) {
  const Sizes x_shape = input_shape(e, n, 0);
  for (int64_t k = 0; k < sizes_count(n->shape); k++) y[k] = n->op == OP_SUM ? 0 : -INFINITY;
  for (bool more = first_place(e, n->attrs.over, &p); more; more = next_place(e, n->attrs.over, &p)) {
    const double *x = input(e, n, 0, p);
    for (int64_t k = 0; k < sizes_count(x_shape); k++) {
      double *sum = &y[kept_number(x_shape, k, n->attrs.dims)];
      *sum = n->op == OP_SUM ? *sum + x[k] : *sum >= x[k] || isnan(*sum) ? *sum : x[k];
    }
  }
}

static void eval_argmax(Eval *e, const Node *n, Place p, double *y) {
  const double *x = input(e, n, 0, p);
  const Sizes x_shape = input_shape(e, n, 0);
  int64_t index[GRAPH_RANK];
  for (int64_t k = 0; k < sizes_count(x_shape); k++) {
    unravel(x_shape, k, index);
    const int64_t here = index[n->attrs.dim];
    double *best = &y[kept_number(x_shape, k, 1u << n->attrs.dim)];
    if (here == 0) *best = 0;
    index[n->attrs.dim] = (int64_t)*best;
    if (x[k] > x[ravel(x_shape, index)]) *best = (double)here;
  }
}

static void eval_reduce(Eval *e, const Node *n, Place p, double *y) {
  if (n->op == OP_ARGMAX) eval_argmax(e, n, p, y);
  else eval_sum_or_amax(e, n, p, y);
}

/* --- products --------------------------------------------------------------------------------------------------------- */

/* All letters of a contraction, each once, with their sizes and where the loops stand: the loops a person would write. */
typedef struct Loops {
  int count;
  char letter[2 * GRAPH_RANK];
  int64_t size[2 * GRAPH_RANK], at[2 * GRAPH_RANK];
} Loops;

static int loop_of(const Loops *loops, char letter) {
  int i = 0;
  while (i < loops->count && loops->letter[i] != letter) i++;
  return i;
}

static Loops loops_of(const Eval *e, const Node *n) {
  Loops loops = {0};
  for (int operand = 0; operand < 2; operand++)
    for (int i = 0; n->attrs.letters[operand][i]; i++) {
      if (loop_of(&loops, n->attrs.letters[operand][i]) < loops.count) continue;
      loops.letter[loops.count] = n->attrs.letters[operand][i];
      loops.size[loops.count++] = input_shape(e, n, operand).dim[i];
    }
  return loops;
}

static bool next_loop(Loops *loops) {
  for (int i = loops->count - 1; i >= 0; i--) {
    if (++loops->at[i] < loops->size[i]) return true;
    loops->at[i] = 0;
  }
  return false;
}

/* Where an operand's element stands. */
static int64_t element(const char *letters, Sizes shape, const Loops *loops) {
  int64_t number = 0;
  for (int i = 0; letters[i]; i++) number = number * shape.dim[i] + loops->at[loop_of(loops, letters[i])];
  return number;
}

/* y[out] += Σ a[…] b[…] for one step */
static void contract_step(Eval *e, const Node *n, const double *a, const double *b, double *y) {
  const Sizes sa = input_shape(e, n, 0), sb = input_shape(e, n, 1);
  const char(*letters)[GRAPH_RANK + 1] = n->attrs.letters;
  Loops loops = loops_of(e, n);
  if (!sizes_count(sa) || !sizes_count(sb)) return;
  do y[element(letters[2], n->shape, &loops)] += a[element(letters[0], sa, &loops)] * b[element(letters[1], sb, &loops)];
  while (next_loop(&loops));
}

static void eval_contract(Eval *e, const Node *n, Place p, double *y) {
  memset(y, 0, sizeof *y * (size_t)sizes_count(n->shape));
  for (bool more = first_place(e, n->attrs.over, &p); more; more = next_place(e, n->attrs.over, &p))
    contract_step(e, n, input(e, n, 0, p), input(e, n, 1, p), y);
}

/* Where element k of a shape without `dim` stands in one that has it, at this place. */
static int64_t at_place(Sizes few, int64_t k, Sizes many, int dim, int64_t place) {
  int64_t index[GRAPH_RANK + 1];
  unravel(few, k, index);
  memmove(index + dim + 1, index + dim, sizeof *index * (size_t)(few.rank - dim));
  index[dim] = place;
  return ravel(many, index);
}

static bool is_place(double x, int64_t size) { return x >= 0 && x < (double)size && x == floor(x); }

/* y[i…] = table[i… x …] */
static void eval_embed(Eval *e, const Node *n, Place p, double *y) {
  const Sizes many = input_shape(e, n, 0);
  const double *table = input(e, n, 0, p), x = *input(e, n, 1, p);
  const bool there = is_place(x, many.dim[n->attrs.dim]);
  for (int64_t k = 0; k < sizes_count(n->shape); k++)
    y[k] = there ? table[at_place(n->shape, k, many, n->attrs.dim, (int64_t)x)] : 0;
}

/* y[i… x …] += d[i…] */
static void eval_embed_add(Eval *e, const Node *n, Place p, double *y) {
  const Sizes few = input_shape(e, n, 0);
  memset(y, 0, sizeof *y * (size_t)sizes_count(n->shape));
  for (bool more = first_place(e, n->attrs.over, &p); more; more = next_place(e, n->attrs.over, &p)) {
    const double *d = input(e, n, 0, p), x = *input(e, n, 1, p);
    for (int64_t k = 0; is_place(x, n->attrs.count) && k < sizes_count(few); k++)
      y[at_place(few, k, n->shape, n->attrs.dim, (int64_t)x)] += d[k];
  }
}

static void eval_product(Eval *e, const Node *n, Place p, double *y) {
  if (n->op == OP_CONTRACT) eval_contract(e, n, p, y);
  else if (n->op == OP_EMBED) eval_embed(e, n, p, y);
  else eval_embed_add(e, n, p, y);
}

/* --- time ------------------------------------------------------------------------------------------------------------- */

/* x at the step, or the history where the sequence has no such step. */
static const double *read_step(Eval *e, const Node *n, Place p, int64_t step) {
  if (inside(e, n, p, step)) return input(e, n, 0, at_step(p, n->attrs.clock, step));
  return input(e, n, 1, at_step(p, n->attrs.clock, -1));
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
  const double index = *input(e, n, 2, p);
  memcpy(y, read_step(e, n, p, index < 0 ? -1 : (int64_t)index), sizeof *y * (size_t)sizes_count(n->shape));
}

/* The step that link i names, seen from a step: −1 where that is none of the sequence's. */
static int64_t linked(Eval *e, const Node *n, int i, Place p, int64_t step) {
  const double number = *input(e, n, i, at_step(p, n->attrs.clock, step));
  return number >= 0 && number < (double)length(e, n->attrs.clock, p.sequence) ? (int64_t)number : -1;
}

static void eval_parent(Eval *e, const Node *n, Place p, double *y) {
  const int64_t parent = linked(e, n, 3, p, p.step[n->attrs.clock]);
  const size_t size = sizeof *y * (size_t)sizes_count(n->shape);
  if (parent < 0) memset(y, 0, size);
  else memcpy(y, input(e, n, 0, at_step(p, n->attrs.clock, parent)), size);
}

/* y[t] = Σ x[s], or max x[s], over the children s of t, the first one first */
static void eval_children(Eval *e, const Node *n, Place p, double *y) {
  const int64_t count = sizes_count(n->shape), first = linked(e, n, 1, p, p.step[n->attrs.clock]);
  const Op op = n->op == OP_CHILDREN_SUM ? OP_ADD : OP_MAX;
  memset(y, 0, sizeof *y * (size_t)count);
  for (int64_t s = first; s >= 0; s = linked(e, n, 2, p, s)) {
    const double *x = input(e, n, 0, at_step(p, n->attrs.clock, s));
    for (int64_t k = 0; k < count; k++) y[k] = s == first ? x[k] : op_number(op, (double[]){y[k], x[k]});
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
    if (inside(e, n, p, step)) add_to(y, input(e, n, 0, at_step(p, n->attrs.clock, step)) + j * count, count);
  }
}

/* y = Σ_t Σ_j x[t][j] where t + offset + j·stride is no step */
static void eval_edge(Eval *e, const Node *n, Place p, double *y) {
  const int64_t count = sizes_count(n->shape), taps = n->attrs.windowed ? n->attrs.taps : 1;
  memset(y, 0, sizeof *y * (size_t)count);
  for (int64_t t = 0; t < length(e, n->attrs.clock, p.sequence); t++)
    for (int64_t j = 0; j < taps; j++)
      if (!inside(e, n, p, t + n->attrs.offset + j * n->attrs.stride))
        add_to(y, input(e, n, 0, at_step(p, n->attrs.clock, t)) + j * count, count);
}

/* AT_END reads the step at that end; IMPULSE writes it. */
static void eval_end(Eval *e, const Node *n, Place p, double *y) {
  const int clock = n->attrs.clock;
  const int64_t end = n->attrs.end ? length(e, clock, p.sequence) - 1 : 0;
  const bool there = inside(e, n, p, end) && (n->op == OP_AT_END || p.step[clock] == end);
  const size_t size = sizeof *y * (size_t)sizes_count(n->shape);
  if (there) memcpy(y, input(e, n, 0, at_step(p, clock, n->op == OP_AT_END ? end : -1)), size);
  else memset(y, 0, size);
}

static void eval_time(Eval *e, const Node *n, Place p, double *y) {
  switch (n->op) {
  case OP_READ:
  case OP_WINDOW: eval_read(e, n, p, y); return;
  case OP_CHILD: eval_child(e, n, p, y); return;
  case OP_CHILDREN_SUM:
  case OP_CHILDREN_MAX: eval_children(e, n, p, y); return;
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
  for (bool more = first_place(e, n->axes, &p); more; more = next_place(e, n->axes, &p)) {
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
