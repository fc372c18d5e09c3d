/* layout.c — decides which newlines end a statement, which words are keywords, and closes what was left open.
 *
 * The parser behind it gets brackets that always match and a NEWLINE after every statement, so it can recover from any
 * mistake at the next NEWLINE. A name that stands directly after a value (`m[t-1] on n`, `y for 4 steps`) can only be an
 * operator word; that one rule makes nearly all keywords ordinary names elsewhere. */
#include "base/diag.h"
#include "grammar/grammar.h"
#include "parse.h"
#include <string.h>

enum { MAX_BRACKETS = 500 };

typedef struct Layout {
  Parser *p;
  int at;                /* the next scanned token */
  Place place;
  Vec(int) open;         /* brackets not yet closed: their places among the emitted tokens */
  int block;             /* the `{` around the place; -1 at the top */
  int head;              /* the keyword the declaration began with */
  int statement;
  bool begins;           /* no token of the statement yet */
  bool after_equals;
  bool clock_list;       /* after `on`, while names and commas alternate */
  bool stray_brace;      /* a `{` inside a statement was reported in this block */
} Layout;

/* --- words ---------------------------------------------------------------------------------------------------------- */

typedef enum WordGroup { TOP, BODY, INFIX, PREFIX } WordGroup;

static const struct {
  int kind;
  const char *text;
  WordGroup group;
} words[] = {
#define WORD(kind, text, group) {TOKEN_##kind, text, group},
#include "grammar/words.def"
#undef WORD
};

enum { WORDS = sizeof words / sizeof *words };

/* The keyword's token kind, 0 when the name is no word of the group. */
static int word_kind(WordGroup group, Name name) {
  if (!name) return 0;
  for (int i = 0; i < WORDS; i++)
    if (words[i].group == group && !strcmp(words[i].text, name)) return words[i].kind;
  return 0;
}

static int nearest_word(WordGroup group, Name name) {
  const char *candidates[WORDS];
  int n = 0;
  for (int i = 0; i < WORDS; i++)
    if (words[i].group == group) candidates[n++] = words[i].text;
  const char *nearest = did_you_mean(name, candidates, n);
  return nearest ? word_kind(group, nearest) : 0;
}

static const char *word_text(int kind) {
  for (int i = 0; i < WORDS; i++)
    if (words[i].kind == kind) return words[i].text;
  return "";
}

/* --- looking around --------------------------------------------------------------------------------------------------- */

/* The k-th scanned token from here, newlines not counted; the end of the file at most. */
static const Token *ahead(const Layout *l, int k) {
  const TokenList *scanned = &l->p->scanned;
  for (int i = l->at; i < scanned->len; i++)
    if (scanned->at[i].kind != TOKEN_NEWLINE && k-- == 0) return &scanned->at[i];
  return &scanned->at[scanned->len - 1];
}

/* The scanned token right behind the one being looked at, newlines included. */
static const Token *behind(const Layout *l) {
  int last = l->p->scanned.len - 1;
  return &l->p->scanned.at[l->at < last ? l->at : last];
}

static bool is_word(const Token *t, const char *text) { return t->name && !strcmp(t->name, text); }

static const Token *previous(const Layout *l) {
  static const Token nothing = {.kind = TOKEN_NEWLINE};
  return l->p->tokens.len ? &l->p->tokens.at[l->p->tokens.len - 1] : &nothing;
}

bool token_ends_value(int kind) {
  switch (kind) {
  case TOKEN_NAME: case TOKEN_NUMBER: case TOKEN_STRING: case TOKEN_UNIT: case TOKEN_TRANSPOSE: case TOKEN_SEQUENCE:
  case '%': case ')': case ']':
    return true;
  default:
    return false;
  }
}

