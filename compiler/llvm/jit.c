/* jit.c — a unit's object file, from the cache or made here, linked into this process by LLJIT. */
#include "base/diag.h"
#include "llvm/emit.h"
#include "runtime/sparse.h"
#include <llvm-c/LLJIT.h>
#include <llvm-c/Orc.h>
#include <llvm-c/Target.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

struct Jit {
  Session *session;
  LLVMOrcLLJITRef lljit;
  CodeCache *cache;
  const char *described; /* this machine: machine_text */
  const RnnSymbol *kernels; /* in this program; NULL: each unit has its own */
  LLVMTargetMachineRef machine[2]; /* hasty or not, from the first unit that is compiled */
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
    {"rnn_sparse_pack_f32", (void *)rnn_sparse_pack_f32}, {"rnn_sparse_pack_f64", (void *)rnn_sparse_pack_f64},
    {"rnn_pack_f32", (void *)rnn_pack_f32}, {"rnn_pack_f64", (void *)rnn_pack_f64}, {"rnn_pack_half", (void *)rnn_pack_half},
    {"erf", (void *)erf},       {"erff", (void *)erff}, {"sin", (void *)sin},       {"sinf", (void *)sinf},
    {"cos", (void *)cos},       {"cosf", (void *)cosf}, {"pow", (void *)pow},       {"powf", (void *)powf},
    {"memset", (void *)memset}, {"memcpy", (void *)memcpy}, {"memmove", (void *)memmove},
};

static LLVMOrcCSymbolMapPair symbol_at(Jit *j, const char *name, uintptr_t address) {
  LLVMOrcCSymbolMapPair pair = {.Name = LLVMOrcLLJITMangleAndIntern(j->lljit, name)};
  pair.Sym.Address = (LLVMOrcExecutorAddress)address;
  pair.Sym.Flags = (LLVMJITSymbolFlags){LLVMJITSymbolGenericFlagsExported | LLVMJITSymbolGenericFlagsCallable, 0};
  return pair;
}

static bool define_externals(Jit *j) {
  enum { COUNT = sizeof externals / sizeof *externals };
  Vec(LLVMOrcCSymbolMapPair) pairs = {0};
  for (int i = 0; i < COUNT; i++) vec_push(j->session->arena, pairs, symbol_at(j, externals[i].name, (uintptr_t)externals[i].address));
  for (const RnnSymbol *k = j->kernels; k && k->name; k++) vec_push(j->session->arena, pairs, symbol_at(j, k->name, (uintptr_t)k->function));
  LLVMOrcJITDylibRef main = LLVMOrcLLJITGetMainJITDylib(j->lljit);
  return !failed(j->session, LLVMOrcJITDylibDefine(main, LLVMOrcAbsoluteSymbols(pairs.at, (size_t)pairs.len)), "cannot prepare the JIT");
}

/* LLJIT only links here: without a builder of ours it would look up all features of the machine, for code that it does not generate. */
static LLVMOrcLLJITBuilderRef new_builder(void) {
  char *triple = LLVMGetDefaultTargetTriple(), *message = NULL;
  LLVMTargetRef target;
  LLVMOrcLLJITBuilderRef builder = NULL;
  if (LLVMGetTargetFromTriple(triple, &target, &message)) LLVMDisposeMessage(message);
  else {
    LLVMTargetMachineRef plain = LLVMCreateTargetMachine(target, triple, "", "", LLVMCodeGenLevelDefault, LLVMRelocPIC, LLVMCodeModelDefault);
    builder = LLVMOrcCreateLLJITBuilder();
    LLVMOrcLLJITBuilderSetJITTargetMachineBuilder(builder, LLVMOrcJITTargetMachineBuilderCreateFromTargetMachine(plain));
  }
  LLVMDisposeMessage(triple);
  return builder;
}

Jit *jit_new(Session *s, CodeCache *cache) {
  Jit *j = arena_new_of(s->arena, Jit);
  j->session = s;
  j->cache = cache;
  j->described = machine_text(s);
  j->kernels = kernels_linked(j->described);
  LLVMInitializeNativeTarget();
  if (failed(s, LLVMOrcCreateLLJIT(&j->lljit, new_builder()), "cannot start the JIT")) return NULL;
  return define_externals(j) ? j : NULL;
}

