/* model_run.h — a model from its text to numbers: checked, lowered, passed and compiled as the driver does it, then called on data
 * that a test fills in by name. */
#ifndef RNN_TESTS_MODEL_RUN_H
#define RNN_TESTS_MODEL_RUN_H
#include "lower/lower.h"
#include "support/jit_run.h"
#include "support/compare.h"

/* Checks and lowers a text. NULL after showing the diagnostics (and the text, numbered). */
Model *model_of_text(Session *s, const char *text);
/* Text that is printed into, for programs put together: `Text t = text_new(); text_add(&t, "dim H = %d\n", 3);` */
typedef struct Text {
  Session *session;
  char *at;
  size_t size, room;
} Text;
void text_add(Text *t, const char *format, ...) __attribute__((format(printf, 2, 3)));

/* Every named value of the first net as an output; before the passes, so that more can be added. NULL after diagnostics. */
Graph *model_step_graph(Model *m);
/* The same for the net of a train stage (NULL: the first one), or for the only net when nothing is trained. */
Graph *model_values_graph(Model *m, const char *stage);
/* The loss of a train stage (NULL: the first one), and which params it trains. */
Graph *model_loss_graph(Model *m, const char *stage);
const bool *model_tuned(Model *m, const char *stage);
Graph *model_passes(Model *m, Graph *g);
/* The node that carries a name as "n.a.c"; NO_REF. */
Ref graph_named(const Graph *g, const char *name);

/* Room for all that a graph reads, zeros but for weights, shares, deviations (1) and norms (1 / what counts). Lengths, one for
 * each sequence and the same on every clock whose length is the data's, must be descending. */
typedef struct ModelData {
  Arena *arena;
  const Graph *graph;
  EvalData eval;
  int64_t longest;
  double **param, **input;
  bool *param_set, *input_set; /* by name, so that nothing is forgotten */
} ModelData;

ModelData model_data(Session *s, const Graph *g, int sequences, const int64_t *lengths);
/* `count` sequences from `from` on, each the steps [first, first + length): with the same norms, and the whole lengths known. */
ModelData data_part(const ModelData *d, int from, int count, const int64_t *lengths, int64_t first);
/* What a part has of values on `axes` (n numbers a step), as data_part takes them of inputs. */
void data_copy(const ModelData *d, const double *values, const ModelData *part, int from, int64_t first, GraphAxes axes, int64_t n, double *out);
double *data_param(ModelData *d, const char *name, int64_t *count);
double *data_input(ModelData *d, const char *name, int64_t *count);
int64_t data_input_count(const ModelData *d, int input);
/* Aborts, naming it, when a param or a data input was never asked for. */
void data_check_complete(const ModelData *d);

/* A graph compiled and called once on its data. */
typedef struct ModelCall {
  Session *session;
  const ModelData *data;
  Jit *jit;
  JitRun run;
} ModelCall;

ModelCall model_call(Session *s, Graph *g, const ModelData *d, bool is_double);
/* In graph_eval's layout; aborts when there is none of that name. */
double *call_output(const ModelCall *c, const char *name, int64_t *count);
void model_call_free(ModelCall *c);

int graph_output_number(const Graph *g, const char *name); /* -1 */

#endif
