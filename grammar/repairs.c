/* repairs.c — habits of other languages that take several tokens: what is meant, and the edit that says it. Those of one token are
 * the rows of hints.def. Each row of the table below looks at the tokens around the one that surprised, and speaks or does not. */
#include "base/diag.h"
#include "grammar/grammar.h"
#include "parse.h"
#include <ctype.h>
#include <stdlib.h>
#include <string.h>

typedef struct Surprise {
  Parser *p;
  const Token *found, *before;
} Surprise;

static const char *source(const Parser *p) { return p->session->sources.at[p->file]->text; }

static const char *text_of(const Parser *p, Span span) {
  return arena_strndup(p->session->arena, source(p) + span.begin, span.end - span.begin);
}

static const char *written(const Parser *p, const Token *t) { return text_of(p, t->span); }
static Span from_to(const Token *a, const Token *b) { return (Span){a->span.file, a->span.begin, b->span.end}; }
static bool is(const Parser *p, const Token *t, const char *text) { return !strcmp(written(p, t), text); }
static bool adjacent(const Token *a, const Token *b) { return a->span.end == b->span.begin; }

/* The k-th token before or behind one, in the same statement; NULL where there is none. */
static const Token *beside(const Parser *p, const Token *t, int k) {
  const Token *at = t + k;
  bool inside = at >= p->tokens.at && at < p->tokens.at + p->tokens.len;
  return inside && at->statement == t->statement ? at : NULL;
}

static const Token *opener_of(const Parser *p, const Token *closer) {
  int depth = 0;
  for (const Token *t = closer; t && t >= p->tokens.at; t = beside(p, t, -1)) {
    depth += (t->kind == ')' || t->kind == ']') - (t->kind == '(' || t->kind == '[' || t->kind == TOKEN_DIMS_OPEN);
    if (!depth) return t;
  }
  return NULL;
}

static const Token *next_in_statement(const Parser *p, const Token *t, const char *text) {
  while (t && !is(p, t, text)) t = beside(p, t, 1);
  return t;
}

/* --- |u|, u! ------------------------------------------------------------------------------------------------------------ */

static bool bars(const Surprise *s) {
  if (s->found->kind != '|' || !s->found->after_equals || token_ends_value(s->before->kind)) return false;
  const Token *next = beside(s->p, s->found, 1), *closer = next ? next_in_statement(s->p, next, "|") : NULL;
  Diag *d = syntax_error(s->p, s->found, "`|` only chains initialisers");
  if (!d) return true;
  if (!closer || closer == next) return diag_help(d, "an absolute value is `abs(x)`, the length of a vector `norm(x)`"), true;
  const char *inner = text_of(s->p, (Span){s->p->file, s->found->span.end, closer->span.begin});
  diag_suggest(d, from_to(s->found, closer), arena_printf(s->p->session->arena, "abs(%s)", inner),
               "an absolute value; the length of a vector is `norm(x)`");
  return true;
}

static bool bang_behind(const Surprise *s) {
  if (!is(s->p, s->found, "!") || !token_ends_value(s->before->kind)) return false;
  Diag *d = syntax_error(s->p, s->found, "`!` is not an operator");
  if (d) diag_help(d, "there is no factorial; unequal is `a != b`, and a condition is turned round by `not` in front of it");
  return true;
}

/* --- types: x: int(V), x: float ------------------------------------------------------------------------------------------ */

static bool among(const char *word, const char *words) {
  size_t n = strlen(word);
  for (const char *at = words; *at; at += strcspn(at, " "), at += strspn(at, " "))
    if (strcspn(at, " ") == n && !strncmp(at, word, n)) return true;
  return false;
}

