/* progress.c — what is seen while training. */
#include "runtime/show/progress.h"
#include "runtime/show/show.h"
#include <math.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

enum { PLAIN_LINES = 20 }; /* about so many lines a stage where the output is not a terminal */

static double now(void) {
  struct timespec t;
  clock_gettime(CLOCK_MONOTONIC, &t);
  return (double)t.tv_sec + 1e-9 * (double)t.tv_nsec;
}

void progress_begin(Progress *p, const RnnOptions *options, const char *stage, int64_t epochs, int64_t updates_an_epoch) {
  *p = (Progress){.options = options, .stage = stage, .epochs = epochs, .updates_an_epoch = updates_an_epoch, .validation = NAN};
  p->began = p->printed = now();
  p->live = !options->quiet && !options->json && isatty(fileno(options->out));
}

double progress_seconds(const Progress *p) { return now() - p->began; }

/* 1234567 → "1.23M" */
static void short_count(char *out, size_t size, double n) {
  const char *unit = n >= 1e9 ? "G" : n >= 1e6 ? "M" : n >= 1e3 ? "k" : "";
  snprintf(out, size, "%.3g%s", n >= 1e9 ? n / 1e9 : n >= 1e6 ? n / 1e6 : n >= 1e3 ? n / 1e3 : n, unit);
}

static void short_time(char *out, size_t size, double seconds) {
  if (!(seconds < 360000)) snprintf(out, size, "?");
  else if (seconds >= 3600) snprintf(out, size, "%dh%02dm", (int)seconds / 3600, (int)seconds / 60 % 60);
  else if (seconds >= 60) snprintf(out, size, "%dm%02ds", (int)seconds / 60, (int)seconds % 60);
  else snprintf(out, size, "%.0fs", seconds);
}

static void draw(Progress *p, int64_t epoch, int64_t update, double loss, double norm) {
  char speed[32], left[32], valid[48] = "";
  double elapsed = p->drawn - p->began, all = (double)(p->epochs * p->updates_an_epoch);
  short_count(speed, sizeof speed, (double)p->steps / fmax(elapsed, 1e-9));
  short_time(left, sizeof left, elapsed * fmax(all - (double)update, 0) / fmax((double)update, 1));
  if (!isnan(p->validation)) snprintf(valid, sizeof valid, "  validation %.4g", p->validation);
  fprintf(p->options->out, "\r\033[K%s  epoch %lld/%lld  loss %.4g%s  |grad| %.3g  %s steps/s  %s left", p->stage, (long long)epoch + 1,
          (long long)p->epochs, loss, valid, norm, speed, left);
  fflush(p->options->out);
  p->open = true;
}

void progress_update(Progress *p, int64_t epoch, int64_t update, double loss, double norm, int64_t steps) {
  p->steps += steps;
  if (!p->live) return;
  double t = now();
  if (t - p->drawn < 0.1) return;
  p->drawn = t;
  draw(p, epoch, update, loss, norm);
}

static void add_field(FILE *out, const char *name, double value) {
  fprintf(out, ", \"%s\": ", name);
  show_json_number(out, value);
}

static void print_json(const Progress *p, const EpochRecord *r) {
  FILE *out = p->options->out;
  fprintf(out, "{\"kind\": \"epoch\", \"stage\": ");
  show_json_string(out, p->stage);
  fprintf(out, ", \"epoch\": %lld, \"epochs\": %lld, \"updates\": %lld", (long long)r->epoch + 1, (long long)p->epochs, (long long)r->updates);
  add_field(out, "loss", r->loss);
  if (!isnan(r->validation)) add_field(out, "validation", r->validation);
  if (!isnan(r->gradient_norm)) add_field(out, "gradient_norm", r->gradient_norm);
  if (!isnan(r->rate)) add_field(out, "rate", r->rate);
  add_field(out, "seconds", progress_seconds(p));
  fprintf(out, "}\n");
  fflush(out);
}

static void print_plain(const Progress *p, const EpochRecord *r) {
  FILE *out = p->options->out;
  char speed[32];
  fprintf(out, "%s  epoch %lld/%lld  loss %.6g", p->stage, (long long)r->epoch + 1, (long long)p->epochs, r->loss);
  if (!isnan(r->validation)) fprintf(out, "  validation %.6g", r->validation);
  if (!isnan(r->gradient_norm)) fprintf(out, "  |grad| %.3g", r->gradient_norm);
  short_count(speed, sizeof speed, (double)p->steps / fmax(now() - p->began, 1e-9));
  if (p->steps) fprintf(out, "  %s steps/s", speed);
  fprintf(out, "\n");
  fflush(out);
}

/* The first, the last, and evenly some between; a slow stage says something every ten seconds anyway. */
static bool is_due(const Progress *p, int64_t epoch) {
  int64_t every = p->epochs > PLAIN_LINES ? p->epochs / PLAIN_LINES : 1;
  return epoch == 0 || epoch + 1 == p->epochs || (epoch + 1) % every == 0 || now() - p->printed > 10;
}

void progress_epoch(Progress *p, const EpochRecord *r) {
  p->done_epochs = r->epoch + 1;
  p->validation = r->validation;
  if (p->options->json) {
    print_json(p, r);
  } else if (!p->options->quiet && !p->live && is_due(p, r->epoch)) {
    print_plain(p, r);
    p->printed = now();
  } else if (p->live && r->epoch + 1 == p->epochs) {
    p->drawn = now();
    draw(p, r->epoch, r->updates, r->loss, isnan(r->gradient_norm) ? 0 : r->gradient_norm);
  }
}

void progress_end(Progress *p) {
  if (!p->open) return;
  fprintf(p->options->out, "\n");
  p->open = false;
}
