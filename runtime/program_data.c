/* program_data.c — where files are, first values of the params, and the weights file. */
#include "runtime/clause.h"
#include "runtime/error.h"
#include "runtime/model.h"
#include "runtime/overrides.h"
#include "runtime/save/safetensors.h"
#include <math.h>
#include <stdlib.h>
#include <string.h>

/* --- folders --------------------------------------------------------------------------------------------------------------------- */

static void folder_of(const char *path, char *out, size_t size) {
  const char *slash = strrchr(path, '/');
  int length = slash ? (int)(slash - path) : 0;
  snprintf(out, size, "%.*s", length ? length : 1, length ? path : slash ? "/" : ".");
}

void program_directories(RnnProgram *p, const RnnOptions *options) {
  char beside[4000];
  folder_of(p->path, beside, sizeof beside);
  snprintf(p->directory, sizeof p->directory, "%s", options->directory ? options->directory : beside);
  if (options->weights)
    snprintf(p->weights, sizeof p->weights, "%s", options->weights);
  else
    snprintf(p->weights, sizeof p->weights, "%.3000s/%.1000s.safetensors", beside, p->model);
}

bool program_initialise(RnnProgram *p, RnnError *error) {
  for (int i = 0; i < p->values->count; i++) {
    const Parameter *q = &p->values->of[i];
    if (!param_initialise(q->name, q->init, q->shape, q->rank, p->seed, parameters_at(p->values, i), p->directory, error) ||
        !parameter_fits(q, parameters_at(p->values, i), error)) {
      rnn_fail_place(error, q->file ? q->file : p->path, q->line);
      return false;
    }
  }
  return p->ready = true;
}

/* --- saving ---------------------------------------------------------------------------------------------------------------------- */

static cJSON *number_list(const double *x, int64_t n) {
  cJSON *list = cJSON_CreateArray();
  for (int64_t i = 0; i < n; i++) {
    char digits[40]; /* cJSON itself would write fewer digits than a double has */
    snprintf(digits, sizeof digits, "%.17g", x[i]);
    cJSON_AddItemToArray(list, cJSON_CreateRaw(digits));
  }
  return list;
}

static void add_text(cJSON *metadata, const char *key, cJSON *value) {
  char *text = cJSON_PrintUnformatted(value);
  cJSON_AddStringToObject(metadata, key, text);
  cJSON_free(text);
  cJSON_Delete(value);
}

/* {"net.y": {"mean": […], "std": […]}} of the variables that are scaled. */
static cJSON *all_scales(const RnnProgram *p) {
  cJSON *scales = cJSON_CreateObject();
  for (int n = 0; n < p->nets; n++)
    for (int v = 0; v < p->net[n].variables; v++) {
      const Scaling *s = &p->net[n].scaling[v];
      if (!s->scaled) continue;
      char key[512];
      snprintf(key, sizeof key, "%s.%s", p->net[n].name, p->net[n].variable[v].name);
      cJSON *entry = cJSON_AddObjectToObject(scales, key);
      cJSON_AddItemToObject(entry, "mean", number_list(s->mean, s->elements));
      cJSON_AddItemToObject(entry, "std", number_list(s->std, s->elements));
    }
  return scales;
}

/* {"net.k": ["ann", "bob"]} of the variables that are numbered by category("…"). */
static cJSON *all_categories(const RnnProgram *p) {
  cJSON *categories = cJSON_CreateObject();
  for (int n = 0; n < p->nets; n++)
    for (int v = 0; v < p->net[n].variables; v++) {
      const Categories *c = &p->net[n].category[v];
      char key[512];
      snprintf(key, sizeof key, "%s.%s", p->net[n].name, p->net[n].variable[v].name);
      if (c->count) cJSON_AddItemToObject(categories, key, cJSON_CreateStringArray((const char *const *)c->name, c->count));
    }
  return categories;
}

