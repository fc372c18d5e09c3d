/* clauses.c — the clauses of train and run: each against its row of clauses.def. See clauses.h for the other files. */
#include "sema/clauses.h"
#include <math.h>

Expr *clause_argument(const Clause *clause, int i) { return i < clause->args.len ? clause->args.at[i].value : NULL; }

const Modifier *find_modifier(const Clause *clause, const char *word) {
  for (int i = 0; i < clause->modifiers.len; i++)
    if (!strcmp(clause->modifiers.at[i].word, word)) return &clause->modifiers.at[i];
  return NULL;
}

const Clause *find_clause(const Decl *d, const char *keyword) {
  for (int i = 0; i < d->clauses.len; i++)
    if (!strcmp(d->clauses.at[i]->keyword, keyword)) return d->clauses.at[i];
  return NULL;
}

Diag *clause_wrong(Checker *c, Span span, const char *what, const char *example) {
  Diag *d = diag_error(c->s, E0404, span, "%s", what);
  if (example) diag_help(d, "for example: `%s`", example);
  return d;
}

bool has_data(const Symbol *symbol) {
  return symbol && (symbol->kind == SYMBOL_INPUT || symbol->kind == SYMBOL_TARGET || symbol->kind == SYMBOL_OUTPUT);
}

void clause_modifiers(Checker *c, Stage *stage, const Clause *clause, const char *words) {
  for (int i = 0; i < clause->modifiers.len; i++) {
    const Modifier *m = &clause->modifiers.at[i];
    clause_words(c, stage, &m->args);
    if (has_word(words, m->word)) continue;
    Diag *d = diag_error(c->s, E0404, m->span, "`%s` has no `%s`", clause->keyword, m->word);
    const char *near = nearest_word(c->s, m->word, words);
    if (near) diag_help(d, "did you mean `%s`?", near);
    else if (*words) diag_help(d, "it may be followed by: %s", words);
  }
}

/* --- words and numbers ------------------------------------------------------------------------------------------------------- */

/* Data and methods have words of their own (`transform = tanh`, `derivatives = bptt(truncate = 20)`): only constants are looked up. */
static void word_value(Checker *c, Stage *stage, Expr *e) {
  if (!e) return;
  e->type = e->kind == EXPR_STRING ? (Type){.kind = TYPE_STRING} : type_real();
  Symbol *symbol = e->kind == EXPR_NAME ? scope_find(stage->scope, e->name) : NULL;
  if (symbol && (symbol->kind == SYMBOL_LET || symbol->kind == SYMBOL_DIM)) e->symbol = symbol;
  word_value(c, stage, e->left);
  word_value(c, stage, e->right);
  word_value(c, stage, e->third);
  for (int i = 0; i < e->args.len; i++) word_value(c, stage, e->args.at[i].value);
}

void clause_words(Checker *c, Stage *stage, const Args *args) {
  for (int i = 0; i < args->len; i++) word_value(c, stage, args->at[i].value);
}

void check_nothing(Checker *c, Stage *stage, Clause *clause) {
  clause_words(c, stage, &clause->args);
  if (!clause->args.len) return;
  Diag *d = clause_wrong(c, clause_argument(clause, 0)->span, arena_printf(c->s->arena, "`%s` stands alone", clause->keyword), NULL);
  diag_label(d, clause_argument(clause, 0)->span, "nothing belongs here");
}

bool wants_number(Checker *c, Stage *stage, Expr *e) {
  double value;
  Type t = type_expr(c, stage->scope, e);
  if (is_poison(t)) return false;
  if (constant_number(e, &value)) return true;
  Diag *d = clause_wrong(c, e->span, "a number is wanted here", NULL);
  diag_label(d, e->span, "%s", e->kind == EXPR_STRING ? "this is text" : "not a number known when compiling");
  return false;
}

void check_number(Checker *c, Stage *stage, Clause *clause) {
  if (clause->args.len == 1) {
    if (wants_number(c, stage, clause_argument(clause, 0))) check_range(c, clause->keyword, "", clause_argument(clause, 0));
    return;
  }
  clause_wrong(c, clause->keyword_span, arena_printf(c->s->arena, "`%s` takes one number", clause->keyword),
        arena_printf(c->s->arena, "%s 10", clause->keyword));
}

/* --- names of the net ------------------------------------------------------------------------------------------------------------ */

Symbol *clause_name(Checker *c, Stage *stage, Expr *e) {
  if (e->kind == EXPR_NAME) {
    e->type = type_real();
    Symbol *symbol = resolve(c, stage->scope, e);
    if (symbol) e->type = symbol->type;
    return symbol;
  }
  diag_label(clause_wrong(c, e->span, "a name of the net is wanted here", NULL), e->span, "this is an expression");
  return NULL;
}