static bool type_words(const Surprise *s) {
  if (s->before->kind != ':' || s->found->kind != TOKEN_NAME || (s->found->place != PLACE_BODY && s->found->opener < 0)) return false;
  const char *word = written(s->p, s->found);
  const Token *next = beside(s->p, s->found, 1), *inner = next ? beside(s->p, next, 1) : NULL;
  bool bracket = next && next->kind == '(';
  bool whole = among(word, "int integer long uint category categorical class symbol"), number = among(word, "float double real number scalar");
  if (!bracket && !whole && !number) return false;
  Diag *d = syntax_error(s->p, s->found, "`%s` is not a type", word);
  if (!d) return true;
  if (whole && bracket && inner && inner->kind == TOKEN_NAME) diag_suggest(d, s->found->span, "index", "a whole number below a size");
  else if (whole) diag_help(d, "a whole number below V is an `index(V)`, with `dim V = 10` at the top; any other number is a scalar, `[]`");
  else if (number && !bracket) diag_suggest(d, s->found->span, "[]", "a number without dims");
  else diag_help(d, "a type is a shape, `[]`, `[H]` or `[H, X]`, or `index(V)`, a whole number below V");
  return true;
}

/* --- calls: GRU(H)(u), GRU[8](u), np.tanh(u) ------------------------------------------------------------------------------ */

/* The dim of what a cell gives: of this file's cells as declared, `-> h: [H]`; of the library's. NULL where it is not known here. */
static const char *dim_of_output(const Parser *p, const char *cell) {
  static const char *const own[] = {"RNN", "LSTM", "GRU"};
  for (int i = 0; i + 1 < p->scanned.len; i++) {
    const Token *t = &p->scanned.at[i];
    if (!t->name || strcmp(t->name, "cell") || !t[1].name || strcmp(t[1].name, cell)) continue;
    while (i < p->scanned.len && p->scanned.at[i].kind != TOKEN_ARROW && p->scanned.at[i].kind != '{') i++;
    const bool shaped = i + 4 < p->scanned.len && p->scanned.at[i + 2].kind == ':' && p->scanned.at[i + 3].kind == '[';
    return shaped && p->scanned.at[i].kind == TOKEN_ARROW ? p->scanned.at[i + 4].name : NULL;
  }
  for (size_t i = 0; i < sizeof own / sizeof *own; i++)
    if (!strcmp(own[i], cell)) return "H";
  return NULL;
}

/* Declared in this file, or taken by a `use … (NAME)`. */
static bool is_cell(const Parser *p, const char *name) {
  bool use = false, listed = false;
  for (int i = 0; i < p->scanned.len; i++) {
    const Token *t = &p->scanned.at[i];
    if (t->name && !strcmp(t->name, "use")) use = true, listed = false;
    else if (use && t->kind == '(') listed = true;
    else if (use && t->kind == ')') use = listed = false;
    const bool declared = i && p->scanned.at[i - 1].name && !strcmp(p->scanned.at[i - 1].name, "cell");
    if (t->name && (declared || listed) && !strcmp(t->name, name)) return true;
  }
  return false;
}

static bool dims_of_call(const Surprise *s) {
  if (s->found->kind != '(' || (s->before->kind != ')' && s->before->kind != ']') || !adjacent(s->before, s->found)) return false;
  const Token *opener = opener_of(s->p, s->before), *callee = opener ? beside(s->p, opener, -1) : NULL;
  if (!callee || callee->kind != TOKEN_NAME || !adjacent(callee, opener)) return false;
  const char *dim = dim_of_output(s->p, callee->name);
  const bool one = s->before == opener + 2 && (opener[1].kind == TOKEN_NAME || opener[1].kind == TOKEN_NUMBER);
  if (!dim && s->before->kind == ')' && !is_cell(s->p, callee->name)) return false;
  Diag *d = syntax_error(s->p, opener, "the dims of a cell are given by their names");
  if (!d) return true;
  if (one && dim)
    diag_suggest(d, from_to(opener, s->before), arena_printf(s->p->session->arena, "[%s = %s]", dim, written(s->p, opener + 1)), "say which dim it is");
  else diag_help(d, "say which dim each of them is: `%s[%s = …](…)`", callee->name, dim ? dim : "H");
  return true;
}

static bool is_function(const char *name) {
  static const char *const names[] = {
#define BUILTIN(name, class, least, most, typer, options) #name,
#include "sema/builtins.def"
#undef BUILTIN
  };
  for (size_t i = 0; i < sizeof names / sizeof *names; i++)
    if (!strcmp(names[i], name)) return true;
  return false;
}

static const char modules[] = "np numpy torch tf jnp jax math F nn keras scipy sp K tensorflow";

