/* unit.c — one plan as one function: entry, items in order, kept state. */
#include "llvm/emit.h"
#include <stddef.h>
#include <string.h>

typedef void NodeFunction(Emit *e, Ref node);

/* Ops that stand alone in a plan; the others are views, leaves, or in groups. */
static NodeFunction *const node_function[OP_COUNT] = {
    [OP_SUM] = emit_sum,         [OP_AMAX] = emit_amax,       [OP_ARGMAX] = emit_argmax,   [OP_CONTRACT] = emit_contract,
    [OP_CONCAT] = emit_concat,   [OP_PAD] = emit_pad,         [OP_ONE_HOT] = emit_one_hot, [OP_AT_END] = emit_at_end,
    [OP_IMPULSE] = emit_impulse, [OP_EDGE] = emit_edge,       [OP_OVERLAP] = emit_overlap, [OP_RANDOM] = emit_random,
    [OP_LENGTH] = emit_length,   [OP_STEP_INDEX] = emit_step_index, [OP_CHILD] = emit_child,
};

void emit_node(Emit *e, Ref node) { node_function[e->g->nodes.at[node].op](e, node); }

static void emit_scan(Emit *e, const PlanItem *item) {
  EmitClock *clock = &e->clock[item->clock];
  Loop loop = loop_begin(e, int_const(e, 0), clock->steps, int_const(e, 1), "t");
  LLVMValueRef last = sub_i(e, clock->steps, int_const(e, 1));
  clock->step = item->direction > 0 ? loop.index : sub_i(e, last, loop.index);
  clock->step_rows = begin_step(e, item->clock, clock->step);
  emit_items(e, item->body.at, item->body.len);
  clock->step = clock->step_rows = NULL;
  loop_end(e, &loop);
}

void emit_items(Emit *e, PlanItem *const *items, int count) {
  for (int i = 0; i < count; i++) {
    switch (items[i]->kind) {
    case PLAN_GROUP: emit_group(e, items[i]); break;
    case PLAN_PACK: emit_pack(e, items[i]); break;
    case PLAN_PRODUCT: emit_product(e, items[i]); break;
    case PLAN_NODE: emit_node(e, items[i]->nodes.at[0]); break;
    case PLAN_HISTORY: emit_history(e, items[i]); break;
    case PLAN_SCAN: emit_scan(e, items[i]); break;
    }
  }
}

/* --- entry ------------------------------------------------------------------------------------------------------------------- */

#define ARGUMENT(type, field) load_field(e, type, e->args, (int64_t)offsetof(RnnArgs, field), #field)

static void load_clock(Emit *e, int number) {
  EmitClock *clock = &e->clock[number];
  int64_t begin = (int64_t)offsetof(RnnArgs, clock) + (int64_t)sizeof(RnnClock) * number;
#define CLOCK(type, field) load_field(e, type, e->args, begin + (int64_t)offsetof(RnnClock, field), #field)
  clock->steps = CLOCK(e->i64, steps);
  clock->first = CLOCK(e->i64, first);
  clock->length = CLOCK(e->pointer, length);
  clock->whole = CLOCK(e->pointer, whole);
  clock->active = CLOCK(e->pointer, active);
  clock->uniform = CLOCK(e->i64, uniform);
#undef CLOCK
}

/* With two clocks of the data's length, rows that are sorted by one need not be by the other. */
static void load_clocks(Emit *e) {
  int of_data = 0;
  for (int c = 0; c < e->g->clocks.len; c++) {
    of_data += e->g->clocks.at[c].length == 0;
    load_clock(e, c);
  }
  if (of_data < 2) return;
  e->place = LLVMBuildAlloca(e->b, LLVMArrayType2(e->i64, GRAPH_CLOCKS), "place");
  e->place_end = LLVMBuildAlloca(e->b, e->i64, "end");
}

static void load_arguments(Emit *e) {
  e->rows = ARGUMENT(e->i64, rows);
  e->keep_state = ARGUMENT(e->i64, keep_state);
  e->fresh = ARGUMENT(e->pointer, fresh);
  e->sequence = ARGUMENT(e->pointer, sequence);
  e->seed = ARGUMENT(e->i64, seed);
  e->update = ARGUMENT(e->i64, update);
  load_clocks(e);
  LLVMValueRef table = ARGUMENT(e->pointer, buffer);
  e->buffer = arena_array(e->session->arena, LLVMValueRef, e->plan->buffers.len + 1);
  for (int i = 0; i < e->plan->buffers.len; i++) e->buffer[i] = load_field(e, e->pointer, table, 8 * i, "buffer");
}

static void add_attribute(Emit *e, LLVMValueRef function, const char *key, const char *value) {
  LLVMAttributeRef a = LLVMCreateStringAttribute(e->context, key, (unsigned)strlen(key), value, (unsigned)strlen(value));
  LLVMAddAttributeAtIndex(function, (LLVMAttributeIndex)LLVMAttributeFunctionIndex, a);
}

void wide_vectors(Emit *e, LLVMValueRef function) {
  const char *bits = arena_printf(e->session->arena, "%d", e->vector_bits);
  add_attribute(e, function, "prefer-vector-width", bits);
  add_attribute(e, function, "min-legal-vector-width", bits);
}

static void make_function(Emit *e) {
  LLVMTypeRef type = LLVMFunctionType(LLVMVoidTypeInContext(e->context), &e->pointer, 1, 0);
  e->function = LLVMAddFunction(e->module, e->plan->symbol, type);
  e->args = LLVMGetParam(e->function, 0);
  wide_vectors(e, e->function);
  LLVMPositionBuilderAtEnd(e->b, LLVMAppendBasicBlockInContext(e->context, e->function, "entry"));
}

static void set_types(Emit *e) {
  LLVMContextRef c = e->context;
  e->i1 = LLVMInt1TypeInContext(c);
  e->i8 = LLVMInt8TypeInContext(c);
  e->i32 = LLVMInt32TypeInContext(c);
  e->i64 = LLVMInt64TypeInContext(c);
  e->pointer = LLVMPointerTypeInContext(c, 0);
  e->is_double = e->plan->is_double;
  e->real = e->is_double ? LLVMDoubleTypeInContext(c) : LLVMFloatTypeInContext(c);
  e->integer = e->is_double ? e->i64 : e->i32;
  e->real_bytes = e->is_double ? 8 : 4;
}

void emit_unit(Session *s, const Plan *p, LLVMModuleRef module, int vector_bits) {
  Emit emit = {.session = s, .plan = p, .g = p->graph, .module = module, .context = LLVMGetModuleContext(module)}, *e = &emit;
  set_types(e);
  e->vector_bits = vector_bits;
  e->widest = vector_bits / 8 / e->real_bytes;
  e->b = LLVMCreateBuilderInContext(e->context);
  make_function(e);
  load_arguments(e);
  emit_items(e, p->items.at, p->items.len);
  emit_keep_state(e);
  LLVMBuildRetVoid(e->b);
  LLVMDisposeBuilder(e->b);
}
