/* lower.h — the checked tree to graphs: cells expanded, READ the only edge between steps; and the manifest for the runtime. */
#ifndef RNN_LOWER_LOWER_H
#define RNN_LOWER_LOWER_H
#include "graph/graph.h"
#include "sema/sema.h"
#include <cjson/cJSON.h>

/* What a stage needs compiled. */
typedef enum UnitKind {
  UNIT_LOSS,   /* train: output "loss" (role LOSS), force as in training, noise and dropout on. grad_reverse makes the rest */
  UNIT_VALID,  /* the loss without noise and dropout, and the train stage's report expressions as values */
  UNIT_RIDGE,  /* values "target" and "feature.PARAM" (see docs/manifest.md): the linear system behind y and the tuned params */
  UNIT_RUN,    /* run: one value output "r0", "r1" … for each expression that the clauses' VALUEs name */
  UNIT_STEP,   /* the REPL: every state and output of the net as a value of its own name */
  UNIT_STREAM, /* the net's outputs, for rnn_stream_step */
} UnitKind;

/* What the numbers of a param must be: whole, and between these. */
typedef struct ParamRange {
  bool known;
  int64_t low, high;
} ParamRange;

/* One model: the numbering of params that all its units share. */
typedef struct Model {
  Session *session;
  Program *program;
  const char *path, *name;  /* "x/adding.rnn", "adding" */
  Vec(GraphParam) params;   /* net.path.name, in order of first use by nets in file order */
  Vec(Expr *) param_init;   /* `~ e` or `= e` */
  Vec(Span) param_span;
  Vec(ParamRange) param_range; /* of a tensor of delays */
  Vec(struct Instance *) param_home; /* where a param's initialiser finds its options (lowering's own) */
} Model;

/* Expands every net once, which numbers the params. NULL on errors. */
Model *lower_model(Session *s, Program *p, const char *path);

/* Lowers one unit of a stage (or, for UNIT_STEP and UNIT_STREAM, of a net: stage NULL). The graph's params are the model's. NULL on errors. */
Graph *lower_unit(Model *m, const Decl *stage, const Symbol *net, UnitKind kind);

/* `force y` without `for` or `with`: where the data say y at every step, its delayed reads are reads of data, in no loop. Where they do not,
 * each step has to choose between the data and the net's own y: that is another graph, which the runtime takes when the data have gaps. */
bool stage_forces_always(const Decl *stage);
Graph *lower_unit_for_gaps(Model *m, const Decl *stage, UnitKind kind);

/* Which params a train stage trains: [params.len]. Diagnoses a param that `tune` names wrongly. */
bool *lower_tuned(Model *m, const Decl *stage);

/* The training method named by a train stage ("bptt" when it says nothing), interned. */
Name lower_method(Model *m, const Decl *stage);

/* "f64" or "f32": what a stage's units compute in. Double where asked for, and for all stages of a net that one of them trains by
 * a method that solves equations (ridge, lm, ekf …). */
const char *lower_scalar(Model *m, const Decl *stage);

/* The manifest (docs/manifest.md) without its units: the driver adds "units" and each stage's "units" object. */
cJSON *lower_manifest(Model *m);

#endif