void clause_wants_kind(Checker *c, const Expr *e, const Symbol *symbol, const char *what) {
  Diag *d = diag_error(c->s, E0404, e->span, "%s", what);
  diag_label(d, symbol->span, "`%s` is %s", symbol->name, symbol_kind_text(symbol->kind));
}

void check_scale(Checker *c, Stage *stage, Clause *clause) {
  for (int i = 0; i < clause->args.len; i++) {
    const Symbol *symbol = clause_name(c, stage, clause_argument(clause, i));
    if (!symbol) continue;
    if (!has_data(symbol)) {
      clause_wants_kind(c, clause_argument(clause, i), symbol, "only inputs, targets and outputs are scaled");
    } else if (symbol->type.kind == TYPE_INDEX || symbol->type.kind == TYPE_CLOCK_INDEX) {
      Diag *d = diag_error(c->s, E0407, clause_argument(clause, i)->span, "an index cannot be scaled");
      diag_label(d, symbol->span, "`%s` is %s", symbol->name, shape_phrase(c, &symbol->type));
    }
  }
}

void check_force(Checker *c, Stage *stage, Clause *clause) {
  const Modifier *steps = find_modifier(clause, "for"), *with = find_modifier(clause, "with");
  clause_modifiers(c, stage, clause, "for steps with");
  for (int i = 0; i < clause->args.len; i++) {
    const Symbol *symbol = clause_name(c, stage, clause_argument(clause, i));
    if (symbol && symbol->kind != SYMBOL_OUTPUT) clause_wants_kind(c, clause_argument(clause, i), symbol, "only an output is forced");
    else if (symbol && !symbol->history) {
      Diag *d = clause_wrong(c, clause_argument(clause, i)->span, arena_printf(c->s->arena, "`%s` has no history, so nothing reads its delay line", symbol->name), NULL);
      diag_label(d, symbol->span, "declared without one");
      const Item *item = symbol->item;
      if (item && item->type.present && item->names.len == 1)
        diag_suggest(d, (Span){item->span.file, item->type.span.end, item->type.span.end}, " = 0", "give it a history, and read it as `%s[%s-1]`", symbol->name,
                     clock_of_value(c, symbol));
    }
  }
  if (!clause->args.len) clause_wrong(c, clause->keyword_span, "what is forced?", "force y for 4 steps");
  if (steps && steps->args.len == 1 && wants_number(c, stage, steps->args.at[0].value)) check_range(c, "force", "for", steps->args.at[0].value);
  const Arg *chance = with && with->args.len == 1 ? &with->args.at[0] : NULL;
  if (chance && chance->name && !strcmp(chance->name, "p") && wants_number(c, stage, chance->value)) check_range(c, "force", "p", chance->value);
}

void check_tune(Checker *c, Stage *stage, Clause *clause) {
  for (int i = 0; i < clause->args.len; i++) {
    const Symbol *symbol = clause_name(c, stage, clause_argument(clause, i));
    if (!symbol || symbol->kind == SYMBOL_PARAM || symbol->kind == SYMBOL_SHARED || symbol->equation) continue;
    clause_wants_kind(c, clause_argument(clause, i), symbol, "`tune` takes params, and values whose equations call cells");
  }
}

/* --- choices --------------------------------------------------------------------------------------------------------------------- */

const Choice *clause_choice(Checker *c, Stage *stage, Clause *clause, ChoiceKind kind, const char *example) {
  Expr *e = clause_argument(clause, 0);
  clause_words(c, stage, &clause->args);
  if (clause->args.len == 1 && (e->kind == EXPR_CALL || e->kind == EXPR_NAME)) return choice_named(c, kind, e);
  clause_wrong(c, clause->span, arena_printf(c->s->arena, "`%s` takes one name", clause->keyword), example);
  return NULL;
}

/* What this version has instead: bptt, which unlike `ip` wants a loss. */
static void suggest_bptt(Checker *c, Clause *clause, Diag *d) {
  bool has_loss = false;
  for (int i = 0; i < c->stage->clauses.len; i++) has_loss |= !strcmp(c->stage->clauses.at[i]->keyword, "loss");
  diag_suggest(d, clause_argument(clause, 0)->span, "bptt", has_loss ? "`bptt` trains the same net" : "`bptt` trains the same net, with a `loss` of its own");
}

/* `nesterov`, `checkpoint`: a bare word that is an option's name stands for it. */
static bool is_flag(const Choice *choice, const Arg *arg) {
  return !arg->name && arg->value->kind == EXPR_NAME && choice_option(choice, arg->value->name) >= 0;
}

