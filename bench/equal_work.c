/* equal_work.c — other nets at the work of an LSTM, each in turn with that LSTM: what share of its rate do they reach? */
#include "bench/bench.h"
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

/* What performance.md asks of random cells. */
static const double wanted_median = 0.90, wanted_worst = 0.75;

static bool open_lstm(Bench *b, const Case *lstm) {
  double compile;
  b->beside = ours_open(lstm, b->threads, &compile);
  b->beside_floating = case_floating(lstm);
  b->failed |= !b->beside;
  return b->beside != NULL;
}

static void close_lstm(Bench *b) {
  ours_close(b->beside);
  b->beside = NULL;
}

static Case base(void) { return case_layer("LSTM", TASK_TRAIN, 128, 32, 100, 64); }

void section_kinds(Bench *b) {
  Case lstm = base();
  Row row;
  if (!open_lstm(b, &lstm)) return;
  report_header(b, "kinds of nets: a training step, at the work of an LSTM with H = 128, B = 32, T = 100, I = 64", TASK_TRAIN, true);
  for (int k = 0; k < KINDS; k++) {
    Case c = case_kind(k, &lstm);
    report_case(b, "kinds", &c, &row);
  }
  close_lstm(b);
}

static void write_cell(const char *folder, uint64_t seed, const Case *c) {
  char path[512], *text = case_text(c);
  mkdir(folder, 0777);
  snprintf(path, sizeof path, "%s/cell%llu.rnn", folder, (unsigned long long)seed);
  FILE *f = fopen(path, "w");
  if (!f || fputs(text, f) < 0 || fclose(f)) fprintf(stderr, "bench: %s: %s\n", path, strerror(errno));
  free(text);
}

static void conclude(Bench *b, double *relative, int count) {
  double middle = median_of(relative, count), worst = relative[0];
  bool holds = middle >= wanted_median && worst >= wanted_worst;
  printf("%d cells: median %.1f%% of the LSTM's rate (wanted: %.0f%%), worst %.1f%% (wanted: %.0f%%): %s\n", count, 100 * middle, 100 * wanted_median,
         100 * worst, 100 * wanted_worst, holds ? "holds" : "falls short");
  cJSON *o = cJSON_AddObjectToObject(b->json, "random_cells");
  cJSON_AddNumberToObject(o, "count", count);
  cJSON_AddNumberToObject(o, "median_of_lstm", middle);
  cJSON_AddNumberToObject(o, "worst_of_lstm", worst);
  cJSON_AddBoolToObject(o, "holds", holds);
}

void section_cells(Bench *b, const Sections *p) {
  Case lstm = base();
  double *relative = calloc((size_t)p->cells, sizeof *relative);
  int count = 0;
  if (open_lstm(b, &lstm)) {
    report_header(b, "cells drawn at random (g gates, c candidates): a training step, at the work of an LSTM with H = 128, B = 32, T = 100, I = 64", TASK_TRAIN, false);
    for (uint64_t seed = p->seed; seed < p->seed + (uint64_t)p->cells; seed++) {
      Row row;
      Case c = case_random(seed, &lstm);
      if (p->write) write_cell(p->write, seed, &c);
      if (report_case(b, "cells", &c, &row)) relative[count++] = row.relative;
    }
    if (count) conclude(b, relative, count);
    close_lstm(b);
  }
  free(relative);
}