static cJSON *make_metadata(const RnnProgram *p) {
  cJSON *metadata = cJSON_CreateObject();
  const char *text = json_string(p->manifest, "text");
  char seed[32];
  snprintf(seed, sizeof seed, "%llu", (unsigned long long)p->seed);
  cJSON_AddStringToObject(metadata, "format", "rnn");
  cJSON_AddStringToObject(metadata, "model", p->model);
  cJSON_AddStringToObject(metadata, "text", text ? text : "");
  cJSON_AddStringToObject(metadata, "seed", seed);
  add_text(metadata, "scales", all_scales(p));
  add_text(metadata, "categories", all_categories(p));
  add_text(metadata, "overrides", overrides_now(p));
  const cJSON *vocabularies = json_item(p->manifest, "vocabularies");
  if (vocabularies) add_text(metadata, "vocabularies", cJSON_Duplicate(vocabularies, 1));
  return metadata;
}

static int64_t most_elements(const Parameters *values) {
  int64_t most = 1;
  for (int i = 0; i < values->count; i++)
    if (values->of[i].elements > most) most = values->of[i].elements;
  return most;
}

bool program_save_weights(const RnnProgram *p, const char *path, const Parameters *values, bool is_double, RnnError *error) {
  Parameters *stored = parameters_new(p->params, NULL, 0, is_double);
  Tensor *tensor = calloc((size_t)values->count + 1, sizeof *tensor);
  double *value = malloc((size_t)most_elements(values) * sizeof *value);
  for (int i = 0; i < values->count; i++) {
    parameters_read(values, i, value);
    parameters_write(stored, i, value);
    tensor[i] = (Tensor){.name = values->of[i].name, .is_double = is_double, .rank = values->of[i].rank, .data = parameters_at(stored, i)};
    memcpy(tensor[i].shape, values->of[i].shape, sizeof tensor[i].shape);
  }
  cJSON *metadata = make_metadata(p);
  bool good = safetensors_write(path, tensor, values->count, metadata, error);
  cJSON_Delete(metadata);
  free(value);
  free(tensor);
  parameters_free(stored);
  return good;
}

bool program_save(RnnProgram *p, RnnError *error) { return program_save_weights(p, p->weights, p->values, p->double_weights, error); }

/* --- reading --------------------------------------------------------------------------------------------------------------------- */

static void shape_text(char *out, size_t size, const int64_t *shape, int rank) {
  size_t used = (size_t)snprintf(out, size, "[");
  for (int i = 0; i < rank && used < size; i++)
    used += (size_t)snprintf(out + used, size - used, "%s%lld", i ? ", " : "", (long long)shape[i]);
  if (used < size) snprintf(out + used, size - used, "]");
}

static bool other_model(const RnnProgram *p, const Parameter *q, const Tensor *found, RnnError *error) {
  char wanted[128], have[128] = "nothing of that name";
  shape_text(wanted, sizeof wanted, q->shape, q->rank);
  if (found) shape_text(have, sizeof have, found->shape, found->rank);
  return rnn_fail(error, "E0604", "%s holds the weights of another model\n   = note: `%s` is %s at %s:%d; the file has %s\nhelp: train again: rnn train %s",
                  p->weights, q->name, wanted, q->file ? q->file : p->path, q->line, have, p->path);
}

static bool same_shape(const Parameter *q, const Tensor *t) {
  return t->rank == q->rank && !memcmp(t->shape, q->shape, (size_t)q->rank * sizeof *q->shape);
}

/* An index means what it meant in training only where its symbols stand in the same places. */
static bool same_vocabulary(const Vocabulary *v, const cJSON *symbols) {
  if (cJSON_GetArraySize(symbols) != v->count) return false;
  const cJSON *symbol;
  int64_t i = 0;
  cJSON_ArrayForEach(symbol, symbols) {
    const char *text = cJSON_GetStringValue(symbol);
    if (!text || strcmp(text, v->symbol[i++])) return false;
  }
  return true;
}

static bool check_vocabularies(const RnnProgram *p, const char *text, RnnError *error) {
  cJSON *all = cJSON_Parse(text ? text : "[]");
  const cJSON *entry;
  bool fine = true;
  cJSON_ArrayForEach(entry, all)
    for (int i = 0; fine && i < p->vocabularies; i++) {
      const char *name = json_string(entry, "name");
      if (!name || strcmp(name, p->vocabulary[i]->name) || same_vocabulary(p->vocabulary[i], json_item(entry, "symbols"))) continue;
      fine = rnn_fail(error, "E0604", "%s was trained with other symbols: the file of `vocab %s` has changed since\nhelp: train again: rnn train %s",
                      p->weights, name, p->path);
    }
  cJSON_Delete(all);
  return fine;
}

