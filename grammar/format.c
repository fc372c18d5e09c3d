/* format.c — the program in its canonical form. It works on tokens, so parentheses stay as they were written and comments
 * stay between the tokens they stood between; only spaces, line breaks inside statements and alignment are its own.
 *
 * Lines that follow each other without a blank line or a comment between form a group, and are aligned. */
#include "base/text.h"
#include "grammar/format.h"
#include "parse.h"
#include <string.h>

enum { SHORTEST_CLAUSE_COLUMN = 9 }; /* `optimizer`, so that most blocks look alike */

/* --- statements become lines ------------------------------------------------------------------------------------------- */

static const Token *token_at(const Format *f, int i) { return &f->p->tokens.at[i]; }
static const Comment *comment_at(const Format *f, int i) { return &f->p->ast->comments.at[i]; }

static bool is_declaration_word(int kind) {
  return kind == TOKEN_PARAM || kind == TOKEN_FIXED || kind == TOKEN_STATE || kind == TOKEN_INPUT || kind == TOKEN_TARGET ||
         kind == TOKEN_OUTPUT;
}

static LineKind kind_of(const Token *first) {
  if (first->place == PLACE_CLAUSES) return first->kind == TOKEN_CLAUSE ? LINE_CLAUSE : LINE_OTHER;
  if (first->place == PLACE_TOP) return LINE_OTHER;
  if (is_declaration_word(first->kind)) return LINE_TYPED;
  return first->kind == TOKEN_NAME || first->kind == TOKEN_SHARED ? LINE_EQUATION : LINE_OTHER;
}

/* The first token of the line outside of brackets that is one of the two. */
static int find_outside(const Format *f, const Line *line, int kind, int other) {
  for (int i = line->first; i < line->end; i++) {
    const Token *t = token_at(f, i);
    if (t->opener < 0 && (t->kind == kind || t->kind == other)) return i;
  }
  return -1;
}

static void find_marks(const Format *f, Line *line) {
  for (int k = 0; k < MARKS; k++) line->mark[k] = -1;
  if (line->kind == LINE_EQUATION || line->kind == LINE_TYPED) line->mark[MARK_VALUE] = find_outside(f, line, '=', '~');
  if (line->kind == LINE_TYPED) {
    int colon = find_outside(f, line, ':', ':');
    line->mark[MARK_TYPE] = colon < 0 ? -1 : colon + 1;
  }
  bool padded = line->kind == LINE_TYPED || line->kind == LINE_CLAUSE;
  if (padded && line->first + 1 < line->end) line->mark[MARK_NAMES] = line->first + 1;
}

static int newlines_between(const Format *f, uint32_t from, uint32_t to) {
  int count = 0;
  for (uint32_t i = from; i < to; i++) count += f->source[i] == '\n';
  return count;
}

typedef struct Gather {
  Format *f;
  int comment;      /* the next one */
  uint32_t end;     /* of what came before */
  bool after_open;  /* what came before opened a block, or nothing came */
} Gather;

static void add_line(Gather *g, Line line, Span span, bool opens, bool closes) {
  bool blank = newlines_between(g->f, g->end, span.begin) > 1;
  line.blank_before = blank && !g->after_open && !closes;
  vec_push(g->f->session->arena, g->f->lines, line);
  g->end = span.end;
  g->after_open = opens;
}

static void gather_comments_before(Gather *g, uint32_t offset, int indent) {
  for (; g->comment < g->f->p->ast->comments.len; g->comment++) {
    Span span = comment_at(g->f, g->comment)->span;
    if (span.begin >= offset) return;
    add_line(g, (Line){.kind = LINE_COMMENT, .indent = indent, .trailing = g->comment}, span, false, false);
  }
}

/* A comment behind the line, before anything else begins. */
static int take_trailing(Gather *g, int next_token) {
  if (g->comment >= g->f->p->ast->comments.len) return -1;
  const Comment *comment = comment_at(g->f, g->comment);
  if (comment->own_line || comment->span.begin > token_at(g->f, next_token)->span.begin) return -1;
  g->end = comment->span.end;
  return g->comment++;
}

static void gather_statement(Gather *g, int first, int end) {
  const Token *head = token_at(g->f, first), *last = token_at(g->f, end - 1);
  bool closes = head->kind == '}', inside = head->place != PLACE_TOP;
  gather_comments_before(g, head->span.begin, inside ? INDENT : 0);
  Line line = {.kind = kind_of(head), .indent = inside && !closes ? INDENT : 0, .first = first, .end = end, .trailing = -1};
  line.inner = g->comment;
  while (g->comment < g->f->p->ast->comments.len && comment_at(g->f, g->comment)->span.begin < last->span.begin) g->comment++;
  line.inner_end = g->comment;
  find_marks(g->f, &line);
  add_line(g, line, (Span){0, head->span.begin, last->span.end}, last->kind == '{', closes);
  int next = end;
  while (token_at(g->f, next)->made_up && token_at(g->f, next)->kind == TOKEN_NEWLINE) next++;
  g->f->lines.at[g->f->lines.len - 1].trailing = take_trailing(g, next);
}

static void gather_lines(Format *f) {
  Gather g = {.f = f, .after_open = true};
  const TokenList *tokens = &f->p->tokens;
  for (int first = 1, end; first < tokens->len; first = end) {
    for (end = first; end < tokens->len && tokens->at[end].statement == tokens->at[first].statement; end++) continue;
    int last = end;
    while (last > first && (tokens->at[last - 1].kind == TOKEN_NEWLINE || tokens->at[last - 1].kind == TOKEN_YYEOF)) last--;
    if (last > first) gather_statement(&g, first, last);
  }
  gather_comments_before(&g, UINT32_MAX, 0);
}

