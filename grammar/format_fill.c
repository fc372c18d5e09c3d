/* format_fill.c — one statement as text: where spaces stand between its tokens, and where it is broken when it is longer
 * than a line or has comments inside. */
#include "base/text.h"
#include "grammar/format.h"
#include "parse.h"
#include <stdlib.h>
#include <string.h>

/* --- spaces ---------------------------------------------------------------------------------------------------------------- */

static const Token *token_at(const Format *f, int i) { return &f->p->tokens.at[i]; }
static int kind_at(const Format *f, int i) { return f->p->tokens.at[i].kind; }

static bool is_sign(const Format *f, int i) {
  return kind_at(f, i) == '-' && !token_ends_value(kind_at(f, i - 1));
}

static bool is_index_bracket(const Format *f, int i) { return kind_at(f, i) == '[' && token_ends_value(kind_at(f, i - 1)); }

/* Only sums of plain names and numbers: `t-1`, `t..t-L by 3`, but `t - 2 ms` and `2 * k - 1`. */
static bool is_plain_bracket(const Format *f, int opener) {
  for (int i = opener + 1; kind_at(f, i) != ']' || token_at(f, i)->opener >= opener; i++) {
    int kind = kind_at(f, i);
    bool plain = kind == TOKEN_NAME || kind == TOKEN_NUMBER || kind == '+' || kind == '-' || kind == '.' || kind == ',' ||
                 kind == TOKEN_RANGE || kind == TOKEN_BY;
    if (!plain) return false;
  }
  return true;
}

static bool is_tight_operator(const Format *f, int i) {
  int kind = kind_at(f, i), opener = token_at(f, i)->opener;
  if ((kind != '+' && kind != '-') || opener < 0) return false;
  return is_index_bracket(f, opener) && is_plain_bracket(f, opener);
}

/* Does the token end what an `over` runs along: `sum over n.children (h)`? */
static bool ends_over(const Format *f, int i) {
  while (kind_at(f, i) == TOKEN_NAME && kind_at(f, i - 1) == '.') i -= 2;
  return kind_at(f, i) == TOKEN_NAME && kind_at(f, i - 1) == TOKEN_OVER;
}

static int statement_kind(const Format *f, int i) {
  int statement = token_at(f, i)->statement;
  while (i > 1 && token_at(f, i - 1)->statement == statement) i--;
  return kind_at(f, i);
}

static bool spaced_parenthesis(const Format *f, int i) {
  int before = kind_at(f, i - 1);
  bool callable = before == TOKEN_NAME || before == TOKEN_INDEX || before == ']';
  return !callable || ends_over(f, i - 1) || statement_kind(f, i) == TOKEN_USE;
}

static bool clings_to_next(const Format *f, int i) {
  switch (kind_at(f, i)) {
  case '(': case '[': case '.': case TOKEN_DIMS_OPEN: case TOKEN_RANGE: return true;
  default: return is_sign(f, i) || is_tight_operator(f, i);
  }
}

static bool clings_to_previous(const Format *f, int i) {
  switch (kind_at(f, i)) {
  case ')': case ']': case ',': case ';': case ':': case '.': case '%': case TOKEN_TRANSPOSE: case TOKEN_ON_COMMA:
  case TOKEN_RANGE:
    return true;
  case '(': return !spaced_parenthesis(f, i);
  case '[': case TOKEN_DIMS_OPEN: return token_ends_value(kind_at(f, i - 1));
  default: return !is_sign(f, i) && is_tight_operator(f, i);
  }
}

bool format_spaced(const Format *f, int token) { return !clings_to_next(f, token - 1) && !clings_to_previous(f, token); }

static int token_width(const Format *f, int i) {
  Span span = token_at(f, i)->span;
  return text_width(f->source + span.begin, span.end - span.begin);
}

int format_flat_width(const Format *f, int first, int end) {
  int width = 0;
  for (int i = first; i < end; i++) width += token_width(f, i) + (i > first && format_spaced(f, i));
  return width;
}

/* --- where a line may be broken -------------------------------------------------------------------------------------------- */

static int depth_of(const Format *f, int i) {
  int depth = 0;
  for (int opener = token_at(f, i)->opener; opener >= 0; opener = token_at(f, opener)->opener) depth++;
  return depth;
}

/* How loosely the parts on both sides hang together: small is better. -1: never. */
static int looseness(const Format *f, int i) {
  int next = kind_at(f, i + 1);
  if (next == TOKEN_THEN || next == TOKEN_ELSE) return 1;
  switch (kind_at(f, i)) {
  case ',': case ';': return 0;
  case '|': return 0;
  case TOKEN_OR: return 2;
  case TOKEN_AND: return 3;
  case '<': case '>': case TOKEN_LE: case TOKEN_GE: case TOKEN_EQ: case TOKEN_NE: return 4;
  case '+': return 5;
  case '-': return is_sign(f, i) ? -1 : 5;
  case '*': case '/': return 6;
  case '@': return 7;
  case '^': return 8;
  default: return -1;
  }
}

