/* object.c — the same code ahead of time, with the manifest inside; and text to look at. */
#include "base/diag.h"
#include "llvm/emit.h"
#include <string.h>

static void define_manifest(LLVMModuleRef module, const char *manifest) {
  LLVMContextRef c = LLVMGetModuleContext(module);
  LLVMValueRef text = LLVMConstStringInContext2(c, manifest, strlen(manifest), 0);
  LLVMValueRef global = LLVMAddGlobal(module, LLVMTypeOf(text), "rnn_manifest");
  LLVMSetInitializer(global, text);
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

/* const RnnSymbol rnn_symbols[] = {{"rnn_unit_0", rnn_unit_0}, …, {NULL, NULL}} */
static void define_symbols(Session *s, LLVMModuleRef module, Plan *const *plans, int count) {
  LLVMContextRef c = LLVMGetModuleContext(module);
  LLVMTypeRef pointer = LLVMPointerTypeInContext(c, 0);
  LLVMTypeRef pair = LLVMStructTypeInContext(c, (LLVMTypeRef[]){pointer, pointer}, 2, 0);
  static const char *const of_step[] = {"", ".begin", ".prepare"};
  Vec(LLVMValueRef) rows = {0};
  for (int i = 0; i < count; i++)
    for (int k = 0; k < (plans[i]->is_step ? 3 : 1); k++) {
      const char *symbol = arena_printf(s->arena, "%s%s", plans[i]->symbol, of_step[k]);
      LLVMValueRef fields[] = {private_string(module, symbol), LLVMGetNamedFunction(module, symbol)};
      vec_push(s->arena, rows, LLVMConstNamedStruct(pair, fields, 2));
    }
  vec_push(s->arena, rows, LLVMConstNull(pair));
  LLVMValueRef table = LLVMConstArray2(pair, rows.at, (uint64_t)rows.len);
  LLVMValueRef global = LLVMAddGlobal(module, LLVMTypeOf(table), "rnn_symbols");
  LLVMSetInitializer(global, table);
  LLVMSetGlobalConstant(global, 1);
}

bool object_write(Session *s, Plan *const *plans, int count, const char *manifest, const char *path) {
  int bits;
  LLVMTargetMachineRef machine = target_machine(s, &bits);
  if (!machine) return false;
  LLVMContextRef context = LLVMContextCreate();
  LLVMModuleRef module = LLVMModuleCreateWithNameInContext("rnn", context);
  for (int i = 0; i < count; i++) emit_unit(s, plans[i], module, bits);
  define_manifest(module, manifest);
  define_symbols(s, module, plans, count);
  char *message = NULL;
  bool fine = optimize_module(s, module, machine);
  if (fine && LLVMTargetMachineEmitToFile(machine, module, path, LLVMObjectFile, &message)) {
    diag_error(s, E0801, (Span){0}, "cannot write `%s`: %s", path, message);
    LLVMDisposeMessage(message);
    fine = false;
  }
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
  LLVMTargetMachineRef machine = target_machine(s, &bits);
  if (!machine) return false;
  LLVMContextRef context = LLVMContextCreate();
  LLVMModuleRef module = LLVMModuleCreateWithNameInContext(p->symbol, context);
  emit_unit(s, p, module, bits);
  bool fine = what == LLVM_TEXT_IR || optimize_module(s, module, machine);
  if (fine) print_text(module, machine, what, out);
  LLVMDisposeModule(module);
  LLVMContextDispose(context);
  LLVMDisposeTargetMachine(machine);
  return fine;
}
