/* clauses_data.c — data, validate, test: which reader or generator, and whether it fills what the stage reads. */
#include "sema/clauses.h"

static const char *nearest_variable(Checker *c, const Scope *net, Name wrong_name) {
  Vec(const char *) names = {0};
  for (int i = 0; i < net->symbols.len; i++)
    if (has_data(net->symbols.at[i])) vec_push(c->s->arena, names, net->symbols.at[i]->name);
  return did_you_mean(wrong_name, names.at, names.len);
}

/* The columns of a table belong to variables of the net. */
static bool check_column(Checker *c, Stage *stage, const Arg *arg) {
  static const char options[] = "rows end";
  if (!arg->name || has_word(options, arg->name) || has_data(scope_here(stage->net->scope, arg->name))) return true;
  const Symbol *symbol = scope_here(stage->net->scope, arg->name);
  Diag *d = diag_error(c->s, E0406, arg->name_span, "the net `%s` has no input, target or output `%s`", stage->net->name, arg->name);
  if (symbol) diag_label(d, symbol->span, "`%s` is %s", arg->name, symbol_kind_text(symbol->kind));
  const char *near = nearest_variable(c, stage->net->scope, arg->name);
  if (near) diag_suggest(d, arg->name_span, near, "did you mean `%s`?", near);
  return false;
}

static bool is_given(const Expr *source, Name name) {
  for (int i = 0; i < source->args.len; i++)
    if (source->args.at[i].name == name) return true;
  return false;
}

static bool reads_data_of(const Expr *e, Name name) {
  if (!e) return false;
  if (e->kind == EXPR_FIELD && e->left->kind == EXPR_NAME && !strcmp(e->left->name, "data") && e->name == name) return true;
  bool found = reads_data_of(e->left, name) || reads_data_of(e->right, name) || reads_data_of(e->third, name);
  for (int i = 0; i < e->args.len && !found; i++) found = reads_data_of(e->args.at[i].value, name);
  return found;
}

static const Clause *clause_reading(const Decl *stage, Name name) {
  for (int i = 0; i < stage->clauses.len; i++) {
    const Clause *clause = stage->clauses.at[i];
    for (int j = 0; j < clause->args.len; j++)
      if (reads_data_of(clause->args.at[j].value, name)) return clause;
  }
  return NULL;
}

static bool names_value(const Expr *e, Name name) {
  if (!e) return false;
  if (e->kind == EXPR_NAME && e->name == name) return true;
  bool found = (e->kind != EXPR_FIELD && names_value(e->left, name)) || names_value(e->right, name) || names_value(e->third, name);
  for (int i = 0; i < e->args.len && !found; i++) found = names_value(e->args.at[i].value, name);
  return found;
}

static bool stage_names(const Decl *stage, Name name) {
  for (int i = 0; i < stage->clauses.len; i++)
    for (int j = 0; j < stage->clauses.at[i]->args.len; j++)
      if (names_value(stage->clauses.at[i]->args.at[j].value, name)) return true;
  return false;
}

static void no_source(Checker *c, const Clause *clause, const Symbol *symbol, const Clause *reader) {
  Diag *d = diag_error(c->s, E0406, clause_argument(clause, 0)->span, "the data say nothing about `%s`", symbol->name);
  diag_label(d, symbol->span, "%s", symbol_kind_text(symbol->kind));
  if (reader) diag_label(d, reader->span, "the data's `%s` is read here", symbol->name);
  diag_help(d, "name its column: `%s = \"…\"`", symbol->name);
}

/* A table gives only what it names: every input; a target where the stage reads it; an output where its data are read. */
static void check_sources(Checker *c, Stage *stage, const Clause *clause, const Expr *source) {
  const Scope *net = stage->net->scope;
  for (int i = 0; i < net->symbols.len; i++) {
    const Symbol *symbol = net->symbols.at[i];
    if (!has_data(symbol) || is_given(source, symbol->name)) continue;
    const Clause *reader = clause_reading(stage->decl, symbol->name);
    bool wanted = symbol->kind == SYMBOL_INPUT || reader || (symbol->kind == SYMBOL_TARGET && stage_names(stage->decl, symbol->name));
    if (wanted) no_source(c, clause, symbol, reader);
  }
}

