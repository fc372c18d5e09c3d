/* map.c — a value on two clocks in the terminal: the first clock runs to the right, the second downwards, as alignments are drawn
 * (Bahdanau, Cho and Bengio, 2015, figure 3), each step a field. In greys where the terminal has them, else in shades. */
#include "runtime/show/show.h"
#include <math.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

enum { MAP_COLUMNS = 72, MAP_LINES = 36, SHADES = 5, GREYS = 24, BLACK = 232 }; /* of the terminal's 256 colours, 232 … 255 are greys */

typedef struct Axis {
  const char *name;
  int clock;
  int64_t from, to; /* steps shown */
  int fields;       /* as many or fewer: then a field is the mean of neighbouring steps */
} Axis;

typedef struct Map {
  const Series *series;
  Axis across, down;
  double *field;     /* [down.fields][across.fields]; NaN: nothing there */
  double low, high;
  int wide;          /* characters a field: two look square */
} Map;

/* --- what is shown ---------------------------------------------------------------------------------------------------------- */

static Axis axis_of(const Series *s, int place, int64_t last, int room) {
  Axis a = {.name = s->clock_name[place], .clock = s->clock[place], .to = s->length[place][0]};
  if (last > 0 && last < a.to) a.from = a.to - last;
  a.fields = (int)(a.to - a.from < room ? a.to - a.from : room);
  return a;
}

static int64_t begin_of(const Axis *a, int field) { return a->from + (a->to - a->from) * field / a->fields; }

/* The mean of the first component over the steps of a field, of further clocks at their first step. */
static double mean_of(const Map *m, int down, int across) {
  int64_t at[RNN_MAX_CLOCKS] = {0}, n = 0;
  double sum = 0;
  for (int64_t i = begin_of(&m->down, down); i < begin_of(&m->down, down + 1); i++)
    for (int64_t k = begin_of(&m->across, across); k < begin_of(&m->across, across + 1); k++) {
      at[m->down.clock] = i, at[m->across.clock] = k;
      const int64_t place = series_place(m->series, 0, at);
      const double x = place < 0 ? NAN : m->series->value[0][place * m->series->elements];
      if (isfinite(x)) sum += x, n++;
    }
  return n ? sum / (double)n : NAN;
}

static bool fill_fields(Map *m) {
  m->field = malloc((size_t)(m->down.fields * m->across.fields + 1) * sizeof *m->field);
  m->low = INFINITY, m->high = -INFINITY;
  for (int i = 0; m->field && i < m->down.fields; i++)
    for (int k = 0; k < m->across.fields; k++) {
      const double x = m->field[i * m->across.fields + k] = mean_of(m, i, k);
      if (isnan(x)) continue;
      m->low = fmin(m->low, x);
      m->high = fmax(m->high, x);
    }
  if (m->low >= 0 && m->low < 0.5 * m->high) m->low = 0; /* shares and counts begin at nothing */
  if (!(m->low < m->high)) m->high = isfinite(m->low) ? m->low + 1 : 1, m->low = isfinite(m->low) ? m->low : 0;
  return m->field != NULL;
}

/* --- drawing ----------------------------------------------------------------------------------------------------------------- */

static const char *const shades[SHADES] = {" ", "░", "▒", "▓", "█"};

/* 0 … steps − 1. */
static int level_of(const Map *m, double x, int steps) {
  const int level = (int)((x - m->low) / (m->high - m->low) * steps);
  return level < 0 ? 0 : level >= steps ? steps - 1 : level;
}

static void put_field(const Map *m, FILE *out, double x, int wide, bool colour) {
  if (colour && !isnan(x)) fprintf(out, "\033[48;5;%dm", BLACK + level_of(m, x, GREYS));
  for (int i = 0; i < wide; i++) fputs(isnan(x) ? "·" : colour ? " " : shades[level_of(m, x, SHADES)], out);
  if (colour) fputs("\033[0m", out);
}