static bool module_call(const Surprise *s) {
  const Token *dot = beside(s->p, s->before, -1), *head = s->before;
  if (s->found->kind != '(' || s->before->kind != TOKEN_NAME || !dot || dot->kind != '.') return false;
  while (beside(s->p, head, -2) && head[-1].kind == '.' && head[-2].kind == TOKEN_NAME) head -= 2;
  if (head == s->before) return false;
  const char *function = s->before->name, *value = text_of(s->p, (Span){s->p->file, head->span.begin, dot->span.begin});
  const bool module = among(head->name, modules), known = is_function(function);
  Diag *d = syntax_error(s->p, head, module ? "there are no modules: functions stand by their names" : "values have no methods");
  if (!d) return true;
  const Token *closer = beside(s->p, s->found, 1);
  if (module && known) diag_suggest(d, from_to(head, s->before), function, "without the module");
  else if (module) diag_help(d, "docs/language.md, Expressions, lists them; `%s` is not among them", function);
  else if (known && closer && closer->kind == ')')
    diag_suggest(d, from_to(head, closer), arena_printf(s->p->session->arena, "%s(%s)", function, value), "a function is called with its value");
  else diag_help(d, "a function is called with its value: `tanh(%s)`", value);
  return true;
}

/* --- numbers: -65 mV, 0x10, 1_000 ------------------------------------------------------------------------------------------ */

typedef struct UnitRow {
  const char *words, *instead;
} UnitRow;

static const UnitRow units[] = {
  {"sec secs second seconds", "s"}, {"msec msecs millisecond milliseconds", "ms"}, {"µs μs usec microseconds", "us"},
  {"mV uV µV kV Hz kHz MHz mA uA µA nA pA Ohm ohm Ω kOhm MOhm mS uS µS nS pF nF uF µF ns ps min hour hours day days mm cm km kg deg rad", NULL},
};

static bool wrong_unit(const Surprise *s) {
  const char *word = written(s->p, s->found);
  for (size_t i = 0; i < sizeof units / sizeof *units; i++) {
    if (!among(word, units[i].words)) continue;
    Diag *d = syntax_error(s->p, s->found, "`%s` is not a unit of the language", word);
    if (!d) return true;
    if (units[i].instead) return diag_suggest(d, s->found->span, units[i].instead, "the units of time are `s`, `ms` and `us`"), true;
    diag_help(d, "there are units of time only, `s`, `ms` and `us`; any other quantity is a plain number, in the unit of your choice");
    return true;
  }
  return false;
}

/* The digits of 1_000 without the `_`; NULL for what is none. */
static const char *without_underscores(const Parser *p, const char *text) {
  char *out = arena_strdup(p->session->arena, text), *to = out;
  for (const char *at = text; *at; at++) {
    if (*at != '_' && !isdigit((unsigned char)*at)) return NULL;
    if (*at != '_') *to++ = *at;
  }
  *to = 0;
  return out;
}

static bool wrong_number(const Surprise *s) {
  if (s->before->kind != TOKEN_NUMBER || s->found->kind != TOKEN_NAME) return false;
  if (!adjacent(s->before, s->found)) return wrong_unit(s);
  const char *text = text_of(s->p, from_to(s->before, s->found)), *plain = without_underscores(s->p, text);
  char *end;
  const bool prefixed = is(s->p, s->before, "0") && strchr("xXbBoO", *written(s->p, s->found));
  const bool hexadecimal = prefixed && tolower((unsigned char)text[1]) == 'x';
  const unsigned long long value = hexadecimal ? strtoull(text, &end, 16) : 0;
  if (!plain && !prefixed) return wrong_unit(s);
  Diag *d = syntax_error(s->p, s->before, plain ? "a number has no `_`" : "numbers are written in decimal digits");
  if (!d) return true;
  if (plain) diag_suggest(d, from_to(s->before, s->found), plain, "write its digits without a gap");
  else if (hexadecimal && !*end) diag_suggest(d, from_to(s->before, s->found), arena_printf(s->p->session->arena, "%llu", value), "the same number");
  return true;
}

/* --- x' = -x, dx/dt = -x, h_{t-1} -------------------------------------------------------------------------------------------- */

