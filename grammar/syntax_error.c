/* syntax_error.c — what a syntax error says: a hint from hints.def where one fits, otherwise what was expected. */
#include "base/diag.h"
#include "grammar/grammar.h"
#include "grammar/letters.h"
#include "parse.h"
#include <ctype.h>
#include <string.h>

/* --- one error a statement ------------------------------------------------------------------------------------------- */

static bool first_of_statement(Parser *p, int statement) {
  while (p->reported.len <= statement) vec_push(p->session->arena, p->reported, false);
  bool first = !p->reported.at[statement];
  p->reported.at[statement] = true;
  return first;
}

Diag *syntax_error(Parser *p, const Token *at, const char *format, ...) {
  if (!first_of_statement(p, at->statement)) return NULL;
  va_list args;
  va_start(args, format);
  const char *headline = arena_vprintf(p->session->arena, format, args);
  va_end(args);
  return diag_error(p->session, E0002, at->span, "%s", headline);
}

void syntax_too_deep(Parser *p, Span span) {
  if (!p->abandoned) {
    Diag *d = diag_error(p->session, E0003, span, "this is nested too deeply");
    diag_help(d, "give its parts names of their own");
  }
  p->abandoned = true;
}

/* --- words for tokens ------------------------------------------------------------------------------------------------- */

static const struct {
  int kind;
  const char *name;
} kind_names[] = {
  {TOKEN_NAME, "a name"}, {TOKEN_NUMBER, "a number"}, {TOKEN_STRING, "a string"}, {TOKEN_NEWLINE, "the end of the line"},
  {TOKEN_YYEOF, "the end of the file"}, {TOKEN_UNIT, "a unit"}, {TOKEN_WRONG, "an unknown character"},
  {TOKEN_CLAUSE, "a clause's keyword"}, {TOKEN_MODIFIER, "a modifier"}, {TOKEN_INDEX, "`index`"},
  {TOKEN_EQ, "`==`"}, {TOKEN_NE, "`!=`"}, {TOKEN_LE, "`<=`"}, {TOKEN_GE, "`>=`"}, {TOKEN_RANGE, "`..`"},
  {TOKEN_ARROW, "`->`"}, {TOKEN_TRANSPOSE, "`'`"}, {TOKEN_DIMS_OPEN, "`[`"}, {TOKEN_ON_COMMA, "`,`"},
  {TOKEN_SEQUENCE, "`sequence`"}, {TOKEN_START_FILE, "the start"}, {TOKEN_START_ITEM, "the start"},
  {TOKEN_START_EXPR, "the start"},
#define WORD(kind, text, group) {TOKEN_##kind, "`" text "`"},
#include "grammar/words.def"
#undef WORD
  {'=', "`=`"}, {'~', "`~`"}, {'|', "`|`"}, {':', "`:`"}, {';', "`;`"}, {',', "`,`"}, {'.', "`.`"}, {'(', "`(`"},
  {')', "`)`"}, {'[', "`[`"}, {']', "`]`"}, {'{', "`{`"}, {'}', "`}`"}, {'%', "`%`"}, {'+', "`+`"}, {'-', "`-`"},
  {'*', "`*`"}, {'/', "`/`"}, {'@', "`@`"}, {'^', "`^`"}, {'<', "`<`"}, {'>', "`>`"},
};

const char *token_kind_name(int kind) {
  for (size_t i = 0; i < sizeof kind_names / sizeof *kind_names; i++)
    if (kind_names[i].kind == kind) return kind_names[i].name;
  return "something else";
}

static const char *written(Session *s, const Token *t) {
  const char *text = s->sources.at[t->span.file]->text;
  return arena_strndup(s->arena, text + t->span.begin, t->span.end - t->span.begin);
}

const char *token_words(Session *s, const Token *t) {
  if (t->kind == TOKEN_NEWLINE || t->kind == TOKEN_YYEOF || t->span.end == t->span.begin) return token_kind_name(t->kind);
  return arena_printf(s->arena, "`%s`", written(s, t));
}

/* --- characters that are nothing ---------------------------------------------------------------------------------------- */

static void unknown_character(Parser *p, const Token *t) {
  const char *text = p->session->sources.at[p->file]->text + t->span.begin;
  size_t size = t->span.end - t->span.begin, bytes;
  uint32_t code_point = letters_decode(text, size, &bytes);
  if (size == 1 && code_point >= 0x80)
    syntax_error(p, t, "the byte 0x%02x is not valid UTF-8", code_point);
  else if (code_point < 0x20 || code_point == 0x7f)
    syntax_error(p, t, "the control character U+%04X cannot stand in a program", code_point);
  else
    syntax_error(p, t, "`%s` (U+%04X) has no meaning here", written(p->session, t), code_point);
}

/* --- hints ----------------------------------------------------------------------------------------------------------------- */

typedef enum Where { ANY, EXPRESSION, NAME_PART, DECLARATION, PARENTHESIS, BRACKET, CLAUSE, TOP, FIRST } Where;

