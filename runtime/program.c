/* program.c — the program object: made from a manifest, trained, run, tested. */
#include "runtime/calls.h"
#include "runtime/clause.h"
#include "runtime/error.h"
#include "runtime/model.h"
#include "runtime/overrides.h"
#include "runtime/run.h"
#include "runtime/targets.h"
#include "runtime/train/keep.h"
#include "runtime/train/train.h"
#include <stdlib.h>
#include <string.h>

/* --- loading ----------------------------------------------------------------------------------------------------------------------- */

static VariableRole role_of(const char *word) {
  return word && !strcmp(word, "target") ? VARIABLE_TARGET : word && !strcmp(word, "output") ? VARIABLE_OUTPUT : VARIABLE_INPUT;
}

static const Vocabulary *vocabulary_named(const RnnProgram *p, const char *name) {
  for (int i = 0; name && i < p->vocabularies; i++)
    if (p->vocabulary[i]->name && !strcmp(p->vocabulary[i]->name, name)) return p->vocabulary[i];
  return NULL;
}

static void read_vocabularies(RnnProgram *p) {
  const cJSON *list = json_item(p->manifest, "vocabularies"), *entry;
  p->vocabulary = calloc((size_t)cJSON_GetArraySize(list) + 1, sizeof *p->vocabulary);
  cJSON_ArrayForEach(entry, list) p->vocabulary[p->vocabularies++] = vocabulary_from_json(entry);
}

static Variable read_variable(const RnnProgram *p, const cJSON *entry) {
  Variable v = {.name = json_string(entry, "name"), .role = role_of(json_string(entry, "role"))};
  v.elements = json_shape(entry, v.shape, &v.rank);
  v.axes = (uint32_t)json_number(entry, "axes", 0);
  v.within = (uint32_t)json_number(entry, "within", 0);
  for (int c = 0; c < RNN_MAX_CLOCKS; c++)
    if (v.axes >> (1 + c) & 1) v.clock[c] = json_string(cJSON_GetArrayItem(p->clocks, c), "name");
  v.below = (int64_t)json_number(entry, "below", 0);
  v.step_of = 1 + (int)json_number(entry, "step_of", -1);
  v.line = (int)json_number(entry, "line", 0);
  v.vocabulary = vocabulary_named(p, json_string(entry, "vocabulary"));
  return v;
}

static Net read_net(const RnnProgram *p, const cJSON *entry) {
  const cJSON *list = json_item(entry, "variables"), *variable;
  Net net = {.name = json_string(entry, "name")};
  net.variable = calloc((size_t)cJSON_GetArraySize(list) + 1, sizeof *net.variable);
  cJSON_ArrayForEach(variable, list) net.variable[net.variables++] = read_variable(p, variable);
  net.category = calloc((size_t)net.variables + 1, sizeof *net.category);
  net.scaling = scaling_new(net.variable, net.variables);
  return net;
}

static void read_nets(RnnProgram *p) {
  const cJSON *list = json_item(p->manifest, "nets"), *entry;
  p->net = calloc((size_t)cJSON_GetArraySize(list) + 1, sizeof *p->net);
  cJSON_ArrayForEach(entry, list) p->net[p->nets++] = read_net(p, entry);
}

static bool is_kind(const cJSON *stage, const char *kind) {
  const char *word = json_string(stage, "kind");
  return word && !strcmp(word, kind);
}

static bool has_kind(const RnnProgram *p, const char *kind) {
  const cJSON *stage;
  cJSON_ArrayForEach(stage, p->stages)
    if (is_kind(stage, kind)) return true;
  return false;
}

static bool read_manifest(RnnProgram *p, RnnError *error) {
  const char *model = json_string(p->manifest, "model"), *path = json_string(p->manifest, "path");
  if (json_number(p->manifest, "abi", 0) != RNN_ABI_VERSION)
    return rnn_fail(error, "E0413", "the program was compiled for another version of the runtime (this one is %d)", RNN_ABI_VERSION);
  p->model = model ? model : "model";
  p->path = path ? path : p->model;
  p->seed = (uint64_t)json_number(p->manifest, "seed", 1);
  p->params = json_item(p->manifest, "params");
  p->clocks = json_item(p->manifest, "clocks");
  p->units = json_item(p->manifest, "units");
  p->stages = json_item(p->manifest, "stages");
  if (!parameters_fit(p->params, has_kind(p, "train"), p->path, error)) return false;
  p->values = parameters_new(p->params, NULL, 0, true);
  read_vocabularies(p);
  read_nets(p);
  return true;
}

RnnProgram *rnn_program_load(const char *manifest, RnnLookup *lookup, void *context, RnnError *error) {
  RnnProgram *p = calloc(1, sizeof *p);
  p->lookup = lookup;
  p->context = context;
  p->manifest = cJSON_Parse(manifest);
  if (!p->manifest) rnn_fail(error, "E0413", "the manifest is not JSON");
  if (p->manifest && read_manifest(p, error)) return p;
  rnn_program_free(p);
  return NULL;
}

static void free_net(Net *net) {
  categories_free(net->category, net->variables);
  scaling_free(net->scaling, net->variables);
  free(net->variable);
}

void rnn_program_free(RnnProgram *p) {
  if (!p) return;
  for (int i = 0; i < p->nets; i++) free_net(&p->net[i]);
  free(p->net);
  for (int i = 0; i < p->vocabularies; i++) vocabulary_free(p->vocabulary[i]);
  free(p->vocabulary);
  parameters_free(p->values);
  cJSON_Delete(p->trained_with);
  cJSON_Delete(p->manifest);
  free(p);
}

