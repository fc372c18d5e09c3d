/* dataset.c — dataset_load: finds the form of data a clause names, runs it, cuts windows, and says where an error came from. */
#include "runtime/batches.h"
#include "runtime/data/data.h"
#include "runtime/places.h"
#include <math.h>
#include <stdlib.h>
#include <string.h>

/* --- a clause -------------------------------------------------------------------------------------------------------- */

const cJSON *clause_said(const DataClause *c, const char *word) {
  const cJSON *modifier;
  cJSON_ArrayForEach(modifier, c->modifiers) {
    const cJSON *is = cJSON_GetObjectItemCaseSensitive(modifier, "word");
    if (cJSON_IsString(is) && strcmp(is->valuestring, word) == 0) return modifier;
  }
  return NULL;
}

const cJSON *clause_modifier(const DataClause *c, const char *word) { return cJSON_GetObjectItemCaseSensitive(clause_said(c, word), "args"); }

char *clause_path(const char *directory, const char *path) {
  bool alone = *path == '/' || !directory || !*directory;
  size_t size = strlen(path) + (alone ? 0 : strlen(directory)) + 2;
  char *out = malloc(size);
  if (out) snprintf(out, size, "%s%s%s", alone ? "" : directory, alone ? "" : "/", path);
  return out;
}

int clause_variable(const DataClause *c, const char *name) {
  for (int i = 0; i < c->variables; i++)
    if (strcmp(c->variable[i].name, name) == 0) return i;
  return -1;
}

bool variable_takes(const Variable *v, double x) { return v->below <= 0 || (x >= 0 && x < (double)v->below && x == floor(x)); }

/* --- the data set ------------------------------------------------------------------------------------------------------ */

bool dataset_allocate(Dataset *d, int64_t count) {
  d->sequence = calloc((size_t)count + 1, sizeof *d->sequence);
  for (int64_t s = 0; d->sequence && s < count; s++, d->count++)
    if (!(d->sequence[s].value = calloc((size_t)d->variables + 1, sizeof *d->sequence[s].value))) return false;
  return d->sequence != NULL;
}

double *sequence_allocate(Dataset *d, int64_t sequence, int variable, int64_t steps) {
  const Variable *v = &d->variable[variable];
  const bool several = on_several_clocks(v->axes);
  for (int c = 0; several && c < RNN_MAX_CLOCKS; c++) /* from now on they are as long as this value is */
    if (on_clock(v->axes, c)) d->sequence[sequence].on[c] = sequence_steps_on(d, &d->sequence[sequence], c);
  size_t numbers = (size_t)v->elements * (size_t)(several ? sequence_places(v, &d->sequence[sequence]) : variable_has_clock(v) ? steps : 1);
  double *out = malloc((numbers + 1) * sizeof *out);
  for (size_t i = 0; out && i < numbers; i++) out[i] = NAN;
  free(d->sequence[sequence].value[variable]);
  return d->sequence[sequence].value[variable] = out;
}

static void sequences_free(Sequence *sequence, int64_t count, int variables) {
  for (int64_t s = 0; sequence && s < count; s++) {
    for (int v = 0; v < variables; v++) free(sequence[s].value[v]);
    free(sequence[s].value);
  }
  free(sequence);
}

void dataset_free(Dataset *d) {
  if (!d) return;
  sequences_free(d->sequence, d->count, d->variables);
  categories_free(d->category, d->variables);
  free(d->wide);
  free(d->variable);
  free(d);
}

int64_t dataset_bytes(const Dataset *d) {
  enum { OVERHEAD = 16 }; /* of the allocator, each piece */
  int64_t bytes = (int64_t)sizeof *d + (int64_t)((size_t)d->variables * sizeof *d->variable);
  for (int64_t i = 0; i < d->count; i++) {
    const Sequence *q = &d->sequence[i];
    bytes += (int64_t)sizeof *q + OVERHEAD + d->variables * (int64_t)sizeof *q->value;
    for (int v = 0; v < d->variables; v++)
      if (q->value[v]) bytes += OVERHEAD + (int64_t)sizeof(double) * d->variable[v].elements * sequence_places(&d->variable[v], q);
  }
  return bytes;
}

static Dataset *dataset_new(const Variable *variables, int count) {
  Dataset *d = calloc(1, sizeof *d);
  if (!d) return NULL;
  d->variable = malloc(((size_t)count + 1) * sizeof *d->variable);
  d->category = calloc((size_t)count + 1, sizeof *d->category);
  if (!d->variable || !d->category) return free(d->variable), free(d->category), free(d), NULL;
  if (count) memcpy(d->variable, variables, (size_t)count * sizeof *variables);
  d->variables = count;
  return d;
}

static bool bad_constant(const DataClause *c, const Variable *v, const cJSON *value) {
  char text[80];
  return rnn_fail(c->error, "E0508", "`%s = %s`: `%s` wants a number, or a list of %lld%s", v->name, value_text(value, text, sizeof text), v->name,
                  (long long)v->elements, v->below > 0 ? " whole numbers below its size" : "");
}