/* Does a line that ends with this go on in the next one? */
bool token_continues(int kind) {
  switch (kind) {
  case '+': case '-': case '*': case '/': case '@': case '^': case '<': case '>': case '|': case ',': case TOKEN_EQ:
  case TOKEN_NE: case TOKEN_LE: case TOKEN_GE: case TOKEN_AND: case TOKEN_OR: case TOKEN_NOT: case TOKEN_THEN:
  case TOKEN_ELSE: case TOKEN_ON_COMMA: case TOKEN_RANGE:
    return true;
  default:
    return false;
  }
}

static bool ends_block(int kind) { return kind == '}' || kind == TOKEN_YYEOF; }

/* --- emitting --------------------------------------------------------------------------------------------------------- */

static Token *emit(Layout *l, Token t) {
  t.place = l->place;
  t.statement = l->statement;
  t.after_equals = l->after_equals || l->open.len;
  t.opener = l->open.len ? l->open.at[l->open.len - 1] : -1;
  if (t.kind != TOKEN_NAME && t.kind != TOKEN_ON && t.kind != TOKEN_ON_COMMA) l->clock_list = false;
  if (t.kind == TOKEN_ON) l->clock_list = true;
  if ((t.kind == '=' || t.kind == '~') && !l->open.len) l->after_equals = true;
  l->begins = false;
  vec_push(l->p->session->arena, l->p->tokens, t);
  return &l->p->tokens.at[l->p->tokens.len - 1];
}

static void emit_made_up(Layout *l, int kind) {
  uint32_t end = previous(l)->span.end;
  emit(l, (Token){.kind = kind, .span = {l->p->file, end, end}, .made_up = true});
}

static void next_statement(Layout *l) {
  l->statement++;
  l->begins = true;
  l->after_equals = l->clock_list = false;
}

static void end_statement(Layout *l) {
  if (l->begins) return;
  emit_made_up(l, TOKEN_NEWLINE);
  next_statement(l);
}

/* --- brackets ----------------------------------------------------------------------------------------------------------- */

static const char *bracket_text(int kind) {
  return kind == '(' ? "(" : kind == '{' ? "{" : kind == ')' ? ")" : kind == '}' ? "}" : kind == ']' ? "]" : "[";
}

static int closer_of(int opener) { return opener == '(' ? ')' : opener == '{' ? '}' : ']'; }

static const Token *innermost(const Layout *l) { return &l->p->tokens.at[l->open.at[l->open.len - 1]]; }

static void emit_open(Layout *l, Token t) {
  emit(l, t);
  vec_push(l->p->session->arena, l->open, l->p->tokens.len - 1);
  if (l->open.len > MAX_BRACKETS) syntax_too_deep(l->p, t.span);
}

static void report_unclosed(Layout *l) {
  if (l->p->wants_more && ahead(l, 0)->kind == TOKEN_YYEOF) return;
  if (syntax_hidden_closer(l->p, l->open.at[l->open.len - 1])) return;
  Token opener = *innermost(l);
  const char *text = bracket_text(opener.kind);
  Diag *d = syntax_error(l->p, &opener, "this `%s` is never closed", text);
  if (!d) return;
  uint32_t end = previous(l)->span.end;
  const char *closer = bracket_text(closer_of(opener.kind));
  diag_label(d, opener.span, "opened here");
  diag_suggest(d, (Span){l->p->file, end, end}, closer, "close it, perhaps here");
}

/* Closes what is open, as if it had been written, after reporting the innermost. */
static void close_brackets(Layout *l) {
  if (l->open.len) report_unclosed(l);
  while (l->open.len) {
    int kind = closer_of(innermost(l)->kind);
    l->open.len--;
    emit_made_up(l, kind);
  }
}

static void close_nothing(Layout *l, Token t) {
  t.statement = l->statement;
  Diag *d = syntax_error(l->p, &t, "this `%s` closes nothing", bracket_text(t.kind));
  if (d) diag_suggest(d, t.span, "", "leave it out");
}

