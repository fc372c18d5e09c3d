/* compile.h — one compilation, from a file to plans, the manifest and a JIT that compiles what is called for. */
#ifndef RNN_DRIVER_COMPILE_H
#define RNN_DRIVER_COMPILE_H
#include "driver/options.h"
#include "llvm/llvm.h"
#include "lower/lower.h"
#include "plan/plan.h"

/* A graph to be compiled as one function. */
typedef struct Unit {
  const char *role;   /* "train", "valid", "run", "step": its key in the stage's "units" */
  const Decl *stage;  /* NULL for the step of a net */
  Graph *graph;       /* after all passes */
  Plan *plan;
  const char *symbol;
  bool additive;      /* slices of a batch add up */
  bool is_stream, half_weights; /* one step a call; with its weights as bfloat16 */
  bool in_jit;
} Unit;

typedef struct Compilation {
  Session *session;
  const Options *options;
  Ast *ast;
  Program *program;
  Model *model;
  Vec(Unit) units;
  cJSON *manifest;
  Jit *jit;
  bool only_checks; /* no plans: they find no errors */
} Compilation;

/* Only stages for which `wanted` says yes (NULL: all) get units; the manifest holds no others. */
typedef bool StageFilter(const Compilation *c, const Decl *stage);

/* Can this version carry the stage out? A filter. */
bool stage_is_supported(const Compilation *c, const Decl *stage);

/* Parses and checks. NULL after diagnostics. */
Compilation *compile_check(Session *s, const char *path, const Options *o);
/* The same for text already in the session as source `file`. */
Compilation *compile_check_source(Session *s, int file, const Options *o);
/* Lowers and plans every wanted stage and writes the manifest. False after diagnostics. */
bool compile_stages(Compilation *c, const char *path, StageFilter *wanted);
/* Lowers and plans the states and outputs of a net that no stage uses, as one more unit; NULL after diagnostics. */
Unit *compile_step(Compilation *c, const Symbol *net);
/* The same for a step of the net's outputs, for rnn_stream_open; NULL where the net cannot be stepped, with a diagnostic that says why. */
Unit *compile_stream(Compilation *c, const Symbol *net, bool half_weights);
/* Why there is no such thing as one step of a graph ("looks ahead"), and where; NULL: there is. */
const char *step_obstacle(const Graph *g, Span *span);
/* Is there such a thing as one step of this graph of the net? Says why not, and `help`. */
bool step_is_possible(Session *s, const Program *p, const Symbol *net, const Graph *g, const char *help);

/* For rnn_program_load: compiles a unit when it is first looked up. `context` is the Compilation. */
RnnFunction *compile_lookup(void *context, const char *symbol);

/* The UNIT object of docs/manifest.md. */
cJSON *describe_unit(const Plan *p, const char *name);

void compilation_free(Compilation *c);

#endif
