/* diag.c — building diagnostics, the table of their codes, and the nearest name. diag_print.c shows them. */
#include "diag.h"
#include <stdlib.h>
#include <string.h>
#include <strings.h>

/* --- building ----------------------------------------------------------------------------------------------------- */

static Diag *diag_new(Session *s, Severity severity, DiagCode code, Span span, const char *format, va_list args) {
  Diag *d = arena_new_of(s->arena, Diag);
  d->session = s;
  d->code = code;
  d->severity = severity;
  d->headline = arena_vprintf(s->arena, format, args);
  vec_push(s->arena, d->labels, ((DiagLabel){span, ""}));
  vec_push(s->arena, s->diags, d);
  return d;
}

Diag *diag_error(Session *s, DiagCode code, Span span, const char *format, ...) {
  va_list args;
  va_start(args, format);
  Diag *d = diag_new(s, SEVERITY_ERROR, code, span, format, args);
  va_end(args);
  s->errors++;
  return d;
}

Diag *diag_warning(Session *s, DiagCode code, Span span, const char *format, ...) {
  va_list args;
  va_start(args, format);
  Diag *d = diag_new(s, SEVERITY_WARNING, code, span, format, args);
  va_end(args);
  return d;
}

static bool same_span(Span a, Span b) { return a.file == b.file && a.begin == b.begin && a.end == b.end; }

void diag_label(Diag *d, Span span, const char *format, ...) {
  va_list args;
  va_start(args, format);
  const char *text = arena_vprintf(d->session->arena, format, args);
  va_end(args);
  DiagLabel *primary = &d->labels.at[0];
  if (same_span(primary->span, span) && !*primary->text) primary->text = text;
  else vec_push(d->session->arena, d->labels, ((DiagLabel){span, text}));
}

void diag_note(Diag *d, const char *format, ...) {
  va_list args;
  va_start(args, format);
  vec_push(d->session->arena, d->notes, arena_vprintf(d->session->arena, format, args));
  va_end(args);
}

void diag_help(Diag *d, const char *format, ...) {
  va_list args;
  va_start(args, format);
  vec_push(d->session->arena, d->helps, arena_vprintf(d->session->arena, format, args));
  va_end(args);
}

void diag_suggest(Diag *d, Span place, const char *text, const char *format, ...) {
  va_list args;
  va_start(args, format);
  DiagSuggestion suggestion = {place, arena_strdup(d->session->arena, text),
                               arena_vprintf(d->session->arena, format, args)};
  va_end(args);
  vec_push(d->session->arena, d->suggestions, suggestion);
}

void diag_drawing(Diag *d, const char *text) { d->drawing = arena_strdup(d->session->arena, text); }

void diag_raise(Diag *d) {
  if (d->severity == SEVERITY_ERROR) return;
  d->severity = SEVERITY_ERROR;
  d->session->errors++;
}

void diag_drop(Diag *d) {
  Session *s = d->session;
  int kept = 0;
  for (int i = 0; i < s->diags.len; i++)
    if (s->diags.at[i] != d) s->diags.at[kept++] = s->diags.at[i];
  s->diags.len = kept;
}

/* --- in order ------------------------------------------------------------------------------------------------------- */

typedef struct Placed {
  Diag *diag;
  int order; /* of its being found, which decides among those of one place */
} Placed;

static int compare_places(const void *left, const void *right) {
  const Placed *a = left, *b = right;
  const Span x = a->diag->labels.at[0].span, y = b->diag->labels.at[0].span;
  if (x.file != y.file) return x.file < y.file ? -1 : 1;
  if (x.begin != y.begin) return x.begin < y.begin ? -1 : 1;
  return a->order - b->order;
}

static bool same_diag(const Diag *a, const Diag *b) {
  return a->code == b->code && same_span(a->labels.at[0].span, b->labels.at[0].span) && !strcmp(a->headline, b->headline);
}