static void report_mismatch(Layout *l, Token t) {
  t.statement = l->statement;
  Token opener = *innermost(l);
  Diag *d = syntax_error(l->p, &t, "`%s` cannot close `%s`", bracket_text(t.kind), bracket_text(opener.kind));
  if (!d) return;
  diag_label(d, opener.span, "opened here");
  diag_suggest(d, t.span, bracket_text(closer_of(opener.kind)), "close it with its own bracket");
}

static void layout_closer(Layout *l, Token t) {
  if (!l->open.len) {
    close_nothing(l, t);
    return;
  }
  bool fits_next = l->open.len > 1 && closer_of(l->p->tokens.at[l->open.at[l->open.len - 2]].kind) == t.kind;
  if (closer_of(innermost(l)->kind) != t.kind && fits_next) {
    report_unclosed(l);
    int kind = closer_of(innermost(l)->kind);
    l->open.len--;
    emit_made_up(l, kind);
  } else if (closer_of(innermost(l)->kind) != t.kind) {
    report_mismatch(l, t);
    t.kind = closer_of(innermost(l)->kind);
  }
  l->open.len--;
  emit(l, t);
}

/* --- blocks -------------------------------------------------------------------------------------------------------------- */

static bool has_clauses(int head) { return head == TOKEN_TRAIN || head == TOKEN_RUN; }
static bool has_block(int head) { return head == TOKEN_CELL || head == TOKEN_NET || has_clauses(head); }

static bool at_margin(const Layout *l, const Token *t) {
  const Source *source = l->p->session->sources.at[l->p->file];
  return t->span.begin == 0 || source->text[t->span.begin - 1] == '\n';
}

static void open_block(Layout *l, Token t) {
  close_brackets(l);
  emit(l, t);
  l->block = l->p->tokens.len - 1;
  l->place = has_clauses(l->head) ? PLACE_CLAUSES : PLACE_BODY;
  l->stray_brace = false;
  next_statement(l);
}

static void close_block(Layout *l, Token t) {
  close_brackets(l);
  end_statement(l);
  emit(l, t);
  l->place = PLACE_TOP;
  l->block = -1;
  end_statement(l);
}

static void report_open_block(Layout *l) {
  Token opener = l->p->tokens.at[l->block];
  if (l->stray_brace || (l->p->wants_more && ahead(l, 0)->kind == TOKEN_YYEOF)) return;
  Diag *d = syntax_error(l->p, &opener, "this `{` is never closed");
  if (!d) return;
  diag_label(d, opener.span, "opened here");
  uint32_t end = previous(l)->span.end;
  if (previous(l)->kind == TOKEN_NEWLINE) diag_suggest(d, (Span){l->p->file, end, end}, "\n}", "close it");
}

static void close_forgotten_block(Layout *l) {
  close_brackets(l);
  end_statement(l);
  report_open_block(l);
  uint32_t end = previous(l)->span.end;
  close_block(l, (Token){.kind = '}', .span = {l->p->file, end, end}, .made_up = true});
}

static void layout_brace(Layout *l, Token t) {
  if (l->block < 0 && l->place == PLACE_TOP) {
    open_block(l, t);
    return;
  }
  l->stray_brace = true;
  emit_open(l, t);
}

static void layout_closing_brace(Layout *l, Token t) {
  bool inside_statement = false;
  for (int i = 0; i < l->open.len; i++) inside_statement |= l->p->tokens.at[l->open.at[i]].kind == '{';
  if (inside_statement) {
    while (innermost(l)->kind != '{') layout_closer(l, (Token){.kind = closer_of(innermost(l)->kind), .span = t.span});
    layout_closer(l, t);
  } else if (l->block >= 0) {
    close_block(l, t);
  } else {
    close_nothing(l, t);
  }
}

/* Inside a block, a line that can only be the head of the next declaration: the `}` before it is missing. */
static bool begins_declaration(const Layout *l, const Token *t) {
  const Token *name = ahead(l, 0), *then = ahead(l, 1);
  int kind = word_kind(TOP, t->name);
  if (!kind || kind == TOKEN_LET || !t->line_before || name->kind != TOKEN_NAME) return false;
  return at_margin(l, t) || (has_block(kind) && (then->kind == '{' || is_word(then, "as")));
}

