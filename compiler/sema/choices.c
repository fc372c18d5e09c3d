/* choices.c — the tables of choices.h. */
#include "sema/choices.h"
#include <math.h>

#define LATER(name) {#name, true, {{0}}},

static const Choice methods[] = {
#define METHOD(name, ...) {#name, false, {__VA_ARGS__}},
#include "runtime/train/methods.def"
#undef METHOD
#define LATER_METHOD LATER
#include "sema/words.def"
#undef LATER_METHOD
};

static const Choice optimizers[] = {
#define OPTIMIZER(name, slots, ...) {#name, false, {__VA_ARGS__}},
#include "runtime/optim/optimizers.def"
#undef OPTIMIZER
#define LATER_OPTIMIZER LATER
#include "sema/words.def"
#undef LATER_OPTIMIZER
};

static const Choice schedules[] = {
#define SCHEDULE(name, ...) {#name, false, {__VA_ARGS__}},
#include "runtime/optim/schedules.def"
#undef SCHEDULE
};

static const Choice clips[] = {{"norm", false, {{0}}}, {"value", false, {{0}}}};
static const Choice orders[] = {{"shortest_first", false, {{0}}}, {"as_given", false, {{0}}}};
static const Choice writers[] = {{"csv", false, {{0}}}, {"stdout", false, {{0}}}, {"npz", false, {{0}}}};
static const Choice decoders[] = {{"greedy", false, {{0}}}, {"beam", false, {{0}}}};

static const Choice sources[] = {
    {"csv", false, {{0}}}, {"tsv", false, {{0}}}, {"npz", false, {{0}}}, {"text", false, {{0}}}, {"string", false, {{0}}},
    {"trees", false, {{0}}},
#define GENERATOR(name, steps) {#name, false, {{0}}},
#include "runtime/data/generators.def"
#undef GENERATOR
};

typedef struct ChoiceTable {
  const char *what;
  const Choice *rows;
  size_t count;
} ChoiceTable;

#define TABLE(what, rows) {what, rows, sizeof rows / sizeof *rows}
static const ChoiceTable tables[] = {
    [CHOICE_METHOD] = TABLE("training method", methods), [CHOICE_OPTIMIZER] = TABLE("optimizer", optimizers),
    [CHOICE_SCHEDULE] = TABLE("schedule", schedules),    [CHOICE_CLIP] = TABLE("way to clip", clips),
    [CHOICE_ORDER] = TABLE("order", orders),             [CHOICE_SOURCE] = TABLE("reader or generator", sources),
    [CHOICE_WRITE] = TABLE("form of output", writers),   [CHOICE_DECODER] = TABLE("decoder", decoders),
};

const Choice *choice_named(Checker *c, ChoiceKind kind, const Expr *e) {
  const ChoiceTable *table = &tables[kind];
  const char **names = arena_array(c->s->arena, const char *, table->count);
  for (size_t i = 0; i < table->count; i++) {
    if (!strcmp(table->rows[i].name, e->name)) return &table->rows[i];
    names[i] = table->rows[i].name;
  }
  Span span = e->name_span.file ? e->name_span : e->span;
  Diag *d = diag_error(c->s, E0402, span, "there is no %s `%s`", table->what, e->name);
  const char *near = did_you_mean(e->name, names, (int)table->count), *all = "";
  if (near) diag_suggest(d, span, near, "did you mean `%s`?", near);
  for (size_t i = 0; i < table->count; i++) all = arena_printf(c->s->arena, "%s%s%s", all, i ? ", " : "", names[i]);
  if (!near) diag_help(d, "there is: %s", all);
  return NULL;
}

int choice_option(const Choice *choice, const char *name) {
  int n = 0;
  for (; n < MOST_OPTIONS && choice->options[n].name; n++)
    if (name && !strcmp(choice->options[n].name, name)) return n;
  return name ? -1 : n;
}

const char *choice_names(Checker *c, const Choice *choice) {
  const char *all = "";
  for (int i = 0; i < choice_option(choice, NULL); i++) all = arena_printf(c->s->arena, "%s%s%s", all, i ? ", " : "", choice->options[i].name);
  return all;
}

void choice_options(Checker *c, const Choice *choice, const Expr *e) {
  const char *names[MOST_OPTIONS], *all = choice_names(c, choice);
  const int n = choice_option(choice, NULL);
  for (int i = 0; i < n; i++) names[i] = choice->options[i].name;
  for (int i = 0; e->kind == EXPR_CALL && i < e->args.len; i++) {
    const Arg *arg = &e->args.at[i];
    bool known = !arg->name;
    for (int j = 0; j < n && !known; j++) known = !strcmp(names[j], arg->name);
    if (known) continue;
    Diag *d = diag_error(c->s, E0403, arg->name_span, "`%s` has no option `%s`", choice->name, arg->name);
    const char *near = did_you_mean(arg->name, names, n);
    if (near) diag_suggest(d, arg->name_span, near, "did you mean `%s`?", near);
    else if (n) diag_help(d, "it has: %s", all);
    if (!near) help_foreign_word(d, OPTION_WORD, arg->name_span, arg->name);
  }
}

bool source_is_table(const Expr *e) { return !strcmp(e->name, "csv") || !strcmp(e->name, "tsv") || !strcmp(e->name, "npz"); }
