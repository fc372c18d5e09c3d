/* value.c — constants, loads, stores, calls, loops: the small change of emission. */
#include "llvm/emit.h"
#include <stdio.h>
#include <string.h>

LLVMTypeRef lanes(Emit *e, int width) { return width == 1 ? e->real : LLVMVectorType(e->real, (unsigned)width); }

LLVMTypeRef integer_lanes(Emit *e, int width) { return width == 1 ? e->integer : LLVMVectorType(e->integer, (unsigned)width); }

LLVMValueRef int_const(Emit *e, int64_t v) { return LLVMConstInt(e->i64, (unsigned long long)v, 1); }

/* The same constant in every lane. */
static LLVMValueRef repeat_const(LLVMValueRef scalar, int width) {
  LLVMValueRef all[64];
  if (width == 1) return scalar;
  for (int i = 0; i < width; i++) all[i] = scalar;
  return LLVMConstVector(all, (unsigned)width);
}

LLVMValueRef real_const(Emit *e, int width, double v) { return repeat_const(LLVMConstReal(e->real, v), width); }

LLVMValueRef bits_const(Emit *e, int width, uint64_t bits) { return repeat_const(LLVMConstInt(e->integer, bits, 0), width); }

LLVMValueRef splat(Emit *e, int width, LLVMValueRef scalar) {
  if (width == 1) return scalar;
  LLVMValueRef undefined = LLVMGetPoison(lanes(e, width));
  LLVMValueRef one = LLVMBuildInsertElement(e->b, undefined, scalar, LLVMConstInt(e->i32, 0, 0), "");
  LLVMValueRef mask = LLVMConstNull(LLVMVectorType(e->i32, (unsigned)width));
  return LLVMBuildShuffleVector(e->b, one, undefined, mask, "splat");
}

static bool is_int(LLVMValueRef v, int64_t n) { return LLVMIsAConstantInt(v) && LLVMConstIntGetSExtValue(v) == n; }

LLVMValueRef add_i(Emit *e, LLVMValueRef a, LLVMValueRef b) {
  if (is_int(a, 0)) return b;
  return is_int(b, 0) ? a : LLVMBuildNSWAdd(e->b, a, b, "");
}

LLVMValueRef sub_i(Emit *e, LLVMValueRef a, LLVMValueRef b) { return is_int(b, 0) ? a : LLVMBuildNSWSub(e->b, a, b, ""); }

LLVMValueRef mul_i(Emit *e, LLVMValueRef a, LLVMValueRef b) {
  if (is_int(a, 1)) return b;
  if (is_int(a, 0) || is_int(b, 0)) return int_const(e, 0);
  return is_int(b, 1) ? a : LLVMBuildNSWMul(e->b, a, b, "");
}

static LLVMValueRef choose_i(Emit *e, LLVMIntPredicate p, LLVMValueRef a, LLVMValueRef b) {
  return LLVMBuildSelect(e->b, LLVMBuildICmp(e->b, p, a, b, ""), a, b, "");
}

LLVMValueRef min_i(Emit *e, LLVMValueRef a, LLVMValueRef b) { return choose_i(e, LLVMIntSLT, a, b); }

LLVMValueRef max_i(Emit *e, LLVMValueRef a, LLVMValueRef b) { return choose_i(e, LLVMIntSGT, a, b); }

/* --- memory --------------------------------------------------------------------------------------------------------- */

LLVMValueRef load_field(Emit *e, LLVMTypeRef type, LLVMValueRef pointer, int64_t byte_offset, const char *name) {
  LLVMValueRef offset = int_const(e, byte_offset);
  LLVMValueRef place = byte_offset ? LLVMBuildInBoundsGEP2(e->b, e->i8, pointer, &offset, 1, "") : pointer;
  return LLVMBuildLoad2(e->b, type, place, name);
}

LLVMValueRef element_pointer(Emit *e, LLVMValueRef base, LLVMValueRef index) {
  return is_int(index, 0) ? base : LLVMBuildInBoundsGEP2(e->b, e->real, base, &index, 1, "");
}