/* --- data on several clocks ----------------------------------------------------------------------------------------------------- */

/* Clocks whose length the data say, one more than which no row of a table has. */
static bool on_several_clocks_of_data(const Checker *c, const Symbol *symbol) {
  int count = 0;
  for (int i = 0; i < c->module->clocks.len; i++) count += symbol->type.axes & AXIS_CLOCK(i) && !c->module->clocks.at[i].length;
  return count > 1;
}

static const Arg *given_as(const Expr *source, Name name) {
  for (int i = 0; i < source->args.len; i++)
    if (source->args.at[i].name == name) return &source->args.at[i];
  return NULL;
}

/* u = 0.2, u = [1, 2] */
static bool is_constant(const Expr *e) {
  double number;
  return constant_number(e, &number) || (e->kind == EXPR_LIST && e->args.len && constant_number(e->args.at[0].value, &number));
}

static void only_arrays_say(Checker *c, const Symbol *symbol, const Expr *source, const Arg *arg) {
  const char *clocks = clocks_text(c, symbol->type.axes);
  const Span span = arg ? arg->value->span : source->span;
  Diag *d = diag_error(c->s, E0522, span, "`%s` lives on %s, which `%s(…)` cannot say", symbol->name, clocks, source->name);
  diag_label(d, span, "%s", source_is_table(source) ? "a row is one step of one clock" : "makes values of one clock each");
  diag_label(d, symbol->span, "%s on %s", symbol_kind_text(symbol->kind), clocks);
  diag_help(d, "give it as an array: `npz(\"….npz\", %s = \"…\")`", symbol->name);
}

/* What lives on two clocks of the data is an array a sequence: only npz has such; a constant is as long as the other data. */
static void check_several_clocks(Checker *c, Stage *stage, const Expr *source) {
  const Scope *net = stage->net->scope;
  for (int i = 0; strcmp(source->name, "npz") && i < net->symbols.len; i++) {
    const Symbol *symbol = net->symbols.at[i];
    if (!has_data(symbol) || !on_several_clocks_of_data(c, symbol)) continue;
    const Arg *arg = given_as(source, symbol->name);
    const bool wanted = symbol->kind == SYMBOL_INPUT || clause_reading(stage->decl, symbol->name) ||
                        (symbol->kind == SYMBOL_TARGET && stage_names(stage->decl, symbol->name));
    if (arg ? !is_constant(arg->value) : wanted && !source_is_table(source)) only_arrays_say(c, symbol, source, arg);
  }
}

/* text("input.txt", c), string("ROMEO:", c), c = chars: a text is read by the vocabulary of a variable. */
static void check_text(Checker *c, Stage *stage, const Expr *source) {
  const Arg *arg = source->args.len > 1 ? &source->args.at[1] : NULL;
  const Name name = !arg ? NULL : arg->name ? arg->name : arg->value->kind == EXPR_NAME ? arg->value->name : NULL;
  const Symbol *symbol = name ? scope_here(stage->net->scope, name) : NULL;
  if (has_data(symbol) && on_several_clocks_of_data(c, symbol)) {
    only_arrays_say(c, symbol, source, arg);
    return;
  }
  if (has_data(symbol) && vocabulary_of(&symbol->type)) return;
  Span span = arg ? arg->value->span : source->span;
  Diag *d = diag_error(c->s, E0521, span, symbol ? "`%s` has no vocabulary to read a text by" : "which variable does the text give?", name);
  if (symbol) diag_label(d, symbol->span, "%s, %s", symbol_kind_text(symbol->kind), shape_phrase(c, &symbol->type));
  diag_help(d, "declare one: `vocab chars = characters(\"input.txt\")`, `output c: index(chars) = 0`, `%s(\"…\", c)`", source->name);
}

