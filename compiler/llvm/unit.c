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
    [OP_EMBED] = emit_embed,     [OP_EMBED_ADD] = emit_embed_add,
    [OP_CHILDREN_SUM] = emit_children, [OP_CHILDREN_MAX] = emit_children, [OP_CHILDREN_MIX] = emit_children, [OP_PARENT] = emit_parent,
    [OP_GATHER] = emit_gather,   [OP_SCATTER] = emit_scatter,
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

static void emit_weight(Emit *e, const PlanItem *item) {
  If others = {0};
  if (item->stays) others = if_begin(e, LLVMBuildICmp(e->b, LLVMIntEQ, e->same_weights, int_const(e, 0), ""));
  e->plan->is_step ? emit_column_pack(e, item) : emit_pack(e, item);
  if (item->stays) if_end(e, &others);
}

void emit_items(Emit *e, PlanItem *const *items, int count) {
  for (int i = 0; i < count; i++) {
    switch (items[i]->kind) {
    case PLAN_GROUP: emit_group(e, items[i]); break;
    case PLAN_BUNDLE: emit_bundle(e, items[i]); break;
    case PLAN_PACK: emit_weight(e, items[i]); break;
    case PLAN_PRODUCT: emit_product(e, items[i]); break;
    case PLAN_NODE: emit_node(e, items[i]->nodes.at[0]); break;
    case PLAN_HISTORY: emit_history(e, items[i]); break;
    case PLAN_SCAN: emit_scan(e, items[i]); break;
    }
  }
}