LLVMValueRef load_i32(Emit *e, LLVMValueRef array, LLVMValueRef index) {
  LLVMValueRef place = LLVMBuildInBoundsGEP2(e->b, e->i32, array, &index, 1, "");
  return LLVMBuildSExt(e->b, LLVMBuildLoad2(e->b, e->i32, place, ""), e->i64, "");
}

LLVMValueRef load_real(Emit *e, int width, LLVMValueRef pointer) {
  LLVMValueRef v = LLVMBuildLoad2(e->b, lanes(e, width), pointer, "");
  LLVMSetAlignment(v, (unsigned)e->real_bytes);
  return v;
}

void store_real(Emit *e, LLVMValueRef value, LLVMValueRef pointer) {
  LLVMSetAlignment(LLVMBuildStore(e->b, value, pointer), (unsigned)e->real_bytes);
}

LLVMValueRef load_masked(Emit *e, int width, LLVMValueRef pointer, LLVMValueRef mask) {
  LLVMTypeRef overload[2] = {lanes(e, width), e->pointer};
  unsigned id = LLVMLookupIntrinsicID("llvm.masked.load", 16);
  LLVMValueRef f = LLVMGetIntrinsicDeclaration(e->module, id, overload, 2);
  LLVMTypeRef type = LLVMIntrinsicGetType(e->context, id, overload, 2);
  LLVMValueRef args[] = {pointer, LLVMConstInt(e->i32, (unsigned)e->real_bytes, 0), mask, LLVMConstNull(lanes(e, width))};
  return LLVMBuildCall2(e->b, type, f, args, 4, "");
}

void store_masked(Emit *e, int width, LLVMValueRef value, LLVMValueRef pointer, LLVMValueRef mask) {
  LLVMTypeRef overload[2] = {lanes(e, width), e->pointer};
  unsigned id = LLVMLookupIntrinsicID("llvm.masked.store", 17);
  LLVMValueRef f = LLVMGetIntrinsicDeclaration(e->module, id, overload, 2);
  LLVMTypeRef type = LLVMIntrinsicGetType(e->context, id, overload, 2);
  LLVMValueRef args[] = {value, pointer, LLVMConstInt(e->i32, (unsigned)e->real_bytes, 0), mask};
  LLVMBuildCall2(e->b, type, f, args, 4, "");
}

LLVMValueRef mask_below(Emit *e, int width, LLVMValueRef rest) {
  LLVMValueRef numbers[64];
  for (int i = 0; i < width; i++) numbers[i] = int_const(e, i);
  return LLVMBuildICmp(e->b, LLVMIntSLT, LLVMConstVector(numbers, (unsigned)width),
                       LLVMBuildShuffleVector(e->b,
                                              LLVMBuildInsertElement(e->b, LLVMGetPoison(LLVMVectorType(e->i64, (unsigned)width)), rest,
                                                                     LLVMConstInt(e->i32, 0, 0), ""),
                                              LLVMGetPoison(LLVMVectorType(e->i64, (unsigned)width)),
                                              LLVMConstNull(LLVMVectorType(e->i32, (unsigned)width)), ""),
                       "mask");
}

LLVMValueRef byte_pointer(Emit *e, LLVMValueRef base, LLVMValueRef bytes) { return LLVMBuildGEP2(e->b, e->i8, base, &bytes, 1, ""); }

void prefetch(Emit *e, LLVMValueRef pointer) {
  LLVMValueRef read = LLVMConstInt(e->i32, 0, 0), second_cache = LLVMConstInt(e->i32, 2, 0), data = LLVMConstInt(e->i32, 1, 0);
  call_intrinsic(e, "llvm.prefetch", e->pointer, (LLVMValueRef[]){pointer, read, second_cache, data}, 4);
}

void zero_fill(Emit *e, LLVMValueRef pointer, LLVMValueRef reals) {
  LLVMValueRef bytes = mul_i(e, reals, int_const(e, e->real_bytes));
  LLVMBuildMemSet(e->b, pointer, LLVMConstInt(e->i8, 0, 0), bytes, (unsigned)e->real_bytes);
}

