/* repl_values.c — states, params and inputs between compilations: copied out of one unit and into the next, by name. */
#include "driver/repl_values.h"
#include "runtime/clause.h"
#include "runtime/dataset.h"
#include "runtime/model.h"
#include "runtime/unit.h"
#include <math.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

/* --- lists of named values -------------------------------------------------------------------------------------------------- */

static void free_value(KeptValue *v) {
  free(v->name);
  free(v->value);
}

void kept_clear(Kept *k) {
  for (int i = 0; i < k->count; i++) free_value(&k->at[i]);
  free(k->at);
  *k = (Kept){0};
}

void kept_move(Kept *to, Kept *from) {
  kept_clear(to);
  *to = *from;
  *from = (Kept){0};
}

const KeptValue *kept_find(const Kept *k, const char *name) {
  for (int i = 0; name && i < k->count; i++)
    if (!strcmp(k->at[i].name, name)) return &k->at[i];
  return NULL;
}

void kept_forget(Kept *k, const char *name) {
  for (int i = 0; i < k->count; i++) {
    if (strcmp(k->at[i].name, name)) continue;
    free_value(&k->at[i]);
    k->at[i--] = k->at[--k->count];
  }
}

static void *need(void *memory) {
  if (!memory) abort(); /* out of memory: nothing sensible is left to do */
  return memory;
}

void kept_put(Kept *k, const char *name, int64_t elements, int64_t steps, const double *value) {
  size_t bytes = (size_t)(elements * steps) * sizeof *value;
  KeptValue v = {need(strdup(name)), elements, steps, need(malloc(bytes ? bytes : 1))};
  memcpy(v.value, value, bytes);
  kept_forget(k, name);
  if (k->count == k->room) {
    k->room = k->room ? 2 * k->room : 8;
    k->at = need(realloc(k->at, (size_t)k->room * sizeof *k->at));
  }
  k->at[k->count++] = v;
}

/* --- states ----------------------------------------------------------------------------------------------------------------- */

/* A value with two histories has two delay lines: the second is called `h 2`. */
static const char *state_name(const RnnUnit *u, int buffer, char *out, size_t size) {
  const char *name = u->buffer[buffer].name;
  int same = 1;
  int64_t steps;
  for (int i = 0; name && i < buffer; i++) same += unit_kept(u, i, &steps) && u->buffer[i].name && !strcmp(u->buffer[i].name, name);
  if (name) snprintf(out, size, same > 1 ? "%s %d" : "%s", name, same);
  return name ? out : NULL;
}

static double *doubles_of(const RnnUnit *u, const void *data, int64_t count) {
  double *out = need(malloc((size_t)(count > 0 ? count : 1) * sizeof *out));
  for (int64_t i = 0; i < count; i++) out[i] = scalar_get(data, i, u->is_double);
  return out;
}

/* A value that no equation has read at another step so far may be read so in the next compilation: its last step is kept. */
static void keep_port(Kept *k, const RnnUnit *u, const UnitPort *port, const char *name) {
  if (port->buffer < 0 || kept_find(k, name)) return;
  double *value = doubles_of(u, u->table[port->buffer], port->elements);
  kept_put(k, name, port->elements, 1, value);
  free(value);
}

static void keep_last_step(const RnnUnit *u, const char *net, Kept *k) {
  char name[512];
  for (int i = 0; i < u->outputs; i++) {
    snprintf(name, sizeof name, "%s.%s", net, u->output[i].name);
    keep_port(k, u, &u->output[i], name);
  }
  for (int i = 0; i < u->inputs; i++)
    if (u->input[i].role == ROLE_DATA) keep_port(k, u, &u->input[i], u->input[i].name);
}

void unit_keep_states(const RnnUnit *u, const char *net, Kept *k) {
  char name[512];
  for (int i = 0; i < u->buffers; i++) {
    const UnitBuffer *b = &u->buffer[i];
    int64_t steps;
    const void *data = unit_kept(u, i, &steps);
    if (!data || !state_name(u, i, name, sizeof name)) continue;
    double *value = doubles_of(u, data, b->elements * steps);
    kept_put(k, name, b->elements, steps, value);
    free(value);
  }
  keep_last_step(u, net, k);
}

/* A delay line that has grown has its history in the older slots; one that changed its size begins anew. */
static void restore_state(const RnnUnit *u, void *data, int64_t steps, const KeptValue *v) {
  int64_t common = v->steps < steps ? v->steps : steps, n = v->elements;
  for (int64_t i = 0; i < common * n; i++) scalar_set(data, (steps - common) * n + i, u->is_double, v->value[(v->steps - common) * n + i]);
}

void unit_restore_states(RnnUnit *u, const Kept *k) {
  char name[512];
  for (int i = 0; i < u->buffers; i++) {
    int64_t steps;
    void *data = unit_kept(u, i, &steps);
    const KeptValue *v = data ? kept_find(k, state_name(u, i, name, sizeof name)) : NULL;
    if (v && v->elements == u->buffer[i].elements) restore_state(u, data, steps, v);
  }
}

/* --- params and inputs ------------------------------------------------------------------------------------------------------- */

