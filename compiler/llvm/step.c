/* step.c — the functions of a step: SYMBOL, SYMBOL.begin and SYMBOL.prepare.
 *
 * Rows and steps are numbers here, so that nothing loops over them, and every buffer is known to overlap no other: the work of each function is
 * in a second one, which takes the table's entries as parameters that do not alias, and goes into the first. What no other call needs
 * lives on the stack, of which LLVM keeps in registers what is small. */
#include "llvm/emit.h"
#include <string.h>

/* --- memory -------------------------------------------------------------------------------------------------------------------- */

LLVMValueRef local_pointer(Emit *e, int buffer) {
  const int64_t round = 2 * PANEL_ROUND; /* whole vectors are stored, also where the last one has less */
  int64_t elements = (e->plan->buffers.at[buffer].elements + round - 1) / round * round;
  LLVMValueRef memory = entry_alloca(e, LLVMArrayType2(e->real, (uint64_t)elements));
  LLVMSetAlignment(memory, 64);
  return memory;
}

Block step_block(Emit *e) {
  Block b = {.row0 = int_const(e, 0), .count = int_const(e, 1)};
  for (int c = 0; c < e->g->clocks.len; c++) b.step[c] = int_const(e, 0);
  return b;
}

/* --- delay lines --------------------------------------------------------------------------------------------------------------- */

enum { SHIFTED_VECTORS = 16 }; /* through registers, where the newest ones still are; more go by memmove */

static LLVMValueRef line_place(Emit *e, Ref node, int64_t element) {
  return element_pointer(e, buffer_pointer(e, node), int_const(e, element));
}

/* Steps -front+1 … 0 become -front … -1. */
static void shift_line(Emit *e, const PlanItem *item) {
  Ref x = item->nodes.at[0];
  int64_t elements = buffer_at(e, x)->elements, count = item->front * elements, to = -count, from = elements - count;
  int64_t vectors = (count + e->widest - 1) / e->widest, rest = count % e->widest;
  LLVMValueRef mask = rest ? mask_below(e, e->widest, int_const(e, rest)) : NULL, value[SHIFTED_VECTORS];
  if (vectors > SHIFTED_VECTORS) {
    LLVMBuildMemMove(e->b, line_place(e, x, to), (unsigned)e->real_bytes, line_place(e, x, from), (unsigned)e->real_bytes, int_const(e, count * e->real_bytes));
    return;
  }
  for (int64_t v = 0; v < vectors; v++) {
    LLVMValueRef place = line_place(e, x, from + v * e->widest);
    value[v] = rest && v == vectors - 1 ? load_masked(e, e->widest, place, mask) : load_real(e, e->widest, place);
  }
  for (int64_t v = 0; v < vectors; v++) {
    LLVMValueRef place = line_place(e, x, to + v * e->widest);
    if (rest && v == vectors - 1) store_masked(e, e->widest, value[v], place, mask);
    else store_real(e, value[v], place);
  }
}

/* --- the three bodies ---------------------------------------------------------------------------------------------------------- */

static void emit_moment(Emit *e, Moment moment) {
  for (int i = 0; i < e->plan->items.len; i++)
    if (e->plan->items.at[i]->moment == moment && e->plan->items.at[i]->kind != PLAN_HISTORY) emit_items(e, &e->plan->items.at[i], 1);
}

static void prepare_body(Emit *e) { emit_moment(e, MOMENT_PREPARE); }

static void begin_body(Emit *e) {
  emit_moment(e, MOMENT_SEQUENCE);
  for (int i = 0; i < e->plan->items.len; i++)
    if (e->plan->items.at[i]->kind == PLAN_HISTORY) emit_history(e, e->plan->items.at[i]);
}

static void step_body(Emit *e) {
  for (int i = 0; i < e->plan->items.len; i++) {
    const PlanItem *item = e->plan->items.at[i];
    if (item->kind != PLAN_HISTORY && item->moment != MOMENT_PREPARE) emit_items(e, &e->plan->items.at[i], 1);
  }
  for (int i = 0; i < e->plan->items.len; i++)
    if (e->plan->items.at[i]->kind == PLAN_HISTORY) shift_line(e, e->plan->items.at[i]);
}

/* --- functions ----------------------------------------------------------------------------------------------------------------- */

static void add_parameter_attribute(Emit *e, LLVMValueRef f, int parameter, const char *name) {
  LLVMAttributeRef a = LLVMCreateEnumAttribute(e->context, LLVMGetEnumAttributeKindForName(name, strlen(name)), 0);
  LLVMAddAttributeAtIndex(f, (LLVMAttributeIndex)parameter + 1, a);
}

/* The numbers of one step of one sequence, in place of those of the call. */
static void fix_numbers(Emit *e) {
  e->rows = int_const(e, 1);
  for (int c = 0; c < e->g->clocks.len; c++) {
    EmitClock *clock = &e->clock[c];
    clock->steps = clock->uniform = clock->step_rows = int_const(e, 1);
    clock->step = int_const(e, 0);
  }
}

typedef void StepBody(Emit *e);

/* The function that takes the arguments and all entries of the table. */
static LLVMValueRef body_function(Emit *e, const char *name, StepBody *body, LLVMTypeRef *type) {
  const int buffers = e->plan->buffers.len;
  LLVMTypeRef *types = arena_array(e->session->arena, LLVMTypeRef, buffers + 2);
  for (int i = 0; i <= buffers; i++) types[i] = e->pointer;
  *type = LLVMFunctionType(LLVMVoidTypeInContext(e->context), types, (unsigned)buffers + 1, 0);
  LLVMValueRef f = module_function(e, arena_printf(e->session->arena, "%s.body", name), *type, false);
  SavedPlace saved = enter_function(e, f);
  LLVMValueRef args = e->args;
  e->args = LLVMGetParam(f, 0);
  load_arguments(e);
  fix_numbers(e);
  for (int i = 0; i < buffers; i++) {
    add_parameter_attribute(e, f, i + 1, "noalias");
    if (!e->plan->buffers.at[i].local) e->buffer[i] = LLVMGetParam(f, (unsigned)i + 1);
  }
  body(e);
  LLVMBuildRetVoid(e->b);
  e->args = args;
  leave_function(e, saved);
  return f;
}

/* What the body does not use, nobody loads after it has gone in. */
static void emit_function(Emit *e, const char *name, StepBody *body) {
  const int buffers = e->plan->buffers.len;
  begin_function(e, name);
  LLVMTypeRef type;
  LLVMValueRef f = body_function(e, name, body, &type);
  LLVMValueRef *arguments = arena_array(e->session->arena, LLVMValueRef, buffers + 2);
  arguments[0] = e->args;
  load_arguments(e); /* forgets the body's buffers; the loads go */
  for (int i = 0; i < buffers; i++)
    arguments[i + 1] = e->plan->buffers.at[i].local ? LLVMConstNull(e->pointer) : table_pointer(e, i);
  LLVMBuildCall2(e->b, type, f, arguments, (unsigned)buffers + 1, "");
  LLVMBuildRetVoid(e->b);
}

void emit_step_unit(Emit *e) {
  const char *symbol = e->plan->symbol;
  emit_function(e, symbol, step_body);
  emit_function(e, arena_printf(e->session->arena, "%s.begin", symbol), begin_body);
  emit_function(e, arena_printf(e->session->arena, "%s.prepare", symbol), prepare_body);
}
