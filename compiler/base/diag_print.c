/* diag_print.c — shows diagnostics in a terminal: the headline, the lines it is about with the places underlined, notes, a
 * drawing, and each repair as the line would read with it. */
#include "diag.h"
#include "text.h"
#include <stdlib.h>
#include <string.h>

typedef struct Printer {
  Session *session;
  Arena *arena;
  FILE *out;
  bool colour;
  int gutter;           /* digits of the largest line number */
  const Diag *diag;
} Printer;

/* --- colours -------------------------------------------------------------------------------------------------------------- */

#define RED "\033[1;31m"
#define YELLOW "\033[1;33m"
#define BLUE "\033[1;34m"
#define GREEN "\033[1;32m"
#define CYAN "\033[1;36m"
#define BOLD "\033[1m"
#define PLAIN "\033[0m"

static void colour(Printer *p, const char *code) {
  if (p->colour) fputs(code, p->out);
}

static const char *severity_colour(const Diag *d) { return d->severity == SEVERITY_ERROR ? RED : YELLOW; }

/* --- lines of a source -------------------------------------------------------------------------------------------------- */

static uint32_t clamp(const Source *source, uint32_t offset) {
  return offset < source->size ? offset : (uint32_t)source->size;
}

static int line_of(Session *s, int file, uint32_t offset) {
  int line, column;
  const Source *source = s->sources.at[file];
  source_locate(source, clamp(source, offset), &line, &column);
  return line;
}

static uint32_t line_begin(const Source *source, int line) { return source->lines.at[line - 1]; }

static uint32_t line_end(const Source *source, int line) {
  uint32_t end = line < source->lines.len ? source->lines.at[line] - 1 : (uint32_t)source->size;
  uint32_t begin = line_begin(source, line);
  while (end > begin && source->text[end - 1] == '\r') end--;
  return end;
}

/* The last line a span touches. */
static int last_line_of(Session *s, Span span) {
  return line_of(s, span.file, span.end > span.begin ? span.end - 1 : span.end);
}

/* --- the gutter ------------------------------------------------------------------------------------------------------------ */

static int digits(int n) {
  int count = 1;
  while (n >= 10) n /= 10, count++;
  return count;
}

static void widen_gutter(Printer *p, Span span) {
  if (!span.file) return;
  int width = digits(last_line_of(p->session, span));
  if (width > p->gutter) p->gutter = width;
}

static void measure_gutter(Printer *p) {
  const Diag *d = p->diag;
  p->gutter = 1;
  for (int i = 0; i < d->labels.len; i++) widen_gutter(p, d->labels.at[i].span);
  for (int i = 0; i < d->suggestions.len; i++) widen_gutter(p, d->suggestions.at[i].place);
}

static void numbered_gutter(Printer *p, int line) {
  colour(p, BLUE);
  fprintf(p->out, "%*d |", p->gutter, line);
  colour(p, PLAIN);
}

static void empty_gutter(Printer *p) {
  colour(p, BLUE);
  fprintf(p->out, "%*s |", p->gutter, "");
  colour(p, PLAIN);
}

/* --- very long lines are cut around the place that is meant ------------------------------------------------------------------ */

enum { LONGEST_LINE = 180, SHOWN_COLUMNS = 140, SHOWN_BEFORE = 50 };

/* The columns of a line that are shown; "…" stands for what is before and behind. */
typedef struct Cut {
  int from, to, width;
} Cut;

static Cut cut_around(const char *text, size_t size, int column) {
  int width = text_width(text, size), from = column - SHOWN_BEFORE;
  if (width <= LONGEST_LINE) return (Cut){0, width, width};
  if (from > width - SHOWN_COLUMNS) from = width - SHOWN_COLUMNS;
  if (from < 0) from = 0;
  return (Cut){from, from + SHOWN_COLUMNS, width};
}

/* Where a column of the line stands in what is shown of it; what is cut off stands at the end nearest to it. */
static int shown_column(Cut cut, int column) {
  int before = cut.from > 0, at = column < cut.from ? cut.from - before : column > cut.to ? cut.to : column;
  return at - cut.from + before;
}

