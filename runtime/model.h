/* model.h — the program object: manifest, params, nets with their scales; and what a stage is made of. For the runtime's own files. */
#ifndef RNN_RUNTIME_MODEL_H
#define RNN_RUNTIME_MODEL_H
#include "runtime/batches.h"
#include "runtime/dataset.h"
#include "runtime/metrics.h"
#include "runtime/parameters.h"
#include "runtime/runtime.h"
#include "runtime/scaling.h"
#include "runtime/threads.h"
#include "runtime/unit.h"

typedef struct Net {
  const char *name;
  Variable *variable;
  int variables;
  Scaling *scaling;     /* [variables]; fitted by the last train stage that says `scale` */
  Categories *category; /* [variables]: names of category("…") values, from training or the weights file */
} Net;

struct RnnProgram {
  cJSON *manifest;
  RnnLookup *lookup;
  void *context;
  const char *model, *path; /* "adding", "adding.rnn" */
  uint64_t seed;
  const cJSON *params, *clocks, *units, *stages;
  Parameters *values;       /* all params, in double */
  bool double_weights;      /* how the weights file keeps them: as the last train stage computed */
  bool ready;               /* values are initialised, trained or read */
  cJSON *trained_with;      /* {"leak": 0.9}: overrides that the weights file was trained with; NULL */
  bool directed;            /* the folder has been found */
  char directory[4096], weights[4096];
  Net *net;
  int nets;
  Vocabulary **vocabulary;
  int vocabularies;
};

/* What a decoder has said so far, or in the end: fills the unit's inputs of role `decoded`, and says how long sequences are on w's clock. */
typedef struct Decoded {
  int variable, clock;
  int64_t end;     /* the symbol that ends a sequence; -1: none */
  int64_t count;   /* sequences, once found */
  int64_t *steps;  /* [sequence] */
  double **symbol; /* [sequence]: [steps] */
} Decoded;

typedef struct Keep Keep; /* train/keep.h */

/* One train or run declaration while it is worked on. */
typedef struct Stage {
  RnnProgram *program;
  const RnnOptions *options;
  const cJSON *json;
  const char *name;
  Net *net;
  int line;
  RnnUnit *unit, *valid;     /* run: the run's unit; valid: NULL where there is none */
  Dataset *data, *own_validation, *own_test;
  Split split;
  bool is_split;
  const Dataset *train_part, *valid_part, *test_part; /* NULL: no validation, no test */
  int64_t washout, valid_from, test_from;
  bool in_pieces;            /* trained in pieces that hand on their state: may be evaluated so */
  Keep *keep;                /* what its `log` and `save` write; NULL */
  bool several_clocks;       /* of a length that is the data's */
  Decoded *decoded;          /* runs with a `decode`; NULL */
  Threads *threads;          /* started when something can use them (slices.h) */
} Stage;

/* program_data.c: folders, initial values, weights */
void program_directories(RnnProgram *p, const RnnOptions *options);
bool program_initialise(RnnProgram *p, RnnError *error);
bool program_save(RnnProgram *p, RnnError *error);
/* These weights, instead of the program's own, to a file of their own. */
bool program_save_weights(const RnnProgram *p, const char *path, const Parameters *values, bool is_double, RnnError *error);
/* Reads the weights file if there is one. `needed`: its absence is an error. */
bool program_read(RnnProgram *p, bool needed, RnnError *error);

/* stage.c: opening a stage loads its data, splits and scales it, and binds its units. */
bool stage_open(Stage *s, RnnProgram *p, const cJSON *json, const RnnOptions *options, RnnError *error);
void stage_close(Stage *s);
/* Room for `steps` steps in every sequence; what the data do not say is missing there. Their lengths stay. */
void dataset_lengthen(Dataset *d, int64_t steps);
/* The params of a stage's unit from and to the program's. */
void stage_take_parameters(Stage *s);
void stage_give_parameters(Stage *s);

#endif
