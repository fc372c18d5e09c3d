/* together.c — a plan as a function for several slices of a batch: each item for all of them before the next one.
 *
 * What a slice computes by itself is in functions of their own, called for one slice after the other. In a scan with products of large weights the slices
 * go through the steps together: each of them says what it multiplies (contract.h's sides), and all pass each panel of the weights while it is in
 * the cache. Weights are laid out once, in the memory of the first slice. */
#include "llvm/contract.h"
#include <stddef.h>

/* Parameters of a part: the arguments of its slice and of the first one, the step counted from the scan's first, the slice's side. */
enum { PAR_ARGS, PAR_FIRST, PAR_STEP, PAR_SIDE, PARAMETERS };

typedef struct Part {
  const PlanItem *shared; /* a product whose weights all slices pass; NULL */
  LLVMValueRef function;  /* of one slice: computes it, or says its side */
} Part;
typedef Vec(Part) Parts;

typedef struct Together {
  Emit *e;
  int parts;
  LLVMValueRef sides, slices, slice; /* in the unit's function: room for all sides; the slices */
} Together;

static LLVMTypeRef part_type(Emit *e) {
  LLVMTypeRef types[PARAMETERS] = {e->pointer, e->pointer, e->i64, e->pointer};
  return LLVMFunctionType(LLVMVoidTypeInContext(e->context), types, PARAMETERS, 0);
}

/* --- parts: functions for one slice ------------------------------------------------------------------------------------------------ */

static LLVMValueRef begin_part(Together *t) {
  Emit *e = t->e;
  e->function = module_function(e, arena_printf(e->session->arena, "%s.part%d", e->plan->symbol, t->parts++), part_type(e), true);
  e->args = LLVMGetParam(e->function, PAR_ARGS);
  e->first = LLVMGetParam(e->function, PAR_FIRST);
  LLVMPositionBuilderAtEnd(e->b, LLVMAppendBasicBlockInContext(e->context, e->function, "entry"));
  load_arguments(e);
  return e->function;
}

static LLVMValueRef emit_items_part(Together *t, PlanItem *const *items, int count) {
  LLVMValueRef function = begin_part(t);
  emit_items(t->e, items, count);
  LLVMBuildRetVoid(t->e->b);
  return function;
}

/* A part within a scan; a slice that has fewer steps than others has nothing to do at the last of them. */
static LLVMValueRef begin_step_part(Together *t, const PlanItem *scan, If *has_step) {
  Emit *e = t->e;
  LLVMValueRef function = begin_part(t), number = LLVMGetParam(function, PAR_STEP);
  EmitClock *clock = &e->clock[scan->clock];
  *has_step = if_begin(e, LLVMBuildICmp(e->b, LLVMIntSLT, number, clock->steps, ""));
  clock->step = scan->direction > 0 ? number : sub_i(e, sub_i(e, clock->steps, int_const(e, 1)), number);
  clock->step_rows = begin_step(e, scan->clock, clock->step);
  return function;
}

static void end_step_part(Together *t, const PlanItem *scan, If *has_step) {
  EmitClock *clock = &t->e->clock[scan->clock];
  clock->step = clock->step_rows = NULL;
  if_end(t->e, has_step);
  LLVMBuildRetVoid(t->e->b);
}

static Part items_of_scan(Together *t, const PlanItem *scan, int from, int to) {
  If has_step;
  Part part = {.function = begin_step_part(t, scan, &has_step)};
  emit_items(t->e, scan->body.at + from, to - from);
  end_step_part(t, scan, &has_step);
  return part;
}

static Part side_of_product(Together *t, const PlanItem *scan, const PlanItem *item) {
  If has_step;
  Part part = {.shared = item, .function = begin_step_part(t, scan, &has_step)};
  emit_product_side(t->e, item, LLVMGetParam(part.function, PAR_SIDE));
  end_step_part(t, scan, &has_step);
  return part;
}

static Parts parts_of_scan(Together *t, const PlanItem *scan) {
  Parts parts = {0};
  for (int from = 0, to; from < scan->body.len; from = to) {
    to = from;
    while (to < scan->body.len && !plan_is_shared(t->e->plan, scan, scan->body.at[to])) to++;
    Part part = to > from ? items_of_scan(t, scan, from, to) : side_of_product(t, scan, scan->body.at[to++]);
    vec_push(t->e->session->arena, parts, part);
  }
  return parts;
}

/* --- the unit's function ------------------------------------------------------------------------------------------------------------- */

static int64_t most_side_words(const Plan *p) {
  int64_t most = 0;
  for (int i = 0; i < p->items.len; i++)
    for (int k = 0; p->items.at[i]->kind == PLAN_SCAN && k < p->items.at[i]->body.len; k++) {
      const PlanItem *item = p->items.at[i]->body.at[k];
      if (plan_is_shared(p, p->items.at[i], item) && product_side_words(item) > most) most = product_side_words(item);
    }
  return most;
}

static LLVMValueRef slice_at(Together *t, LLVMValueRef i) {
  Emit *e = t->e;
  return LLVMBuildLoad2(e->b, e->pointer, LLVMBuildInBoundsGEP2(e->b, e->pointer, t->slice, &i, 1, ""), "slice");
}

static LLVMValueRef side_at(Together *t, int64_t words, LLVMValueRef i) {
  LLVMValueRef at = mul_i(t->e, i, int_const(t->e, words));
  return LLVMBuildInBoundsGEP2(t->e->b, t->e->i64, t->sides, &at, 1, "side");
}

