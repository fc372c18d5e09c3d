/* ours.c — a case compiled like any other model, its unit called again and again. */
#include "base/diag.h"
#include "bench/bench.h"
#include "bench/sliced.h"
#include "driver/compile.h"
#include "grad/grad.h"
#include "pass/pass.h"
#include <stdlib.h>
#include <string.h>
#include <time.h>

double bench_seconds(void) {
  struct timespec t;
  clock_gettime(CLOCK_MONOTONIC, &t);
  return (double)t.tv_sec + 1e-9 * (double)t.tv_nsec;
}

struct Ours {
  Session *session;
  Options options;
  Compilation *compilation;
  cJSON *step; /* of a streaming unit, which no manifest holds */
  RnnStream *stream;
  float *in, *out; /* of a stream: inputs of some steps, in turn; the outputs of one */
  Sliced *sliced;
  Case what;
};

static void *fail(Ours *o) {
  if (o->session) diag_print_all(o->session, stderr, false);
  ours_close(o);
  return NULL;
}

/* --- compiling ------------------------------------------------------------------------------------------------------------------ */

static const cJSON *describe(Ours *o) {
  Compilation *c = o->compilation;
  if (o->what.task != TASK_STREAM) return cJSON_GetArrayItem(cJSON_GetObjectItem(c->manifest, "units"), 0);
  Unit *u = compile_stream(c, c->program->nets.at[0], o->what.half_weights);
  return u ? o->step = describe_unit(u->plan, u->graph->name) : NULL;
}

/* Its unit belongs to the stream. */
static RnnUnit *open_stream(Ours *o, const cJSON *unit) {
  RnnError error = {0};
  o->stream = rnn_stream_open(unit, cJSON_GetObjectItem(o->compilation->manifest, "params"), compile_lookup, o->compilation, &error);
  if (!o->stream) return fprintf(stderr, "%s\n", error.message), NULL;
  return rnn_stream_unit(o->stream);
}

static RnnUnit *compile(Ours *o) {
  Session *s = o->session = session_new();
  s->stdlib = "stdlib";
  s->verify_each = false;
  char *made = case_text(&o->what), *text = arena_printf(s->arena, "%s", made);
  free(made);
  o->compilation = compile_check_source(s, source_add(s, "bench.rnn", text, strlen(text)), &o->options);
  if (!o->compilation || !compile_stages(o->compilation, "bench.rnn", NULL)) return NULL;
  const cJSON *unit = describe(o);
  if (unit && o->what.task == TASK_STREAM) return open_stream(o, unit);
  RnnFunction *f = unit ? compile_lookup(o->compilation, cJSON_GetObjectItem(unit, "symbol")->valuestring) : NULL;
  RnnError error = {0};
  RnnUnit *made_unit = f ? rnn_unit_new(unit, cJSON_GetObjectItem(o->compilation->manifest, "params"), f, &error) : NULL;
  if (error.message[0]) fprintf(stderr, "%s\n", error.message);
  return made_unit;
}

/* --- numbers: what they are does not change the time, as long as they are ordinary ones --------------------------------------------- */

static void fill(float *to, int64_t count, double scale) {
  uint32_t state = 12345;
  for (int64_t i = 0; to && i < count; i++) {
    state = state * 1664525u + 1013904223u;
    to[i] = (float)(scale * ((double)(state >> 8) / 8388608.0 - 1));
  }
}

static float *input(RnnUnit *u, const char *role, const char *name) { return rnn_unit_input_data(u, rnn_unit_input(u, role, name)); }

static void fill_unit(const Ours *o, RnnUnit *u, int64_t batch) {
  const Case *c = &o->what;
  int64_t rows = batch * c->steps;
  fill(input(u, "data", "x"), rows * c->inputs, 1);
  fill(input(u, "data", "z"), rows * c->hidden, 1);
  float *weight = input(u, "weight", "steps"), *norm = input(u, "norm", "steps"), *share = input(u, "share", "share");
  for (int64_t i = 0; weight && i < rows; i++) weight[i] = 1;
  if (norm) *norm = 1 / (float)(c->batch * c->steps);
  if (share) *share = 1;
  const Model *m = o->compilation->model;
  for (int i = 0; i < m->params.len; i++)
    fill(rnn_unit_param_data(u, i), sizes_count(m->params.at[i].shape), 0.5 / (double)(c->hidden > 16 ? 8 : 4));
}

enum { STREAM_INPUTS = 256 };

static Ours *begin_stream(Ours *o, RnnUnit *unit) {
  const int64_t inputs = STREAM_INPUTS * rnn_stream_inputs(o->stream), outputs = rnn_stream_outputs(o->stream);
  fill_unit(o, unit, 1);
  o->in = aligned_alloc(64, (size_t)(inputs + 16) / 16 * 64);
  o->out = aligned_alloc(64, (size_t)(outputs + 16) / 16 * 64);
  fill(o->in, inputs, 1);
  rnn_stream_prepare(o->stream);
  rnn_stream_begin(o->stream, 1);
  return o;
}

static void run_stream(const Ours *o, int64_t steps) {
  const int64_t inputs = rnn_stream_inputs(o->stream);
  for (int64_t i = 0; i < steps; i++) rnn_stream_step(o->stream, o->in + i % STREAM_INPUTS * inputs, o->out);
}

Ours *ours_open(const Case *c, int threads, double *compile_seconds) {
  Ours *o = calloc(1, sizeof *o);
  o->what = *c;
  double begin = bench_seconds();
  RnnUnit *unit = compile(o);
  *compile_seconds = bench_seconds() - begin;
  if (!unit) return fail(o);
  if (c->task == TASK_STREAM) return begin_stream(o, unit);
  o->sliced = sliced_new(unit, c->task == TASK_TRAIN, c->batch, c->steps, threads);
  for (int i = 0; i < sliced_count(o->sliced); i++) fill_unit(o, sliced_unit(o->sliced, i), sliced_rows(o->sliced, i));
  return o;
}

double ours_run(void *ours, int64_t calls) {
  const Ours *o = ours;
  double begin = bench_seconds();
  if (o->stream) run_stream(o, calls);
  else
    for (int64_t i = 0; i < calls; i++) sliced_call(o->sliced);
  return (bench_seconds() - begin) / (double)calls;
}

void ours_close(Ours *o) {
  sliced_free(o->sliced);
  rnn_stream_close(o->stream);
  free(o->in);
  free(o->out);
  compilation_free(o->compilation);
  cJSON_Delete(o->step);
  session_free(o->session);
  free(o);
}

bool bench_compile(const char *path) {
  Ours o = {.session = session_new(), .options = {.time_passes = true}};
  o.session->stdlib = "stdlib";
  o.session->verify_each = false;
  double begin = bench_seconds();
  Compilation *c = compile_check(o.session, path, &o.options);
  bool fine = c && compile_stages(c, path, NULL);
  for (int i = 0; fine && i < c->units.len; i++)
    if (!strcmp(c->units.at[i].role, "train")) fine = compile_lookup(c, c->units.at[i].symbol) != NULL;
  if (fine) fprintf(stderr, "%10.3f ms  in all, the training step compiled (forward and reverse)\n", 1e3 * (bench_seconds() - begin));
  else diag_print_all(o.session, stderr, false);
  compilation_free(c);
  session_free(o.session);
  return fine;
}