static void too_many(Checker *c, const Choice *choice, const Expr *e, const Arg *arg) {
  const int n = choice_option(choice, NULL);
  Diag *d = diag_error(c->s, E0403, arg->value->span, "`%s` has %d option%s", choice->name, n, n == 1 ? "" : "s");
  diag_label(d, arg->value->span, "one too many");
  diag_label(d, e->name_span, "%s", n ? arena_printf(c->s->arena, "it has: %s", choice_names(c, choice)) : "it has none");
}

static void lacks_option(Checker *c, const Choice *choice, const Expr *e, int i) {
  const char *name = choice->options[i].name;
  Diag *d = diag_error(c->s, E0403, e->span, "`%s` needs its `%s`", choice->name, name);
  diag_help(d, "for example: `%s(%s = %d)`", choice->name, name, 100);
}

/* What each option is given is a number that is known when compiling, within its range. */
static void check_options(Checker *c, Stage *stage, const Choice *choice, Expr *e) {
  bool given[MOST_OPTIONS] = {false};
  int place = 0;
  choice_options(c, choice, e);
  for (int i = 0; e->kind == EXPR_CALL && i < e->args.len; i++) {
    const Arg *arg = &e->args.at[i];
    const int option = is_flag(choice, arg) ? choice_option(choice, arg->value->name) : arg->name ? choice_option(choice, arg->name) : place++;
    const bool none = option < 0 || option >= choice_option(choice, NULL);
    if (none && !arg->name) too_many(c, choice, e, arg);
    if (none) continue;
    given[option] = true;
    const char *name = choice->options[option].name;
    const bool word = arg->value->kind == EXPR_NAME && !strcmp(arg->value->name, "auto");
    if (is_flag(choice, arg) || (word && !strcmp(name, "checkpoint"))) continue;
    const int before = c->s->diags.len;
    if (wants_number(c, stage, arg->value)) check_range(c, choice->name, name, arg->value);
    else if (c->s->diags.len > before) say_range(c, choice->name, name);
  }
  for (int i = 0; i < choice_option(choice, NULL); i++)
    if (isnan(choice->options[i].fallback) && !given[i]) lacks_option(c, choice, e, i);
}

static void check_choice(Checker *c, Stage *stage, Clause *clause, ChoiceKind kind, const char *example) {
  const Choice *choice = clause_choice(c, stage, clause, kind, example);
  if (!choice) return;
  if (choice->later) {
    Diag *d = not_built(c, clause_argument(clause, 0)->span, "the %s `%s`", clause->keyword, choice->name);
    if (kind == CHOICE_METHOD) suggest_bptt(c, clause, d);
  } else check_options(c, stage, choice, clause_argument(clause, 0));
}

void check_method(Checker *c, Stage *stage, Clause *clause) {
  check_choice(c, stage, clause, CHOICE_METHOD, "method bptt");
  check_steps_of_method(c, clause);
}

void check_optimizer(Checker *c, Stage *stage, Clause *clause) {
  check_choice(c, stage, clause, CHOICE_OPTIMIZER, "optimizer adam(lr = 1e-3)");
}

/* Several multiply. */
void check_schedule(Checker *c, Stage *stage, Clause *clause) {
  clause_words(c, stage, &clause->args);
  for (int i = 0; i < clause->args.len; i++) {
    Expr *e = clause_argument(clause, i);
    const bool named = e->kind == EXPR_CALL || e->kind == EXPR_NAME;
    const Choice *choice = named ? choice_named(c, CHOICE_SCHEDULE, e) : NULL;
    if (!named) clause_wrong(c, e->span, "`schedule` takes names of schedules", "schedule warmup(500), cosine");
    if (choice) check_options(c, stage, choice, e);
  }
  if (!clause->args.len) clause_wrong(c, clause->keyword_span, "which schedule?", "schedule cosine");
}

void check_order(Checker *c, Stage *stage, Clause *clause) { check_choice(c, stage, clause, CHOICE_ORDER, "order shortest_first"); }

void check_clip(Checker *c, Stage *stage, Clause *clause) {
  const Choice *choice = clause_choice(c, stage, clause, CHOICE_CLIP, "clip norm(1)");
  Expr *e = clause_argument(clause, 0);
  if (!choice) return;
  const bool sized = e->kind == EXPR_CALL && e->args.len == 1;
  if (sized && wants_number(c, stage, e->args.at[0].value)) check_range(c, choice->name, "", e->args.at[0].value);
  if (!sized) clause_wrong(c, e->span, "at which size?", "clip norm(1)");
}

