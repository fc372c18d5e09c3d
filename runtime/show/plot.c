/* plot.c — curves in the terminal: each character is a Braille cell of 2 × 4 dots (Unicode 2800–28FF). */
#include "runtime/show/show.h"
#include <math.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

enum { COLUMNS = 72, LINES = 12, DOTS_X = COLUMNS * 2, DOTS_Y = LINES * 4, CURVES = 6 };

typedef struct Curve {
  const double *value;
  int64_t stride, steps;
} Curve;

typedef struct Plot {
  Curve curve[CURVES];
  double *gathered[CURVES]; /* of values that sequences have one of each */
  int count;
  const char *along;
  int64_t from, to;  /* steps shown */
  double low, high;
  unsigned char dots[CURVES][LINES][COLUMNS];
} Plot;

static const char *const colours[CURVES] = {"\033[36m", "\033[33m", "\033[35m", "\033[32m", "\033[31m", "\033[34m"};

static bool one_a_sequence(const Series *s) { return !s->stepped && s->count > 1; }

/* The first sequence's steps; of a value that each sequence has one of, the sequences. */
static void add_curve(Plot *p, const Series *s) {
  Curve c = {s->value[0], s->elements, s->steps[0]};
  double *all = one_a_sequence(s) ? malloc((size_t)s->count * sizeof *all) : NULL;
  for (int64_t i = 0; all && i < s->count; i++) all[i] = s->value[i][0];
  if (all) c = (Curve){all, 1, s->count};
  p->gathered[p->count] = all;
  p->curve[p->count++] = c;
  if (c.steps > p->to) p->to = c.steps;
}

static double curve_at(const Curve *c, int64_t step) {
  return step < c->steps ? c->value[step * c->stride] : NAN;
}

static void find_range(Plot *p) {
  p->low = INFINITY, p->high = -INFINITY;
  for (int i = 0; i < p->count; i++)
    for (int64_t t = p->from; t < p->to; t++) {
      double v = curve_at(&p->curve[i], t);
      if (!isfinite(v)) continue;
      p->low = fmin(p->low, v);
      p->high = fmax(p->high, v);
    }
  if (!(p->low < p->high)) p->low -= 0.5, p->high = p->low + 1;
}

static void set_dot(Plot *p, int curve, int x, int y) {
  static const unsigned char bit[4][2] = {{0x01, 0x08}, {0x02, 0x10}, {0x04, 0x20}, {0x40, 0x80}}; /* the standard's numbering */
  if (x >= 0 && x < DOTS_X && y >= 0 && y < DOTS_Y) p->dots[curve][y / 4][x / 2] |= bit[y % 4][x % 2];
}

static int dot_row(const Plot *p, double v) {
  return (int)lround((p->high - v) / (p->high - p->low) * (DOTS_Y - 1));
}

/* Many steps may fall on one column: all are drawn, so a fast swing stays visible as a bar. */
static void draw_curve(Plot *p, int i) {
  double across = p->to - p->from > 1 ? (double)(DOTS_X - 1) / (double)(p->to - p->from - 1) : 0;
  int before_x = -1, before_y = 0;
  for (int64_t t = p->from; t < p->to; t++) {
    double v = curve_at(&p->curve[i], t);
    if (!isfinite(v)) {
      before_x = -1;
      continue;
    }
    int x = (int)lround((double)(t - p->from) * across), y = dot_row(p, v);
    int steps = before_x < 0 ? 0 : abs(x - before_x) > abs(y - before_y) ? abs(x - before_x) : abs(y - before_y);
    for (int k = 1; k < steps; k++) set_dot(p, i, before_x + (x - before_x) * k / steps, before_y + (y - before_y) * k / steps);
    set_dot(p, i, x, y);
    before_x = x, before_y = y;
  }
}

/* U+2800 + dots in UTF-8. */
static void put_cell(FILE *out, unsigned dots) {
  fprintf(out, "%c%c%c", 0xE2, 0xA0 | (int)(dots >> 6), 0x80 | (int)(dots & 0x3F));
}

static void put_line(const Plot *p, FILE *out, int line, bool colour) {
  for (int x = 0; x < COLUMNS; x++) {
    unsigned all = 0;
    int top = 0;
    for (int i = p->count - 1; i >= 0; i--)
      if (p->dots[i][line][x]) all |= p->dots[i][line][x], top = i;
    if (colour && all) fputs(colours[top], out);
    if (all) put_cell(out, all);
    else fputc(' ', out);
  }
  fputs(colour ? "\033[0m\n" : "\n", out);
}

static void print_plot(const Plot *p, FILE *out, const char *text, const char *const *names, bool colour) {
  fprintf(out, "  %s\n", text);
  for (int line = 0; line < LINES; line++) {
    if (line == 0 || line == LINES - 1) fprintf(out, "%10.4g ┤", line ? p->low : p->high);
    else fprintf(out, "%10s │", "");
    put_line(p, out, line, colour);
  }
  fprintf(out, "%10s └ %s = %lld … %lld", "", p->along, (long long)p->from, (long long)p->to - 1);
  for (int i = 0; colour && i < p->count; i++) fprintf(out, "   %s%s\033[0m", colours[i], names[i]);
  fprintf(out, "\n");
}

static void json_plot(const Plot *p, FILE *out, const char *stage, const char *const *names) {
  fprintf(out, "{\"kind\": \"plot\", \"stage\": ");
  show_json_string(out, stage);
  fprintf(out, ", \"from\": %lld, \"curves\": {", (long long)p->from);
  for (int i = 0; i < p->count; i++) {
    if (i) fprintf(out, ", ");
    show_json_string(out, names[i]);
    fprintf(out, ": [");
    for (int64_t t = p->from; t < p->to; t++) {
      if (t > p->from) fprintf(out, ", ");
      show_json_number(out, curve_at(&p->curve[i], t));
    }
    fprintf(out, "]");
  }
  fprintf(out, "}}\n");
}

void show_plot(const RnnOptions *options, const char *stage, const char *text, const Series *const *series, const char *const *names,
               int count, int64_t last) {
  if (options->quiet && !options->json) return;
  Plot *p = calloc(1, sizeof *p);
  p->along = count && one_a_sequence(series[0]) ? "sequence" : "t";
  for (int i = 0; i < count && i < CURVES; i++) add_curve(p, series[i]);
  p->from = last > 0 && last < p->to ? p->to - last : 0;
  find_range(p);
  for (int i = 0; i < p->count; i++) draw_curve(p, i);
  if (options->json) json_plot(p, options->out, stage, names);
  else print_plot(p, options->out, text, names, isatty(fileno(options->out)));
  for (int i = 0; i < p->count; i++) free(p->gathered[i]);
  free(p);
}
