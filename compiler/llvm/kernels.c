/* kernels.c — what every model needs and none changes: the strips of the products, dot products, packing, sparse products.
 *
 * They are emitted when this program is built (kernels/write.c), for the machine that builds it, and linked into it; so a model's code only
 * declares them. On another machine they are emitted with each model, as they are into native programs: the same text, the same bits. */
#include "base/diag.h"
#include "llvm/emit.h"
#include <string.h>

/* In the object file that kernels_write makes; the program that makes it has none. */
extern const RnnSymbol rnn_kernels[] __attribute__((weak));
extern const char rnn_kernels_machine[] __attribute__((weak));

const RnnSymbol *kernels_linked(const char *machine) {
  return rnn_kernels && !strcmp(rnn_kernels_machine, machine) ? rnn_kernels : NULL;
}

bool is_kernel(const char *name) {
  for (const RnnSymbol *k = rnn_kernels; k->name; k++)
    if (!strcmp(k->name, name)) return true;
  return false;
}

/* --- making them -------------------------------------------------------------------------------------------------------------- */

static void emit_kernels(Session *s, LLVMModuleRef module, int vector_bits, bool is_double) {
  Emit e = emit_new(s, module, vector_bits, is_double);
  tile_kernels(&e);
  dots_kernels(&e);
  pack_kernels(&e);
  sparse_kernels(&e);
  LLVMDisposeBuilder(e.b);
}

/* Those that others call; what goes into its callers stays internal. */
static bool is_called_from_outside(LLVMValueRef f) {
  const unsigned stays = LLVMGetEnumAttributeKindForName("noinline", 8);
  return !LLVMIsDeclaration(f) && LLVMGetEnumAttributeAtIndex(f, (LLVMAttributeIndex)LLVMAttributeFunctionIndex, stays);
}

static void publish(Session *s, LLVMModuleRef module) {
  Functions all = {0};
  for (LLVMValueRef f = LLVMGetFirstFunction(module); f; f = LLVMGetNextFunction(f)) {
    if (!is_called_from_outside(f)) continue;
    LLVMSetLinkage(f, LLVMExternalLinkage);
    vec_push(s->arena, all, f);
  }
  define_symbols(s, module, "rnn_kernels", &all);
  define_text(module, "rnn_kernels_machine", machine_text(s));
}

bool kernels_write(Session *s, const char *path) {
  int bits;
  LLVMTargetMachineRef machine = target_machine(s, &bits, false);
  if (!machine) return false;
  LLVMContextRef context = LLVMContextCreate();
  LLVMModuleRef module = LLVMModuleCreateWithNameInContext("kernels", context);
  emit_kernels(s, module, bits, false);
  emit_kernels(s, module, bits, true);
  publish(s, module);
  const bool fine = write_module(s, module, machine, path);
  LLVMDisposeModule(module);
  LLVMContextDispose(context);
  LLVMDisposeTargetMachine(machine);
  return fine;
}