bool constant_fill(const DataClause *c, Dataset *d, int variable, const cJSON *value) {
  const Variable *v = &c->variable[variable];
  bool list = cJSON_IsArray(value);
  if (list ? cJSON_GetArraySize(value) != v->elements : !cJSON_IsNumber(value)) return bad_constant(c, v, value);
  for (int64_t e = 0; e < v->elements; e++) {
    const cJSON *item = list ? cJSON_GetArrayItem(value, (int)e) : value;
    if (!cJSON_IsNumber(item) || !variable_takes(v, item->valuedouble)) return bad_constant(c, v, value);
  }
  for (int64_t s = 0; s < d->count; s++) {
    double *out = sequence_allocate(d, s, variable, d->sequence[s].steps);
    if (!out) return no_memory(c->error);
    for (int64_t i = 0; i < sequence_places(v, &d->sequence[s]) * v->elements; i++)
      out[i] = (list ? cJSON_GetArrayItem(value, (int)(i % v->elements)) : value)->valuedouble;
  }
  return true;
}

/* --- windows ------------------------------------------------------------------------------------------------------------ */

static bool copy_window(Dataset *to, int64_t target, const Dataset *all, int64_t source, int64_t start, int64_t length) {
  const Sequence *from = &all->sequence[source];
  to->sequence[target].steps = length;
  to->sequence[target].source = 1 + source;
  to->sequence[target].start = start;
  for (int v = 0; v < to->variables; v++) {
    if (!from->value[v]) continue;
    const Variable *variable = &to->variable[v];
    bool clock = variable_has_clock(variable);
    double *out = sequence_allocate(to, target, v, length);
    if (!out) return false;
    memcpy(out, from->value[v] + (clock ? start * variable->elements : 0), (size_t)((clock ? length : 1) * variable->elements) * sizeof *out);
  }
  return true;
}

static int64_t window_count(const Sequence *s, int64_t length, int64_t every) {
  return s->steps < length ? 0 : (s->steps - length) / every + 1;
}

/* Whole windows only: what is left at a sequence's end is dropped. */
bool dataset_windows(Dataset *d, int64_t length, int64_t every, RnnError *error) {
  int64_t count = 0, made = 0, longest = 0;
  for (int64_t s = 0; s < d->count; s++) {
    count += window_count(&d->sequence[s], length, every);
    if (d->sequence[s].steps > longest) longest = d->sequence[s].steps;
  }
  if (!count)
    return rnn_fail(error, "E0515", "windows %lld: the longest sequence has only %lld steps", (long long)length, (long long)longest);
  Dataset windows = {.variables = d->variables, .variable = d->variable};
  bool fine = dataset_allocate(&windows, count);
  for (int64_t s = 0; fine && s < d->count; s++)
    for (int64_t w = 0; fine && w < window_count(&d->sequence[s], length, every); w++)
      fine = copy_window(&windows, made++, d, s, w * every, length);
  if (!fine) return sequences_free(windows.sequence, windows.count, d->variables), no_memory(error);
  sequences_free(d->sequence, d->count, d->variables);
  d->sequence = windows.sequence;
  d->count = windows.count;
  return true;
}

static bool window_number(const DataClause *c, const char *word, const cJSON *v, double *out) {
  if (cJSON_IsNumber(v) && v->valuedouble >= 1 && v->valuedouble == floor(v->valuedouble) && v->valuedouble < 1e15) return *out = v->valuedouble, true;
  char text[80];
  rnn_fail(c->error, "E0515", "`%s %s`: a whole number of steps from 1 on is wanted", word, value_text(v, text, sizeof text));
  rnn_fail_more(c->error, "\nhelp: for example `windows 100 every 50`: 100 steps each, which begin every 50 steps");
  return false;
}

/* Windows are steps of one clock: with an encoder's and a decoder's data there is no telling which belong together. */
static bool lives_on_one_clock(const DataClause *c, const Dataset *d) {
  const Variable *first = NULL;
  for (int v = 0; d->count && v < d->variables; v++) {
    if (!d->sequence[0].value[v] || !variable_has_clock(&d->variable[v])) continue;
    if (on_several_clocks(d->variable[v].axes))
      return rnn_fail(c->error, "E0515", "windows are steps of one clock, but `%s` lives on several\nhelp: leave `windows` out; shorter sequences are to be made in the file", d->variable[v].name);
    if (!first) first = &d->variable[v];
    if (first->axes == d->variable[v].axes) continue;
    return rnn_fail(c->error, "E0515", "windows are steps of one clock, but `%s` and `%s` live on different ones\nhelp: leave `windows` out; shorter sequences are to be made in the file",
                    first->name, d->variable[v].name);
  }
  return true;
}

