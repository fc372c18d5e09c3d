/* jit_run.h — a graph on evaluation data through the planner, the JIT and the runtime's buffers: the other side of graph_eval. */
#ifndef RNN_TESTS_JIT_RUN_H
#define RNN_TESTS_JIT_RUN_H
#include "graph/graph.h"
#include "llvm/llvm.h"
#include "runtime/runtime.h"

typedef struct JitRun {
  Graph *graph;
  RnnUnit *unit;
  cJSON *description, *params;
  int clocks, order[GRAPH_CLOCKS]; /* as the plan lays them out */
} JitRun;

/* Plans and compiles `g` under `symbol`, which must be new to the JIT. Aborts on failure. */
JitRun jit_run_new(Jit *jit, Graph *g, const char *symbol, bool is_double);
/* Fills params and inputs, calls once on whole sequences. */
void jit_run_call(JitRun *r, const EvalData *data);
/* The same for a part of longer sequences that begins at step `first`; the data's lengths are the part's. Where it `goes_on`, from
 * the kept state; and keeps its own if `keep` says so. */
void jit_run_chunk(JitRun *r, const EvalData *data, int64_t first, bool goes_on, bool keep);
/* Output o in graph_eval's layout: [sequence][steps to the longest][shape], 0 beyond a sequence's length. */
void jit_run_output(const JitRun *r, const EvalData *data, int o, double *out);
void jit_run_free(JitRun *r);
/* Compiles and calls it on the data: is each output the interpreter's, within 1e-12 in double, 2e-5 in single? Says which is not, and of what. */
bool jit_agrees(Jit *jit, Graph *g, const EvalData *data, bool is_double, const char *what);

#endif