/* --- newlines ------------------------------------------------------------------------------------------------------------- */

static bool goes_on_with(const Token *t, const Token *after) {
  bool branch = is_word(t, "then") || is_word(t, "else");
  return branch && after->kind != '=';
}

/* Inside brackets newlines do not count — unless what follows cannot be inside them. */
static bool bracket_forgotten(const Layout *l) {
  const Token *next = ahead(l, 0);
  if (innermost(l)->kind == '{') return next->kind == TOKEN_YYEOF;
  if (ends_block(next->kind)) return true;
  return (token_ends_value(previous(l)->kind) || previous(l)->kind == TOKEN_WRONG) && next->kind == TOKEN_NAME && !word_kind(INFIX, next->name);
}

/* The head of a block is over without `{`, and the lines that follow stand in: the brace was forgotten. */
static void open_forgotten_block(Layout *l) {
  const Token *next = ahead(l, 0);
  if (l->place != PLACE_TOP || !has_block(l->head) || at_margin(l, next) || ends_block(next->kind)) return;
  uint32_t end = previous(l)->span.end;
  Token brace = {.kind = '{', .span = {l->p->file, end, end}, .statement = l->statement, .made_up = true};
  Diag *d = syntax_error(l->p, &brace, "the `{` that opens the block is missing");
  if (d) diag_suggest(d, brace.span, " {", "open the block");
  open_block(l, brace);
  l->stray_brace = true;
}

/* Initialisers are chained after `~` only; elsewhere a `|` at the end of a line is the second bar of `|u|`. */
static bool goes_on(const Layout *l) {
  if (previous(l)->kind != '|') return token_continues(previous(l)->kind);
  for (int i = l->p->tokens.len - 1; i >= 0 && l->p->tokens.at[i].statement == l->statement; i--)
    if (l->p->tokens.at[i].kind == '~') return true;
  return false;
}

static void layout_newline(Layout *l) {
  const Token *next = ahead(l, 0);
  if (l->begins || previous(l)->kind == TOKEN_START_EXPR) return;
  if (l->open.len) {
    if (!bracket_forgotten(l)) return;
    l->p->incomplete |= next->kind == TOKEN_YYEOF;
    close_brackets(l);
  } else if (!ends_block(next->kind)) {
    if (goes_on(l) || goes_on_with(next, ahead(l, 1))) return;
    if (l->place == PLACE_TOP && l->block < 0 && next->kind == '{' && l->head) return;
  }
  l->p->incomplete |= token_continues(previous(l)->kind);
  open_forgotten_block(l);
  end_statement(l);
}

/* --- the first word of a statement ------------------------------------------------------------------------------------------ */

static void report_misspelt(Layout *l, Token t, int kind) {
  t.statement = l->statement;
  Diag *d = syntax_error(l->p, &t, "unknown word `%s`", t.name);
  if (d) diag_suggest(d, t.span, word_text(kind), "did you mean `%s`?", word_text(kind));
}

static void report_no_declaration(Layout *l, Token t) {
  t.statement = l->statement;
  bool equation = ahead(l, 0)->kind == '=', item = word_kind(BODY, t.name);
  if (!equation && syntax_first_word(l->p, &t)) return;
  Diag *d = syntax_error(l->p, &t, equation || item ? "`%s` stands outside of a cell or a net" : "unknown word `%s`", t.name);
  if (!d) return;
  if (equation && !item) diag_help(d, "a size is `dim %s = …`, a constant `let %s = …`; equations stand between the braces of `net NAME { … }`", t.name, t.name);
  else if (item) diag_help(d, "equations and params stand between the braces of `net NAME { … }`");
  else diag_help(d, "a declaration begins with use, time, tree, dim, vocab, let, seed, cell, net, train or run");
}

