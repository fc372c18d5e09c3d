/* rtrl.c — exact real-time recurrent learning (Williams and Zipser, 1989) of a tanh net of N units: what a step costs.
 *
 * Measured from outside, on `rnn train` of a generated model: five epochs less one, so that starting, compiling and making the data
 * do not count. The sensitivities of N units to the N (N + 2) weights of the layer are one product a step: 2 N² · N (N + 2) operations. */
#define _GNU_SOURCE
#include "bench/bench.h"
#include <errno.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

static const char *const model = "use std.cells (RNN)\n"
                                 "dim U = 1, Y = 1, H = %d\n"
                                 "net n {\n"
                                 "  input  u: [U]\n"
                                 "  target y: [Y]\n"
                                 "  param  C: [Y, H] ~ glorot\n"
                                 "  h = RNN[H = H](u)\n"
                                 "  z = C @ h\n"
                                 "}\n"
                                 "train n {\n"
                                 "  data      narma(length = %d)\n"
                                 "  loss      mse(z, y)\n"
                                 "  method    rtrl\n"
                                 "  optimizer sgd(lr = 1e-6)\n"
                                 "  epochs    %d\n"
                                 "}\n";

/* The first error or warning that the last run printed. */
static void last_words(const char *folder, char *out, int size) {
  char path[256];
  snprintf(path, sizeof path, "%s/said", folder);
  FILE *f = fopen(path, "r");
  snprintf(out, (size_t)size, "it failed");
  if (f && !fgets(out, size, f)) snprintf(out, (size_t)size, "it failed and said nothing");
  if (f) fclose(f);
  out[strcspn(out, "\n")] = 0;
}

/* Seconds of one training; negative where it fails. */
static double train(const Sections *p, const char *folder, int units, int steps, int epochs) {
  char path[256], command[1024];
  snprintf(path, sizeof path, "%s/n.rnn", folder);
  FILE *f = fopen(path, "w");
  if (!f) return -1;
  fprintf(f, model, units, steps, epochs);
  fclose(f);
  snprintf(command, sizeof command, "'%s' train '%s' --quiet --threads 1 >'%s/said' 2>&1", p->program, path, folder);
  double begin = bench_seconds();
  return system(command) ? -1 : bench_seconds() - begin;
}

/* Seconds a step; NaN where it fails. */
static double step_of(const Sections *p, const char *folder, int units) {
  enum { TIMES = 5, MORE = 4 };
  double taken[TIMES];
  int steps = (int)(2e5 / pow(units / 8.0, 3));
  for (int i = 0; i < TIMES; i++) {
    double one = train(p, folder, units, steps, 1), more = one < 0 ? one : train(p, folder, units, steps, 1 + MORE);
    if (more < 0) return NAN;
    taken[i] = (more - one) / MORE / steps;
  }
  return median_of(taken, TIMES);
}

static bool row(Bench *b, const Sections *p, const char *folder, int units, Curve *curve, char why[256]) {
  double taken = step_of(p, folder, units), operations = 2.0 * units * units * units * (units + 2);
  if (isnan(taken)) return last_words(folder, why, 256), false;
  if (taken <= 0) return snprintf(why, 256, "five epochs took no longer than one"), false;
  double share = operations / taken * 1e-9 / peak_gflops(3);
  printf("N = %-4d %10.3f µs a step %8.1f GFLOP/s %6.1f%% of peak\n", units, 1e6 * taken, operations / taken * 1e-9, 100 * share);
  fflush(stdout);
  cJSON *o = cJSON_CreateObject();
  cJSON_AddItemToArray(b->rows, o);
  cJSON_AddStringToObject(o, "section", "rtrl");
  cJSON_AddNumberToObject(o, "N", units);
  cJSON_AddNumberToObject(o, "seconds", taken);
  cJSON_AddNumberToObject(o, "share_of_peak", share);
  curve->x[curve->count] = units;
  curve->y[curve->count++] = 1e6 * taken;
  return true;
}

void section_rtrl(Bench *b, const Sections *p) {
  static const int units[] = {8, 16, 32, 64};
  char folder[] = "/tmp/rnn_bench_XXXXXX", command[64], why[256];
  Chart chart = {"rtrl", "exact RTRL, a tanh net of N units", "units N", "µs a step", .curves = 1, .curve = {{.name = "rnn"}}};
  puts("\nexact RTRL, a tanh net of N units, one step of one sequence");
  if (!mkdtemp(folder)) {
    printf("not measured: %s\n", strerror(errno));
    return;
  }
  bool fine = true;
  for (int i = 0; fine && i < 4; i++) fine = row(b, p, folder, units[i], chart.curve, why);
  if (!fine) {
    printf("not measured: %s\n", why);
    cJSON_AddStringToObject(b->json, "rtrl_missing", why);
  }
  growth_finish(b, p, &chart);
  snprintf(command, sizeof command, "rm -rf '%s'", folder);
  if (system(command)) fprintf(stderr, "bench: %s stays\n", folder);
}