static bool has_path(Checker *c, const Expr *source) {
  const Arg *first = source->args.len ? &source->args.at[0] : NULL;
  if (first && !first->name && first->value->kind == EXPR_STRING) return true;
  Span span = first && !first->name ? first->value->span : source->span;
  Diag *d = diag_error(c->s, E0404, span, "`%s` takes the name of a file first", source->name);
  if (first && !first->name) diag_suggest(d, span, arena_printf(c->s->arena, "\"%s\"", source_text(c, span)), "in quotes");
  else diag_help(d, "for example: `%s(\"a.csv\", y = \"price\")`", source->name);
  return false;
}

/* `sequences = n`: a name that is none, or is no number. Words of their own are a generator's (`transform = tanh`). */
static void check_generator_numbers(Checker *c, Stage *stage, const Expr *source) {
  static const char words[] = "transform symbols";
  for (int i = 0; source->kind == EXPR_CALL && i < source->args.len; i++) {
    const Arg *arg = &source->args.at[i];
    const bool computed = arg->value->kind == EXPR_NAME || arg->value->kind == EXPR_UNARY || arg->value->kind == EXPR_BINARY;
    if (arg->name && computed && is_generator_option(source->name, arg->name) && !has_word(words, arg->name)) wants_number(c, stage, arg->value);
  }
}

static void check_source(Checker *c, Stage *stage, const Clause *clause, const Expr *source) {
  const Choice *choice = choice_named(c, CHOICE_SOURCE, source);
  if (!choice) return;
  if (choice->later) not_built(c, source->span, "data from `%s(…)`", source->name);
  if (!strcmp(source->name, "text") || !strcmp(source->name, "string")) check_text(c, stage, source);
  check_several_clocks(c, stage, source);
  if (is_generator(source->name)) {
    check_generator(c, source, stage->net->scope);
    check_generator_numbers(c, stage, source);
    return;
  }
  bool fine = !source_is_table(source) || has_path(c, source);
  for (int i = 0; i < source->args.len; i++) fine &= check_column(c, stage, &source->args.at[i]);
  if (fine && source_is_table(source)) check_sources(c, stage, clause, source); /* a misspelt name is probably the missing one */
}

void check_data(Checker *c, Stage *stage, Clause *clause) {
  Expr *source = clause_argument(clause, 0);
  clause_words(c, stage, &clause->args);
  clause_modifiers(c, stage, clause, "by windows every where cuts lengths");
  bool named = source && clause->args.len == 1 && (source->kind == EXPR_CALL || source->kind == EXPR_NAME);
  if (named) check_source(c, stage, clause, source);
  else if (!strcmp(clause->keyword, "data")) clause_wrong(c, clause->span, "`data` takes one reader or generator", "data csv(\"a.csv\", y = \"price\")");
  else clause_wrong(c, clause->span, "which data?", arena_printf(c->s->arena, "%s last 10%%", clause->keyword));
}

/* validate, test: a source of their own, or `last 10%`. */
void check_part(Checker *c, Stage *stage, Clause *clause) {
  const Modifier *last = find_modifier(clause, "last");
  const Expr *word = clause_argument(clause, 0);
  if (word && word->kind == EXPR_NAME && !strcmp(word->name, "last")) {
    clause_wrong(c, clause->span, "how much of the data?", arena_printf(c->s->arena, "%s last 10%%", clause->keyword));
    return;
  }
  if (clause->args.len) {
    check_data(c, stage, clause);
    return;
  }
  clause_modifiers(c, stage, clause, "last");
  if (!last || last->args.len != 1) clause_wrong(c, clause->keyword_span, "which data?", arena_printf(c->s->arena, "%s last 10%%", clause->keyword));
}