static void call_part(Together *t, LLVMValueRef function, LLVMValueRef slice, LLVMValueRef step, LLVMValueRef side) {
  Emit *e = t->e;
  LLVMValueRef args[PARAMETERS] = {slice, e->first, step, side};
  LLVMBuildCall2(e->b, part_type(e), function, args, PARAMETERS, "");
}

static void for_each_slice(Together *t, LLVMValueRef function, LLVMValueRef step, int64_t side_words) {
  Emit *e = t->e;
  Loop l = loop_begin(e, int_const(e, 0), t->slices, int_const(e, 1), "slice");
  LLVMValueRef side = side_words ? side_at(t, side_words, l.index) : LLVMConstNull(e->pointer);
  if (side_words) LLVMBuildStore(e->b, int_const(e, 0), side); /* no columns, unless it says so */
  call_part(t, function, slice_at(t, l.index), step, side);
  loop_end(e, &l);
}

/* Of the slice that has the most. */
static LLVMValueRef most_steps(Together *t, int clock) {
  Emit *e = t->e;
  LLVMValueRef most = entry_alloca(e, e->i64);
  LLVMBuildStore(e->b, int_const(e, 0), most);
  Loop l = loop_begin(e, int_const(e, 0), t->slices, int_const(e, 1), "slice");
  const int64_t place = (int64_t)offsetof(RnnArgs, clock) + (int64_t)sizeof(RnnClock) * clock + (int64_t)offsetof(RnnClock, steps);
  LLVMValueRef steps = load_field(e, e->i64, slice_at(t, l.index), place, "steps");
  LLVMBuildStore(e->b, max_i(e, steps, LLVMBuildLoad2(e->b, e->i64, most, "")), most);
  loop_end(e, &l);
  return LLVMBuildLoad2(e->b, e->i64, most, "steps");
}

static void call_scan(Together *t, const PlanItem *scan, const Parts *parts) {
  Emit *e = t->e;
  Loop l = loop_begin(e, int_const(e, 0), most_steps(t, scan->clock), int_const(e, 1), "t");
  for (int i = 0; i < parts->len; i++) {
    const PlanItem *shared = parts->at[i].shared;
    for_each_slice(t, parts->at[i].function, l.index, shared ? product_side_words(shared) : 0);
    if (shared) emit_product_panels(e, shared, t->sides, t->slices);
  }
  loop_end(e, &l);
}

static void begin_unit(Together *t) {
  Emit *e = t->e;
  begin_function(e, e->plan->symbol);
  e->first = e->args;
  load_arguments(e);
  t->slices = load_field(e, e->i64, e->args, (int64_t)offsetof(RnnArgs, slices), "slices");
  t->slice = load_field(e, e->pointer, e->args, (int64_t)offsetof(RnnArgs, slice), "slice");
  t->sides = entry_alloca(e, LLVMArrayType2(e->i64, (uint64_t)(RNN_MOST_TOGETHER * most_side_words(e->plan) + 1)));
}

/* What is laid out for a gradient is gone when the next item begins. */
static void note_scratch(Emit *e, const PlanItem *item) {
  if (item->kind == PLAN_PRODUCT && item->scratch >= 0) e->is_shared[item->scratch] = true;
  for (int i = 0; i < item->body.len; i++) note_scratch(e, item->body.at[i]);
}

static void find_shared(Emit *e) {
  e->is_shared = arena_array(e->session->arena, bool, e->plan->buffers.len + 1);
  for (int i = 0; i < e->plan->items.len; i++) {
    note_scratch(e, e->plan->items.at[i]);
    if (e->plan->items.at[i]->kind != PLAN_PACK) continue;
    const Term *t = &e->plan->items.at[i]->terms.at[0];
    if (t->pack >= 0) e->is_shared[t->pack] = true;
    if (t->sparse >= 0) e->is_shared[t->sparse] = true;
  }
}

static LLVMValueRef keep_state_part(Together *t) {
  LLVMValueRef function = begin_part(t);
  emit_keep_state(t->e, t->e->plan->items.at, t->e->plan->items.len);
  LLVMBuildRetVoid(t->e->b);
  return function;
}

/* An item goes with no other into a part: the memory of what is shared may be another value's from the next item on. */
void emit_together(Emit *e) {
  const Plan *p = e->plan;
  Together t = {.e = e};
  find_shared(e);
  Parts *parts = arena_array(e->session->arena, Parts, p->items.len + 1);
  for (int i = 0; i < p->items.len; i++) {
    if (plan_shared_weights(p, p->items.at[i])) parts[i] = parts_of_scan(&t, p->items.at[i]);
    else {
      Part part = {.function = emit_items_part(&t, p->items.at + i, 1)};
      vec_push(e->session->arena, parts[i], part);
    }
  }
  LLVMValueRef keep = keep_state_part(&t), zero = int_const(e, 0);
  begin_unit(&t);
  for (int i = 0; i < p->items.len; i++) {
    const PlanItem *item = p->items.at[i];
    if (plan_shared_weights(p, item)) call_scan(&t, item, &parts[i]);
    else if (item->kind == PLAN_PACK) call_part(&t, parts[i].at[0].function, e->first, zero, LLVMConstNull(e->pointer));
    else for_each_slice(&t, parts[i].at[0].function, zero, 0);
  }
  for_each_slice(&t, keep, zero, 0);
  LLVMBuildRetVoid(e->b);
}
