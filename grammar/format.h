/* format.h — the two halves of the formatter: format.c decides what stands on which line and in which column,
 * format_fill.c writes one line and breaks it where it is too long. */
#ifndef RNN_GRAMMAR_FORMAT_H
#define RNN_GRAMMAR_FORMAT_H
#include "grammar/grammar.h"

enum { LINE_WIDTH = 100, INDENT = 2, CONTINUED = 4, FARTHEST_HANG = 60, MARKS = 3 };

typedef enum LineKind { LINE_COMMENT, LINE_TYPED, LINE_EQUATION, LINE_CLAUSE, LINE_OTHER } LineKind;

/* The places that are aligned with the lines around: a typed line's names, its type, and its `~` or `=`. */
typedef enum MarkKind { MARK_NAMES, MARK_TYPE, MARK_VALUE } MarkKind;

typedef struct Line {
  LineKind kind;
  int indent;
  bool blank_before;
  int first, end;         /* tokens */
  int inner, inner_end;   /* comments between its tokens */
  int trailing;           /* the comment after it; of a LINE_COMMENT the comment itself; -1 for none */
  int mark[MARKS];        /* tokens; -1 for none */
  int column[MARKS];      /* where they are put; 0: behind what is before */
  const char *text;       /* as written, without indent and trailing comment */
  int width;              /* of its last row, with indent */
} Line;

typedef struct Format {
  Session *session;
  const Parser *p;
  const char *source;
  Vec(Line) lines;
  int *bracket_column;    /* by token: the column after an open bracket */
} Format;

bool format_spaced(const Format *f, int token);              /* a space before it? */
int format_flat_width(const Format *f, int first, int end);  /* of tokens in one row */
void format_fill(Format *f, Line *line);                     /* sets text and width */

#endif