/* The first byte of a visible text that is at a column or behind it. */
static size_t byte_at(const char *text, size_t size, int column) {
  size_t i = 0;
  for (size_t bytes; i < size && column > 0; i += bytes) column -= text_columns(text_decode(text + i, size - i, &bytes));
  return i < size ? i : size;
}

static void source_line(Printer *p, int line, const char *text, size_t size, Cut cut) {
  numbered_gutter(p, line);
  const char *visible = size ? text_visible(p->arena, text, size) : "";
  size_t length = strlen(visible), from = byte_at(visible, length, cut.from);
  size_t to = cut.to < cut.width ? byte_at(visible, length, cut.to) : length;
  if (size) fprintf(p->out, " %s%.*s%s", from ? "…" : "", (int)(to - from), visible + from, to < length ? "…" : "");
  fputc('\n', p->out);
}

/* --- labels ----------------------------------------------------------------------------------------------------------------- */

/* One underlined place of a line, in columns from 0. */
typedef struct Mark {
  int column, width;
  char sign;
  const char *text;
} Mark;

typedef Vec(Mark) Marks;

static Mark mark_of(Printer *p, const DiagLabel *label, int line, bool primary) {
  const Source *source = p->session->sources.at[label->span.file];
  uint32_t first = line_begin(source, line), end = line_end(source, line);
  uint32_t from = label->span.begin < end ? label->span.begin : end;
  uint32_t to = label->span.end < end ? label->span.end : end;
  int column = text_width(source->text + first, from - first);
  int width = to > from ? text_width(source->text + first, to - first) - column : 1;
  return (Mark){column, width > 0 ? width : 1, primary ? '^' : '-', label->text};
}

static void insert_mark(Printer *p, Marks *marks, Mark mark) {
  vec_push(p->arena, *marks, mark);
  for (int i = marks->len - 1; i > 0 && marks->at[i - 1].column > mark.column; i--) {
    marks->at[i] = marks->at[i - 1];
    marks->at[i - 1] = mark;
  }
}

static Marks marks_of_line(Printer *p, int file, int line) {
  Marks marks = {0};
  for (int i = 0; i < p->diag->labels.len; i++) {
    const DiagLabel *label = &p->diag->labels.at[i];
    if (label->span.file == file && line_of(p->session, file, label->span.begin) == line)
      insert_mark(p, &marks, mark_of(p, label, line, i == 0));
  }
  return marks;
}

static void spaces(Printer *p, int n) {
  if (n > 0) fprintf(p->out, "%*s", n, "");
}

static void underline(Printer *p, const Mark *mark, int *column) {
  spaces(p, mark->column - *column);
  int done = mark->column > *column ? 0 : *column - mark->column; /* covered by the mark before it */
  colour(p, mark->sign == '^' ? severity_colour(p->diag) : BLUE);
  for (int i = done; i < mark->width; i++) fputc(mark->sign, p->out);
  if (mark->column + mark->width > *column) *column = mark->column + mark->width;
}

static void mark_text(Printer *p, const Mark *mark) {
  colour(p, mark->sign == '^' ? severity_colour(p->diag) : BLUE);
  fputs(mark->text, p->out);
  colour(p, PLAIN);
  fputc('\n', p->out);
}

/* All underlines in one row, with the text of the rightmost; the other texts below, each under its place. */
static void print_marks(Printer *p, const Marks *marks) {
  int column = 0;
  empty_gutter(p);
  fputc(' ', p->out);
  for (int i = 0; i < marks->len; i++) underline(p, &marks->at[i], &column);
  const Mark *last = &marks->at[marks->len - 1];
  if (*last->text) fputc(' ', p->out);
  mark_text(p, last);
  for (int i = marks->len - 2; i >= 0; i--) {
    if (!*marks->at[i].text) continue;
    empty_gutter(p);
    spaces(p, marks->at[i].column + 1);
    mark_text(p, &marks->at[i]);
  }
}

/* The mistake itself, where it is on the line. */
static const Mark *main_mark(const Marks *marks) {
  for (int i = 0; i < marks->len; i++)
    if (marks->at[i].sign == '^') return &marks->at[i];
  return &marks->at[0];
}