/* Worse with every bracket around. -1: the line cannot be broken after this token. */
static int badness(const Format *f, int i) {
  int loose = is_tight_operator(f, i) ? -1 : looseness(f, i);
  return loose < 0 ? -1 : 10 * depth_of(f, i) + loose;
}

/* --- writing ---------------------------------------------------------------------------------------------------------------- */

typedef struct Fill {
  Format *f;
  Line *line;
  FILE *out;
  int column;
  int value_column; /* behind the first `=` or `~`, or where a clause's arguments begin */
  int comment;      /* the next one inside */
} Fill;

static int padding(const Fill *fill, int i, int column, bool row_begins) {
  if (row_begins) return 0;
  for (int k = 0; k < MARKS; k++)
    if (fill->line->mark[k] == i && fill->line->column[k] > column) return fill->line->column[k] - column;
  return format_spaced(fill->f, i);
}

static void write_token(Fill *fill, int i, bool row_begins) {
  Span span = token_at(fill->f, i)->span;
  int pad = padding(fill, i, fill->column, row_begins), kind = kind_at(fill->f, i);
  fprintf(fill->out, "%*s%.*s", pad, "", (int)(span.end - span.begin), fill->f->source + span.begin);
  fill->column += pad + token_width(fill->f, i);
  fill->f->bracket_column[i] = fill->column;
  if (i == fill->line->mark[MARK_VALUE]) fill->value_column = fill->column + 1;
  if (kind == TOKEN_CLAUSE) fill->value_column = fill->line->column[MARK_NAMES];
}

static bool comment_follows(const Fill *fill, int i) {
  const CommentList *comments = &fill->f->p->ast->comments;
  return fill->comment < fill->line->inner_end && i + 1 < fill->line->end &&
         comments->at[fill->comment].span.begin < token_at(fill->f, i + 1)->span.begin;
}

/* The token after which the row that begins with token i is to end. */
static int choose_break(const Fill *fill, int first) {
  int column = fill->column, best = -1, best_badness = 0, early = -1, early_badness = 0;
  for (int i = first; i < fill->line->end; i++) {
    column += padding(fill, i, column, i == first && i != fill->line->first) + token_width(fill->f, i);
    if (column > LINE_WIDTH && (best >= 0 || early >= 0)) return best >= 0 ? best : early;
    if (comment_follows(fill, i)) return i;
    int bad = i + 1 < fill->line->end ? badness(fill->f, i) : -1;
    if (bad < 0) continue;
    if (column > LINE_WIDTH) return i;
    if (column >= LINE_WIDTH / 2 && (best < 0 || bad <= best_badness)) best = i, best_badness = bad;
    if (column < LINE_WIDTH / 2 && (early < 0 || bad <= early_badness)) early = i, early_badness = bad;
  }
  return fill->line->end - 1;
}

static int hang_of(const Fill *fill, int next) {
  int opener = token_at(fill->f, next)->opener;
  int hang = opener >= fill->line->first ? fill->f->bracket_column[opener] : fill->value_column;
  return hang && hang <= FARTHEST_HANG ? hang : fill->line->indent + CONTINUED;
}

static void new_row(Fill *fill, int hang) {
  fprintf(fill->out, "\n%*s", hang, "");
  fill->column = hang;
}

static void write_inner_comments(Fill *fill, int i, int hang) {
  for (; comment_follows(fill, i); fill->comment++) {
    const Comment *comment = &fill->f->p->ast->comments.at[fill->comment];
    if (comment->own_line) new_row(fill, hang);
    else fputs("  ", fill->out);
    fprintf(fill->out, "%.*s", (int)(comment->span.end - comment->span.begin), fill->f->source + comment->span.begin);
  }
}

static void write_rows(Fill *fill) {
  for (int first = fill->line->first, last; first < fill->line->end; first = last + 1) {
    last = choose_break(fill, first);
    for (int i = first; i <= last; i++) write_token(fill, i, i == first);
    if (last + 1 == fill->line->end) return;
    int hang = hang_of(fill, last + 1);
    write_inner_comments(fill, last, hang);
    new_row(fill, hang);
  }
}

void format_fill(Format *f, Line *line) {
  char *buffer = NULL;
  size_t size = 0;
  Fill fill = {.f = f, .line = line, .column = line->indent, .comment = line->inner};
  fill.out = open_memstream(&buffer, &size);
  write_rows(&fill);
  fclose(fill.out);
  line->text = arena_strndup(f->session->arena, buffer, size);
  line->width = fill.column;
  free(buffer);
}
