/* svg.c — curves on logarithmic axes, where what grows with a power is a straight line. */
#include "bench/bench.h"
#include <errno.h>
#include <math.h>
#include <string.h>
#include <sys/stat.h>

enum { WIDTH = 640, HEIGHT = 420, LEFT = 70, RIGHT = 130, TOP = 40, BOTTOM = 50 };

typedef struct Range {
  double low, high;
} Range;

static Range range_of(const Chart *c, bool horizontal) {
  Range r = {INFINITY, 0};
  for (int i = 0; i < c->curves; i++)
    for (int k = 0; k < c->curve[i].count; k++) {
      double v = horizontal ? c->curve[i].x[k] : c->curve[i].y[k];
      if (v < r.low) r.low = v;
      if (v > r.high) r.high = v;
    }
  if (!horizontal) r = (Range){pow(10, floor(log10(r.low))), pow(10, ceil(log10(r.high)))};
  if (!(r.high > r.low)) r.high = 10 * r.low;
  return r;
}

/* Where a value lies between two ends, 0 to 1. */
static double place(Range r, double v) { return log(v / r.low) / log(r.high / r.low); }
static double across(Range r, double v) { return LEFT + place(r, v) * (WIDTH - LEFT - RIGHT); }
static double up(Range r, double v) { return HEIGHT - BOTTOM - place(r, v) * (HEIGHT - TOP - BOTTOM); }

static void draw_text(FILE *f, double x, double y, const char *anchor, const char *text) {
  fprintf(f, "<text x=\"%.1f\" y=\"%.1f\" text-anchor=\"%s\">", x, y, anchor);
  for (; *text; text++)
    if (*text == '<') fputs("&lt;", f);
    else if (*text == '&') fputs("&amp;", f);
    else fputc(*text, f);
  fputs("</text>\n", f);
}

static void draw_line(FILE *f, double x, double y, double to_x, double to_y) {
  fprintf(f, "<line x1=\"%.1f\" y1=\"%.1f\" x2=\"%.1f\" y2=\"%.1f\" stroke=\"#ddd\"/>\n", x, y, to_x, to_y);
}

/* A line at each power of ten, and at each x that was measured. */
static void draw_axes(FILE *f, const Chart *c, Range x, Range y) {
  char text[32];
  for (double v = y.low; v < y.high * 1.01; v *= 10) {
    draw_line(f, LEFT, up(y, v), WIDTH - RIGHT, up(y, v));
    snprintf(text, sizeof text, "%g", v);
    draw_text(f, LEFT - 6, up(y, v) + 4, "end", text);
  }
  for (int k = 0; k < c->curve->count; k++) {
    double at = across(x, c->curve->x[k]);
    draw_line(f, at, TOP, at, HEIGHT - BOTTOM);
    snprintf(text, sizeof text, "%g", c->curve->x[k]);
    draw_text(f, at, HEIGHT - BOTTOM + 16, "middle", text);
  }
  draw_text(f, (LEFT + WIDTH - RIGHT) / 2.0, HEIGHT - 12, "middle", c->x);
  draw_text(f, LEFT, TOP - 8, "middle", c->y);
  draw_text(f, (LEFT + WIDTH - RIGHT) / 2.0, 18, "middle", c->title);
}

static void draw_curve(FILE *f, const Curve *c, const char *colour, Range x, Range y) {
  if (!c->count) return;
  fprintf(f, "<polyline fill=\"none\" stroke=\"%s\" stroke-width=\"2\" points=\"", colour);
  for (int k = 0; k < c->count; k++) fprintf(f, "%.1f,%.1f ", across(x, c->x[k]), up(y, c->y[k]));
  fputs("\"/>\n", f);
  for (int k = 0; k < c->count; k++)
    fprintf(f, "<circle cx=\"%.1f\" cy=\"%.1f\" r=\"3\" fill=\"%s\"/>\n", across(x, c->x[k]), up(y, c->y[k]), colour);
}

/* Names stand at the right, in the order of the curves, so that they never lie upon each other. */
static void draw_name(FILE *f, const Curve *c, const char *colour, int line) {
  fprintf(f, "<circle cx=\"%d\" cy=\"%d\" r=\"4\" fill=\"%s\"/>\n", WIDTH - RIGHT + 16, TOP + 18 * line + 8, colour);
  draw_text(f, WIDTH - RIGHT + 26, TOP + 18 * line + 12, "start", c->name);
}

static void draw(FILE *f, const Chart *c) {
  static const char *const colours[CURVES] = {"#c0392b", "#2471a3", "#b7950b", "#1e8449", "#76448a", "#5d6d7e", "#ca6f1e", "#17202a"};
  Range x = range_of(c, true), y = range_of(c, false);
  fprintf(f, "<svg xmlns=\"http://www.w3.org/2000/svg\" viewBox=\"0 0 %d %d\" font-family=\"sans-serif\" font-size=\"12\">\n", WIDTH, HEIGHT);
  fprintf(f, "<rect width=\"%d\" height=\"%d\" fill=\"white\"/>\n", WIDTH, HEIGHT);
  draw_axes(f, c, x, y);
  for (int i = 0; i < c->curves; i++) {
    draw_curve(f, &c->curve[i], colours[i], x, y);
    draw_name(f, &c->curve[i], colours[i], i);
  }
  fputs("</svg>\n", f);
}

bool svg_write(const char *folder, const Chart *chart) {
  char path[512];
  mkdir(folder, 0777);
  snprintf(path, sizeof path, "%s/%s.svg", folder, chart->file);
  FILE *f = fopen(path, "w");
  if (f) draw(f, chart);
  bool fine = f && !ferror(f);
  if (f) fine &= !fclose(f);
  if (!fine) fprintf(stderr, "bench: %s: %s\n", path, strerror(errno));
  return fine;
}