static void cut_mark(Cut cut, Mark *mark) {
  int end = shown_column(cut, mark->column + mark->width);
  mark->column = shown_column(cut, mark->column);
  mark->width = end > mark->column ? end - mark->column : 1;
}

static void print_labelled_line(Printer *p, int file, int line) {
  const Source *source = p->session->sources.at[file];
  uint32_t begin = line_begin(source, line);
  Marks marks = marks_of_line(p, file, line);
  const Cut cut = cut_around(source->text + begin, line_end(source, line) - begin, main_mark(&marks)->column);
  for (int i = 0; i < marks.len; i++) cut_mark(cut, &marks.at[i]);
  source_line(p, line, source->text + begin, line_end(source, line) - begin, cut);
  print_marks(p, &marks);
}

/* The smallest labelled line of the file above `after`; 0 when there is none. */
static int next_labelled_line(Printer *p, int file, int after) {
  int best = 0;
  for (int i = 0; i < p->diag->labels.len; i++) {
    Span span = p->diag->labels.at[i].span;
    if (span.file != file) continue;
    int line = line_of(p->session, file, span.begin);
    if (line > after && (!best || line < best)) best = line;
  }
  return best;
}

static void print_place(Printer *p, const char *arrow, Span span) {
  const Source *source = p->session->sources.at[span.file];
  int line = line_of(p->session, span.file, span.begin);
  uint32_t begin = line_begin(source, line), at = clamp(source, span.begin);
  spaces(p, p->gutter);
  colour(p, BLUE);
  fputs(arrow, p->out);
  colour(p, PLAIN);
  fprintf(p->out, " %s:%d:%d\n", source->path, line, text_characters(source->text + begin, at - begin) + 1);
}

static void print_file(Printer *p, const char *arrow, Span first) {
  print_place(p, arrow, first);
  empty_gutter(p);
  fputc('\n', p->out);
  for (int line = 0; (line = next_labelled_line(p, first.file, line));) print_labelled_line(p, first.file, line);
}

static bool file_was_before(const Diag *d, int label) {
  for (int i = 0; i < label; i++)
    if (d->labels.at[i].span.file == d->labels.at[label].span.file) return true;
  return false;
}

static void print_labels(Printer *p) {
  for (int i = 0; i < p->diag->labels.len; i++) {
    Span span = p->diag->labels.at[i].span;
    if (span.file && !file_was_before(p->diag, i)) print_file(p, i ? ":::" : "-->", span);
  }
}

/* --- drawings, notes, repairs ------------------------------------------------------------------------------------------------ */

static void print_drawing(Printer *p) {
  if (!p->diag->drawing) return;
  empty_gutter(p);
  fputc('\n', p->out);
  for (const char *line = p->diag->drawing; *line;) {
    size_t size = strcspn(line, "\n");
    if (size) fprintf(p->out, "%*s%.*s", p->gutter + 1, "", (int)size, line);
    fputc('\n', p->out);
    line += size + (line[size] == '\n');
  }
}

static void print_notes(Printer *p) {
  for (int i = 0; i < p->diag->notes.len; i++) {
    spaces(p, p->gutter + 1);
    colour(p, BLUE);
    fputs("= ", p->out);
    colour(p, PLAIN);
    fprintf(p->out, "note: %s\n", p->diag->notes.at[i]);
  }
}

static void print_help(Printer *p, const char *text) {
  colour(p, CYAN);
  fputs("help:", p->out);
  colour(p, PLAIN);
  fprintf(p->out, " %s\n", text);
}

static void signs(Printer *p, int column, int width, char sign) {
  empty_gutter(p);
  spaces(p, column + 1);
  colour(p, sign == '-' ? RED : GREEN);
  for (int i = 0; i < width; i++) fputc(sign, p->out);
  colour(p, PLAIN);
  fputc('\n', p->out);
}

static void cut_signs(Printer *p, Cut cut, int column, int end, char sign) {
  signs(p, shown_column(cut, column), shown_column(cut, end) - shown_column(cut, column), sign);
}

