/* step.c — one layer as a model, compiled like any other, its training step called again and again. */
#include "base/diag.h"
#include "bench/bench.h"
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

/* `scale` is trained, so the gradient must reach the inputs too, as in a layer that is not the first. */
static const char *const model_text = "use std.cells (RNN, LSTM, GRU)\n"
                                      "dim X = %d, H = %d\n"
                                      "net bench {\n"
                                      "  input  x: [X]\n"
                                      "  target z: [H]\n"
                                      "  param  scale: [X] = 1\n"
                                      "  h = %s\n"
                                      "}\n"
                                      "train bench {\n"
                                      "  data csv(\"none.csv\", x = \"x1\"..\"x%d\", z = \"z1\"..\"z%d\")\n"
                                      "  loss mse(h, z)\n"
                                      "}\n";

typedef struct Bench {
  Session *session;
  Options options;
  Compilation *compilation;
  RnnUnit *unit;
  cJSON *description;
} Bench;

static bool fail(Bench *b) {
  diag_print_all(b->session, stderr, false);
  return false;
}

static bool compile(Bench *b, const CellKind *cell, LayerShape shape) {
  Session *s = b->session = session_new();
  s->stdlib = "stdlib";
  s->verify_each = false;
  const char *text = arena_printf(s->arena, model_text, shape.inputs, shape.hidden, cell->call, shape.inputs, shape.hidden);
  int file = source_add(s, "bench.rnn", text, strlen(text));
  b->compilation = compile_check_source(s, file, &b->options);
  if (!b->compilation || !compile_stages(b->compilation, "bench.rnn", NULL)) return fail(b);
  const cJSON *unit = cJSON_GetArrayItem(cJSON_GetObjectItem(b->compilation->manifest, "units"), 0);
  RnnFunction *f = compile_lookup(b->compilation, cJSON_GetObjectItem(unit, "symbol")->valuestring);
  RnnError error = {0};
  if (!f) return fail(b);
  b->unit = rnn_unit_new(unit, cJSON_GetObjectItem(b->compilation->manifest, "params"), f, &error);
  if (!b->unit) fprintf(stderr, "%s\n", error.message);
  return b->unit != NULL;
}

/* Small numbers everywhere: what they are does not change the time, as long as they are ordinary ones. */
static void fill(float *to, int64_t count, double scale) {
  uint32_t state = 12345;
  for (int64_t i = 0; to && i < count; i++) {
    state = state * 1664525u + 1013904223u;
    to[i] = (float)(scale * ((double)(state >> 8) / 8388608.0 - 1));
  }
}

static void fill_unit(Bench *b, LayerShape s) {
  RnnUnit *u = b->unit;
  int64_t rows = (int64_t)s.batch * s.steps;
  fill(rnn_unit_input_data(u, rnn_unit_input(u, "data", "x")), rows * s.inputs, 1);
  fill(rnn_unit_input_data(u, rnn_unit_input(u, "data", "z")), rows * s.hidden, 1);
  int weight = rnn_unit_input(u, "weight", "steps"), norm = rnn_unit_input(u, "norm", "steps"), share = rnn_unit_input(u, "share", "share");
  float *w = weight < 0 ? NULL : rnn_unit_input_data(u, weight), *n = norm < 0 ? NULL : rnn_unit_input_data(u, norm);
  for (int64_t i = 0; w && i < rows; i++) w[i] = 1;
  if (n) *n = 1 / (float)rows;
  if (share >= 0) *(float *)rnn_unit_input_data(u, share) = 1;
  const Model *m = b->compilation->model;
  for (int i = 0; i < m->params.len; i++)
    fill(rnn_unit_param_data(u, i), sizes_count(m->params.at[i].shape), 0.5 / (double)(s.hidden > 16 ? 8 : 4));
}

static int compare_double(const void *a, const void *b) {
  double x = *(const double *)a, y = *(const double *)b;
  return (x > y) - (x < y);
}

static double median_call(Bench *b, LayerShape s) {
  enum { SAMPLES = 9 };
  int32_t *length = malloc(sizeof *length * (size_t)s.batch);
  for (int i = 0; i < s.batch; i++) length[i] = s.steps;
  double sample[SAMPLES];
  int64_t calls = 1;
  for (int i = -2; i < SAMPLES; i++) { /* two to warm up, which also tell how many calls make 20 ms */
    double begin = bench_seconds();
    for (int64_t k = 0; k < calls; k++) rnn_unit_call(b->unit, s.batch, s.steps, length, length, 0, NULL, NULL, 1, 0, false);
    double each = (bench_seconds() - begin) / (double)calls;
    if (i >= 0) sample[i] = each;
    else calls = each > 0.02 ? 1 : (int64_t)(0.02 / each) + 1;
  }
  free(length);
  qsort(sample, SAMPLES, sizeof *sample, compare_double);
  return sample[SAMPLES / 2];
}

bool bench_step(const CellKind *cell, LayerShape s, StepTime *out) {
  Bench b = {0};
  double begin = bench_seconds();
  bool fine = compile(&b, cell, s);
  out->compile = bench_seconds() - begin;
  if (fine) {
    rnn_unit_reserve(b.unit, s.batch, s.steps);
    fill_unit(&b, s);
    out->seconds = median_call(&b, s);
    out->floating = 6.0 * cell->gates * s.hidden * (s.inputs + s.hidden) * (double)s.batch * s.steps;
  }
  rnn_unit_free(b.unit);
  compilation_free(b.compilation);
  session_free(b.session);
  return fine;
}

bool bench_compile(const char *path) {
  Bench b = {.session = session_new(), .options = {.time_passes = true}};
  b.session->stdlib = "stdlib";
  b.session->verify_each = false;
  double begin = bench_seconds();
  b.compilation = compile_check(b.session, path, &b.options);
  bool fine = b.compilation && compile_stages(b.compilation, path, NULL);
  for (int i = 0; fine && i < b.compilation->units.len; i++)
    if (!strcmp(b.compilation->units.at[i].role, "train")) fine = compile_lookup(b.compilation, b.compilation->units.at[i].symbol) != NULL;
  if (fine) fprintf(stderr, "%10.3f ms  in all, the training step compiled (forward and reverse)\n", 1e3 * (bench_seconds() - begin));
  else fail(&b);
  compilation_free(b.compilation);
  session_free(b.session);
  return fine;
}
