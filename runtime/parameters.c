/* parameters.c — the model's params as one vector of a stage's scalar type. */
#include "runtime/parameters.h"
#include "runtime/clause.h"
#include "runtime/error.h"
#include "runtime/pages.h"
#include "runtime/room.h"
#include <math.h>
#include <stdlib.h>
#include <string.h>

size_t scalar_size(bool is_double) {
  return is_double ? sizeof(double) : sizeof(float);
}

double scalar_get(const void *data, int64_t i, bool is_double) {
  return is_double ? ((const double *)data)[i] : (double)((const float *)data)[i];
}

void scalar_set(void *data, int64_t i, bool is_double, double value) {
  if (is_double)
    ((double *)data)[i] = value;
  else
    ((float *)data)[i] = (float)value;
}

static int64_t round_up(int64_t n, int64_t to) {
  return (n + to - 1) / to * to;
}

void *scalars_new(int64_t n, bool is_double) {
  const double wanted = (double)n * (double)scalar_size(is_double);
  if (!room_for(wanted)) room_none(wanted);
  size_t bytes = (size_t)round_up((n > 0 ? n : 1) * (int64_t)scalar_size(is_double), 64), alignment = pages_alignment(bytes);
  void *memory = aligned_alloc(alignment, (bytes + alignment - 1) / alignment * alignment);
  if (!memory) room_none(wanted);
  pages_advise(memory, bytes);
  return memset(memory, 0, bytes);
}

#define ADD(name, Scalar)                                                         \
  static void name(Scalar *restrict to, const Scalar *restrict from, int64_t n) { \
    for (int64_t i = 0; i < n; i++) to[i] += from[i];                             \
  }
ADD(add_f32, float)
ADD(add_f64, double)

void scalars_add(void *restrict to, const void *restrict from, int64_t n, bool is_double) {
  if (is_double) add_f64(to, from, n);
  else add_f32(to, from, n);
}

static void place(Parameters *p, int param) {
  p->offset[param] = p->size;
  p->size = round_up(p->size + p->of[param].elements, 64 / (int64_t)scalar_size(p->is_double));
}

static void describe(Parameter *parameter, const cJSON *entry) {
  parameter->name = json_string(entry, "name");
  parameter->elements = json_shape(entry, parameter->shape, &parameter->rank);
  parameter->trained = cJSON_IsTrue(cJSON_GetObjectItemCaseSensitive(entry, "trained"));
  parameter->file = json_string(entry, "file");
  parameter->line = (int)json_number(entry, "line", 0);
  parameter->init = cJSON_GetObjectItemCaseSensitive(entry, "init");
  parameter->whole = cJSON_GetObjectItemCaseSensitive(entry, "whole");
}

bool parameter_fits(const Parameter *q, const double *value, RnnError *error) {
  if (!q->whole) return true;
  const double low = cJSON_GetArrayItem(q->whole, 0)->valuedouble, high = cJSON_GetArrayItem(q->whole, 1)->valuedouble;
  for (int64_t i = 0; i < q->elements; i++)
    if (!(value[i] >= low && value[i] <= high) || value[i] != floor(value[i]))
      return rnn_fail(error, "E0215", "`%s` holds delays from %.0f to %.0f steps, but number %lld of it is %g\n"
                      "help: compile the model with the delays that it is run with", q->name, low, high, (long long)i, value[i]);
  return true;
}

static double size_of(const cJSON *entry) {
  const cJSON *shape = cJSON_GetObjectItemCaseSensitive(entry, "shape"), *dim;
  double size = 1;
  cJSON_ArrayForEach(dim, shape) size *= dim->valuedouble;
  return size;
}

/* "`net.R` [100000, 100000]" */
static const char *size_text(const cJSON *entry, char *out, size_t size) {
  const cJSON *shape = cJSON_GetObjectItemCaseSensitive(entry, "shape"), *dim;
  size_t used = (size_t)snprintf(out, size, "the weights, of which `%s` [", json_string(entry, "name"));
  cJSON_ArrayForEach(dim, shape)
    if (used < size) used += (size_t)snprintf(out + used, size - used, "%s%.0f", dim == shape->child ? "" : ", ", dim->valuedouble);
  if (used < size) snprintf(out + used, size - used, "] is the largest");
  return out;
}

/* At least: all of them in double, as they are trained or run in single; and a gradient of what is trained. */
bool parameters_fit(const cJSON *list, bool trains, const char *model, RnnError *error) {
  const cJSON *entry, *largest = NULL;
  double bytes = 0;
  cJSON_ArrayForEach(entry, list) {
    const bool gradient = trains && cJSON_IsTrue(cJSON_GetObjectItemCaseSensitive(entry, "trained"));
    bytes += size_of(entry) * (double)(sizeof(double) + sizeof(float) * (gradient ? 2 : 1));
    if (!largest || size_of(entry) > size_of(largest)) largest = entry;
  }
  if (!largest || room_for(bytes)) return true;
  char what[512];
  const char *file = json_string(largest, "file");
  room_fail(size_text(largest, what, sizeof what), bytes, file ? file : model, (int)json_number(largest, "line", 0), error);
  rnn_fail_more(error, "\n   = note: it has %.0f numbers%s\nhelp: smaller dims; `NAME=value` behind the file's name gives a dim another size",
                size_of(largest), trains ? ", and as many for its gradient" : "");
  return false;
}

Parameters *parameters_new(const cJSON *list, const int *order, int tuned, bool is_double) {
  Parameters *p = calloc(1, sizeof *p);
  p->count = cJSON_GetArraySize(list);
  p->is_double = is_double;
  p->of = calloc((size_t)p->count + 1, sizeof *p->of);
  p->offset = calloc((size_t)p->count + 1, sizeof *p->offset);
  int n = 0;
  const cJSON *entry;
  cJSON_ArrayForEach(entry, list) {
    p->offset[n] = -1;
    describe(&p->of[n++], entry);
  }
  for (int i = 0; i < tuned; i++) place(p, order[i]);
  p->tuned = p->size;
  for (int i = 0; i < p->count; i++)
    if (p->offset[i] < 0) place(p, i);
  p->data = scalars_new(p->size, is_double);
  return p;
}

void parameters_free(Parameters *p) {
  if (!p) return;
  free(p->of);
  free(p->offset);
  free(p->data);
  free(p);
}

void *parameters_at(const Parameters *p, int param) {
  return (char *)p->data + (size_t)p->offset[param] * scalar_size(p->is_double);
}

void parameters_read(const Parameters *p, int param, double *out) {
  for (int64_t i = 0; i < p->of[param].elements; i++) out[i] = scalar_get(parameters_at(p, param), i, p->is_double);
}

void parameters_write(Parameters *p, int param, const double *in) {
  for (int64_t i = 0; i < p->of[param].elements; i++) scalar_set(parameters_at(p, param), i, p->is_double, in[i]);
}