static bool draw(const Parameter *q, Kept *k, uint64_t seed, const char *folder, RnnError *error) {
  double *value = need(calloc((size_t)q->elements + 1, sizeof *value));
  bool fine = param_initialise(q->name, q->init, q->shape, q->rank, seed, value, folder, error) && parameter_fits(q, value, error);
  if (fine) kept_put(k, q->name, q->elements, 1, value);
  free(value);
  return fine;
}

bool unit_params(RnnUnit *u, Kept *k, uint64_t seed, const char *folder, RnnError *error) {
  for (int i = 0; i < u->parameters->count; i++) {
    const Parameter *q = &u->parameters->of[i];
    const KeptValue *v = kept_find(k, q->name);
    bool kept = v && v->elements == q->elements && parameter_fits(q, v->value, &(RnnError){0});
    if (!kept && !draw(q, k, seed, folder, error)) return false;
    parameters_write(u->parameters, i, kept_find(k, q->name)->value);
  }
  return true;
}

void unit_inputs(RnnUnit *u, const Kept *k) {
  for (int i = 0; i < u->inputs; i++) {
    const UnitPort *port = &u->input[i];
    void *data = rnn_unit_input_data(u, i);
    const KeptValue *v = port->role == ROLE_DATA ? kept_find(k, port->name) : NULL;
    bool fits = v && v->elements == port->elements;
    for (int64_t j = 0; data && j < port->elements; j++) scalar_set(data, j, u->is_double, fits ? v->value[j] : 0);
  }
}

/* --- printing ----------------------------------------------------------------------------------------------------------------- */

enum { SHOWN_NUMBERS = 12, SHOWN_ROWS = 8 };

typedef struct Showing {
  const RnnUnit *unit;
  const void *data;
  const int64_t *shape;
  int rank, indent;
  FILE *out;
} Showing;

static void print_number(const Showing *s, int64_t i) {
  double x = scalar_get(s->data, i, s->unit->is_double);
  fprintf(s->out, "%.6g", x == 0 ? 0 : x); /* no minus before zero */
}

/* Dim `d` of the value from its element `first` on; rows of a matrix stand on lines of their own. */
static void print_dims(const Showing *s, int d, int64_t first) {
  if (d == s->rank) {
    print_number(s, first);
    return;
  }
  bool last = d == s->rank - 1;
  int64_t size = s->shape[d], most = last ? SHOWN_NUMBERS : SHOWN_ROWS, stride = 1;
  for (int i = d + 1; i < s->rank; i++) stride *= s->shape[i];
  fputc('[', s->out);
  for (int64_t i = 0; i < size && i < most; i++) {
    if (i) fprintf(s->out, last ? ", " : ",\n%*s", last ? 0 : s->indent + d + 1, "");
    print_dims(s, d + 1, first + i * stride);
  }
  if (size > most) fprintf(s->out, ", … %lld more", (long long)(size - most));
  fputc(']', s->out);
}

void unit_print(RnnUnit *u, int output, const cJSON *entry, bool with_name, FILE *out) {
  int64_t shape[8];
  Showing s = {.unit = u, .data = rnn_unit_output_data(u, output), .shape = shape, .out = out};
  json_shape(entry, shape, &s.rank);
  if (with_name) s.indent = fprintf(out, "%s = ", u->output[output].name);
  print_dims(&s, 0, 0);
  fputc('\n', out);
}

/* --- a program's params ----------------------------------------------------------------------------------------------------- */

static void keep_params(Kept *k, const RnnProgram *p) {
  for (int i = 0; i < p->values->count; i++) kept_put(k, p->values->of[i].name, p->values->of[i].elements, 1, parameters_at(p->values, i));
}

/* Training saves; here it saves to a file of its own that goes away, because the user asked for none. */
static bool train_aside(Kept *k, RnnProgram *p, RnnOptions options, RnnError *error) {
  char path[] = "/tmp/rnn-repl-XXXXXX";
  int file = mkstemp(path);
  if (file < 0) return rnn_fail(error, "E0603", "cannot write to /tmp");
  close(file);
  options.weights = path;
  bool fine = rnn_program_train(p, &options, error);
  unlink(path);
  if (fine) keep_params(k, p);
  return fine;
}

bool kept_train(Kept *k, const char *manifest, RnnLookup *lookup, void *context, const RnnOptions *options, RnnError *error) {
  RnnProgram *p = rnn_program_load(manifest, lookup, context, error);
  bool fine = p && train_aside(k, p, *options, error);
  rnn_program_free(p);
  return fine;
}

bool kept_read(Kept *k, const char *manifest, char *path, size_t size, RnnError *error) {
  const RnnOptions options = {.threads = 1};
  RnnProgram *p = rnn_program_load(manifest, NULL, NULL, error);
  *path = 0;
  if (!p) return false;
  program_directories(p, &options);
  bool there = access(p->weights, F_OK) == 0, fine = !there || program_read(p, true, error);
  if (there) snprintf(path, size, "%s", p->weights);
  if (there && fine) keep_params(k, p);
  rnn_program_free(p);
  return fine;
}
