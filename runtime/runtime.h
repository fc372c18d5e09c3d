/* runtime.h — errors, options and the program object that the driver, the REPL and a native binary use. */
#ifndef RNN_RUNTIME_RUNTIME_H
#define RNN_RUNTIME_RUNTIME_H
#include "runtime/abi.h"
#include <cjson/cJSON.h>
#include <stdbool.h>
#include <stdio.h>

/* The first error of a call. `code` is a row of compiler/base/diag.def ("E0501"), so that `rnn explain` knows it. */
typedef struct RnnError {
  char code[8];
  char message[1024]; /* headline; then lines of where, note, help */
  int line;           /* of the model file, where the message does not name a place yet; 0: none */
} RnnError;

/* Sets the error if none is set yet; returns false for `return rnn_fail(…)`. */
bool rnn_fail(RnnError *error, const char *code, const char *format, ...) __attribute__((format(printf, 3, 4)));
/* The same about a line of the model file, which whoever knows the file adds (rnn_fail_in). */
bool rnn_fail_at(RnnError *error, int line, const char *code, const char *format, ...) __attribute__((format(printf, 4, 5)));

typedef struct RnnOptions {
  bool quiet, json;
  const char *weights;   /* NULL: MODEL.safetensors beside the model */
  const char *directory; /* where data paths start; NULL: the model file's folder */
  FILE *out, *err;       /* stdout and stderr */
  int threads;           /* at most so many; 0: as many as cores */
  bool predict;          /* trains nothing: says what memory it would take (rnn_program_memory) */
} RnnOptions;

typedef RnnFunction *RnnLookup(void *context, const char *symbol); /* compiles lazily; NULL on failure */

typedef struct RnnProgram RnnProgram;
RnnProgram *rnn_program_load(const char *manifest, RnnLookup *lookup, void *context, RnnError *error);
void rnn_program_free(RnnProgram *p);

/* Trains every train stage in order and saves the weights (written beside, then renamed). */
bool rnn_program_train(RnnProgram *p, const RnnOptions *options, RnnError *error);
/* Prints the memory that training each stage takes beside the program itself, from its data, its method and the buffers of its units.
 * No unit is called: `lookup` may give any function. */
bool rnn_program_memory(RnnProgram *p, const RnnOptions *options, RnnError *error);
/* Runs one run stage with the saved (or just trained) weights: report, write, plot, expect. `expected` becomes false when an
 * expect does not hold. name NULL: the only one, or an error that lists them. */
bool rnn_program_run(RnnProgram *p, const char *name, const RnnOptions *options, bool *expected, RnnError *error);
/* Trains (in memory; saves like train) and runs every run stage. */
bool rnn_program_test(RnnProgram *p, const RnnOptions *options, bool *expected, RnnError *error);

/* The main() of a native binary, also used by the driver: `train`, `run NAME`, `test`, `--help`. Returns the exit code:
 * 0 fine, 1 an error, 2 wrong usage, 3 an expect does not hold. */
int rnn_program_main(int argc, char **argv, const char *manifest, RnnLookup *lookup, void *context);

/* --- one unit, bound to buffers: what training, runs, the REPL and tests use ------------------------------------------- */

typedef struct RnnUnit RnnUnit;
/* `unit` is a UNIT object, `params` the manifest's params. Memory for `rows` × `steps` is allocated when bound larger. */
RnnUnit *rnn_unit_new(const cJSON *unit, const cJSON *params, RnnFunction *function, RnnError *error);
void rnn_unit_free(RnnUnit *u);
bool rnn_unit_reserve(RnnUnit *u, int64_t rows, int64_t steps);
/* The manifest's clocks: how many there are, and which have a fixed length. Without it: one clock of the data's length. */
void rnn_unit_set_clocks(RnnUnit *u, const cJSON *clocks);
void rnn_unit_reserve_clocks(RnnUnit *u, int64_t rows, const int64_t *steps); /* steps: of each clock */
/* Pointers for filling and reading; in the unit's scalar type. -1: none of that name. Role as in the manifest. */
int rnn_unit_input(const RnnUnit *u, const char *role, const char *name);
int rnn_unit_output(const RnnUnit *u, const char *name);
void *rnn_unit_input_data(RnnUnit *u, int input);   /* at step 0 */
void *rnn_unit_output_data(RnnUnit *u, int output);
void *rnn_unit_param_data(RnnUnit *u, int param);
bool rnn_unit_is_double(const RnnUnit *u);
/* Lengths must be descending. fresh NULL: all fresh. */
void rnn_unit_call(RnnUnit *u, int64_t rows, int64_t steps, const int32_t *length, const int32_t *whole, int64_t first,
                   const uint8_t *fresh, const uint64_t *sequence, uint64_t seed, uint64_t update, bool keep_state);
/* With several clocks: the caller gives .seed, .update, .keep_state, .clock[].{first,length,whole}, and .fresh and .sequence or NULL. */
void rnn_unit_call_clocks(RnnUnit *u, const RnnArgs *args, int64_t rows, const int64_t *steps);
void rnn_unit_reset_state(RnnUnit *u);
/* A unit of one step a call, as the prompt uses it (a UNIT object with "begin" and "prepare"). */
RnnUnit *rnn_unit_step_open(const cJSON *unit, const cJSON *params, RnnLookup *lookup, void *context, RnnError *error);
/* After the weights have changed. */
void rnn_unit_prepare(RnnUnit *u);
/* Before the first step: fills the delay lines with their histories, which may depend on inputs without a clock. */
void rnn_unit_begin(RnnUnit *u, uint64_t seed);
/* Step number `step`. */
void rnn_unit_step(RnnUnit *u, int64_t step);

/* --- a stream: a net fed as the world goes on, one step of one sequence a call ------------------------------------------------ */

typedef struct RnnStream RnnStream;
/* `unit` is a UNIT object that has "begin" and "prepare". Both it and `params` must outlive the stream. Weights are 0 until they are set.
 * NULL with E0413 where it is no such unit, or its functions are not found. */
RnnStream *rnn_stream_open(const cJSON *unit, const cJSON *params, RnnLookup *lookup, void *context, RnnError *error);
void rnn_stream_close(RnnStream *s);
/* For names, params (rnn_unit_param_data) and inputs without a clock. Those on the clock are the step's own affair. */
RnnUnit *rnn_stream_unit(RnnStream *s);
/* Call after weights have changed, and before the first step: lays them out for the steps and computes what depends on them alone. What
 * the net remembers stays. */
void rnn_stream_prepare(RnnStream *s);
/* A new sequence: what the net remembers becomes its histories. Draws are keyed by `seed`. */
void rnn_stream_begin(RnnStream *s, uint64_t seed);
/* How many numbers a step takes and gives: all inputs, all outputs one after the other in the order of their declaration, row-major. */
int64_t rnn_stream_inputs(const RnnStream *s);
int64_t rnn_stream_outputs(const RnnStream *s);
/* One step: `input` and `output` are arrays of that many numbers of the unit's scalar type, which do not overlap. Allocates nothing. */
void rnn_stream_step(RnnStream *s, const void *input, void *output);

#endif
