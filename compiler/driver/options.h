/* options.h — the command line. */
#ifndef RNN_DRIVER_OPTIONS_H
#define RNN_DRIVER_OPTIONS_H
#include "base/session.h"
#include "runtime/runtime.h"

/* What `--emit=` asks for, in the order of the pipeline. */
typedef enum EmitKind {
  EMIT_NOTHING, EMIT_TOKENS, EMIT_AST, EMIT_TYPES, EMIT_GRAPH, EMIT_GRAD, EMIT_PLAN, EMIT_LLVM, EMIT_ASM, EMIT_OBJ, EMIT_EXE, EMIT_MANIFEST, EMIT_MEMORY,
} EmitKind;

typedef struct Options {
  const char *command;      /* "train"; NULL when only --emit is given */
  Vec(const char *) words;  /* what follows: files and names, without flags and NAME=value */
  EmitKind emit;
  const char *dump_after;   /* a pass */
  bool time_passes, verify_each, quiet, json, double_precision, check_only, to_stdout, help, version;
  int threads;              /* 0: as many as cores */
  const char *weights, *output;
} Options;

/* Reads the command line into options and the session's overrides. False with a diagnostic. */
bool options_read(Session *s, int argc, char **argv, Options *o);
RnnOptions options_runtime(const Options *o);
const char *emit_name(EmitKind kind);

#endif
