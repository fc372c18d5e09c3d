/* table.c — values of a run as comma-separated lines. */
#include "runtime/save/target.h"
#include "runtime/show/show.h"
#include "runtime/vocabulary.h"
#include <errno.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

static void put_number(FILE *out, double value) {
  char digits[SHOW_DIGITS];
  fprintf(out, ",%s", isnan(value) ? "" : show_digits(value, digits)); /* missing: an empty field */
}

/* In quotes, those inside doubled. */
static void put_quoted(FILE *out, const char *text) {
  fputs(",\"", out);
  for (const char *at = text; *at; at++) fprintf(out, *at == '"' ? "\"%c" : "%c", *at);
  fputc('"', out);
}

static void put_symbol(FILE *out, const Vocabulary *v, double value) {
  const bool there = value >= 0 && value < (double)v->count;
  put_quoted(out, there ? v->symbol[(int64_t)value] : "");
}

/* `max(a, b)` heads a column too. */
static void put_name(FILE *out, const char *name) {
  if (strpbrk(name, ",\"")) put_quoted(out, name);
  else fprintf(out, ",%s", name);
}

/* `value` NULL: there is none here. A NaN of the data is what they do not say; one of the net has been computed, and is told. */
static void put_value(FILE *out, const Series *s, const double *at) {
  const double value = at ? *at : NAN;
  if (s->vocabulary && !isnan(value)) put_symbol(out, s->vocabulary, value);
  else if (at && isnan(value) && !s->of_data) fprintf(out, ",nan");
  else put_number(out, value);
}

static void put_columns(FILE *out, const Series *const *series, const char *const *names, int count) {
  for (int i = 0; i < count; i++)
    for (int64_t k = 0; k < series[i]->elements; k++) {
      char numbered[300];
      snprintf(numbered, sizeof numbered, "%.250s[%lld]", names[i], (long long)k);
      put_name(out, series[i]->elements == 1 ? names[i] : numbered);
    }
  fprintf(out, "\n");
}

static void put_header(FILE *out, const Series *const *series, const char *const *names, int count) {
  fprintf(out, "sequence,t");
  put_columns(out, series, names, count);
}

static void put_row(FILE *out, const Series *const *series, int count, int64_t sequence, int64_t step) {
  fprintf(out, "%lld,%lld", (long long)sequence, (long long)step);
  for (int i = 0; i < count; i++) {
    const Series *s = series[i];
    int64_t row = s->count == 1 ? 0 : sequence, t = s->stepped ? step : 0;
    for (int64_t k = 0; k < s->elements; k++) put_value(out, s, t < s->steps[row] ? &s->value[row][t * s->elements + k] : NULL);
  }
  fprintf(out, "\n");
}

static int64_t most(const Series *const *series, int count, int64_t sequence) {
  int64_t steps = 0;
  for (int i = 0; i < count; i++) {
    int64_t row = series[i]->count == 1 ? 0 : sequence;
    if (series[i]->steps[row] > steps) steps = series[i]->steps[row];
  }
  return steps;
}

/* --- values on several clocks ------------------------------------------------------------------------------------------------ */

/* The one that lives on most clocks says which rows there are. */
static const Series *widest(const Series *const *series, int count) {
  const Series *found = series[0];
  for (int i = 1; i < count; i++)
    if (series[i]->clocks > found->clocks) found = series[i];
  return found;
}

static void put_header_of_clocks(FILE *out, const Series *widest, const Series *const *series, const char *const *names, int count) {
  fprintf(out, "sequence");
  for (int c = 0; c < widest->clocks; c++) fprintf(out, ",%s", widest->clock_name[c]);
  put_columns(out, series, names, count);
}

/* What lives on fewer clocks is repeated along the others. */
static void put_row_of_clocks(FILE *out, const Series *widest, const Series *const *series, int count, int64_t sequence, int64_t t) {
  int64_t at[RNN_MAX_CLOCKS];
  for (int c = 0; c < RNN_MAX_CLOCKS; c++) at[c] = -1;
  for (int c = widest->clocks - 1, row = (int)(widest->count == 1 ? 0 : sequence); c >= 0; c--) {
    at[widest->clock[c]] = t % widest->length[c][row];
    t /= widest->length[c][row];
  }
  fprintf(out, "%lld", (long long)sequence);
  for (int c = 0; c < widest->clocks; c++) fprintf(out, ",%lld", (long long)at[widest->clock[c]]);
  for (int i = 0; i < count; i++) {
    const Series *s = series[i];
    const int64_t row = s->count == 1 ? 0 : sequence, place = series_place(s, row, at);
    for (int64_t k = 0; k < s->elements; k++) put_value(out, s, place < 0 ? NULL : &s->value[row][place * s->elements + k]);
  }
  fprintf(out, "\n");
}

static void write_rows_of_clocks(FILE *out, const Series *const *series, const char *const *names, int count, int64_t sequences) {
  const Series *most = widest(series, count);
  put_header_of_clocks(out, most, series, names, count);
  for (int64_t s = 0; s < sequences; s++)
    for (int64_t t = 0; t < most->steps[most->count == 1 ? 0 : s]; t++) put_row_of_clocks(out, most, series, count, s, t);
}

void write_rows(FILE *out, const Series *const *series, const char *const *names, int count) {
  int64_t sequences = 0;
  for (int i = 0; i < count; i++)
    if (series[i]->count > sequences) sequences = series[i]->count;
  if (count && widest(series, count)->clocks > 1) {
    write_rows_of_clocks(out, series, names, count, sequences);
    return;
  }
  put_header(out, series, names, count);
  for (int64_t s = 0; s < sequences; s++)
    for (int64_t t = 0, steps = most(series, count, s); t < steps; t++) put_row(out, series, count, s, t);
}

static bool failed(const char *path, const char *temporary, RnnError *error) {
  int reason = errno;
  if (temporary) unlink(temporary);
  return rnn_fail(error, "E0603", "cannot write %s: %s", path, strerror(reason));
}

static bool fill(FILE *out, const Series *const *series, const char *const *names, int count, bool sync) {
  write_rows(out, series, names, count);
  bool written = !fflush(out) && !ferror(out) && (!sync || !fsync(fileno(out)));
  int reason = errno;
  if (fclose(out)) return false;
  errno = reason;
  return written;
}

/* A device or a pipe (/dev/stdout) is written to; a file put in its place would take it away. */
static bool is_device(const char *path) {
  struct stat is;
  return stat(path, &is) == 0 && !S_ISREG(is.st_mode) && !S_ISDIR(is.st_mode);
}

static bool replace(const char *path, const Series *const *series, const char *const *names, int count, RnnError *error) {
  char temporary[4200];
  snprintf(temporary, sizeof temporary, "%s.tmp", path);
  FILE *out = fopen(temporary, "w");
  if (!out || !fill(out, series, names, count, true)) return failed(path, out ? temporary : NULL, error);
  return !rename(temporary, path) || failed(path, temporary, error);
}

bool write_table(const char *path, const Series *const *series, const char *const *names, int count, RnnError *error) {
  if (is_device(path)) {
    FILE *out = fopen(path, "w");
    return (out && fill(out, series, names, count, false)) || failed(path, NULL, error);
  }
  char *target = write_target(path);
  bool done = target ? replace(target, series, names, count, error) : failed(path, NULL, error);
  free(target);
  return done;
}