/* Only those of the same place, right before it, can be the same. */
static bool is_known(Diag *const *sorted, int n, const Diag *d) {
  for (int i = n - 1; i >= 0 && sorted[i]->labels.at[0].span.begin == d->labels.at[0].span.begin; i--)
    if (same_diag(sorted[i], d)) return true;
  return false;
}

Diag **diag_sorted(Session *s, int *count) {
  Placed *placed = arena_array(s->arena, Placed, s->diags.len + 1);
  Diag **sorted = arena_array(s->arena, Diag *, s->diags.len + 1);
  for (int i = 0; i < s->diags.len; i++) placed[i] = (Placed){s->diags.at[i], i};
  qsort(placed, (size_t)s->diags.len, sizeof *placed, compare_places);
  int n = 0;
  for (int i = 0; i < s->diags.len; i++)
    if (!is_known(sorted, n, placed[i].diag)) sorted[n++] = placed[i].diag;
  *count = n;
  return sorted;
}

/* --- the table of codes ------------------------------------------------------------------------------------------- */

typedef struct CodeRow {
  const char *name, *title, *explanation;
} CodeRow;

static const CodeRow code_rows[] = {
#define DIAG(code, title, explanation) {#code, title, explanation},
#include "diag.def"
#undef DIAG
};

const char *diag_name(DiagCode code) { return code_rows[code].name; }
const char *diag_title(DiagCode code) { return code_rows[code].title; }
const char *diag_explanation(DiagCode code) { return code_rows[code].explanation; }

DiagCode diag_find(const char *name) {
  for (int i = 0; i < DIAG_COUNT; i++)
    if (!strcmp(code_rows[i].name, name)) return (DiagCode)i;
  return DIAG_COUNT;
}

/* --- the nearest name --------------------------------------------------------------------------------------------- */

enum { LONGEST_NAME = 63 };

static int least(int a, int b) { return a < b ? a : b; }

/* Damerau-Levenshtein distance (optimal string alignment): insert, delete, replace, or swap two neighbours. */
static int edit_distance(const char *a, int a_size, const char *b, int b_size) {
  int distance[LONGEST_NAME + 1][LONGEST_NAME + 1];
  for (int i = 0; i <= a_size; i++) distance[i][0] = i;
  for (int j = 0; j <= b_size; j++) distance[0][j] = j;
  for (int i = 1; i <= a_size; i++)
    for (int j = 1; j <= b_size; j++) {
      int replaced = distance[i - 1][j - 1] + (a[i - 1] != b[j - 1]);
      int best = least(replaced, 1 + least(distance[i - 1][j], distance[i][j - 1]));
      bool swapped = i > 1 && j > 1 && a[i - 1] == b[j - 2] && a[i - 2] == b[j - 1];
      distance[i][j] = swapped ? least(best, 1 + distance[i - 2][j - 2]) : best;
    }
  return distance[a_size][b_size];
}

/* A third of the name may be wrong, and at least one letter of a name of two or more. */
static int allowed_distance(int size) {
  if (size < 2) return 0;
  return size < 3 ? 1 : size / 3;
}

/* `gru` is `GRU`, however many letters differ. */
static const char *but_for_case(const char *wrong, const char *const *candidates, int n) {
  for (int i = 0; i < n; i++)
    if (strlen(wrong) > 1 && !strcasecmp(wrong, candidates[i]) && strcmp(wrong, candidates[i])) return candidates[i];
  return NULL;
}

const char *did_you_mean(const char *wrong, const char *const *candidates, int n) {
  size_t wrong_size = strlen(wrong);
  if (wrong_size > LONGEST_NAME) return NULL;
  if (but_for_case(wrong, candidates, n)) return but_for_case(wrong, candidates, n);
  int best = allowed_distance((int)wrong_size) + 1;
  const char *nearest = NULL;
  for (int i = 0; i < n; i++) {
    size_t size = strlen(candidates[i]);
    if (size > LONGEST_NAME) continue;
    int distance = edit_distance(wrong, (int)wrong_size, candidates[i], (int)size);
    if (distance && distance < best) best = distance, nearest = candidates[i];
  }
  return nearest;
}