/* Leaves out a statement, with its block if it has one. */
static void skip_statement(Layout *l) {
  int depth = 0;
  for (;; l->at++) {
    int kind = l->p->scanned.at[l->at].kind;
    if (kind == TOKEN_YYEOF || (kind == TOKEN_NEWLINE && depth <= 0)) return;
    depth += (kind == '{') - (kind == '}');
  }
}

static void begin_declaration(Layout *l, Token t) {
  int kind = word_kind(TOP, t.name);
  if (!kind && ahead(l, 0)->kind != '=' && !word_kind(BODY, t.name) && !syntax_knows_word(&t)) {
    kind = nearest_word(TOP, t.name);
    if (kind) report_misspelt(l, t, kind);
  }
  if (!kind) {
    report_no_declaration(l, t);
    skip_statement(l);
    next_statement(l);
    return;
  }
  t.kind = l->head = kind;
  emit(l, t);
}

static void begin_item(Layout *l, Token t) {
  const Token *next = ahead(l, 0);
  int kind = next->kind == '=' || next->kind == ',' ? 0 : word_kind(BODY, t.name);
  if (!kind && next->kind == TOKEN_NAME && !next->line_before) {
    kind = nearest_word(BODY, t.name);
    if (kind) report_misspelt(l, t, kind);
  }
  if (kind) t.kind = kind;
  emit(l, t);
}

static void begin_statement(Layout *l, Token t) {
  if (l->place == PLACE_CLAUSES) {
    t.kind = TOKEN_CLAUSE;
    emit(l, t);
  } else if (l->place == PLACE_BODY) {
    begin_item(l, t);
  } else {
    begin_declaration(l, t);
  }
}

/* --- all other words ----------------------------------------------------------------------------------------------------- */

static bool is_unit(const Layout *l, const Token *t) {
  return previous(l)->kind == TOKEN_NUMBER && !t->line_before && (is_word(t, "ms") || is_word(t, "us") || is_word(t, "s"));
}

static bool is_operator_word(int kind) {
  return kind == TOKEN_AND || kind == TOKEN_OR || kind == TOKEN_THEN || kind == TOKEN_ELSE || kind == TOKEN_OVER ||
         kind == TOKEN_AS;
}

/* The kind of a name that stands directly after a value. */
static int after_value(const Layout *l, const Token *t) {
  int kind = word_kind(INFIX, t->name);
  bool in_clause = l->place == PLACE_CLAUSES && !l->open.len;
  if (in_clause) return is_operator_word(kind) ? kind : TOKEN_MODIFIER;
  bool clock_word = kind == TOKEN_STEP || kind == TOKEN_LENGTH;
  if (clock_word && l->head != TOKEN_TIME) return TOKEN_NAME;
  return kind ? kind : TOKEN_NAME;
}

static bool starts_value(int kind) {
  return kind == TOKEN_NAME || kind == TOKEN_NUMBER || kind == TOKEN_STRING;
}

/* `validate last 10%`, `stop when loss < 0.01`: a modifier directly after the clause's keyword. */
static bool is_leading_modifier(const Layout *l, const Token *t) {
  static const char *const modifiers[] = {"last", "when", "with", "by", "for", "where", "windows", "window", "every", "cuts"};
  const Token *next = behind(l);
  bool bracket = is_word(t, "when") && next->space_before && (next->kind == '(' || next->kind == '-');
  if (previous(l)->kind != TOKEN_CLAUSE || !(starts_value(next->kind) || bracket)) return false;
  if (word_kind(INFIX, next->name)) return false;
  for (size_t i = 0; i < sizeof modifiers / sizeof *modifiers; i++)
    if (is_word(t, modifiers[i])) return true;
  return false;
}

static bool is_named_argument(const Layout *l) {
  int kind = previous(l)->kind;
  return behind(l)->kind == '=' && (kind == '(' || kind == ',' || kind == ';' || kind == TOKEN_DIMS_OPEN);
}