static bool cut_windows(const DataClause *c, Dataset *out) {
  const cJSON *windows = clause_modifier(c, "windows"), *every = cJSON_GetArrayItem(clause_modifier(c, "every"), 0);
  double length = 1, apart;
  if (!windows) return true;
  if (!every) every = cJSON_GetArrayItem(windows, 1);
  if (!window_number(c, "windows", cJSON_GetArrayItem(windows, 0), &length)) return false;
  apart = length;
  if (!lives_on_one_clock(c, out)) return false;
  return (!every || window_number(c, "every", every, &apart)) && dataset_windows(out, (int64_t)length, (int64_t)apart, c->error);
}

/* --- forms -------------------------------------------------------------------------------------------------------------- */

static const char *const file_forms[] = {"csv", "tsv", "npz"};
enum { FILE_FORMS = 3, FILE_ARRAYS = 2, FORMS_MOST = 64 };

typedef struct TextForm {
  const char *name;
  bool (*load)(const DataClause *c, Dataset *out);
} TextForm;

static const TextForm text_forms[] = {{"text", text_data}, {"string", string_data}, {"trees", trees_data}};
enum { TEXT_FORMS = sizeof text_forms / sizeof *text_forms };

static Table *read_table(const DataClause *c, int form, const char *path) {
  switch (form) {
  case 0: return text_read(path, 0, c->error);
  case 1: return text_read(path, '\t', c->error);
  default: return npz_read(path, c->error);
  }
}

static bool file_data(const DataClause *c, int form, Dataset *out) {
  const cJSON *name = value_arg(c->source, 0);
  if (!cJSON_IsString(name))
    return rnn_fail(c->error, "E0509", "%s(…) wants a file name in quotes first: %s(\"data.%s\", …)", file_forms[form], file_forms[form], file_forms[form]);
  char *path = clause_path(c->directory, name->valuestring);
  Table *t = path ? read_table(c, form, path) : NULL;
  bool arrays = form == FILE_ARRAYS && arrays_wanted(c);
  bool fine = t && (arrays ? arrays_data(c, t, out) : table_data(c, t, out));
  table_free(t);
  free(path);
  return fine;
}

static bool unknown_form(const DataClause *c, const char *name) {
  const char *names[FORMS_MOST];
  int count = 0;
  for (int i = 0; i < FILE_FORMS; i++) names[count++] = file_forms[i];
  for (int i = 0; i < TEXT_FORMS; i++) names[count++] = text_forms[i].name;
  for (int i = 0; i < generator_count && count < FORMS_MOST; i++) names[count++] = generators[i].name;
  rnn_fail(c->error, "E0512", "there is no form of data called `%s`", name);
  rnn_fail_names(c->error, "the forms are", name, names, count);
  return false;
}

static bool check_modifiers(const DataClause *c) {
  static const char *const words[] = {"by", "windows", "every", "where", "cuts", "lengths"};
  const cJSON *modifier;
  cJSON_ArrayForEach(modifier, c->modifiers) {
    const cJSON *is = cJSON_GetObjectItemCaseSensitive(modifier, "word");
    bool known = false;
    for (int i = 0; cJSON_IsString(is) && i < 6; i++) known |= strcmp(is->valuestring, words[i]) == 0;
    if (known) continue;
    rnn_fail(c->error, "E0515", "data has no modifier `%s`", cJSON_IsString(is) ? is->valuestring : "?");
    rnn_fail_names(c->error, "its modifiers are", cJSON_IsString(is) ? is->valuestring : NULL, words, 6);
    return false;
  }
  return true;
}

static bool load_form(const DataClause *c, Dataset *out) {
  const char *name = value_called(c->source);
  if (!name) return rnn_fail(c->error, "E0512", "`data` wants a form: csv(…), npz(…), or a generator such as adding(…)");
  const bool by_clock = cJSON_GetObjectItemCaseSensitive(clause_said(c, "cuts"), "named");
  if ((by_clock || clause_said(c, "lengths")) && strcmp(name, "npz"))
    return rnn_fail(c->error, "E0515", "%s is for the arrays of npz(…); %s(…) says itself how long sequences are", by_clock ? "`cuts` by clock" : "`lengths`", name);
  for (int i = 0; i < FILE_FORMS; i++)
    if (strcmp(name, file_forms[i]) == 0) return file_data(c, i, out);
  for (int i = 0; i < TEXT_FORMS; i++)
    if (strcmp(name, text_forms[i].name) == 0) return text_forms[i].load(c, out);
  for (int i = 0; i < generator_count; i++)
    if (strcmp(name, generators[i].name) == 0) return generator_data(c, &generators[i], out);
  return unknown_form(c, name);
}

Dataset *dataset_load(const cJSON *source, const cJSON *modifiers, const Variable *variables, int count, const char *directory,
                      uint64_t seed, const Dataset *categories, int line, RnnError *error) {
  DataClause c = {source, modifiers, variables, count, directory, seed, categories, error, false};
  Dataset *out = dataset_new(variables, count);
  if (!out) return no_memory(error), NULL;
  if (check_modifiers(&c) && load_form(&c, out) && cut_windows(&c, out)) return out;
  error->line = line;
  dataset_free(out);
  return NULL;
}