/* --- rows ---------------------------------------------------------------------------------------------------------------------------- */

enum { T = 1, R = 2 };
typedef enum Times { ONCE, MANY } Times;

typedef struct ClauseRow {
  const char *keyword;
  int where;
  Times times;
  ClauseCheck *check;
} ClauseRow;

static const ClauseRow rows[] = {
#define CLAUSE(keyword, where, times, check) {#keyword, where, times, check_##check},
#include "sema/clauses.def"
#undef CLAUSE
};

enum { ROWS = sizeof rows / sizeof *rows };

static const ClauseRow *unknown_clause(Checker *c, const Clause *clause, int where) {
  const char *names[ROWS];
  int n = 0;
  for (int i = 0; i < ROWS; i++)
    if (rows[i].where & where) names[n++] = rows[i].keyword;
  Diag *d = diag_error(c->s, E0401, clause->keyword_span, "%s has no clause `%s`", where == T ? "`train`" : "`run`", clause->keyword);
  const char *near = did_you_mean(clause->keyword, names, n);
  if (near) diag_suggest(d, clause->keyword_span, near, "did you mean `%s`?", near);
  else help_foreign_word(d, CLAUSE_WORD, clause->keyword_span, clause->keyword);
  return NULL;
}

static const ClauseRow *row_of(Checker *c, const Clause *clause, int where) {
  for (int i = 0; i < ROWS; i++) {
    if (strcmp(rows[i].keyword, clause->keyword)) continue;
    if (rows[i].where & where) return &rows[i];
    Diag *d = diag_error(c->s, E0401, clause->keyword_span, "`%s` is a clause of `%s`", clause->keyword, where == T ? "run" : "train");
    diag_label(d, clause->keyword_span, "not of `%s`", where == T ? "train" : "run");
    return NULL;
  }
  return unknown_clause(c, clause, where);
}

static void said_twice(Checker *c, const Decl *d, const Clause *clause) {
  const Clause *first = find_clause(d, clause->keyword);
  if (first == clause) return;
  Diag *e = diag_error(c->s, E0401, clause->keyword_span, "`%s` is said twice", clause->keyword);
  diag_label(e, clause->keyword_span, "again here");
  diag_label(e, first->keyword_span, "first here");
}

static bool several_clocks_of_data(const Checker *c) {
  int count = 0;
  for (int i = 0; i < c->module->clocks.len; i++) count += !c->module->clocks.at[i].length;
  return count > 1;
}

static bool any_tree(const Checker *c) {
  for (int i = 0; i < c->module->clocks.len; i++)
    if (c->module->clocks.at[i].tree) return true;
  return false;
}

/* Chunks of a sequence are chunks of one clock of the data: with two there is no telling which steps belong together. */
static void cannot_cut(Checker *c, const Clause *clause, const char *what, const char *why) {
  Diag *d = clause_wrong(c, clause->span, what, NULL);
  diag_label(d, clause->span, "%s", why);
  diag_help(d, "leave `%s` out: each sequence is trained as a whole; shorter ones, where they take too much memory, are to be made in the data",
            cutting_word(clause));
}

void check_clause(Checker *c, Stage *stage, Clause *clause) {
  const ClauseRow *row = row_of(c, clause, stage->decl->kind == DECL_TRAIN ? T : R);
  if (!row) return;
  if (row->times == ONCE) said_twice(c, stage->decl, clause);
  row->check(c, stage, clause);
  if (!cutting_word(clause)) return;
  if (any_tree(c)) cannot_cut(c, clause, "trees cannot be cut into chunks", "a part of a tree is no tree");
  else if (several_clocks_of_data(c)) cannot_cut(c, clause, "sequences on several clocks cannot be cut into chunks", "no step of one clock belongs to a step of another");
}

void check_cuts(Checker *c, const Stage *stage) {
  const Clause *cut = NULL;
  for (int i = 0; i < stage->decl->clauses.len && !cut; i++)
    if (cutting_word(stage->decl->clauses.at[i])) cut = stage->decl->clauses.at[i];
  if (cut && !any_tree(c) && !several_clocks_of_data(c)) check_chunks(c, stage, cut);
}


/* `dtaa adding(…)`: it is there, and its keyword has its own error. */
bool clause_is_misspelt(const Decl *d, const char *keyword) {
  for (int i = 0; i < d->clauses.len; i++) {
    bool known = false;
    for (int k = 0; k < ROWS; k++) known |= !strcmp(rows[k].keyword, d->clauses.at[i]->keyword);
    if (!known && did_you_mean(d->clauses.at[i]->keyword, &keyword, 1)) return true;
  }
  return false;
}