static bool is_param(const RnnProgram *p, const char *name) {
  for (int i = 0; i < p->values->count; i++)
    if (!strcmp(p->values->of[i].name, name)) return true;
  return false;
}

static bool check_model(const RnnProgram *p, const TensorFile *file, RnnError *error) {
  for (int i = 0; i < p->values->count; i++) {
    const Parameter *q = &p->values->of[i];
    const Tensor *t = safetensors_find(file, q->name);
    if (!t || !same_shape(q, t)) return other_model(p, q, t, error);
  }
  for (int i = 0; i < file->count; i++) {
    if (is_param(p, file->tensor[i].name)) continue;
    char have[128];
    shape_text(have, sizeof have, file->tensor[i].shape, file->tensor[i].rank);
    return rnn_fail(error, "E0604", "%s holds the weights of another model\n   = note: it has `%s` %s, which this model does not", p->weights,
                    file->tensor[i].name, have);
  }
  return true;
}

static void read_numbers(const cJSON *list, double *out, int64_t n) {
  for (int64_t i = 0; i < n && i < cJSON_GetArraySize(list); i++) out[i] = cJSON_GetArrayItem(list, (int)i)->valuedouble;
}

static void read_scales(RnnProgram *p, const char *text) {
  cJSON *scales = cJSON_Parse(text ? text : "{}");
  for (int n = 0; n < p->nets; n++)
    for (int v = 0; v < p->net[n].variables; v++) {
      char key[512];
      snprintf(key, sizeof key, "%s.%s", p->net[n].name, p->net[n].variable[v].name);
      const cJSON *entry = json_item(scales, key);
      Scaling *s = &p->net[n].scaling[v];
      if (!entry) continue;
      read_numbers(json_item(entry, "mean"), s->mean, s->elements);
      read_numbers(json_item(entry, "std"), s->std, s->elements);
      s->scaled = true;
    }
  cJSON_Delete(scales);
}

/* Older files have one list a net, for whichever of its variables was so numbered. */
static void read_categories(RnnProgram *p, const char *text) {
  cJSON *all = cJSON_Parse(text ? text : "{}");
  for (int n = 0; n < p->nets; n++)
    for (int v = 0; v < p->net[n].variables; v++) {
      char key[512];
      snprintf(key, sizeof key, "%s.%s", p->net[n].name, p->net[n].variable[v].name);
      const cJSON *list = json_item(all, key), *name;
      Categories *c = &p->net[n].category[v];
      if (!list && p->net[n].variable[v].below > 0) list = json_item(all, p->net[n].name);
      if (c->count) continue;
      cJSON_ArrayForEach(name, list) categories_add(c, name->valuestring ? name->valuestring : "");
    }
  cJSON_Delete(all);
}

static bool file_exists(const char *path) {
  FILE *file = fopen(path, "rb");
  if (file) fclose(file);
  return file != NULL;
}

bool program_read(RnnProgram *p, bool needed, RnnError *error) {
  if (!needed && !file_exists(p->weights)) return program_initialise(p, error);
  TensorFile *file = safetensors_read(p->weights, error);
  if (!file) return false;
  bool good = check_vocabularies(p, safetensors_metadata(file, "vocabularies"), error) && check_model(p, file, error);
  for (int i = 0; good && i < p->values->count; i++) {
    const Tensor *t = safetensors_find(file, p->values->of[i].name);
    tensor_read(t, parameters_at(p->values, i));
    p->double_weights = t->is_double;
    const Parameter *q = &p->values->of[i];
    good = parameter_fits(q, parameters_at(p->values, i), error);
    if (!good) rnn_fail_place(error, q->file ? q->file : p->path, q->line);
  }
  if (good) read_scales(p, safetensors_metadata(file, "scales"));
  if (good) p->trained_with = cJSON_Parse(safetensors_metadata(file, "overrides") ? safetensors_metadata(file, "overrides") : "{}");
  if (good) read_categories(p, safetensors_metadata(file, "categories"));
  safetensors_free(file);
  return p->ready = good;
}
