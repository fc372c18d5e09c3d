/* diag.h — errors people can act on: a code, a headline, places underlined, notes, and a repair.
 *
 *   Diag *d = diag_error(s, E0201, span, "`%s` and `%s` need each other within one time step", a, b);
 *   diag_label(d, span, "`%s` at t needs `%s` at t", a, b);
 *   diag_suggest(d, place, "[t-1]", "feed back the previous output");
 *
 * The first span is the primary place. Diagnostics are collected in the Session; only main() prints and exits. */
#ifndef RNN_BASE_DIAG_H
#define RNN_BASE_DIAG_H
#include "session.h"
#include <stdio.h>

typedef enum DiagCode {
#define DIAG(code, title, explanation) code,
#include "diag.def"
#undef DIAG
  DIAG_COUNT
} DiagCode;

typedef enum Severity { SEVERITY_ERROR, SEVERITY_WARNING } Severity;

typedef struct DiagLabel {
  Span span;
  const char *text;
} DiagLabel;

typedef struct DiagSuggestion {
  Span place;              /* replaced by `text`; an empty span inserts */
  const char *text, *help; /* help: what the edit does */
} DiagSuggestion;

struct Diag {
  Session *session;
  DiagCode code;
  Severity severity;
  const char *headline;
  Vec(DiagLabel) labels; /* [0] is the primary place; its text may be "" */
  Vec(const char *) notes;
  Vec(const char *) helps;
  Vec(DiagSuggestion) suggestions;
  const char *drawing; /* several lines shown below the source, or NULL */
};

Diag *diag_error(Session *s, DiagCode code, Span span, const char *format, ...) __attribute__((format(printf, 4, 5)));
Diag *diag_warning(Session *s, DiagCode code, Span span, const char *format, ...) __attribute__((format(printf, 4, 5)));
/* Says something at the primary place when `span` equals it, at a second place otherwise. */
void diag_label(Diag *d, Span span, const char *format, ...) __attribute__((format(printf, 3, 4)));
void diag_note(Diag *d, const char *format, ...) __attribute__((format(printf, 2, 3)));
void diag_help(Diag *d, const char *format, ...) __attribute__((format(printf, 2, 3)));
void diag_suggest(Diag *d, Span place, const char *text, const char *format, ...) __attribute__((format(printf, 4, 5)));
void diag_drawing(Diag *d, const char *text);

void diag_raise(Diag *d); /* a warning becomes an error */
void diag_drop(Diag *d);  /* a warning is not said */

/* All diagnostics in the order of their places, each once. */
Diag **diag_sorted(Session *s, int *count);

/* Prints all diagnostics, sorted by place, each once; colours only where asked for. */
void diag_print_all(Session *s, FILE *out, bool colour);
/* The same as JSON lines, for editors: code, message, file, byte and line ranges, suggested edits. */
void diag_print_json(Session *s, FILE *out);

const char *diag_name(DiagCode code);        /* "E0201" */
const char *diag_title(DiagCode code);       /* one line */
const char *diag_explanation(DiagCode code); /* the longer story, for `rnn explain` */
/* DIAG_COUNT when there is no such code. */
DiagCode diag_find(const char *name);

/* The candidate nearest to `wrong` within a third of its length (Damerau-Levenshtein), or NULL. */
const char *did_you_mean(const char *wrong, const char *const *candidates, int n);

#endif