/* Items of the top level: those that a sweep leaves out stand behind a condition, as many together as follow each other. */
static void emit_top(Emit *e, PlanItem *const *items, int count) {
  for (int from = 0, to; from < count; from = to) {
    for (to = from + 1; to < count && items[to]->in_sweep == items[from]->in_sweep;) to++;
    const bool is_left_out = e->sweep && !items[from]->in_sweep;
    If whole = {0};
    if (is_left_out) whole = if_begin(e, LLVMBuildICmp(e->b, LLVMIntEQ, e->sweep, int_const(e, 0), ""));
    emit_items(e, items + from, to - from);
    if (is_left_out) if_end(e, &whole);
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

void load_arguments(Emit *e) {
  e->rows = ARGUMENT(e->i64, rows);
  e->keep_state = ARGUMENT(e->i64, keep_state);
  e->fresh = ARGUMENT(e->pointer, fresh);
  e->sequence = ARGUMENT(e->pointer, sequence);
  e->seed = ARGUMENT(e->i64, seed);
  e->update = ARGUMENT(e->i64, update);
  e->sweep = e->g->checkpoints ? ARGUMENT(e->i64, sweep) : NULL;
  e->same_weights = e->g->checkpoints ? ARGUMENT(e->i64, same_weights) : NULL;
  e->ends = e->g->checkpoints ? ARGUMENT(e->pointer, ends) : NULL;
  e->since = e->g->checkpoints ? ARGUMENT(e->pointer, since) : NULL;
  load_clocks(e);
  memset(e->buffer, 0, sizeof *e->buffer * (size_t)e->plan->buffers.len);
}

/* Where an entry of the table lies, in bytes from its beginning: a number, or what a part's caller says. */
static LLVMValueRef entry_offset(Emit *e, int buffer) {
  if (!e->names) return int_const(e, 8 * buffer);
  vec_push(e->session->arena, e->named, buffer);
  return load_i32(e, e->names, int_const(e, e->named.len - 1));
}

LLVMValueRef table_pointer(Emit *e, int buffer) {
  if (e->buffer[buffer]) return e->buffer[buffer];
  if (e->plan->buffers.at[buffer].local) return e->buffer[buffer] = local_pointer(e, buffer);
  LLVMBasicBlockRef here = LLVMGetInsertBlock(e->b), entry = LLVMGetEntryBasicBlock(e->function);
  LLVMPositionBuilderBefore(e->b, LLVMGetFirstInstruction(entry));
  LLVMValueRef args = e->first && e->is_shared[buffer] ? e->first : e->args;
  LLVMValueRef table = load_field(e, e->pointer, args, (int64_t)offsetof(RnnArgs, buffer), "table"), offset = entry_offset(e, buffer);
  LLVMValueRef place = LLVMBuildInBoundsGEP2(e->b, e->i8, table, &offset, 1, "");
  e->buffer[buffer] = LLVMBuildLoad2(e->b, e->pointer, place, "buffer");
  LLVMPositionBuilderAtEnd(e->b, here);
  return e->buffer[buffer];
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

static LLVMTypeRef function_type(Emit *e) { return LLVMFunctionType(LLVMVoidTypeInContext(e->context), &e->pointer, 1, 0); }

void begin_function(Emit *e, const char *name) {
  e->function = LLVMAddFunction(e->module, name, function_type(e));
  e->args = LLVMGetParam(e->function, 0);
  wide_vectors(e, e->function);
  LLVMPositionBuilderAtEnd(e->b, LLVMAppendBasicBlockInContext(e->context, e->function, "entry"));
}

LLVMValueRef module_function(Emit *e, const char *name, LLVMTypeRef type, bool stays) {
  LLVMValueRef f = LLVMAddFunction(e->module, name, type);
  LLVMSetLinkage(f, LLVMInternalLinkage);
  wide_vectors(e, f);
  const char *inlining = stays ? "noinline" : "alwaysinline";
  unsigned kind = LLVMGetEnumAttributeKindForName(inlining, strlen(inlining));
  LLVMAddAttributeAtIndex(f, (LLVMAttributeIndex)LLVMAttributeFunctionIndex, LLVMCreateEnumAttribute(e->context, kind, 0));
  return f;
}

const char *common_name(Emit *e, const char *name) { return arena_printf(e->session->arena, "rnn.f%d.%s", 8 * e->real_bytes, name); }

LLVMValueRef kernel_function(Emit *e, const char *name, LLVMTypeRef type, bool *wants_body) {
  const char *full = common_name(e, name);
  LLVMValueRef f = LLVMGetNamedFunction(e->module, full);
  const bool is_linked = e->kernels_are_linked && is_kernel(full);
  *wants_body = !f && !is_linked;
  if (f) return f;
  return is_linked ? LLVMAddFunction(e->module, full, type) : module_function(e, full, type, true);
}

SavedPlace enter_function(Emit *e, LLVMValueRef function) {
  SavedPlace saved = {LLVMGetInsertBlock(e->b), e->function};
  e->function = function;
  LLVMPositionBuilderAtEnd(e->b, LLVMAppendBasicBlockInContext(e->context, function, "entry"));
  return saved;
}

void leave_function(Emit *e, SavedPlace saved) {
  e->function = saved.function;
  LLVMPositionBuilderAtEnd(e->b, saved.block);
}

/* --- parts ---------------------------------------------------------------------------------------------------------------------- */

/* Some of LLVM's passes take more than twice the time for a function of twice the size. So a large plan becomes several functions,
 * called one after the other: each ends with a loop over time or a bundle, or at about so many nodes.
 *
 * A part finds its buffers by numbers that its caller gives it. So layers that do the same with other buffers are the same function, which
 * LLVM sees (mergefunc, target.c), and sixty layers take little longer to compile than two. */
enum { PART_NODES = 60 };

typedef struct Part {
  LLVMValueRef function, names;
} Part;
typedef Vec(Part) Parts;

typedef void PartBody(Emit *e, PlanItem *const *items, int count);

static int nodes_in(const PlanItem *item) {
  int n = item->nodes.len;
  for (int i = 0; i < item->body.len; i++) n += nodes_in(item->body.at[i]);
  return n;
}

static bool ends_part(const PlanItem *item) { return item->kind == PLAN_SCAN || item->kind == PLAN_BUNDLE; }

static int part_end(const Plan *p, int from) {
  int nodes = 0, i = from;
  do nodes += nodes_in(p->items.at[i++]);
  while (i < p->items.len && !ends_part(p->items.at[i - 1]) && nodes + nodes_in(p->items.at[i]) <= PART_NODES);
  return i;
}

static bool is_small(const Plan *p) {
  int nodes = 0;
  for (int i = 0; i < p->items.len; i++) nodes += nodes_in(p->items.at[i]);
  return nodes <= PART_NODES;
}

static LLVMTypeRef part_type(Emit *e) {
  return LLVMFunctionType(LLVMVoidTypeInContext(e->context), (LLVMTypeRef[]){e->pointer, e->pointer}, 2, 0);
}

/* Which entries of the table the buffers of the part just emitted are, in bytes. */
static LLVMValueRef names_of_part(Emit *e) {
  const int count = e->named.len;
  LLVMValueRef *offset = arena_array(e->session->arena, LLVMValueRef, count + 1);
  for (int i = 0; i < count; i++) offset[i] = LLVMConstInt(e->i32, 8 * (unsigned)e->named.at[i], 0);
  LLVMValueRef all = LLVMConstArray2(e->i32, offset, (uint64_t)count), names = LLVMAddGlobal(e->module, LLVMTypeOf(all), "names");
  LLVMSetInitializer(names, all);
  LLVMSetLinkage(names, LLVMPrivateLinkage);
  LLVMSetGlobalConstant(names, 1);
  return names;
}

static Part emit_part(Emit *e, const char *name, PartBody *body, int from, int to) {
  LLVMValueRef f = module_function(e, name, part_type(e), true);
  SavedPlace saved = enter_function(e, f);
  LLVMValueRef args = e->args;
  e->args = LLVMGetParam(f, 0);
  e->names = LLVMGetParam(f, 1);
  e->named.len = 0;
  load_arguments(e);
  body(e, e->plan->items.at + from, to - from);
  LLVMBuildRetVoid(e->b);
  const Part part = {f, names_of_part(e)};
  e->args = args;
  e->names = NULL;
  leave_function(e, saved);
  return part;
}

static void call_parts(Emit *e, const Parts *parts) {
  for (int i = 0; i < parts->len; i++)
    LLVMBuildCall2(e->b, part_type(e), parts->at[i].function, (LLVMValueRef[]){e->args, parts->at[i].names}, 2, "");
}

static void emit_parts(Emit *e) {
  const char *symbol = e->plan->symbol;
  Parts parts = {0}, keeping = {0};
  for (int from = 0, to; from < e->plan->items.len; from = to) {
    to = part_end(e->plan, from);
    const Part part = emit_part(e, arena_printf(e->session->arena, "%s.part%d", symbol, parts.len), emit_top, from, to);
    vec_push(e->session->arena, parts, part);
    if (!keeps_state(e->plan->items.at + from, to - from)) continue;
    const Part keep = emit_part(e, arena_printf(e->session->arena, "%s.keep%d", symbol, keeping.len), emit_keep_state, from, to);
    vec_push(e->session->arena, keeping, keep);
  }
  load_arguments(e);
  call_parts(e, &parts);
  call_parts(e, &keeping);
}

static void set_types(Emit *e) {
  LLVMContextRef c = e->context;
  e->i1 = LLVMInt1TypeInContext(c);
  e->i8 = LLVMInt8TypeInContext(c);
  e->i32 = LLVMInt32TypeInContext(c);
  e->i64 = LLVMInt64TypeInContext(c);
  e->pointer = LLVMPointerTypeInContext(c, 0);
  e->real = e->is_double ? LLVMDoubleTypeInContext(c) : LLVMFloatTypeInContext(c);
  e->integer = e->is_double ? e->i64 : e->i32;
  e->real_bytes = e->is_double ? 8 : 4;
}

Emit emit_new(Session *s, LLVMModuleRef module, int vector_bits, bool is_double) {
  Emit e = {.session = s, .module = module, .context = LLVMGetModuleContext(module), .is_double = is_double};
  set_types(&e);
  e.vector_bits = vector_bits;
  e.widest = vector_bits / 8 / e.real_bytes;
  e.b = LLVMCreateBuilderInContext(e.context);
  return e;
}

static void emit_whole(Emit *e) {
  const Plan *p = e->plan;
  begin_function(e, p->symbol);
  load_arguments(e);
  if (is_small(p)) {
    emit_top(e, p->items.at, p->items.len);
    emit_keep_state(e, p->items.at, p->items.len);
  } else emit_parts(e);
  LLVMBuildRetVoid(e->b);
}

void emit_unit(Session *s, const Plan *p, LLVMModuleRef module, int vector_bits, bool kernels_are_linked) {
  Emit e = emit_new(s, module, vector_bits, p->is_double);
  e.plan = p;
  e.g = p->graph;
  e.kernels_are_linked = kernels_are_linked;
  e.buffer = arena_array(s->arena, LLVMValueRef, p->buffers.len + 1);
  e.begun = arena_array(s->arena, LLVMValueRef, p->graph->nodes.len + 1);
  if (p->is_step) emit_step_unit(&e);
  else if (p->together) emit_together(&e);
  else emit_whole(&e);
  LLVMDisposeBuilder(e.b);
}
