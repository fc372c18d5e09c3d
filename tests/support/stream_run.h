/* stream_run.h — a graph on the first sequence of evaluation data, step by step through rnn_stream_step. */
#ifndef RNN_TESTS_STREAM_RUN_H
#define RNN_TESTS_STREAM_RUN_H
#include "graph/graph.h"
#include "llvm/llvm.h"
#include "runtime/runtime.h"

typedef struct StreamRun {
  Session *session;
  Jit *jit;
  Graph *graph; /* as planned */
  cJSON *unit, *params;
  RnnStream *stream;
  bool is_double;
} StreamRun;

/* Can it be stepped, and be fed with nothing but data? */
bool stream_run_possible(const Graph *g);
/* Plans and compiles; `half`: weights as bfloat16. Aborts on failure. */
StreamRun stream_run_new(Session *s, Graph *g, bool is_double, bool half);
void stream_run_params(StreamRun *r, const EvalData *d);
/* A new sequence from its beginning. Output o of step t, or of the last step where it has no clock, goes to out[o] as graph_eval lays it out;
 * `out` is allocated in the session's arena. */
double **stream_run_walk(StreamRun *r, const EvalData *d, int64_t steps);
void stream_run_free(StreamRun *r);

#endif
