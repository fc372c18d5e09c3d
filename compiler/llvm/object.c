/* object.c — the same code ahead of time, with the manifest inside; and text to look at. */
#include "base/diag.h"
#include "llvm/emit.h"
#include <string.h>

void define_text(LLVMModuleRef module, const char *name, const char *text) {
  LLVMValueRef value = LLVMConstStringInContext2(LLVMGetModuleContext(module), text, strlen(text), 0);
  LLVMValueRef global = LLVMAddGlobal(module, LLVMTypeOf(value), name);
  LLVMSetInitializer(global, value);
  LLVMSetGlobalConstant(global, 1);
}

static LLVMValueRef private_string(LLVMModuleRef module, const char *text) {
  LLVMValueRef value = LLVMConstStringInContext2(LLVMGetModuleContext(module), text, strlen(text), 0);
  LLVMValueRef global = LLVMAddGlobal(module, LLVMTypeOf(value), "name");
  LLVMSetInitializer(global, value);
  LLVMSetLinkage(global, LLVMPrivateLinkage);
  LLVMSetGlobalConstant(global, 1);
  return global;
}

void define_symbols(Session *s, LLVMModuleRef module, const char *name, const Functions *functions) {
  LLVMContextRef c = LLVMGetModuleContext(module);
  LLVMTypeRef pointer = LLVMPointerTypeInContext(c, 0);
  LLVMTypeRef pair = LLVMStructTypeInContext(c, (LLVMTypeRef[]){pointer, pointer}, 2, 0);
  Functions rows = {0};
  for (int i = 0; i < functions->len; i++) {
    size_t length;
    LLVMValueRef fields[] = {private_string(module, LLVMGetValueName2(functions->at[i], &length)), functions->at[i]};
    vec_push(s->arena, rows, LLVMConstNamedStruct(pair, fields, 2));
  }
  vec_push(s->arena, rows, LLVMConstNull(pair));
  LLVMValueRef table = LLVMConstArray2(pair, rows.at, (uint64_t)rows.len);
  LLVMValueRef global = LLVMAddGlobal(module, LLVMTypeOf(table), name);
  LLVMSetInitializer(global, table);
  LLVMSetGlobalConstant(global, 1);
}

static Functions functions_of(Session *s, LLVMModuleRef module, Plan *const *plans, int count) {
  static const char *const of_step[] = {"", ".begin", ".prepare"};
  Functions all = {0};
  for (int i = 0; i < count; i++)
    for (int k = 0; k < (plans[i]->is_step ? 3 : 1); k++)
      vec_push(s->arena, all, LLVMGetNamedFunction(module, arena_printf(s->arena, "%s%s", plans[i]->symbol, of_step[k])));
  return all;
}

bool write_module(Session *s, LLVMModuleRef module, LLVMTargetMachineRef machine, const char *path) {
  char *message = NULL;
  if (!optimize_module(s, module, machine, false)) return false;
  if (!LLVMTargetMachineEmitToFile(machine, module, path, LLVMObjectFile, &message)) return true;
  diag_error(s, E0801, (Span){0}, "cannot write `%s`: %s", path, message);
  LLVMDisposeMessage(message);
  return false;
}

bool object_write(Session *s, Plan *const *plans, int count, const char *manifest, const char *path) {
  int bits;
  LLVMTargetMachineRef machine = target_machine(s, &bits, false);
  if (!machine) return false;
  LLVMContextRef context = LLVMContextCreate();
  LLVMModuleRef module = LLVMModuleCreateWithNameInContext("rnn", context);
  for (int i = 0; i < count; i++) emit_unit(s, plans[i], module, bits, false);
  define_text(module, "rnn_manifest", manifest);
  const Functions functions = functions_of(s, module, plans, count);
  define_symbols(s, module, "rnn_symbols", &functions);
  const bool fine = write_module(s, module, machine, path);
  LLVMDisposeModule(module);
  LLVMContextDispose(context);
  LLVMDisposeTargetMachine(machine);
  return fine;
}

static void print_text(LLVMModuleRef module, LLVMTargetMachineRef machine, LlvmText what, FILE *out) {
  char *message = NULL;
  LLVMMemoryBufferRef buffer = NULL;
  if (what != LLVM_TEXT_ASSEMBLY) {
    char *text = LLVMPrintModuleToString(module);
    fputs(text, out);
    LLVMDisposeMessage(text);
  } else if (!LLVMTargetMachineEmitToMemoryBuffer(machine, module, LLVMAssemblyFile, &message, &buffer)) {
    fwrite(LLVMGetBufferStart(buffer), 1, LLVMGetBufferSize(buffer), out);
    LLVMDisposeMemoryBuffer(buffer);
  }
}

bool llvm_print(Session *s, const Plan *p, LlvmText what, FILE *out) {
  int bits;
  LLVMTargetMachineRef machine = target_machine(s, &bits, p->hasty);
  if (!machine) return false;
  LLVMContextRef context = LLVMContextCreate();
  LLVMModuleRef module = LLVMModuleCreateWithNameInContext(p->symbol, context);
  emit_unit(s, p, module, bits, false);
  bool fine = what == LLVM_TEXT_IR || optimize_module(s, module, machine, p->hasty);
  if (fine) print_text(module, machine, what, out);
  LLVMDisposeModule(module);
  LLVMContextDispose(context);
  LLVMDisposeTargetMachine(machine);
  return fine;
}