void jit_free(Jit *j) {
  if (!j) return;
  LLVMErrorRef error = LLVMOrcDisposeLLJIT(j->lljit);
  if (error) LLVMConsumeError(error);
  for (int i = 0; i < 2; i++)
    if (j->machine[i]) LLVMDisposeTargetMachine(j->machine[i]);
}

/* --- one unit: its object from the cache, or compiled ------------------------------------------------------------------------------- */

static LLVMMemoryBufferRef generate(Jit *j, const Plan *p, LLVMModuleRef module) {
  double begin = seconds_now();
  char *message = NULL;
  LLVMMemoryBufferRef object = NULL;
  if (LLVMTargetMachineEmitToMemoryBuffer(j->machine[p->hasty], module, LLVMObjectFile, &message, &object)) {
    diag_error(j->session, E0801, (Span){0}, "cannot generate code of `%s`: %s", p->graph->name, message);
    LLVMDisposeMessage(message);
  }
  j->times.generate += seconds_now() - begin;
  return object;
}

static LLVMMemoryBufferRef compile(Jit *j, const Plan *p) {
  double begin = seconds_now();
  LLVMTargetMachineRef *machine = &j->machine[p->hasty];
  if (!*machine && !(*machine = target_machine(j->session, &j->vector_bits, p->hasty))) return NULL;
  LLVMContextRef context = LLVMContextCreate();
  LLVMModuleRef module = LLVMModuleCreateWithNameInContext(p->symbol, context);
  emit_unit(j->session, p, module, j->vector_bits, j->kernels != NULL);
  double emitted = seconds_now();
  bool fine = optimize_module(j->session, module, *machine, p->hasty);
  j->times.emit += emitted - begin;
  j->times.optimize += seconds_now() - emitted;
  LLVMMemoryBufferRef object = fine ? generate(j, p, module) : NULL;
  LLVMDisposeModule(module);
  LLVMContextDispose(context);
  return object;
}

static LLVMMemoryBufferRef find_kept(Jit *j, const Plan *p, const char *key, size_t key_size) {
  size_t size = 0;
  char *bytes = key ? cache_find(j->cache, key, key_size, &size) : NULL;
  LLVMMemoryBufferRef object = bytes ? LLVMCreateMemoryBufferWithMemoryRangeCopy(bytes, size, p->symbol) : NULL;
  free(bytes);
  return object;
}

static LLVMMemoryBufferRef kept_or_compiled(Jit *j, const Plan *p) {
  double begin = seconds_now();
  size_t key_size = 0;
  char *key = code_key(p, j->described, &key_size);
  LLVMMemoryBufferRef object = find_kept(j, p, key, key_size);
  j->times.cache += seconds_now() - begin;
  if (!object && (object = compile(j, p)) && key) {
    begin = seconds_now();
    cache_keep(j->cache, key, key_size, LLVMGetBufferStart(object), LLVMGetBufferSize(object));
    j->times.cache += seconds_now() - begin;
  }
  free(key);
  return object;
}

bool jit_add(Jit *j, const Plan *p) {
  LLVMMemoryBufferRef object = j->cache ? kept_or_compiled(j, p) : compile(j, p);
  if (!object) return false;
  LLVMErrorRef error = LLVMOrcLLJITAddObjectFile(j->lljit, LLVMOrcLLJITGetMainJITDylib(j->lljit), object);
  return !failed(j->session, error, "cannot add a unit to the JIT");
}

RnnFunction *jit_find(Jit *j, const char *symbol) {
  double begin = seconds_now();
  LLVMOrcExecutorAddress address = 0;
  bool broken = failed(j->session, LLVMOrcLLJITLookup(j->lljit, &address, symbol), "cannot link the generated code");
  j->times.link += seconds_now() - begin;
  return broken ? NULL : (RnnFunction *)(uintptr_t)address;
}

LlvmTimes jit_times(const Jit *j) { return j->times; }
