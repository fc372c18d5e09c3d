/* text.c — csv and tsv files: bytes → cells. Quotes ("" inside them is one quote, line ends inside them are text), CRLF, a
 * byte order mark, blank lines, lines of comment (`#`) before the first row, a trailing separator that makes no column, and a header where no cell of the first row is a
 * number. Cells are cut in place; numbers are read when a column is bound (table.c). */
#include "runtime/data/data.h"
#include <ctype.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

char *file_read(const char *path, size_t *size, RnnError *error) {
  struct stat found;
  if (!stat(path, &found) && S_ISDIR(found.st_mode)) {
    rnn_fail(error, "E0501", "cannot read the data file %s: it is a folder", path);
    return NULL;
  }
  FILE *file = fopen(path, "rb");
  char *bytes = NULL;
  long length = -1;
  if (file && fseek(file, 0, SEEK_END) == 0) length = ftell(file);
  if (length >= 0 && length < 0x7fffffffL && fseek(file, 0, SEEK_SET) == 0) bytes = malloc((size_t)length + 1);
  if (bytes && fread(bytes, 1, (size_t)length, file) != (size_t)length) free(bytes), bytes = NULL;
  int reason = errno;
  if (file) fclose(file);
  if (!bytes) {
    rnn_fail(error, "E0501", "cannot read the data file %s: %s", path, reason ? strerror(reason) : "it is too large");
    if (reason == ENOENT && *path != '/') rnn_fail_more(error, "\n   = note: paths are relative to the folder of the model file");
    return NULL;
  }
  bytes[length] = 0;
  *size = (size_t)length;
  return bytes;
}

/* --- cutting ----------------------------------------------------------------------------------------------------------- */

typedef struct Cutter {
  char *at, *end;
  char separator;
  int64_t line;
  char **cell; /* the cells of all rows, one after another */
  int64_t cells, capacity;
  int64_t *line_of, *first_cell; /* of each row; first_cell has one more entry */
  int64_t rows, rows_capacity;
} Cutter;

static bool grow(void **memory, int64_t *capacity, int64_t needed, size_t each) {
  if (needed <= *capacity) return true;
  int64_t more = needed * 2 + 64;
  void *larger = realloc(*memory, (size_t)more * each);
  if (!larger) return false;
  *memory = larger;
  *capacity = more;
  return true;
}

static bool push_cell(Cutter *c, char *cell) {
  if (!grow((void **)&c->cell, &c->capacity, c->cells + 1, sizeof *c->cell)) return false;
  c->cell[c->cells++] = cell;
  return true;
}

static bool push_row(Cutter *c, int64_t line, int64_t first_cell) {
  int64_t capacity = c->rows_capacity;
  if (!grow((void **)&c->line_of, &capacity, c->rows + 2, sizeof *c->line_of)) return false;
  if (!grow((void **)&c->first_cell, &c->rows_capacity, c->rows + 2, sizeof *c->first_cell)) return false;
  c->line_of[c->rows] = line;
  c->first_cell[c->rows++] = first_cell;
  c->first_cell[c->rows] = c->cells;
  return true;
}

static bool at_line_end(const Cutter *c) { return c->at == c->end || *c->at == '\n' || *c->at == '\r'; }

/* One quoted part: the text up to the closing quote is moved to `to`. */
static char *cut_quoted(Cutter *c, char *to) {
  for (c->at++; c->at < c->end; c->at++) {
    if (*c->at == '"' && c->at[1] == '"') c->at++;
    else if (*c->at == '"') return c->at++, to;
    c->line += *c->at == '\n';
    *to++ = *c->at;
  }
  return to;
}

/* One cell, blanks around it cut off; leaves `at` on the separator or the line's end. */
static char *cut_cell(Cutter *c, char **cell_end) {
  while (c->at < c->end && (*c->at == ' ' || (*c->at == '\t' && c->separator != '\t'))) c->at++;
  char *start = c->at, *to = c->at;
  bool quoted = c->at < c->end && *c->at == '"';
  if (quoted) to = cut_quoted(c, to);
  while (!at_line_end(c) && *c->at != c->separator) *to++ = *c->at++;
  while (to > start && (to[-1] == ' ' || to[-1] == '\t')) to--;
  *cell_end = to;
  return start;
}

static void skip_line_end(Cutter *c) {
  if (c->at < c->end && *c->at == '\r') c->at++;
  if (c->at < c->end && *c->at == '\n') c->at++;
  c->line++;
}

static bool cut_row(Cutter *c) {
  int64_t line = c->line, first = c->cells;
  for (;;) {
    char *end, *cell = cut_cell(c, &end);
    bool more = c->at < c->end && *c->at == c->separator;
    if (!more) skip_line_end(c); /* before the 0 is written over it */
    else c->at++;
    *end = 0;
    if (!push_cell(c, cell)) return false;
    if (!more) break;
  }
  bool blank = c->cells == first + 1 && !*c->cell[first];
  if (blank) c->cells = first;
  return blank || push_row(c, line, first);
}

/* Of , ; and tab the one that the first line that is not blank has most of, outside quotes. */
static char sniff(const char *at) {
  int64_t commas = 0, semicolons = 0, tabs = 0;
  bool quoted = false;
  while (*at == '\n' || *at == '\r') at++;
  for (; *at && (quoted || (*at != '\n' && *at != '\r')); at++) {
    if (*at == '"') quoted = !quoted;
    else if (!quoted) commas += *at == ',', semicolons += *at == ';', tabs += *at == '\t';
  }
  if (tabs > commas && tabs >= semicolons) return '\t';
  return semicolons > commas ? ';' : ',';
}