static void layout_word(Layout *l, Token t) {
  int before = previous(l)->kind;
  if (before == '.') t.kind = TOKEN_NAME;
  else if (is_unit(l, &t)) t.kind = TOKEN_UNIT;
  else if (before == TOKEN_PER && is_word(&t, "sequence")) t.kind = TOKEN_SEQUENCE;
  else if (token_ends_value(before)) t.kind = after_value(l, &t);
  else if (before == ':' && is_word(&t, "index")) t.kind = TOKEN_INDEX;
  else if (is_leading_modifier(l, &t)) t.kind = TOKEN_MODIFIER;
  else if (word_kind(PREFIX, t.name) && !is_named_argument(l)) t.kind = word_kind(PREFIX, t.name);
  emit(l, t);
}

/* --- punctuation ------------------------------------------------------------------------------------------------------------ */

/* `on t, n`: the comma goes on with the clocks, unless what follows is the next argument. */
static bool is_clock_comma(const Layout *l) {
  if (!l->clock_list || previous(l)->kind != TOKEN_NAME || ahead(l, 0)->kind != TOKEN_NAME) return false;
  int after = ahead(l, 1)->kind;
  return after != ':' && !(l->open.len && after == '=');
}

/* `LSTM[H = H]`: a bracket of bindings belongs to a call. */
static bool opens_dims(const Layout *l) {
  return previous(l)->kind == TOKEN_NAME && ahead(l, 0)->kind == TOKEN_NAME && ahead(l, 1)->kind == '=';
}

static void layout_punctuation(Layout *l, Token t) {
  switch (t.kind) {
  case '{': layout_brace(l, t); return;
  case '}': layout_closing_brace(l, t); return;
  case ')': case ']': layout_closer(l, t); return;
  case '[': t.kind = opens_dims(l) ? TOKEN_DIMS_OPEN : '['; emit_open(l, t); return;
  case '(': emit_open(l, t); return;
  case ',': t.kind = is_clock_comma(l) ? TOKEN_ON_COMMA : ','; break;
  case '\'': t.kind = token_ends_value(previous(l)->kind) && !t.space_before ? TOKEN_TRANSPOSE : TOKEN_WRONG; break;
  default: break;
  }
  emit(l, t);
}

/* --- the whole file --------------------------------------------------------------------------------------------------------- */

static void layout_token(Layout *l, Token t) {
  if (l->block >= 0 && l->begins && begins_declaration(l, &t)) close_forgotten_block(l);
  if (t.kind == TOKEN_NEWLINE) layout_newline(l);
  else if (t.kind == TOKEN_NAME && l->begins) begin_statement(l, t);
  else if (t.kind == TOKEN_NAME) layout_word(l, t);
  else layout_punctuation(l, t);
}

static void layout_end(Layout *l, Token end) {
  l->p->incomplete |= l->open.len || l->block >= 0;
  if (!l->p->abandoned) close_brackets(l);
  end_statement(l);
  if (l->block >= 0 && !l->p->abandoned) close_forgotten_block(l);
  emit(l, end);
}

static void push_start(Layout *l, StartSymbol start) {
  static const int kinds[] = {TOKEN_START_FILE, TOKEN_START_ITEM, TOKEN_START_EXPR};
  emit(l, (Token){.kind = kinds[start], .span = {l->p->file, 0, 0}});
  l->begins = start != START_WITH_EXPR;
  l->after_equals = !l->begins;
}

void grammar_layout(Parser *p, StartSymbol start) {
  Layout l = {.p = p, .block = -1, .place = start == START_WITH_FILE ? PLACE_TOP : PLACE_BODY};
  push_start(&l, start);
  while (!p->abandoned && p->scanned.at[l.at].kind != TOKEN_YYEOF) {
    Token t = p->scanned.at[l.at++];
    layout_token(&l, t);
  }
  layout_end(&l, p->scanned.at[p->scanned.len - 1]);
}
