/* rows.c — which rows of a table make which sequence: rows = a..b, where, by "id", cuts "offset".
 *
 * rows counts rows of the file (sequences, where cuts says where they start). where keeps rows or, on an array with one entry a
 * sequence, sequences. by gathers rows of equal values, wherever they stand, in order of first appearance. */
#include "runtime/data/data.h"
#include <math.h>
#include <stdlib.h>
#include <string.h>

/* --- lists of rows ------------------------------------------------------------------------------------------------------ */

typedef struct Rows {
  int64_t *row, count;
} Rows;

static bool whole_range(const cJSON *v, double *from, double *to, double *by) {
  return value_range(v, from, to, by) && *from == floor(*from) && *to == floor(*to) && *by == floor(*by) && *by >= 1 && *from >= 0 && *to >= *from;
}

/* The rows of 0 … total − 1 that `rows = a..b` asks for. Caller frees. */
static bool rows_asked(const DataClause *c, const Table *t, int64_t total, Rows *out) {
  const cJSON *range = value_named(c->source, "rows");
  double from = 0, to = (double)total - 1, by = 1;
  char text[80];
  if (range && !whole_range(range, &from, &to, &by))
    return rnn_fail(c->error, "E0505", "rows = %s is no range of rows\nhelp: rows count from 0 after a header, both ends included: rows = 0..%lld",
                    value_text(range, text, sizeof text), (long long)total - 1);
  if (to > (double)total - 1)
    return rnn_fail(c->error, "E0504", "%s ends early: rows = %.0f..%.0f asks for %.0f rows, but it has %lld (0..%lld)", t->path, from, to,
                    to - from + 1, (long long)total, (long long)total - 1);
  out->row = malloc((size_t)(to - from + 1) * sizeof *out->row);
  if (!out->row) return no_memory(c->error);
  for (double row = from; row <= to; row += by) out->row[out->count++] = (int64_t)row;
  return true;
}

static const cJSON *where_condition(const DataClause *c) { return cJSON_GetArrayItem(clause_modifier(c, "where"), 0); }

/* Keeps the rows for which the where clause holds, if its columns have `level` rows. */
static bool rows_where(const DataClause *c, Table *t, int64_t level, Rows *rows) {
  const cJSON *condition = where_condition(c);
  int64_t entries = level, kept = 0;
  if (!condition) return true;
  if (!where_column_rows(condition, t, &entries, c->error)) return false;
  if (entries != level) return true;
  for (int64_t i = 0; i < rows->count; i++)
    if (where_holds(condition, t, rows->row[i])) rows->row[kept++] = rows->row[i];
  rows->count = kept;
  return kept > 0 || rnn_fail(c->error, "E0515", "no row of %s meets the `where`", t->path);
}

bool sequences_chosen(const DataClause *c, Table *t, int64_t sequences, int64_t **number, int64_t *count) {
  Rows rows = {0};
  const bool fine = rows_asked(c, t, sequences, &rows) && rows_where(c, t, sequences, &rows);
  *number = rows.row;
  *count = rows.count;
  return fine;
}

/* --- by ----------------------------------------------------------------------------------------------------------------- */

typedef struct Key {
  const char *text;
  double number;
  int64_t place; /* in the list of rows */
} Key;

static int same_key(const Key *p, const Key *q) {
  return p->text ? strcmp(p->text, q->text) : (p->number > q->number) - (p->number < q->number);
}

static int by_key(const void *a, const void *b) {
  const Key *p = a, *q = b;
  int order = same_key(p, q);
  return order ? order : (p->place > q->place) - (p->place < q->place);
}

static int by_first_row(const void *a, const void *b) {
  const Group *p = a, *q = b;
  return (p->row[0] > q->row[0]) - (p->row[0] < q->row[0]);
}

/* Sorts rows by their key, which puts each group's rows side by side, then orders the groups. */
static bool group_by(const DataClause *c, const Column *column, const Rows *rows, Groups *out) {
  Key *key = malloc((size_t)rows->count * sizeof *key);
  if (!key) return no_memory(c->error);
  for (int64_t i = 0; i < rows->count; i++)
    key[i] = (Key){column->text ? column->text[rows->row[i]] : NULL, column->text ? 0 : column->number[rows->row[i]], i};
  qsort(key, (size_t)rows->count, sizeof *key, by_key);
  for (int64_t i = 0; i < rows->count; i++) {
    if (i == 0 || same_key(&key[i - 1], &key[i]) != 0) out->group[out->count++] = (Group){out->rows + i, 0, 0};
    out->rows[i] = rows->row[key[i].place];
    out->group[out->count - 1].rows++;
  }
  qsort(out->group, (size_t)out->count, sizeof *out->group, by_first_row);
  for (int64_t i = 0; i < out->count; i++) out->group[i].number = i;
  free(key);
  return true;
}