/* The lines as they will read, each with the new part underlined. */
static void print_edited(Printer *p, int line, const char *edited, size_t from, size_t to, char sign) {
  for (size_t begin = 0; begin <= to || !begin; line++) {
    size_t size = strcspn(edited + begin, "\n"), end = begin + size;
    size_t mark_from = from > begin ? from : begin, mark_to = to < end ? to : end;
    int column = text_width(edited + begin, mark_from > end ? size : mark_from - begin);
    const Cut cut = cut_around(edited + begin, size, column);
    source_line(p, line, edited + begin, size, cut);
    if (mark_to > mark_from) cut_signs(p, cut, column, text_width(edited + begin, mark_to - begin), sign);
    begin = end + 1;
    if (!edited[end]) return;
  }
}

static void print_removal(Printer *p, const Source *source, int line, Span place) {
  uint32_t begin = line_begin(source, line), end = line_end(source, line);
  uint32_t to = place.end < end ? place.end : end;
  int column = text_width(source->text + begin, place.begin - begin);
  const Cut cut = cut_around(source->text + begin, end - begin, column);
  source_line(p, line, source->text + begin, end - begin, cut);
  cut_signs(p, cut, column, text_width(source->text + begin, to - begin), '-');
}

static void print_suggestion(Printer *p, const DiagSuggestion *suggestion) {
  print_help(p, suggestion->help);
  Span place = suggestion->place;
  if (!place.file) return;
  const Source *source = p->session->sources.at[place.file];
  place.begin = clamp(source, place.begin), place.end = clamp(source, place.end);
  int line = line_of(p->session, place.file, place.begin), last = line_of(p->session, place.file, place.end);
  if (!*suggestion->text) {
    print_removal(p, source, line, place);
    return;
  }
  uint32_t begin = line_begin(source, line), end = line_end(source, last);
  if (end < place.end) end = place.end;
  char *edited = arena_printf(p->arena, "%.*s%s%.*s", (int)(place.begin - begin), source->text + begin, suggestion->text,
                              (int)(end - place.end), source->text + place.end);
  size_t from = place.begin - begin;
  print_edited(p, line, edited, from, from + strlen(suggestion->text), place.end > place.begin ? '~' : '+');
}

static void print_repairs(Printer *p) {
  for (int i = 0; i < p->diag->helps.len; i++) print_help(p, p->diag->helps.at[i]);
  for (int i = 0; i < p->diag->suggestions.len; i++) print_suggestion(p, &p->diag->suggestions.at[i]);
}

/* --- one, and all --------------------------------------------------------------------------------------------------------------- */

static void print_headline(Printer *p) {
  const Diag *d = p->diag;
  colour(p, severity_colour(d));
  fprintf(p->out, "%s[%s]", d->severity == SEVERITY_ERROR ? "error" : "warning", diag_name(d->code));
  colour(p, PLAIN);
  colour(p, BOLD);
  fprintf(p->out, ": %s\n", d->headline);
  colour(p, PLAIN);
}

static void print_diag(Printer *p, const Diag *d) {
  p->diag = d;
  measure_gutter(p);
  print_headline(p);
  print_labels(p);
  print_drawing(p);
  print_notes(p);
  print_repairs(p);
}

enum { MOST_PRINTED = 20 };

/* Where there are too many, warnings do not stand in an error's place. */
void diag_print_all(Session *s, FILE *out, bool with_colour) {
  int all, printed = 0;
  Diag **sorted = diag_sorted(s, &all);
  const bool cut = all > MOST_PRINTED && !s->all_errors;
  Printer p = {.session = s, .arena = s->arena, .out = out, .colour = with_colour};
  for (int i = 0; i < all && (!cut || printed < MOST_PRINTED); i++) {
    if (cut && s->errors && sorted[i]->severity != SEVERITY_ERROR) continue;
    if (printed++) fputc('\n', out);
    print_diag(&p, sorted[i]);
  }
  if (printed < all) fprintf(out, "\n… and %d more; --all prints them\n", all - printed);
}