static void euler(const Surprise *s, const Token *at, const char *name) {
  Diag *d = syntax_error(s->p, at, "an equation defines a value, not its derivative");
  if (d) diag_help(d, "take steps of a length `dt`, with `state %s: [] = 0` and `let dt = 0.01`: `%s = %s[t-1] + dt * (…)`, where the right side reads `%s[t-1]`",
                   name, name, name, name);
}

static bool derivative(const Surprise *s) {
  const Token *first = s->before, *equals = beside(s->p, s->found, 1);
  if (s->found->after_equals || s->found->place != PLACE_BODY || first->kind != TOKEN_NAME) return false;
  if (is(s->p, s->found, "'")) return euler(s, first, first->name), true;
  equals = equals ? beside(s->p, equals, 1) : NULL;
  bool quotient = s->found->kind == '/' && first->name[0] == 'd' && first->name[1] && equals && equals->kind == '=' && equals[-1].name && equals[-1].name[0] == 'd';
  if (quotient) euler(s, first, first->name + 1);
  return quotient;
}

static bool subscript(const Surprise *s) {
  const char *name = s->before->kind == TOKEN_NAME ? s->before->name : "";
  const size_t size = strlen(name);
  const Token *closer = s->found->kind == '{' ? next_in_statement(s->p, s->found, "}") : NULL;
  if (size < 2 || name[size - 1] != '_' || !closer || !adjacent(s->before, s->found)) return false;
  Diag *d = syntax_error(s->p, s->before, "a step stands in brackets behind the name");
  const char *step = text_of(s->p, (Span){s->p->file, s->found->span.end, closer->span.begin});
  if (d) diag_suggest(d, from_to(s->before, closer), arena_printf(s->p->session->arena, "%.*s[%s]", (int)size - 1, name, step), "so it is read at another step");
  return true;
}

/* --- x[1:], x[:3], (1 // f) ---------------------------------------------------------------------------------------------------- */

static bool open_slice(const Surprise *s) {
  const Token *next = beside(s->p, s->found, 1);
  if (s->found->kind != ':' || s->found->opener < 0 || s->p->tokens.at[s->found->opener].kind != '[' || !s->found->after_equals) return false;
  if (token_ends_value(s->before->kind) && next && next->kind != ']' && next->kind != ',' && next->kind != ':') return false;
  Diag *d = syntax_error(s->p, s->found, "`:` does not make a range");
  if (d) diag_help(d, "a range says both its ends, which both belong to it: `x[0..3]` has four components; of all of them, `x` alone");
  return true;
}

/* In brackets it is the quotient of Python, rather than a comment. */
static bool whole_quotient(const Surprise *s) {
  if (strncmp(written(s->p, s->found), "//", 2) || s->found->opener < 0 || !token_ends_value(s->before->kind)) return false;
  Diag *d = syntax_error(s->p, s->found, "`//` is not an operator");
  if (d) diag_help(d, "the whole part of a quotient is `floor(a / b)`; a comment begins with `#`");
  return true;
}

typedef bool Repair(const Surprise *s);
static Repair *const repairs[] = {bars,         bang_behind, type_words, dims_of_call, module_call,   wrong_number,
                                  derivative, subscript,   open_slice, whole_quotient};

bool syntax_repaired(Parser *p, const Token *before, const Token *found) {
  const Surprise s = {p, found, before};
  for (size_t i = 0; i < sizeof repairs / sizeof *repairs; i++)
    if (repairs[i](&s)) return true;
  return false;
}

/* A comment of another language hides the closing bracket: that is the mistake, not the bracket. */
bool syntax_hidden_closer(Parser *p, int opener) {
  for (int i = opener + 1; i < p->tokens.len; i++) {
    const Token *t = &p->tokens.at[i];
    if (t->kind != TOKEN_WRONG || (strncmp(written(p, t), "//", 2) && strncmp(written(p, t), "/*", 2))) continue;
    if (!syntax_repaired(p, t - 1, t)) {
      Diag *d = syntax_error(p, t, "comments begin with `#`");
      if (d) diag_suggest(d, (Span){p->file, t->span.begin, t->span.begin + 2}, "#", "write the comment with `#`");
    }
    return true;
  }
  return false;
}
