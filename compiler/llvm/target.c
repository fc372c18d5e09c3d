/* target.c — the machine, and the passes that near-final code still needs. */
#include "base/diag.h"
#include "llvm/emit.h"
#include <llvm-c/Analysis.h>
#include <llvm-c/Error.h>
#include <llvm-c/Target.h>
#include <llvm-c/Transforms/PassBuilder.h>
#include <string.h>
#include <time.h>

double seconds_now(void) {
  struct timespec t;
  clock_gettime(CLOCK_MONOTONIC, &t);
  return (double)t.tv_sec + 1e-9 * (double)t.tv_nsec;
}

static int widest_vector(const char *features) {
  if (strstr(features, "+avx512f")) return 512;
  return strstr(features, "+avx") ? 256 : 128;
}

LLVMTargetMachineRef target_machine(Session *s, int *vector_bits, bool hasty) {
  LLVMInitializeNativeTarget();
  LLVMInitializeNativeAsmPrinter();
  LLVMInitializeNativeAsmParser();
  char *triple = LLVMGetDefaultTargetTriple(), *cpu = LLVMGetHostCPUName(), *features = LLVMGetHostCPUFeatures(), *message = NULL;
  LLVMTargetRef target;
  LLVMTargetMachineRef machine = NULL;
  const LLVMCodeGenOptLevel level = hasty ? LLVMCodeGenLevelNone : LLVMCodeGenLevelDefault;
  if (LLVMGetTargetFromTriple(triple, &target, &message)) {
    diag_error(s, E0801, (Span){0}, "LLVM cannot make code for `%s`: %s", triple, message);
    LLVMDisposeMessage(message);
  } else
    machine = LLVMCreateTargetMachine(target, triple, cpu, features, level, LLVMRelocPIC, LLVMCodeModelDefault);
  *vector_bits = widest_vector(features);
  LLVMDisposeMessage(triple);
  LLVMDisposeMessage(cpu);
  LLVMDisposeMessage(features);
  return machine;
}

const char *machine_text(Session *s) {
  char *triple = LLVMGetDefaultTargetTriple(), *cpu = LLVMGetHostCPUName(), *features = LLVMGetHostCPUFeatures();
  const char *text = arena_printf(s->arena, "%s %s %s", triple, cpu, features);
  LLVMDisposeMessage(triple);
  LLVMDisposeMessage(cpu);
  LLVMDisposeMessage(features);
  return text;
}

const char *llvm_machine(Session *s, int *vector_bits) {
  char *cpu = LLVMGetHostCPUName(), *features = LLVMGetHostCPUFeatures();
  const char *name = arena_strdup(s->arena, cpu);
  *vector_bits = widest_vector(features);
  LLVMDisposeMessage(cpu);
  LLVMDisposeMessage(features);
  return name;
}

/* Loops and vectors are already as they should be: functions that are the same become one (unit.c); promote accumulators to registers,
 * hoist what a loop repeats, simplify. The whole of default<O3> takes several times as long for the same code. */
static const char *const passes = "mergefunc,always-inline,globaldce,function(sroa,early-cse<memssa>,simplifycfg,loop-simplify,lcssa,loop-mssa(licm),"
                                  "instcombine<no-verify-fixpoint>,early-cse<memssa>,simplifycfg)";
static const char *const hasty_passes = "always-inline,globaldce,function(early-cse)";

static bool module_is_valid(Session *s, LLVMModuleRef module) {
  char *message = NULL;
  bool broken = LLVMVerifyModule(module, LLVMReturnStatusAction, &message);
  if (broken) diag_error(s, E0801, (Span){0}, "internal error: LLVM rejects the generated code: %s", message);
  LLVMDisposeMessage(message);
  return !broken;
}

bool optimize_module(Session *s, LLVMModuleRef module, LLVMTargetMachineRef machine, bool hasty) {
  char *triple = LLVMGetTargetMachineTriple(machine);
  LLVMSetTarget(module, triple);
  LLVMDisposeMessage(triple);
  LLVMTargetDataRef layout = LLVMCreateTargetDataLayout(machine);
  LLVMSetModuleDataLayout(module, layout);
  LLVMDisposeTargetData(layout);
  if (!module_is_valid(s, module)) return false;
  LLVMPassBuilderOptionsRef options = LLVMCreatePassBuilderOptions();
  LLVMErrorRef error = LLVMRunPasses(module, hasty ? hasty_passes : passes, machine, options);
  LLVMDisposePassBuilderOptions(options);
  if (!error) return true;
  char *message = LLVMGetErrorMessage(error);
  diag_error(s, E0801, (Span){0}, "internal error: LLVM: %s", message);
  LLVMDisposeErrorMessage(message);
  return false;
}
