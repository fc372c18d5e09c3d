/* measure.c — contenders in turn, medians. */
#define _GNU_SOURCE
#include "bench/bench.h"
#include <sched.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

static int compare_double(const void *a, const void *b) {
  double x = *(const double *)a, y = *(const double *)b;
  return (x > y) - (x < y);
}

double median_of(double *values, int count) {
  qsort(values, (size_t)count, sizeof *values, compare_double);
  return count % 2 ? values[count / 2] : (values[count / 2 - 1] + values[count / 2]) / 2;
}

/* --- memory: Linux counts the most that was ever resident, and forgets it when asked ------------------------------------------- */

static FILE *process_file(int pid, const char *name, const char *mode) {
  char path[64];
  if (pid) snprintf(path, sizeof path, "/proc/%d/%s", pid, name);
  else snprintf(path, sizeof path, "/proc/self/%s", name);
  return fopen(path, mode);
}

static void forget_memory(int pid) {
  FILE *f = process_file(pid, "clear_refs", "w");
  if (!f) return;
  fputs("5", f);
  fclose(f);
}

static double most_memory(int pid) {
  char line[256];
  double kilobytes = 0;
  FILE *f = process_file(pid, "status", "r");
  while (f && fgets(line, sizeof line, f))
    if (!strncmp(line, "VmHWM:", 6)) kilobytes = atof(line + 6);
  if (f) fclose(f);
  return kilobytes / 1024;
}

/* --- rounds --------------------------------------------------------------------------------------------------------------------- */

/* The second call tells how many make a sample: the first one fills caches. */
static void warm_up(Contender *c, double sample) {
  forget_memory(c->pid);
  c->run(c->self, 1);
  double each = c->run(c->self, 1);
  if (each < sample / 20) each = c->run(c->self, 1 + (int64_t)(sample / 20 / (each + 1e-9)));
  c->calls = each >= sample ? 1 : (int64_t)(sample / (each + 1e-9)) + 1;
}

/* Two that were measured one after the other had the same neighbours: their ratio is steadier than either. */
static double ratio_of(const Contender *c, const Contender *first, int rounds) {
  double ratio[ROUNDS_MOST];
  for (int r = 0; r < rounds; r++) ratio[r] = c->sample[r] / first->sample[r];
  return median_of(ratio, rounds);
}

static void conclude(Contender *c, int rounds) {
  c->median = median_of(c->sample, rounds);
  for (int r = 0; r < rounds; r++)
    if (c->sample[r] <= 0) c->median = 0; /* it died */
  if (c->median <= 0) return;
  c->spread = (c->sample[rounds - 1 - rounds / 4] - c->sample[rounds / 4]) / c->median;
  c->memory = most_memory(c->pid);
}

/* Slow calls are long enough to be steady: fewer of them. */
static int rounds_for(const Contender *c, int count, int wanted) {
  double slowest = 0;
  for (int i = 0; i < count; i++)
    if (c[i].run && c[i].sample[0] > slowest) slowest = c[i].sample[0];
  return slowest > 0.25 && wanted > 5 ? 5 : wanted;
}

double measure(Contender *c, int count, const Effort *effort) {
  double peak = peak_gflops(3);
  for (int i = 0; i < count; i++) warm_up(&c[i], effort->sample);
  int rounds = effort->rounds;
  for (int r = 0; r < rounds; r++) {
    for (int i = 0; i < count; i++) c[i].sample[r] = c[i].run(c[i].self, c[i].calls);
    double now = peak_gflops(1);
    if (now > peak) peak = now;
    if (r == 0) rounds = rounds_for(c, count, rounds);
  }
  for (int i = 0; i < count; i++) c[i].ratio = ratio_of(&c[i], c, rounds); /* before the samples are sorted */
  for (int i = 0; i < count; i++) conclude(&c[i], rounds);
  return peak;
}

/* --- the processor for ourselves ------------------------------------------------------------------------------------------------ */

void measure_on_one_core(void) {
  cpu_set_t may, one;
  CPU_ZERO(&one);
  sched_getaffinity(0, sizeof may, &may);
  int last = CPU_SETSIZE - 1;
  while (last > 0 && !CPU_ISSET(last, &may)) last--;
  CPU_SET(last, &one);
  sched_setaffinity(0, sizeof one, &one);
}

bool measure_first(void) {
  struct sched_param first = {.sched_priority = 50};
  return !sched_setscheduler(0, SCHED_RR, &first); /* round robin: threads of one library that wait for each other must not starve */
}
