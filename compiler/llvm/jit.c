/* jit.c — LLJIT: one module a unit. */
#include "base/diag.h"
#include "llvm/emit.h"
#include <llvm-c/LLJIT.h>
#include <llvm-c/Orc.h>
#include <math.h>
#include <string.h>

struct Jit {
  Session *session;
  LLVMOrcLLJITRef lljit;
  LLVMTargetMachineRef machine;
  int vector_bits;
  LlvmTimes times;
};

static bool failed(Session *s, LLVMErrorRef error, const char *doing) {
  if (!error) return false;
  char *message = LLVMGetErrorMessage(error);
  diag_error(s, E0801, (Span){0}, "%s: %s", doing, message);
  LLVMDisposeErrorMessage(message);
  return true;
}

/* What generated code may call, by address: it works the same in the program, in tests and in a library. */
typedef struct External {
  const char *name;
  void *address;
} External;

static const External externals[] = {
    {"rnn_gemm_f32", (void *)rnn_gemm_f32}, {"rnn_gemm_f64", (void *)rnn_gemm_f64}, {"rnn_random", (void *)rnn_random},
    {"rnn_active_rows", (void *)rnn_active_rows},
    {"erf", (void *)erf},       {"erff", (void *)erff}, {"sin", (void *)sin},       {"sinf", (void *)sinf},
    {"cos", (void *)cos},       {"cosf", (void *)cosf}, {"pow", (void *)pow},       {"powf", (void *)powf},
    {"memset", (void *)memset}, {"memcpy", (void *)memcpy},
};

static bool define_externals(Jit *j) {
  enum { COUNT = sizeof externals / sizeof *externals };
  LLVMOrcCSymbolMapPair pairs[COUNT];
  for (int i = 0; i < COUNT; i++) {
    pairs[i].Name = LLVMOrcLLJITMangleAndIntern(j->lljit, externals[i].name);
    pairs[i].Sym.Address = (LLVMOrcExecutorAddress)(uintptr_t)externals[i].address;
    pairs[i].Sym.Flags = (LLVMJITSymbolFlags){LLVMJITSymbolGenericFlagsExported | LLVMJITSymbolGenericFlagsCallable, 0};
  }
  LLVMOrcJITDylibRef main = LLVMOrcLLJITGetMainJITDylib(j->lljit);
  return !failed(j->session, LLVMOrcJITDylibDefine(main, LLVMOrcAbsoluteSymbols(pairs, COUNT)), "cannot prepare the JIT");
}

Jit *jit_new(Session *s) {
  Jit *j = arena_new_of(s->arena, Jit);
  j->session = s;
  int bits;
  LLVMTargetMachineRef for_jit = target_machine(s, &bits);
  j->machine = target_machine(s, &j->vector_bits);
  if (!for_jit || !j->machine) return NULL;
  LLVMOrcLLJITBuilderRef builder = LLVMOrcCreateLLJITBuilder();
  LLVMOrcLLJITBuilderSetJITTargetMachineBuilder(builder, LLVMOrcJITTargetMachineBuilderCreateFromTargetMachine(for_jit));
  if (failed(s, LLVMOrcCreateLLJIT(&j->lljit, builder), "cannot start the JIT")) return NULL;
  return define_externals(j) ? j : NULL;
}

void jit_free(Jit *j) {
  if (!j) return;
  LLVMErrorRef error = LLVMOrcDisposeLLJIT(j->lljit);
  if (error) LLVMConsumeError(error);
  LLVMDisposeTargetMachine(j->machine);
}

bool jit_add(Jit *j, const Plan *p) {
  double begin = seconds_now();
  LLVMOrcThreadSafeContextRef shared = LLVMOrcCreateNewThreadSafeContext();
  LLVMModuleRef module = LLVMModuleCreateWithNameInContext(p->symbol, LLVMOrcThreadSafeContextGetContext(shared));
  emit_unit(j->session, p, module, j->vector_bits);
  double emitted = seconds_now();
  bool fine = optimize_module(j->session, module, j->machine);
  j->times.emit += emitted - begin;
  j->times.optimize += seconds_now() - emitted;
  if (fine) {
    LLVMOrcThreadSafeModuleRef safe = LLVMOrcCreateNewThreadSafeModule(module, shared);
    LLVMErrorRef error = LLVMOrcLLJITAddLLVMIRModule(j->lljit, LLVMOrcLLJITGetMainJITDylib(j->lljit), safe);
    fine = !failed(j->session, error, "cannot add a unit to the JIT");
  } else LLVMDisposeModule(module);
  LLVMOrcDisposeThreadSafeContext(shared);
  return fine;
}

RnnFunction *jit_find(Jit *j, const char *symbol) {
  double begin = seconds_now();
  LLVMOrcExecutorAddress address = 0;
  bool broken = failed(j->session, LLVMOrcLLJITLookup(j->lljit, &address, symbol), "cannot generate code");
  j->times.generate += seconds_now() - begin;
  return broken ? NULL : (RnnFunction *)(uintptr_t)address;
}

LlvmTimes jit_times(const Jit *j) { return j->times; }
