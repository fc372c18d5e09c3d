/* error.c — the first error of a call, and the names a user may have meant. */
#include "runtime/error.h"
#include <ctype.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

static bool fail(RnnError *error, int line, const char *code, const char *format, va_list args) {
  if (!error || error->code[0]) return false;
  snprintf(error->code, sizeof error->code, "%s", code);
  vsnprintf(error->message, sizeof error->message, format, args);
  error->line = line;
  return false;
}

bool rnn_fail(RnnError *error, const char *code, const char *format, ...) {
  va_list args;
  va_start(args, format);
  fail(error, 0, code, format, args);
  va_end(args);
  return false;
}

bool rnn_fail_at(RnnError *error, int line, const char *code, const char *format, ...) {
  va_list args;
  va_start(args, format);
  fail(error, line, code, format, args);
  va_end(args);
  return false;
}

void rnn_fail_more(RnnError *error, const char *format, ...) {
  if (!error) return;
  size_t used = strlen(error->message);
  va_list args;
  va_start(args, format);
  vsnprintf(error->message + used, sizeof error->message - used, format, args);
  va_end(args);
}

/* The line as it stands in the file, where that is at hand; as the compiler shows it, long ones cut. */
static void source_line(RnnError *error, const char *path, int wanted) {
  enum { SHOWN = 150 };
  char text[1024];
  FILE *file = fopen(path, "r");
  int line = 0;
  for (bool begins = true; file && line < wanted && fgets(text, sizeof text, file);) {
    line += begins;
    begins = strchr(text, '\n') != NULL;
  }
  if (file) fclose(file);
  if (!file || line < wanted || wanted < 1) return;
  size_t size = strcspn(text, "\r\n");
  bool cut = size > SHOWN;
  for (size = cut ? SHOWN : size; cut && ((unsigned char)text[size] & 0xc0) == 0x80;) size--; /* not within a letter */
  rnn_fail_more(error, "\n%*s |\n%d | %.*s%s", snprintf(NULL, 0, "%d", wanted), "", wanted, (int)size, text, cut ? "…" : "");
}

void rnn_fail_place(RnnError *error, const char *file, int line) {
  if (!error) return;
  char rest[sizeof error->message];
  size_t headline = strcspn(error->message, "\n");
  snprintf(rest, sizeof rest, "%s", error->message + headline);
  error->message[headline] = 0;
  rnn_fail_more(error, "\n  --> %s:%d", file, line);
  source_line(error, file, line);
  rnn_fail_more(error, "%s", rest);
  error->line = 0;
}

bool rnn_fail_in(RnnError *error, const char *file) {
  if (error && error->line > 0) rnn_fail_place(error, file, error->line);
  return false;
}

/* What a line says behind "help: "; NULL: it is no help. */
static const char *help_of(const char *line) {
  static const char *const marks[] = {"   = help: ", "help: "};
  for (int i = 0; i < 2; i++)
    if (!strncmp(line, marks[i], strlen(marks[i]))) return line + strlen(marks[i]);
  return NULL;
}

/* Lines that begin nothing belong to what the line before them began. */
static void print_lines(const char *message, bool helps, FILE *out) {
  bool in_help = false;
  for (const char *line = message; *line;) {
    const char *help = help_of(line), *text = help ? help : line;
    int length = (int)strcspn(text, "\n");
    if (help || !strncmp(line, "   = ", 5)) in_help = help != NULL;
    if (in_help == helps) fprintf(out, "%s%.*s\n", help ? "help: " : "", length, text);
    line = text + length + (text[length] == '\n');
  }
}

static void print_as(const char *severity, const RnnError *error, FILE *out) {
  fprintf(out, "%s[%s]: ", severity, error->code);
  print_lines(error->message, false, out);
  print_lines(error->message, true, out);
}

void rnn_fail_print(const RnnError *error, FILE *out) { print_as("error", error, out); }

void rnn_warn_print(const RnnError *warning, FILE *out) { print_as("warning", warning, out); }

/* --- the nearest name ---------------------------------------------------------------------------------------------- */

enum { LONGEST_NAME = 63 }; /* longer names are compared by their beginning */

static int least(int a, int b) { return a < b ? a : b; }

/* Edits (insert, delete, replace, swap neighbours) from a to b, letters of either case alike. */
static int edit_distance(const char *a, const char *b) {
  int n = least((int)strlen(a), LONGEST_NAME), m = least((int)strlen(b), LONGEST_NAME);
  int cost[LONGEST_NAME + 1][LONGEST_NAME + 1];
  for (int i = 0; i <= n; i++) cost[i][0] = i;
  for (int j = 0; j <= m; j++) cost[0][j] = j;
  for (int i = 1; i <= n; i++)
    for (int j = 1; j <= m; j++) {
      int p = tolower((unsigned char)a[i - 1]), q = tolower((unsigned char)b[j - 1]);
      cost[i][j] = least(least(cost[i - 1][j], cost[i][j - 1]) + 1, cost[i - 1][j - 1] + (p != q));
      if (i > 1 && j > 1 && p == tolower((unsigned char)b[j - 2]) && q == tolower((unsigned char)a[i - 2]))
        cost[i][j] = least(cost[i][j], cost[i - 2][j - 2] + 1);
    }
  return cost[n][m];
}

const char *rnn_nearest(const char *wrong, const char *const *names, int count) {
  const char *nearest = NULL;
  int length = (int)strlen(wrong), best = length / 3 > 1 ? length / 3 : 1;
  for (int i = 0; i < count; i++) {
    int distance = edit_distance(wrong, names[i]);
    if (distance >= length || distance > best || (nearest && distance == best)) continue;
    best = distance;
    nearest = names[i];
  }
  return nearest;
}

void rnn_fail_names(RnnError *error, const char *what, const char *wrong, const char *const *names, int count) {
  enum { SHOWN = 24 };
  rnn_fail_more(error, "\n   = note: %s: ", what);
  for (int i = 0; i < count && i < SHOWN; i++) rnn_fail_more(error, "%s`%s`", i ? ", " : "", names[i]);
  if (count > SHOWN) rnn_fail_more(error, " and %d more", count - SHOWN);
  if (count == 0) rnn_fail_more(error, "none");
  const char *near = wrong ? rnn_nearest(wrong, names, count) : NULL;
  if (near) rnn_fail_more(error, "\n   = help: did you mean `%s`?", near);
}