/* --- training ---------------------------------------------------------------------------------------------------------------------- */

static bool train_one(RnnProgram *p, const cJSON *json, const RnnOptions *options, RnnError *error) {
  Stage stage;
  bool good = stage_open(&stage, p, json, options, error) && keep_open(&stage, error) && train_stage(&stage, error);
  if (good) stage_give_parameters(&stage);
  if (good) p->double_weights = stage.unit->is_double;
  good = good && keep_trained(&stage, error);
  keep_close(&stage);
  stage_close(&stage);
  return good || rnn_fail_in(error, p->path);
}

/* Of all stages, or of those of one kind; before an hour of training, not after it. */
static bool targets_are_free(const RnnProgram *p, const char *kind, RnnError *error) {
  const cJSON *stage;
  cJSON_ArrayForEach(stage, p->stages) {
    const char *own = json_string(stage, "kind");
    if ((!kind || (own && !strcmp(own, kind))) && !targets_of_stage(p, stage, error)) return false;
  }
  return true;
}

static bool train_all(RnnProgram *p, const RnnOptions *options, RnnError *error) {
  const cJSON *stage;
  int trained = 0;
  rnn_blas_one_thread();
  program_directories(p, options);
  if (!targets_weights(p, options, error) || !targets_are_free(p, "train", error) || !program_initialise(p, error)) return false;
  cJSON_ArrayForEach(stage, p->stages) {
    if (!is_kind(stage, "train")) continue;
    if (!train_one(p, stage, options, error)) return false;
    trained++;
  }
  return trained == 0 || program_save(p, error);
}

bool rnn_program_train(RnnProgram *p, const RnnOptions *options, RnnError *error) {
  if (!has_kind(p, "train")) return rnn_fail(error, "E0412", "%s has nothing to train: no `train` declaration", p->path);
  return train_all(p, options, error);
}

/* --- the memory that it takes ------------------------------------------------------------------------------------------------------ */

static bool predict_one(RnnProgram *p, const cJSON *json, const RnnOptions *options, RnnError *error) {
  Stage stage;
  bool good = stage_open(&stage, p, json, options, error) && train_stage(&stage, error);
  stage_close(&stage);
  return good || rnn_fail_in(error, p->path);
}

bool rnn_program_memory(RnnProgram *p, const RnnOptions *options, RnnError *error) {
  RnnOptions predict = *options;
  const cJSON *stage;
  predict.predict = true;
  program_directories(p, options);
  cJSON_ArrayForEach(stage, p->stages)
    if (is_kind(stage, "train") && !predict_one(p, stage, &predict, error)) return false;
  return true;
}

/* --- running ------------------------------------------------------------------------------------------------------------------------ */

static bool unknown_run(const RnnProgram *p, const char *name, RnnError *error) {
  const char *names[64];
  int count = 0;
  const cJSON *stage;
  cJSON_ArrayForEach(stage, p->stages)
    if (is_kind(stage, "run") && count < 64) names[count++] = json_string(stage, "name");
  if (count == 0) return rnn_fail(error, "E0412", "%s has no `run` declaration", p->path);
  if (name)
    rnn_fail(error, "E0412", "%s has no run `%s`", p->path, name);
  else
    rnn_fail(error, "E0412", "%s has several runs: say which", p->path);
  rnn_fail_names(error, "runs", name ? name : "", names, count);
  return false;
}

static const cJSON *find_run(const RnnProgram *p, const char *name) {
  const cJSON *stage, *only = NULL;
  int count = 0;
  cJSON_ArrayForEach(stage, p->stages) {
    if (!is_kind(stage, "run")) continue;
    const char *found = json_string(stage, "name");
    if (name && found && !strcmp(name, found)) return stage;
    only = stage;
    count++;
  }
  return !name && count == 1 ? only : NULL;
}

/* A file that trains something wants its weights file, also where the manifest holds only the run ("trains" says so then); one whose
 * params are all given does not. */
static bool wants_weights(const RnnProgram *p, const RnnOptions *options) {
  return options->weights || has_kind(p, "train") || cJSON_IsTrue(json_item(p->manifest, "trains"));
}

static bool get_ready(RnnProgram *p, const RnnOptions *options, RnnError *error) {
  rnn_blas_one_thread();
  program_directories(p, options);
  if (!p->ready && !program_read(p, wants_weights(p, options), error)) return false;
  overrides_warn(p, options);
  return true;
}

static bool run_one(RnnProgram *p, const cJSON *json, const RnnOptions *options, bool *expected, RnnError *error) {
  Stage stage;
  bool good = stage_open(&stage, p, json, options, error) && run_stage(&stage, expected, error);
  stage_close(&stage);
  return good || rnn_fail_in(error, p->path);
}

bool rnn_program_run(RnnProgram *p, const char *name, const RnnOptions *options, bool *expected, RnnError *error) {
  const cJSON *json = find_run(p, name);
  *expected = true;
  if (!json) return unknown_run(p, name, error);
  program_directories(p, options);
  return targets_of_stage(p, json, error) && get_ready(p, options, error) && run_one(p, json, options, expected, error);
}

bool rnn_program_test(RnnProgram *p, const RnnOptions *options, bool *expected, RnnError *error) {
  const cJSON *stage;
  *expected = true;
  program_directories(p, options);
  if (!targets_are_free(p, "run", error)) return false;
  if (has_kind(p, "train") ? !train_all(p, options, error) : !get_ready(p, options, error)) return false;
  cJSON_ArrayForEach(stage, p->stages)
    if (is_kind(stage, "run") && !run_one(p, stage, options, expected, error)) return false;
  return true;
}