LLVMValueRef entry_alloca(Emit *e, LLVMTypeRef type) {
  LLVMBasicBlockRef here = LLVMGetInsertBlock(e->b), entry = LLVMGetEntryBasicBlock(e->function);
  LLVMPositionBuilderBefore(e->b, LLVMGetFirstInstruction(entry));
  LLVMValueRef slot = LLVMBuildAlloca(e->b, type, "slot");
  LLVMPositionBuilderAtEnd(e->b, here);
  return slot;
}

/* --- calls ------------------------------------------------------------------------------------------------------------ */

LLVMValueRef call_intrinsic(Emit *e, const char *name, LLVMTypeRef overload, LLVMValueRef *args, int n) {
  unsigned id = LLVMLookupIntrinsicID(name, strlen(name));
  LLVMValueRef f = LLVMGetIntrinsicDeclaration(e->module, id, &overload, 1);
  LLVMTypeRef type = LLVMIntrinsicGetType(e->context, id, &overload, 1);
  return LLVMBuildCall2(e->b, type, f, args, (unsigned)n, "");
}

LLVMValueRef call_extern(Emit *e, const char *name, LLVMTypeRef result, LLVMValueRef *args, int n) {
  LLVMTypeRef types[16];
  for (int i = 0; i < n; i++) types[i] = LLVMTypeOf(args[i]);
  LLVMTypeRef type = LLVMFunctionType(result, types, (unsigned)n, 0);
  LLVMValueRef f = LLVMGetNamedFunction(e->module, name);
  if (!f) f = LLVMAddFunction(e->module, name, type);
  return LLVMBuildCall2(e->b, type, f, args, (unsigned)n, "");
}

/* --- loops ------------------------------------------------------------------------------------------------------------ */

static LLVMBasicBlockRef new_block(Emit *e, const char *name) { return LLVMAppendBasicBlockInContext(e->context, e->function, name); }

static bool goes_once(LLVMValueRef from, LLVMValueRef limit, LLVMValueRef by) {
  if (!by || !LLVMIsAConstantInt(from) || !LLVMIsAConstantInt(limit) || !LLVMIsAConstantInt(by)) return false;
  int64_t first = LLVMConstIntGetSExtValue(from), end = LLVMConstIntGetSExtValue(limit);
  return first < end && first + LLVMConstIntGetSExtValue(by) >= end;
}

/* Tested at the top, so that a loop over nothing does nothing; what goes round once is no loop. */
Loop loop_begin(Emit *e, LLVMValueRef from, LLVMValueRef limit, LLVMValueRef by, const char *name) {
  if (goes_once(from, limit, by)) return (Loop){.index = from};
  Loop l = {.body = new_block(e, name), .end = new_block(e, "end"), .limit = limit, .by = by};
  LLVMBasicBlockRef before = LLVMGetInsertBlock(e->b);
  LLVMValueRef some = LLVMBuildICmp(e->b, LLVMIntSLT, from, limit, "");
  LLVMBuildCondBr(e->b, some, l.body, l.end);
  LLVMPositionBuilderAtEnd(e->b, l.body);
  l.index = LLVMBuildPhi(e->b, e->i64, name);
  LLVMAddIncoming(l.index, &from, &before, 1);
  return l;
}

void loop_end(Emit *e, Loop *l) {
  if (!l->body) return;
  LLVMValueRef next = LLVMBuildNSWAdd(e->b, l->index, l->by, "");
  LLVMBasicBlockRef last = LLVMGetInsertBlock(e->b);
  LLVMBuildCondBr(e->b, LLVMBuildICmp(e->b, LLVMIntSLT, next, l->limit, ""), l->body, l->end);
  LLVMAddIncoming(l->index, &next, &last, 1);
  LLVMPositionBuilderAtEnd(e->b, l->end);
}

If if_begin(Emit *e, LLVMValueRef condition) {
  LLVMBasicBlockRef then = new_block(e, "then");
  If i = {new_block(e, "done")};
  LLVMBuildCondBr(e->b, condition, then, i.end);
  LLVMPositionBuilderAtEnd(e->b, then);
  return i;
}

void if_end(Emit *e, If *i) {
  LLVMBuildBr(e->b, i->end);
  LLVMPositionBuilderAtEnd(e->b, i->end);
}
