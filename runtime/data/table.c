/* table.c — tables: finding columns, and reading their cells as numbers. */
#include "runtime/data/data.h"
#include <ctype.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

bool no_memory(RnnError *error) { return rnn_fail(error, "E0519", "there is not enough memory for the data"); }

Table *table_new(const char *path) {
  Table *t = calloc(1, sizeof *t);
  if (t && !(t->path = strdup(path))) free(t), t = NULL;
  return t;
}

void table_free(Table *t) {
  if (!t) return;
  for (int i = 0; t->column && i < t->columns; i++) {
    free(t->column[i].name);
    free(t->column[i].text);
    free(t->column[i].number);
  }
  free(t->column);
  free(t->line);
  free(t->bytes);
  free(t->path);
  free(t);
}

const char *column_title(const Table *t, int column, char *out, size_t size) {
  if (*t->column[column].name) snprintf(out, size, "`%s`", t->column[column].name);
  else snprintf(out, size, "column %d", column + 1);
  return out;
}

/* --- finding ----------------------------------------------------------------------------------------------------------- */

/* `voltage` of `voltage (mV)`: the only column that begins so; NULL. */
static const char *beginning_with(const char *name, const char *const *names, int count) {
  const char *found = NULL;
  for (int i = 0; i < count; i++) {
    const size_t size = strlen(name);
    if (!size || strncmp(names[i], name, size) || isalnum((unsigned char)names[i][size])) continue;
    if (found) return NULL;
    found = names[i];
  }
  return found;
}

static int no_column(const Table *t, const char *name, RnnError *error) {
  rnn_fail(error, "E0502", "%s has no column `%s`", t->path, name);
  if (*t->column[0].name) {
    const char **names = malloc((size_t)t->columns * sizeof *names);
    for (int i = 0; names && i < t->columns; i++) names[i] = t->column[i].name;
    const char *begins = names ? beginning_with(name, names, t->columns) : NULL;
    if (names) rnn_fail_names(error, "its columns are", begins ? NULL : name, names, t->columns);
    if (begins) rnn_fail_more(error, "\n   = help: did you mean `%s`?", begins);
    free(names);
  } else {
    rnn_fail_more(error, "\n   = note: it has no header, so its columns have no names\nhelp: say column(1) … column(%d)", t->columns);
  }
  return -1;
}

static int find_named(const Table *t, const char *name, RnnError *error) {
  for (int i = 0; i < t->columns; i++)
    if (strcmp(t->column[i].name, name) == 0 && *name) return i;
  return no_column(t, name, error);
}

int table_find(const Table *t, const cJSON *which, RnnError *error) {
  if (value_is_call(which, "column")) which = value_arg(which, 0);
  if (cJSON_IsString(which)) return find_named(t, which->valuestring, error);
  if (cJSON_IsNumber(which)) {
    double n = which->valuedouble;
    if (n >= 1 && n <= t->columns && n == floor(n)) return (int)n - 1;
    rnn_fail(error, "E0502", "%s has no column(%g): its columns are column(1) … column(%d)", t->path, n, t->columns);
    return -1;
  }
  char text[80];
  rnn_fail(error, "E0502", "a column is named in quotes or as column(1); found %s", value_text(which, text, sizeof text));
  return -1;
}

/* --- numbers ----------------------------------------------------------------------------------------------------------- */

static bool is_missing(const char *cell) {
  return !*cell || strcmp(cell, "NA") == 0 || strcmp(cell, "NaN") == 0 || strcmp(cell, "nan") == 0 || strcmp(cell, "?") == 0;
}

static bool cell_number(const char *cell, double *out) {
  char *end;
  *out = strtod(cell, &end);
  return end != cell && *end == 0 && isfinite(*out);
}

static bool not_a_number(const Table *t, int column, int64_t row, RnnError *error) {
  char title[120];
  const char *cell = t->column[column].text[row];
  rnn_fail(error, "E0503", "%s: line %lld has \"%.80s\" in %s, where a number belongs", t->path, (long long)t->line[row], cell,
           column_title(t, column, title, sizeof title));
  if (strchr(cell, ',')) rnn_fail_more(error, "\nhelp: write decimals with a point: 0.5");
  else rnn_fail_more(error, "\nhelp: for names, write category(\"…\")");
  return false;
}

/* Only the rows asked for are read: a note below the last used row of a file is no error. */
bool column_numbers(Table *t, int column, const int64_t *row, int64_t rows, RnnError *error) {
  Column *c = &t->column[column];
  if (!c->text) return true;
  if (!c->number && !(c->number = malloc((size_t)c->rows * sizeof *c->number))) return no_memory(error);
  for (int64_t i = 0; i < rows; i++) {
    const char *cell = c->text[row[i]];
    if (is_missing(cell)) c->number[row[i]] = NAN;
    else if (!cell_number(cell, &c->number[row[i]])) return not_a_number(t, column, row[i], error);
  }
  return true;
}