typedef struct Hint {
  Where where;
  const char *before, *found, *headline, *replacement, *help;
} Hint;

static const Hint hints[] = {
#define HINT(where, before, found, headline, replacement, help) {(Where)where, before, found, headline, replacement, help},
/* A line of train or run in a net. */
#define CLAUSE(keyword, where, times, check) \
  HINT(NAME_PART, #keyword, "VALUE", "`" #keyword "` is a clause, not a line of a net", NULL, "it belongs between the braces of `train NET { … }` or `run NET as NAME { … }`")
#include "sema/clauses.def"
#undef CLAUSE
#include "grammar/hints.def"
#undef HINT
};

static int opener_kind(const Parser *p, const Token *t) { return t->opener < 0 ? 0 : p->tokens.at[t->opener].kind; }

static const Token *statement_begin(const Parser *p, const Token *t) {
  while (t > p->tokens.at && t[-1].statement == t->statement) t--;
  return t;
}

static bool is_there(const Parser *p, Where where, const Token *t) {
  switch (where) {
  case ANY: return true;
  case EXPRESSION: return t->after_equals || t->place == PLACE_CLAUSES;
  case NAME_PART: return !t->after_equals && t->place == PLACE_BODY;
  case DECLARATION: return !t->after_equals && t->place == PLACE_BODY && statement_begin(p, t)->kind != TOKEN_NAME;
  case PARENTHESIS: return opener_kind(p, t) == '(';
  case BRACKET: return opener_kind(p, t) == '[';
  case CLAUSE: return t->place == PLACE_CLAUSES && t->opener < 0;
  case TOP: return t->place == PLACE_TOP;
  case FIRST: return false; /* syntax_first_word */
  }
  return false;
}

/* How many bytes of the token the pattern names; 0 when it does not fit. An empty token fits with 1. */
static size_t fits(Session *s, const char *pattern, const Token *t) {
  const char *text = written(s, t);
  size_t size = strlen(text), length = strlen(pattern);
  size_t whole = size ? size : 1;
  if (!length) return whole;
  if (!strcmp(pattern, "NAME")) return t->name ? whole : 0;
  if (!strcmp(pattern, "VALUE")) return t->name || t->kind == TOKEN_NUMBER || t->kind == TOKEN_STRING || t->kind == TOKEN_NEWLINE ? whole : 0;
  if (!strcmp(pattern, "NUMBER")) return t->kind == TOKEN_NUMBER ? whole : 0;
  if (!strcmp(pattern, "STRING")) return t->kind == TOKEN_STRING ? whole : 0;
  if (!strcmp(pattern, "NEWLINE")) return t->kind == TOKEN_NEWLINE ? whole : 0;
  if (pattern[length - 1] == ' ') return !strncmp(text, pattern, length - 1) ? length - 1 : 0;
  return !strcmp(text, pattern) ? whole : 0;
}

/* `a&&b` becomes `a and b`: a word keeps its distance from what is beside it. */
static const char *apart(Session *s, const char *word, const Token *found) {
  const char *text = s->sources.at[found->span.file]->text;
  const bool left = found->span.begin && !strchr(" \t\n(", text[found->span.begin - 1]);
  const bool right = !strchr(" \t\r\n)", text[found->span.end]);
  return arena_printf(s->arena, "%s%s%s", left ? " " : "", word, right ? " " : "");
}

static const char *replacement_text(Session *s, const char *replacement, const Token *found) {
  const char *place = strchr(replacement, '$');
  if (!place) return *replacement && isalpha((unsigned char)*replacement) ? apart(s, replacement, found) : replacement;
  return arena_printf(s->arena, "%.*s%s%s", (int)(place - replacement), replacement, written(s, found), place + 1);
}

static void give_hint(Parser *p, const Hint *hint, const Token *found, size_t size) {
  Diag *d = syntax_error(p, found, "%s", hint->headline);
  if (!d) return;
  Span place = {p->file, found->span.begin, found->span.begin + (uint32_t)size};
  if (hint->replacement) diag_suggest(d, place, replacement_text(p->session, hint->replacement, found), "%s", hint->help);
  else diag_help(d, "%s", hint->help);
}

static bool hinted(Parser *p, const Token *before, const Token *found) {
  for (size_t i = 0; i < sizeof hints / sizeof *hints; i++) {
    const Hint *hint = &hints[i];
    if (!is_there(p, hint->where, found) || !fits(p->session, hint->before, before)) continue;
    size_t size = fits(p->session, hint->found, found);
    if (!size) continue;
    give_hint(p, hint, found, size);
    return true;
  }
  return false;
}

static const Hint *hint_of_word(const Token *word) {
  for (size_t i = 0; i < sizeof hints / sizeof *hints; i++)
    if (hints[i].where == FIRST && word->name && !strcmp(hints[i].found, word->name)) return &hints[i];
  return NULL;
}

bool syntax_knows_word(const Token *word) { return hint_of_word(word) != NULL; }

bool syntax_first_word(Parser *p, const Token *word) {
  const Hint *hint = hint_of_word(word);
  if (hint) give_hint(p, hint, word, word->span.end - word->span.begin);
  return hint != NULL;
}

/* --- what was expected ------------------------------------------------------------------------------------------------------ */

typedef struct Expected {
  Parser *p;
  const int *kinds;
  int count;
} Expected;

static bool expects(const Expected *e, int kind) {
  for (int i = 0; i < e->count; i++)
    if (e->kinds[i] == kind) return true;
  return false;
}

/* Kinds that "a value" or "an operator" stands for. */
static bool in_value(int kind) {
  return kind == TOKEN_NAME || kind == TOKEN_NUMBER || kind == TOKEN_STRING || kind == '(' || kind == '[' || kind == '-' ||
         kind == TOKEN_NOT || kind == TOKEN_IF;
}

static bool in_operator(int kind) {
  static const int kinds[] = {TOKEN_OR, TOKEN_AND, '<', TOKEN_LE, '>', TOKEN_GE, TOKEN_EQ, TOKEN_NE, '+', '-', '*', '/', '@',
                              '^', '.', '[', '(', TOKEN_TRANSPOSE, TOKEN_AS, TOKEN_DIMS_OPEN, TOKEN_OVER, TOKEN_RANGE,
                              TOKEN_UNIT, '%', TOKEN_MODIFIER, TOKEN_START, TOKEN_BY};
  for (size_t i = 0; i < sizeof kinds / sizeof *kinds; i++)
    if (kinds[i] == kind) return true;
  return false;
}

typedef struct Words {
  const char *at[8];
  int count;
} Words;

static void add_words(Words *words, const char *text) {
  for (int i = 0; i < words->count; i++)
    if (!strcmp(words->at[i], text)) return;
  if (words->count < 8) words->at[words->count++] = text;
}

static const char *join_words(Session *s, const Words *words) {
  const char *text = words->count ? words->at[0] : "something else";
  for (int i = 1; i < words->count; i++)
    text = arena_printf(s->arena, "%s%s%s", text, i + 1 < words->count ? ", " : " or ", words->at[i]);
  return text;
}

static const char *expected_words(const Expected *e) {
  Words words = {.count = 0};
  bool value = expects(e, TOKEN_NUMBER) && expects(e, '('), operator_ = expects(e, '+');
  if (value) add_words(&words, "a value");
  if (operator_) add_words(&words, "an operator");
  for (int i = 0; i < e->count; i++) {
    int kind = e->kinds[i];
    if ((value && in_value(kind)) || (operator_ && in_operator(kind)) || kind == TOKEN_WRONG) continue;
    if (operator_ && kind == '=') continue; /* a name may also become `name = value`: rarely what was meant */
    add_words(&words, token_kind_name(kind));
  }
  return join_words(e->p->session, &words);
}

/* The bracket that is open here, or the block that is not. */
static void explain_surroundings(Parser *p, Diag *d, const Token *found, const Expected *e) {
  bool closable = expects(e, ')') || expects(e, ']');
  if (found->opener >= 0 && closable) {
    const Token *opener = &p->tokens.at[found->opener];
    diag_label(d, opener->span, "in the bracket opened here");
  }
  if (found->kind == TOKEN_NEWLINE && expects(e, '{')) diag_suggest(d, found->span, " {", "open the block");
}

static void unexpected_generally(Parser *p, const Token *before, const Token *found, const Expected *e) {
  const char *expected = expected_words(e);
  const char *after = before->kind == TOKEN_NEWLINE || before->span.end == before->span.begin
                         ? ""
                         : arena_printf(p->session->arena, " after `%s`", written(p->session, before));
  Diag *d = syntax_error(p, found, "expected %s%s, found %s", expected, after, token_words(p->session, found));
  if (!d) return;
  diag_label(d, found->span, "expected %s", expected);
  explain_surroundings(p, d, found, e);
}

/* `q = 3 +` and on the next line `y = x`: the second `=` surprises, but the operator before it is the mistake. */
static bool ran_on(Parser *p, const Token *before, const Token *found) {
  if (found->kind != '=' || found->opener >= 0 || !before->line_before || before <= p->tokens.at) return false;
  const Token *joint = before - 1;
  if (joint->statement != before->statement) return false;
  const char *text = written(p->session, joint);
  Diag *d = syntax_error(p, joint, "a value is missing after `%s`", text);
  if (!d) return true;
  diag_label(d, joint->span, "at the end of a line, it goes on in the next");
  diag_label(d, found->span, "so this `=` would be a second one");
  return true;
}

void syntax_unexpected(Parser *p, const int *expected, int expected_count) {
  const Token *found = &p->tokens.at[p->next], *before = &p->tokens.at[p->next > 0 ? p->next - 1 : 0];
  Expected e = {p, expected, expected_count};
  if (ran_on(p, before, found) || syntax_repaired(p, before, found) || hinted(p, before, found)) return;
  if (found->kind == TOKEN_WRONG) unknown_character(p, found);
  else unexpected_generally(p, before, found, &e);
}
