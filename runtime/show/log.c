/* log.c — the log of a training: a line an epoch. */
#include "runtime/show/log.h"
#include "runtime/error.h"
#include "runtime/save/target.h"
#include "runtime/show/show.h"
#include <errno.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

static bool ends_in(const char *text, const char *end) {
  size_t length = strlen(text), n = strlen(end);
  return length >= n && !strcmp(text + length - n, end);
}

/* --- lines ----------------------------------------------------------------------------------------------------------------- */

/* `max(a, b)` heads a column too. */
static void put_head(FILE *out, const char *name) {
  if (!strpbrk(name, ",\"")) {
    fputs(name, out);
    return;
  }
  fputc('"', out);
  for (const char *at = name; *at; at++) fprintf(out, *at == '"' ? "\"%c" : "%c", *at);
  fputc('"', out);
}

static void put_number(FILE *out, const LogField *f) {
  char digits[SHOW_DIGITS];
  if (f->whole) fprintf(out, "%.0f", f->value);
  else fputs(show_digits(f->value, digits), out);
}

static void put_row(FILE *out, const LogField *fields, int count) {
  for (int i = 0; i < count; i++) {
    if (i) fputc(',', out);
    if (!isnan(fields[i].value)) put_number(out, &fields[i]);
  }
  fputc('\n', out);
}

static void put_object(FILE *out, const LogField *fields, int count) {
  for (int i = 0; i < count; i++) {
    fputs(i ? ", " : "{", out);
    show_json_string(out, fields[i].name);
    fputs(": ", out);
    if (isfinite(fields[i].value)) put_number(out, &fields[i]);
    else fputs("null", out);
  }
  fputs("}\n", out);
}

bool log_line(Log *log, const LogField *fields, int count) {
  if (!log->file) return true;
  if (log->json) put_object(log->file, fields, count);
  else put_row(log->file, fields, count);
  if (!fflush(log->file)) return true;
  int reason = errno;
  log_close(log);
  errno = reason;
  return false;
}

/* --- the file -------------------------------------------------------------------------------------------------------------- */

static bool failed(const char *path, const char *reason, RnnError *error) { return rnn_fail(error, "E0603", "cannot write the log %s: %s", path, reason); }

static bool cannot_open(const char *path, RnnError *error) {
  const int reason = errno;
  failed(path, strerror(reason), error);
  if (reason == ENOENT) rnn_fail_more(error, "\nhelp: make its folder first");
  return false;
}

/* An old log becomes NAME~. */
static bool move_away(const char *path, const char *target, RnnError *error) {
  struct stat is;
  if (stat(target, &is)) return errno == ENOENT || failed(path, strerror(errno), error);
  if (!S_ISREG(is.st_mode)) return failed(path, "there is something else at that path", error);
  char *old = malloc(strlen(target) + 2);
  sprintf(old, "%s~", target);
  bool done = !rename(target, old) || failed(path, strerror(errno), error);
  free(old);
  return done;
}

static void put_heads(FILE *out, const LogField *fields, int count) {
  for (int i = 0; i < count; i++) {
    if (i) fputc(',', out);
    put_head(out, fields[i].name);
  }
  fputc('\n', out);
}

bool log_open(Log *log, const char *path, const LogField *fields, int count, RnnError *error) {
  *log = (Log){.json = ends_in(path, ".jsonl")};
  char *target = write_target(path);
  if (!target) return failed(path, strerror(errno), error);
  bool good = move_away(path, target, error);
  if (good && !(log->file = fopen(target, "w"))) good = cannot_open(path, error);
  free(target);
  if (!good) return false;
  log->path = strdup(path);
  if (!log->json) put_heads(log->file, fields, count);
  return !fflush(log->file) || failed(path, strerror(errno), error);
}

void log_close(Log *log) {
  if (log->file) fclose(log->file);
  log->file = NULL;
}