/* --- alignment ------------------------------------------------------------------------------------------------------------ */

static int larger(int a, int b) { return a > b ? a : b; }

/* The end of the group that begins here. */
static int group_end(const Format *f, int begin) {
  int end = begin + 1;
  while (end < f->lines.len && f->lines.at[end].kind == f->lines.at[begin].kind && !f->lines.at[end].blank_before) end++;
  return end;
}

/* Puts a mark of all lines of the group that have it behind the widest of what is between `from` and the mark. */
static void align(Format *f, int begin, int end, MarkKind mark, int from_mark, int least) {
  int column = least;
  for (int i = begin; i < end; i++) {
    const Line *line = &f->lines.at[i];
    int from = from_mark < 0 ? line->first : line->mark[from_mark], to = line->mark[mark];
    if (to < 0 || from < 0) continue;
    int start = from_mark < 0 ? line->indent : line->column[from_mark];
    column = larger(column, start + format_flat_width(f, from, to) + 1);
  }
  for (int i = begin; i < end; i++) f->lines.at[i].column[mark] = column;
}

static bool has_value_like(const Format *f, const Line *a, const Line *b) {
  if (a->mark[MARK_VALUE] < 0 || b->mark[MARK_VALUE] < 0 || a->mark[MARK_TYPE] < 0 || b->mark[MARK_TYPE] < 0) return false;
  return token_at(f, a->mark[MARK_VALUE])->kind == token_at(f, b->mark[MARK_VALUE])->kind;
}

static void align_typed(Format *f, int begin, int end) {
  align(f, begin, end, MARK_NAMES, -1, 0);
  align(f, begin, end, MARK_TYPE, MARK_NAMES, 0);
  for (int from = begin, to; from < end; from = to) {
    for (to = from + 1; to < end && has_value_like(f, &f->lines.at[from], &f->lines.at[to]);) to++;
    if (f->lines.at[from].mark[MARK_TYPE] >= 0) align(f, from, to, MARK_VALUE, MARK_TYPE, 0);
  }
}

static void align_lines(Format *f) {
  for (int begin = 0, end; begin < f->lines.len; begin = end) {
    end = group_end(f, begin);
    LineKind kind = f->lines.at[begin].kind;
    if (kind == LINE_TYPED) align_typed(f, begin, end);
    if (kind == LINE_EQUATION) align(f, begin, end, MARK_VALUE, -1, 0);
    if (kind == LINE_CLAUSE) align(f, begin, end, MARK_NAMES, -1, INDENT + SHORTEST_CLAUSE_COLUMN + 1);
  }
}

/* --- output ----------------------------------------------------------------------------------------------------------------- */

static bool has_trailing(const Line *line) { return line->kind != LINE_COMMENT && line->trailing >= 0; }

static int trailing_end(const Format *f, int begin) {
  int end = begin + 1;
  while (end < f->lines.len && has_trailing(&f->lines.at[end]) && !f->lines.at[end].blank_before) end++;
  return end;
}

/* The column of the comments of lines that follow each other; overlong lines do not push it out. */
static int trailing_column(const Format *f, int begin, int end) {
  int column = 0;
  for (int i = begin; i < end; i++)
    if (f->lines.at[i].width <= LINE_WIDTH - 10) column = larger(column, f->lines.at[i].width + 2);
  return column;
}

static void write_comment(const Format *f, int comment, FILE *out) {
  Span span = comment_at(f, comment)->span;
  fwrite(f->source + span.begin, 1, span.end - span.begin, out);
}

static void write_line(const Format *f, const Line *line, int comment_column, FILE *out) {
  if (line->blank_before) fputc('\n', out);
  fprintf(out, "%*s", line->indent, "");
  if (line->kind != LINE_COMMENT) fputs(line->text, out);
  if (has_trailing(line)) fprintf(out, "%*s", larger(2, comment_column - line->width), "");
  if (line->trailing >= 0) write_comment(f, line->trailing, out);
  fputc('\n', out);
}

static void write_lines(const Format *f, FILE *out) {
  int until = 0, column = 0;
  for (int i = 0; i < f->lines.len; i++) {
    if (i >= until && has_trailing(&f->lines.at[i])) {
      until = trailing_end(f, i);
      column = trailing_column(f, i, until);
    }
    write_line(f, &f->lines.at[i], column, out);
  }
}

/* What could not be read is left as it is. */
static void write_as_it_is(Session *s, const Ast *ast, FILE *out) {
  const Source *source = s->sources.at[ast->file];
  fwrite(source->text, 1, source->size, out);
}

void ast_format(Session *s, const Ast *ast, FILE *out) {
  if (ast->broken) {
    write_as_it_is(s, ast, out);
    return;
  }
  Parser *p = parser_new(s, ast->file);
  grammar_scan(p);
  grammar_layout(p, START_WITH_FILE);
  Format f = {.session = s, .p = p, .source = s->sources.at[ast->file]->text};
  f.bracket_column = arena_array(s->arena, int, p->tokens.len);
  gather_lines(&f);
  align_lines(&f);
  for (int i = 0; i < f.lines.len; i++)
    if (f.lines.at[i].kind != LINE_COMMENT) format_fill(&f, &f.lines.at[i]);
  write_lines(&f, out);
}