static void put_line(const Map *m, FILE *out, int line, bool colour) {
  char label[64] = "";
  const Axis *d = &m->down;
  if (line == 0) snprintf(label, sizeof label, "%.20s = %lld", d->name, (long long)d->from);
  else if (line == d->fields - 1) snprintf(label, sizeof label, "%lld", (long long)d->to - 1);
  fprintf(out, "%10s %s", label, *label ? "┤" : "│");
  for (int k = 0; k < m->across.fields; k++) put_field(m, out, m->field[line * m->across.fields + k], m->wide, colour);
  fputs("│\n", out);
}

/* `0 ░▒▓█ 1`: what a shade stands for. */
static void put_scale(const Map *m, FILE *out, bool colour) {
  const int steps = colour ? GREYS : SHADES;
  fprintf(out, "   %.4g ", m->low);
  for (int i = 0; i < steps; i++) put_field(m, out, m->low + (m->high - m->low) * (i + 0.5) / steps, 1, colour);
  fprintf(out, " %.4g\n", m->high);
}

static void put_heading(const Map *m, FILE *out, const char *name) {
  const Series *s = m->series;
  fprintf(out, "  %s", name);
  if (s->elements > 1) fprintf(out, "[0]");
  for (int c = 0; c < s->clocks; c++)
    if (s->clock[c] != m->across.clock && s->clock[c] != m->down.clock) fprintf(out, "   %s = 0", s->clock_name[c]);
  fputc('\n', out);
}

static void print_map(const Map *m, FILE *out, const char *name, bool colour) {
  put_heading(m, out, name);
  for (int line = 0; line < m->down.fields; line++) put_line(m, out, line, colour);
  fprintf(out, "%10s └ %s = %lld … %lld", "", m->across.name, (long long)m->across.from, (long long)m->across.to - 1);
  if (m->across.fields < m->across.to - m->across.from || m->down.fields < m->down.to - m->down.from) fprintf(out, "   means of neighbouring steps");
  put_scale(m, out, colour);
}

/* Every step, not the fields. */
static void json_map(const Map *m, FILE *out, const char *stage, const char *name) {
  int64_t at[RNN_MAX_CLOCKS] = {0};
  fprintf(out, "{\"kind\": \"map\", \"stage\": ");
  show_json_string(out, stage);
  fprintf(out, ", \"name\": ");
  show_json_string(out, name);
  fprintf(out, ", \"across\": ");
  show_json_string(out, m->across.name);
  fprintf(out, ", \"down\": ");
  show_json_string(out, m->down.name);
  fprintf(out, ", \"from\": [%lld, %lld], \"values\": [", (long long)m->down.from, (long long)m->across.from);
  for (int64_t i = m->down.from; i < m->down.to; i++) {
    fprintf(out, "%s[", i > m->down.from ? ", " : "");
    for (int64_t k = m->across.from; k < m->across.to; k++) {
      at[m->down.clock] = i, at[m->across.clock] = k;
      const int64_t place = series_place(m->series, 0, at);
      if (k > m->across.from) fprintf(out, ", ");
      show_json_number(out, place < 0 ? NAN : m->series->value[0][place * m->series->elements]);
    }
    fprintf(out, "]");
  }
  fprintf(out, "]}\n");
}

void show_map(const RnnOptions *options, const char *stage, const Series *s, const char *name, int64_t last) {
  if ((options->quiet && !options->json) || !s->count || !s->steps[0]) return;
  Map m = {.series = s, .across = axis_of(s, 0, last, MAP_COLUMNS), .down = axis_of(s, 1, last, MAP_LINES)};
  m.wide = 2 * m.across.fields <= MAP_COLUMNS ? 2 : 1;
  if (!fill_fields(&m)) return;
  if (options->json) json_map(&m, options->out, stage, name);
  else print_map(&m, options->out, name, isatty(fileno(options->out)));
  free(m.field);
}