/* --- rows to columns --------------------------------------------------------------------------------------------------- */

static bool is_number(const char *cell) {
  char *end;
  strtod(cell, &end);
  return end != cell && *end == 0 && !isalpha((unsigned char)*cell);
}

static bool row_is_header(const Cutter *c) {
  bool any = false;
  for (int64_t i = 0; i < c->first_cell[1]; i++) {
    if (is_number(c->cell[i])) return false;
    any |= *c->cell[i] != 0;
  }
  return any;
}

static int64_t row_cells(const Cutter *c, int64_t row) { return c->first_cell[row + 1] - c->first_cell[row]; }

/* A trailing separator makes no column: an empty last cell of the first row is none. */
static int64_t count_columns(const Cutter *c) {
  int64_t cells = row_cells(c, 0);
  return cells > 1 && !*c->cell[cells - 1] ? cells - 1 : cells;
}

static bool check_row(const Cutter *c, int64_t row, int64_t columns, const char *path, RnnError *error) {
  int64_t cells = row_cells(c, row);
  if (cells == columns || (cells == columns + 1 && !*c->cell[c->first_cell[row] + columns])) return true;
  rnn_fail(error, "E0506", "%s: line %lld has %lld fields, but the first row has %lld", path, (long long)c->line_of[row], (long long)cells,
           (long long)columns);
  rnn_fail_more(error, "\nhelp: text that contains the separator `%s` must stand in quotes", c->separator == '\t' ? "tab" : (char[]){c->separator, 0});
  return false;
}

static bool fill_columns(const Cutter *c, Table *t) {
  int64_t first = t->has_header;
  for (int i = 0; i < t->columns; i++) {
    Column *column = &t->column[i];
    column->rows = t->rows;
    column->width = 1;
    column->name = strdup(t->has_header ? c->cell[i] : "");
    column->text = malloc((size_t)(t->rows + 1) * sizeof *column->text);
    if (!column->name || !column->text) return false;
    for (int64_t row = 0; row < t->rows; row++) column->text[row] = c->cell[c->first_cell[row + first] + i];
  }
  for (int64_t row = 0; row < t->rows; row++) t->line[row] = c->line_of[row + first];
  return true;
}

static bool make_table(const Cutter *c, Table *t, RnnError *error) {
  if (c->rows == 0) return rnn_fail(error, "E0507", "the data file %s is empty", t->path);
  int64_t columns = count_columns(c);
  for (int64_t row = 1; row < c->rows; row++)
    if (!check_row(c, row, columns, t->path, error)) return false;
  t->has_header = row_is_header(c);
  t->rows = c->rows - t->has_header;
  if (t->rows == 0) return rnn_fail(error, "E0507", "the data file %s has a header but no rows", t->path);
  t->columns = (int)columns;
  t->column = calloc((size_t)columns, sizeof *t->column);
  t->line = malloc((size_t)t->rows * sizeof *t->line);
  return (t->column && t->line && fill_columns(c, t)) || no_memory(error);
}

static int64_t fields_of(const char *line, char separator) {
  int64_t separators = 0;
  for (; *line && *line != '\n' && *line != '\r'; line++) separators += *line == separator;
  return separators + 1;
}

/* `#time,u` above a row of as many numbers. */
static bool is_marked_header(const char *line, const char *next) {
  const char separator = sniff(next);
  return isdigit((unsigned char)next[strspn(next, " -+.")]) && fields_of(next, separator) > 1 && fields_of(line, separator) == fields_of(next, separator);
}

/* Lines that begin with `#`, before anything else, say how a file was made. The last of them may be
 * a header, as some programs write it. */
static char *behind_comments(char *at, int64_t *lines) {
  while (*at == '#') {
    char *next = at + strcspn(at, "\r\n");
    next += *next == '\r';
    next += *next == '\n';
    if (is_marked_header(at, next)) break;
    at = next;
    ++*lines;
  }
  return at;
}

static bool cut_file(Table *t, char *start, size_t size, char separator, RnnError *error) {
  int64_t comments = 0;
  char *end = start + size;
  start = behind_comments(start, &comments);
  size = (size_t)(end - start);
  Cutter c = {.at = start, .end = start + size, .separator = separator ? separator : sniff(start), .line = 1 + comments};
  bool fine = true;
  while (fine && c.at < c.end) fine = cut_row(&c);
  fine = fine ? make_table(&c, t, error) : no_memory(error);
  free(c.cell);
  free(c.line_of);
  free(c.first_cell);
  return fine;
}

Table *text_read(const char *path, char separator, RnnError *error) {
  size_t size = 0;
  char *bytes = file_read(path, &size, error);
  Table *t = bytes ? table_new(path) : NULL;
  if (!t) return free(bytes), NULL;
  t->bytes = bytes;
  bool fine = !memchr(bytes, 0, size);
  if (!fine) rnn_fail(error, "E0514", "%s is not a text file\nhelp: arrays of NumPy are read with npz(…)", path);
  size_t mark = size >= 3 && memcmp(bytes, "\xEF\xBB\xBF", 3) == 0 ? 3 : 0;
  if (fine && cut_file(t, bytes + mark, size - mark, separator, error)) return t;
  table_free(t);
  return NULL;
}