static bool make_by(const DataClause *c, Table *t, const cJSON *by, const Rows *rows, Groups *out) {
  int column = table_find(t, cJSON_GetArrayItem(by, 0), c->error);
  if (column < 0) return false;
  const Column *ids = &t->column[column];
  if (ids->rows == t->rows && ids->width == 1 && (ids->text || ids->number)) return group_by(c, ids, rows, out);
  return rnn_fail(c->error, "E0515", "`by` wants one value a row; `%s` is not such a column", ids->name);
}

/* --- cuts --------------------------------------------------------------------------------------------------------------- */

/* The array of starts; a last entry equal to the number of rows is the end, not another sequence. */
static bool cut_starts(const DataClause *c, Table *t, const cJSON *cuts, const double **start, int64_t *count) {
  int column = table_find(t, cJSON_GetArrayItem(cuts, 0), c->error);
  if (column < 0) return false;
  Column *array = &t->column[column];
  Rows all = {0};
  for (all.row = malloc(((size_t)array->rows + 1) * sizeof *all.row); all.row && all.count < array->rows; all.count++) all.row[all.count] = all.count;
  bool fine = all.row && column_numbers(t, column, all.row, all.count, c->error) && array->number && array->width == 1;
  for (int64_t i = 0; fine && i < array->rows; i++)
    fine = array->number[i] >= (i ? array->number[i - 1] : 0) && array->number[i] <= (double)t->rows && array->number[i] == floor(array->number[i]);
  free(all.row);
  if (!fine) return rnn_fail(c->error, "E0515", "`cuts \"%s\"` must be the rising rows, from 0, where the sequences of %s start", array->name, t->path);
  *start = array->number;
  *count = array->rows > 0 && array->number[array->rows - 1] == (double)t->rows ? array->rows - 1 : array->rows;
  return true;
}

static bool make_cuts(const DataClause *c, Table *t, const cJSON *cuts, Groups *out) {
  const double *start = NULL;
  int64_t count = 0, used = 0;
  Rows sequences = {0};
  if (!cut_starts(c, t, cuts, &start, &count)) return false;
  out->cuts = count;
  bool fine = rows_asked(c, t, count, &sequences) && rows_where(c, t, count, &sequences);
  for (int64_t i = 0; fine && i < sequences.count; i++) {
    int64_t s = sequences.row[i], from = (int64_t)start[s], to = s + 1 < count ? (int64_t)start[s + 1] : t->rows;
    Rows frames = {out->rows + used, 0};
    for (int64_t row = from; row < to; row++) frames.row[frames.count++] = row;
    if (count != t->rows) fine = rows_where(c, t, t->rows, &frames);
    if (fine && frames.count) out->group[out->count++] = (Group){frames.row, frames.count, s};
    used += frames.count;
  }
  free(sequences.row);
  return fine;
}

/* --- all together ------------------------------------------------------------------------------------------------------- */

static void make_each(const Rows *rows, bool single, Groups *out) {
  memcpy(out->rows, rows->row, (size_t)rows->count * sizeof *rows->row);
  out->count = single ? rows->count : 1;
  for (int64_t i = 0; i < out->count; i++) out->group[i] = (Group){out->rows + i, single ? 1 : rows->count, i};
}

bool groups_make(const DataClause *c, Table *t, bool single, Groups *out) {
  *out = (Groups){.cuts = -1};
  out->group = calloc((size_t)t->rows + 1, sizeof *out->group);
  out->rows = malloc(((size_t)t->rows + 1) * sizeof *out->rows);
  if (!out->group || !out->rows) return no_memory(c->error);
  const cJSON *cuts = clause_modifier(c, "cuts"), *by = clause_modifier(c, "by");
  if (cuts) return make_cuts(c, t, cuts, out);
  Rows rows = {0};
  bool fine = rows_asked(c, t, t->rows, &rows) && rows_where(c, t, t->rows, &rows);
  if (fine && by) fine = make_by(c, t, by, &rows, out);
  else if (fine) make_each(&rows, single, out);
  free(rows.row);
  return fine;
}

void groups_free(Groups *g) {
  free(g->group);
  free(g->rows);
}
