/* foreign.c — words that mean something elsewhere, where no name of the program is nearer. */
#include "sema/check.h"

typedef struct ForeignRow {
  ForeignPlace where;
  const char *word, *instead, *help;
} ForeignRow;

static const ForeignRow rows[] = {
#define FOREIGN(where, word, instead, help) {where, word, instead, help},
#include "sema/foreign.def"
#undef FOREIGN
};

void help_foreign(Diag *d, ForeignPlace where, Span span, const char *word) {
  for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
    const ForeignRow *r = &rows[i];
    if (r->where != where || strcmp(r->word, word)) continue;
    if (r->instead) diag_suggest(d, span, r->instead, "%s", r->help);
    else diag_help(d, "%s", r->help);
    return;
  }
}

typedef struct StepEnding {
  const char *ending, *step, *help;
} StepEnding;

/* h_prev, h_t: textbook names of h at some step. */
void help_step_name(Checker *c, Diag *d, const Scope *scope, Span span, const char *word) {
  static const StepEnding endings[] = {{"_prev", "[t-1]", "the step before"}, {"_last", "[t-1]", "the step before"}, {"_old", "[t-1]", "the step before"},
                                       {"_tm1", "[t-1]", "the step before"},  {"_t", "", "this step"},               {"_next", "[t+1]", "the step after"}};
  for (size_t i = 0; i < sizeof endings / sizeof *endings; i++) {
    const StepEnding *e = &endings[i];
    const size_t size = strlen(word), end = strlen(e->ending);
    if (size <= end || strcmp(word + size - end, e->ending)) continue;
    Name name = intern_n(c->s, word, size - end);
    if (scope_find(scope, name)) diag_suggest(d, span, arena_printf(c->s->arena, "%s%s", name, e->step), "`%s` at %s", name, e->help);
    return;
  }
}
