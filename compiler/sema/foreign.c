/* foreign.c — words that mean something elsewhere, where no name of the program is nearer. */
#include "sema/check.h"
#include <ctype.h>
#include <strings.h>

typedef struct ForeignRow {
  ForeignPlace where;
  const char *word, *instead, *help;
} ForeignRow;

static const ForeignRow rows[] = {
#define FOREIGN(where, word, instead, help) {where, word, instead, help},
#include "sema/foreign.def"
#undef FOREIGN
};

static const ForeignRow *row_of(ForeignPlace where, const char *word) {
  for (size_t i = 0; i < sizeof rows / sizeof *rows; i++)
    if (rows[i].where == where && !strcasecmp(rows[i].word, word)) return &rows[i];
  return NULL;
}

static bool stands_alone(const Expr *e) {
  return e->kind == EXPR_NAME || e->kind == EXPR_CALL || e->kind == EXPR_INDEX || e->kind == EXPR_FIELD || e->kind == EXPR_NUMBER;
}

/* The repair with the call's argument at every `$`. */
static const char *with_argument(Checker *c, const char *instead, const Expr *arg) {
  const char *text = source_text(c, arg->span), *out = "";
  if (!stands_alone(arg)) text = arena_printf(c->s->arena, "(%s)", text);
  for (const char *place; (place = strchr(instead, '$')); instead = place + 1)
    out = arena_printf(c->s->arena, "%s%.*s%s", out, (int)(place - instead), instead, text);
  return arena_printf(c->s->arena, "%s%s", out, instead);
}

bool help_foreign_word(Diag *d, ForeignPlace where, Span span, const char *word) {
  const ForeignRow *r = row_of(where, word);
  if (r && r->instead) diag_suggest(d, span, r->instead, "%s", r->help);
  else if (r) diag_help(d, "%s", r->help);
  return r != NULL;
}

bool help_foreign(Checker *c, Diag *d, ForeignPlace where, const Expr *e, Span span) {
  const ForeignRow *r = row_of(where, e->name);
  const bool of_argument = r && r->instead && strchr(r->instead, '$');
  const bool one = e->kind == EXPR_CALL && e->args.len == 1 && !e->args.at[0].name;
  if (of_argument && one) diag_suggest(d, e->span, with_argument(c, r->instead, e->args.at[0].value), "%s", r->help);
  else if (of_argument) diag_help(d, "%s", r->help);
  else return help_foreign_word(d, where, span, e->name);
  return true;
}

typedef struct StepEnding {
  const char *ending, *step, *help;
} StepEnding;

/* The bytes of `-1` behind a name, as in `h_t-1`; 0 where nothing such stands there. */
static uint32_t offset_behind(const Checker *c, Span span) {
  const char *text = c->s->sources.at[span.file]->text + span.end, *at = text;
  if (*at != '-' && *at != '+') return 0;
  for (at++; isdigit((unsigned char)*at);) at++;
  return isdigit((unsigned char)at[-1]) && *at != '.' && !isalpha((unsigned char)*at) ? (uint32_t)(at - text) : 0;
}

static bool suggest_step(Checker *c, Diag *d, Span span, const Symbol *symbol, const StepEnding *e) {
  const uint32_t offset = *e->step ? 0 : offset_behind(c, span);
  const char *clock = clock_of_value(c, symbol), *name = symbol->name;
  const char *behind = offset ? source_text(c, (Span){span.file, span.end, span.end + offset}) : e->step;
  const char *text = *behind ? arena_printf(c->s->arena, "%s[%s%s]", name, clock, behind) : name;
  diag_suggest(d, (Span){span.file, span.begin, span.end + offset}, text, "`%s` at %s", name, offset ? "another step" : e->help);
  return true;
}

/* prev(h) */
bool help_step_call(Checker *c, Diag *d, const Scope *scope, const Expr *e) {
  const bool of_name = e->kind == EXPR_CALL && e->args.len == 1 && e->args.at[0].value->kind == EXPR_NAME;
  if (!of_name || (strcmp(e->name, "prev") && strcmp(e->name, "previous"))) return false;
  const Symbol *symbol = scope_find(scope, e->args.at[0].value->name);
  return symbol && suggest_step(c, d, e->span, symbol, &(StepEnding){"", "-1", "the step before"});
}

/* h_prev, h_t, h_t-1: textbook names of h at some step. */
bool help_step_name(Checker *c, Diag *d, const Scope *scope, Span span, const char *word) {
  static const StepEnding endings[] = {{"_prev", "-1", "the step before"}, {"_last", "-1", "the step before"}, {"_old", "-1", "the step before"},
                                       {"_tm1", "-1", "the step before"},  {"_t", "", "this step"},            {"_next", "+1", "the step after"}};
  for (size_t i = 0; i < sizeof endings / sizeof *endings; i++) {
    const StepEnding *e = &endings[i];
    const size_t size = strlen(word), end = strlen(e->ending);
    if (size <= end || strcmp(word + size - end, e->ending)) continue;
    Name name = intern_n(c->s, word, size - end);
    if (scope_find(scope, name)) return suggest_step(c, d, span, scope_find(scope, name), e);
  }
  return false;
}
