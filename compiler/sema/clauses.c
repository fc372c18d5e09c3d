/* clauses.c — train and run: each clause against its row of clauses.def, and what a stage must have. */
#include "sema/choices.h"

typedef struct Stage {
  Decl *decl;
  Scope *scope; /* the net's names, and `loss` */
  const Symbol *net;
} Stage;

typedef void ClauseCheck(Checker *c, Stage *stage, Clause *clause);

static Expr *argument(const Clause *clause, int i) { return i < clause->args.len ? clause->args.at[i].value : NULL; }

static const Modifier *modifier(const Clause *clause, const char *word) {
  for (int i = 0; i < clause->modifiers.len; i++)
    if (!strcmp(clause->modifiers.at[i].word, word)) return &clause->modifiers.at[i];
  return NULL;
}

static Diag *wrong(Checker *c, Span span, const char *what, const char *example) {
  Diag *d = diag_error(c->s, E0404, span, "%s", what);
  if (example) diag_help(d, "for example: `%s`", example);
  return d;
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

static void words_of(Checker *c, Stage *stage, const Args *args) {
  for (int i = 0; i < args->len; i++) word_value(c, stage, args->at[i].value);
}

static void check_words(Checker *c, Stage *stage, Clause *clause) { words_of(c, stage, &clause->args); }

static void check_nothing(Checker *c, Stage *stage, Clause *clause) {
  words_of(c, stage, &clause->args);
  if (!clause->args.len) return;
  Diag *d = wrong(c, argument(clause, 0)->span, arena_printf(c->s->arena, "`%s` stands alone", clause->keyword), NULL);
  diag_label(d, argument(clause, 0)->span, "nothing belongs here");
}

static bool is_number(Checker *c, Stage *stage, Expr *e) {
  double value;
  Type t = type_expr(c, stage->scope, e);
  if (is_poison(t) || constant_number(e, &value)) return true;
  Diag *d = wrong(c, e->span, "a number is wanted here", NULL);
  diag_label(d, e->span, "not a number known when compiling");
  return false;
}

static void check_number(Checker *c, Stage *stage, Clause *clause) {
  if (clause->args.len == 1) {
    is_number(c, stage, argument(clause, 0));
    return;
  }
  wrong(c, clause->keyword_span, arena_printf(c->s->arena, "`%s` takes one number", clause->keyword),
        arena_printf(c->s->arena, "%s 10", clause->keyword));
}

/* --- data ------------------------------------------------------------------------------------------------------------------------ */

static bool has_data(const Symbol *symbol) {
  return symbol && (symbol->kind == SYMBOL_INPUT || symbol->kind == SYMBOL_TARGET || symbol->kind == SYMBOL_OUTPUT);
}

static const char *nearest_variable(Checker *c, const Scope *net, Name wrong_name) {
  Vec(const char *) names = {0};
  for (int i = 0; i < net->symbols.len; i++)
    if (has_data(net->symbols.at[i])) vec_push(c->s->arena, names, net->symbols.at[i]->name);
  return did_you_mean(wrong_name, names.at, names.len);
}

/* The columns of a table belong to variables of the net. */
static bool check_column(Checker *c, Stage *stage, const Arg *arg) {
  static const char options[] = "rows end header";
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
  Diag *d = diag_error(c->s, E0406, argument(clause, 0)->span, "the data say nothing about `%s`", symbol->name);
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

/* text("input.txt", c), string("ROMEO:", c), c = chars: a text is read by the vocabulary of a variable. */
static void check_text(Checker *c, Stage *stage, const Expr *source) {
  const Arg *arg = source->args.len > 1 ? &source->args.at[1] : NULL;
  const Name name = !arg ? NULL : arg->name ? arg->name : arg->value->kind == EXPR_NAME ? arg->value->name : NULL;
  const Symbol *symbol = name ? scope_here(stage->net->scope, name) : NULL;
  if (has_data(symbol) && vocabulary_of(&symbol->type)) return;
  Span span = arg ? arg->value->span : source->span;
  Diag *d = diag_error(c->s, E0521, span, symbol ? "`%s` has no vocabulary to read a text by" : "which variable does the text give?", name);
  if (symbol) diag_label(d, symbol->span, "%s, %s", symbol_kind_text(symbol->kind), shape_phrase(c, &symbol->type));
  diag_help(d, "declare one: `vocab chars = characters(\"input.txt\")`, `output c: index(chars) = 0`, `%s(\"…\", c)`", source->name);
}

static void check_source(Checker *c, Stage *stage, const Clause *clause, const Expr *source) {
  const Choice *choice = choice_named(c, CHOICE_SOURCE, source);
  if (!choice) return;
  if (choice->later) not_built(c, source->span, "data from `%s(…)`", source->name);
  if (!strcmp(source->name, "text") || !strcmp(source->name, "string")) check_text(c, stage, source);
  if (!source_is_table(source)) {
    check_generator(c, source, stage->net->scope);
    return;
  }
  bool fine = true;
  for (int i = 0; i < source->args.len; i++) fine &= check_column(c, stage, &source->args.at[i]);
  if (fine) check_sources(c, stage, clause, source); /* a misspelt name is probably the missing one */
}

static void check_modifiers(Checker *c, Stage *stage, const Clause *clause, const char *words) {
  for (int i = 0; i < clause->modifiers.len; i++) {
    const Modifier *m = &clause->modifiers.at[i];
    words_of(c, stage, &m->args);
    if (has_word(words, m->word)) continue;
    Diag *d = diag_error(c->s, E0404, m->span, "`%s` has no `%s`", clause->keyword, m->word);
    const char *near = nearest_word(c->s, m->word, words);
    if (near) diag_help(d, "did you mean `%s`?", near);
    else if (*words) diag_help(d, "it may be followed by: %s", words);
  }
}

static void check_data(Checker *c, Stage *stage, Clause *clause) {
  Expr *source = argument(clause, 0);
  words_of(c, stage, &clause->args);
  check_modifiers(c, stage, clause, "by windows every where cuts");
  bool named = source && clause->args.len == 1 && (source->kind == EXPR_CALL || source->kind == EXPR_NAME);
  if (named) check_source(c, stage, clause, source);
  else wrong(c, clause->span, "`data` takes one reader or generator", "data csv(\"a.csv\", y = \"price\")");
}

/* validate, test: a source of their own, or `last 10%`. */
static void check_part(Checker *c, Stage *stage, Clause *clause) {
  const Modifier *last = modifier(clause, "last");
  if (clause->args.len) {
    check_data(c, stage, clause);
    return;
  }
  check_modifiers(c, stage, clause, "last");
  if (!last || last->args.len != 1) wrong(c, clause->keyword_span, "which data?", arena_printf(c->s->arena, "%s last 10%%", clause->keyword));
}

/* --- names of the net ------------------------------------------------------------------------------------------------------------ */

static Symbol *net_name(Checker *c, Stage *stage, Expr *e) {
  if (e->kind == EXPR_NAME) {
    e->type = type_real();
    Symbol *symbol = resolve(c, stage->scope, e);
    if (symbol) e->type = symbol->type;
    return symbol;
  }
  diag_label(wrong(c, e->span, "a name of the net is wanted here", NULL), e->span, "this is an expression");
  return NULL;
}

static void wants_kind(Checker *c, const Expr *e, const Symbol *symbol, const char *what) {
  Diag *d = diag_error(c->s, E0404, e->span, "%s", what);
  diag_label(d, symbol->span, "`%s` is %s", symbol->name, symbol_kind_text(symbol->kind));
}

static void check_scale(Checker *c, Stage *stage, Clause *clause) {
  for (int i = 0; i < clause->args.len; i++) {
    const Symbol *symbol = net_name(c, stage, argument(clause, i));
    if (!symbol) continue;
    if (!has_data(symbol)) {
      wants_kind(c, argument(clause, i), symbol, "only inputs, targets and outputs are scaled");
    } else if (symbol->type.kind == TYPE_INDEX || symbol->type.kind == TYPE_CLOCK_INDEX) {
      Diag *d = diag_error(c->s, E0407, argument(clause, i)->span, "an index cannot be scaled");
      diag_label(d, symbol->span, "`%s` is %s", symbol->name, shape_phrase(c, &symbol->type));
    } else if (AXES_CLOCKS(symbol->type.axes) & (AXES_CLOCKS(symbol->type.axes) - 1)) {
      not_built(c, argument(clause, i)->span, "scaling data on several clocks");
    }
  }
}

static void check_force(Checker *c, Stage *stage, Clause *clause) {
  const Modifier *steps = modifier(clause, "for");
  check_modifiers(c, stage, clause, "for steps with");
  for (int i = 0; i < clause->args.len; i++) {
    const Symbol *symbol = net_name(c, stage, argument(clause, i));
    if (symbol && symbol->kind != SYMBOL_OUTPUT) wants_kind(c, argument(clause, i), symbol, "only an output is forced");
    else if (symbol && !symbol->history) {
      Diag *d = wrong(c, argument(clause, i)->span, arena_printf(c->s->arena, "`%s` has no history, so nothing reads its delay line", symbol->name), NULL);
      diag_label(d, symbol->span, "declared without one");
    }
  }
  if (!clause->args.len) wrong(c, clause->keyword_span, "what is forced?", "force y for 4 steps");
  if (steps && steps->args.len == 1) is_number(c, stage, steps->args.at[0].value);
}

static void check_tune(Checker *c, Stage *stage, Clause *clause) {
  for (int i = 0; i < clause->args.len; i++) {
    const Symbol *symbol = net_name(c, stage, argument(clause, i));
    if (!symbol || symbol->kind == SYMBOL_PARAM || symbol->kind == SYMBOL_SHARED || symbol->equation) continue;
    wants_kind(c, argument(clause, i), symbol, "`tune` takes params, and values whose equations call cells");
  }
}

/* --- choices --------------------------------------------------------------------------------------------------------------------- */

static const Choice *chosen(Checker *c, Stage *stage, Clause *clause, ChoiceKind kind, const char *example) {
  Expr *e = argument(clause, 0);
  words_of(c, stage, &clause->args);
  if (clause->args.len == 1 && (e->kind == EXPR_CALL || e->kind == EXPR_NAME)) return choice_named(c, kind, e);
  wrong(c, clause->span, arena_printf(c->s->arena, "`%s` takes one name", clause->keyword), example);
  return NULL;
}

/* What this version has instead: bptt, which unlike `ip` wants a loss. */
static void suggest_bptt(Checker *c, Clause *clause, Diag *d) {
  bool has_loss = false;
  for (int i = 0; i < c->stage->clauses.len; i++) has_loss |= !strcmp(c->stage->clauses.at[i]->keyword, "loss");
  diag_suggest(d, argument(clause, 0)->span, "bptt", has_loss ? "`bptt` trains the same net" : "`bptt` trains the same net, with a `loss` of its own");
}

static void check_choice(Checker *c, Stage *stage, Clause *clause, ChoiceKind kind, const char *example) {
  const Choice *choice = chosen(c, stage, clause, kind, example);
  if (!choice) return;
  if (choice->later) {
    Diag *d = not_built(c, argument(clause, 0)->span, "the %s `%s`", clause->keyword, choice->name);
    if (kind == CHOICE_METHOD) suggest_bptt(c, clause, d);
  } else choice_options(c, choice, argument(clause, 0));
}

static void check_method(Checker *c, Stage *stage, Clause *clause) { check_choice(c, stage, clause, CHOICE_METHOD, "method bptt"); }

static void check_optimizer(Checker *c, Stage *stage, Clause *clause) {
  check_choice(c, stage, clause, CHOICE_OPTIMIZER, "optimizer adam(lr = 1e-3)");
}

static void check_schedule(Checker *c, Stage *stage, Clause *clause) { check_choice(c, stage, clause, CHOICE_SCHEDULE, "schedule cosine"); }

static void check_order(Checker *c, Stage *stage, Clause *clause) { check_choice(c, stage, clause, CHOICE_ORDER, "order shortest_first"); }

/* --- speaking --------------------------------------------------------------------------------------------------------------------- */

static void check_sample(Checker *c, Stage *stage, Clause *clause) {
  Expr *e = argument(clause, 0);
  bool fine = clause->args.len == 1 && e->kind == EXPR_CALL && !strcmp(e->name, "temperature") && e->args.len == 1;
  double number;
  words_of(c, stage, &clause->args);
  if (!fine) wrong(c, clause->span, "`sample` takes a temperature", "sample temperature(0.8)");
  else if (is_number(c, stage, e->args.at[0].value) && constant_number(e->args.at[0].value, &number) && number <= 0)
    diag_label(wrong(c, e->args.at[0].value->span, "a temperature is above 0", "sample temperature(0.8)"), e->args.at[0].value->span, "it is %g", number);
}

/* w = argmax(p), w = sample(p), k = argmax over s (p): the decoder searches p. */
static bool names_choice(const Symbol *symbol) {
  const Expr *e = symbol->equation ? symbol->equation->value : NULL;
  if (e && e->kind == EXPR_OVER) return !strcmp(e->name, "argmax") && symbol->type.kind == TYPE_CLOCK_INDEX;
  return e && e->kind == EXPR_CALL && (!strcmp(e->name, "argmax") || !strcmp(e->name, "sample")) && symbol->type.kind == TYPE_INDEX;
}

static void check_end(Checker *c, Stage *stage, const Symbol *output, Expr *e) {
  const Symbol *vocabulary = vocabulary_of(&output->type);
  if (e->kind != EXPR_STRING) {
    is_number(c, stage, e);
    return;
  }
  for (int64_t i = 0; vocabulary && i < vocabulary->size; i++)
    if (!strcmp(vocabulary->symbols[i], e->text) || !*vocabulary->symbols[i]) return; /* "": could not be read */
  Diag *d = diag_error(c->s, E0521, e->span, "\"%s\" is no symbol of `%s`", e->text, vocabulary ? vocabulary->name : output->name);
  diag_label(d, output->span, "%s", shape_phrase(c, &output->type));
  if (vocabulary) diag_help(d, "add it to the vocab: `extra = [\"%s\"]`", e->text);
}

/* True where `limit` was meant: then it is not missing. */
static bool unknown_decode_option(Checker *c, const Expr *e, const Arg *arg, const char *options) {
  Diag *d = arg->name ? diag_error(c->s, E0403, arg->name_span, "`%s` has no option `%s`", e->name, arg->name)
                      : diag_error(c->s, E0403, arg->value->span, "`%s` takes its options by name", e->name);
  const char *near = arg->name ? nearest_word(c->s, arg->name, options) : NULL;
  if (near) diag_suggest(d, arg->name_span, near, "did you mean `%s`?", near);
  else diag_help(d, "it has: %s", options);
  return near && !strcmp(near, "limit");
}

static void check_decode_options(Checker *c, Stage *stage, const Expr *e, const Symbol *output) {
  static const char options[] = "end limit width";
  bool limited = false;
  for (int i = 1; i < e->args.len; i++) {
    const Arg *arg = &e->args.at[i];
    limited |= arg->name && !strcmp(arg->name, "limit");
    if (!arg->name || !has_word(options, arg->name)) {
      limited |= unknown_decode_option(c, e, arg, options);
    } else if (!strcmp(arg->name, "end")) check_end(c, stage, output, arg->value);
    else is_number(c, stage, arg->value);
  }
  if (!limited) wrong(c, e->span, "how many steps at most?", "decode greedy(w, end = \"</s>\", limit = 12)");
}

static void check_decode(Checker *c, Stage *stage, Clause *clause) {
  const Choice *choice = chosen(c, stage, clause, CHOICE_DECODER, "decode beam(w, width = 5, end = EOS, limit = 100)");
  Expr *e = argument(clause, 0);
  if (!choice) return;
  const Symbol *output = e->kind == EXPR_CALL && e->args.len && !e->args.at[0].name ? net_name(c, stage, e->args.at[0].value) : NULL;
  if (e->kind != EXPR_CALL || !e->args.len || e->args.at[0].name) wrong(c, e->span, "what is decoded?", "decode greedy(w, limit = 12)");
  if (!output) return;
  if (output->kind == SYMBOL_OUTPUT && names_choice(output)) check_decode_options(c, stage, e, output);
  else wants_kind(c, e->args.at[0].value, output, "a decoder needs an output that chooses: `w = argmax(p)`, `w = sample(p)` or `k = argmax over s (p)`");
}

static void check_clip(Checker *c, Stage *stage, Clause *clause) {
  const Choice *choice = chosen(c, stage, clause, CHOICE_CLIP, "clip norm(1)");
  Expr *e = argument(clause, 0);
  if (!choice) return;
  if (e->kind == EXPR_CALL && e->args.len == 1) is_number(c, stage, e->args.at[0].value);
  else wrong(c, e->span, "at which size?", "clip norm(1)");
}

/* --- expressions ------------------------------------------------------------------------------------------------------------------- */

static Type expression(Checker *c, Stage *stage, Expr *e) {
  Type t = type_expr(c, stage->scope, e);
  if (!is_poison(t)) clocks_of_expr(c, stage->scope, e);
  return t;
}

static bool is_scalar(Checker *c, const Expr *e, const Type *t, const char *what) {
  if (is_poison(*t) || (t->kind == TYPE_REAL && !t->shape.rank)) return true;
  Diag *d = diag_error(c->s, E0408, e->span, "%s is one number, not %s", what, shape_phrase(c, t));
  explain_origin(c, d, e, t);
  return false;
}

static void check_loss(Checker *c, Stage *stage, Clause *clause) {
  if (clause->args.len != 1) {
    wrong(c, clause->keyword_span, "`loss` takes one expression", "loss mse(y, data.y)");
    return;
  }
  Type t = expression(c, stage, argument(clause, 0));
  if (!is_scalar(c, argument(clause, 0), &t, "a loss")) diag_help(c->s->diags.at[c->s->diags.len - 1], "`mean(…)` or `sum(…)` makes it one");
}

static void check_values(Checker *c, Stage *stage, Clause *clause) {
  check_modifiers(c, stage, clause, "last");
  for (int i = 0; i < clause->args.len; i++) expression(c, stage, argument(clause, i));
  if (!clause->args.len) wrong(c, clause->keyword_span, arena_printf(c->s->arena, "what to %s?", clause->keyword), NULL);
}

static bool is_condition(const Expr *e) {
  bool of_operator = e->kind == EXPR_BINARY || e->kind == EXPR_UNARY;
  return of_operator && ((e->op >= OPERATOR_OR && e->op <= OPERATOR_NE) || e->op == OPERATOR_NOT);
}

static void check_condition(Checker *c, Stage *stage, Expr *e, const char *keyword) {
  Type t = expression(c, stage, e);
  bool fine = is_scalar(c, e, &t, "a condition");
  if (!fine || is_poison(t) || is_condition(e)) return;
  diag_label(wrong(c, e->span, arena_printf(c->s->arena, "`%s` takes a condition", keyword), "expect rmse(y, data.y) < 0.1"), e->span,
             "compare this with a number");
}

/* The part that differs: in `y > 0 and mean(y) < 1` it is the first. */
static const Expr *differing(const Expr *e) {
  if (e->kind == EXPR_UNARY && e->op == OPERATOR_NOT) return differing(e->left);
  if (e->kind != EXPR_BINARY || (e->op != OPERATOR_AND && e->op != OPERATOR_OR)) return e;
  return differing(differs_over_run(e->left) ? e->left : e->right);
}

/* `expect y < 1` could mean every step, some step, or the mean: the user must say which. */
static void check_expectation(Checker *c, Stage *stage, Expr *e) {
  const int errors = c->s->errors;
  check_condition(c, stage, e, "expect");
  if (c->s->errors > errors || !differs_over_run(e)) return;
  const Expr *part = differing(e);
  const char *text = source_text(c, part->span);
  Diag *d = diag_error(c->s, E0408, part->span, "a condition is one number, but `%s` is one for each %s", text,
                       part->type.axes == AXIS_SEQUENCE ? "sequence" : "step");
  diag_help(d, "`fraction(%s) == 1`: it holds everywhere; with `mean(…)`: it holds on average", text);
}

static void check_expect(Checker *c, Stage *stage, Clause *clause) {
  for (int i = 0; i < clause->args.len; i++) check_expectation(c, stage, argument(clause, i));
  if (!clause->args.len) wrong(c, clause->keyword_span, "what is expected?", "expect rmse(y, data.y) < 0.1");
}

/* skip when loss < 0.01 */
static void check_when(Checker *c, Stage *stage, Clause *clause) {
  const Modifier *when = modifier(clause, "when");
  if (when && when->args.len == 1 && !clause->args.len) check_condition(c, stage, when->args.at[0].value, clause->keyword);
  else wrong(c, clause->span, "when?", arena_printf(c->s->arena, "%s when loss < 0.01", clause->keyword));
}

static void check_write(Checker *c, Stage *stage, Clause *clause) {
  for (int i = 0; i < clause->args.len; i++) {
    Expr *e = argument(clause, i);
    const Choice *choice = e->kind == EXPR_CALL ? choice_named(c, CHOICE_WRITE, e) : NULL;
    if (e->kind != EXPR_CALL) wrong(c, e->span, "where to?", "write csv(\"out.csv\", y)");
    e->type = type_real();
    for (int j = 0; choice && j < e->args.len; j++) expression(c, stage, e->args.at[j].value);
  }
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

static const Clause *clause_of(const Decl *d, const char *keyword) {
  for (int i = 0; i < d->clauses.len; i++)
    if (!strcmp(d->clauses.at[i]->keyword, keyword)) return d->clauses.at[i];
  return NULL;
}

static void said_twice(Checker *c, const Decl *d, const Clause *clause) {
  const Clause *first = clause_of(d, clause->keyword);
  if (first == clause) return;
  Diag *e = diag_error(c->s, E0401, clause->keyword_span, "`%s` is said twice", clause->keyword);
  diag_label(e, clause->keyword_span, "again here");
  diag_label(e, first->keyword_span, "first here");
}

/* Chunks of a sequence are chunks of one clock of the data: with two there is no telling which steps belong together. */
static bool cuts_sequences(const Clause *clause) {
  const Expr *e = argument(clause, 0);
  if (!strcmp(clause->keyword, "carry")) return true;
  for (int i = 0; !strcmp(clause->keyword, "method") && e && i < e->args.len; i++)
    if (e->args.at[i].name && !strcmp(e->args.at[i].name, "truncate")) return true;
  return false;
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

static void cannot_cut(Checker *c, const Clause *clause, const char *what, const char *why) {
  Diag *d = wrong(c, clause->span, what, NULL);
  diag_label(d, clause->span, "%s", why);
  diag_help(d, "leave `%s` out: each sequence is trained as a whole; shorter ones, where they take too much memory, are to be made in the data",
            strcmp(clause->keyword, "carry") ? "truncate" : "carry");
}

static void check_clause(Checker *c, Stage *stage, Clause *clause) {
  const ClauseRow *row = row_of(c, clause, stage->decl->kind == DECL_TRAIN ? T : R);
  if (!row) return;
  if (row->times == ONCE) said_twice(c, stage->decl, clause);
  row->check(c, stage, clause);
  if (!cuts_sequences(clause)) return;
  if (any_tree(c)) cannot_cut(c, clause, "trees cannot be cut into chunks", "a part of a tree is no tree");
  else if (several_clocks_of_data(c)) cannot_cut(c, clause, "sequences on several clocks cannot be cut into chunks", "no step of one clock belongs to a step of another");
}

/* --- a stage --------------------------------------------------------------------------------------------------------------------------- */

static const Symbol *net_of(Checker *c, const Decl *d) {
  const Symbol *symbol = scope_here(c->program->file_scope, d->net);
  if (symbol && symbol->kind == SYMBOL_NET) return symbol;
  Vec(const char *) names = {0};
  for (int i = 0; i < c->program->nets.len; i++) vec_push(c->s->arena, names, c->program->nets.at[i]->name);
  Diag *e = diag_error(c->s, E0101, d->net_span, "there is no net `%s`", d->net);
  const char *near = did_you_mean(d->net, names.at, names.len);
  if (symbol) diag_label(e, symbol->span, "`%s` is %s", d->net, symbol_kind_text(symbol->kind));
  if (near) diag_suggest(e, d->net_span, near, "did you mean `%s`?", near);
  return NULL;
}

/* `dtaa adding(…)`: it is there, and its keyword has its own error. */
static bool is_misspelt(const Decl *d, const char *keyword) {
  for (int i = 0; i < d->clauses.len; i++) {
    bool known = false;
    for (int k = 0; k < ROWS; k++) known |= !strcmp(rows[k].keyword, d->clauses.at[i]->keyword);
    if (!known && did_you_mean(d->clauses.at[i]->keyword, &keyword, 1)) return true;
  }
  return false;
}

static void require(Checker *c, const Decl *d, const char *keyword, const char *example) {
  if (clause_of(d, keyword) || is_misspelt(d, keyword)) return;
  Diag *e = diag_error(c->s, E0405, d->name_span, "%s `%s` has no `%s`", d->kind == DECL_TRAIN ? "`train`" : "`run`", d->name, keyword);
  diag_help(e, "for example: `%s`", example);
}

static bool method_wants_loss(const Decl *d) {
  const Clause *method = clause_of(d, "method");
  const Expr *e = method ? argument(method, 0) : NULL;
  static const char ip[] = "ip";
  bool misspelt = e && e->name && did_you_mean(e->name, (const char *const[]){ip}, 1);
  return !misspelt && (!e || !e->name || strcmp(e->name, ip));
}

static void check_required(Checker *c, const Decl *d) {
  if (d->kind == DECL_TRAIN) {
    require(c, d, "data", "data csv(\"a.csv\", y = \"price\")");
    if (method_wants_loss(d)) require(c, d, "loss", "loss mse(y, data.y)");
  } else if (!clause_of(d, "steps")) {
    require(c, d, "data", "data csv(\"a.csv\", y = \"price\")");
  }
}

/* `loss` is the epoch's mean in `stop when` and `report`. */
static Scope *stage_scope(Checker *c, const Symbol *net) {
  Scope *scope = scope_new(c, net->scope, net->decl);
  Name loss = intern(c->s, "loss");
  if (!scope_find(net->scope, loss)) scope_declare(c, scope, SYMBOL_VALUE, loss, (Span){0})->type = type_real();
  return scope;
}

static void said_before(Checker *c, const Decl *d) {
  for (int i = 0; i < c->program->stages.len; i++) {
    const Decl *other = c->program->stages.at[i];
    if (other->name != d->name || other->net != d->net || other->kind != d->kind) continue;
    Diag *e = diag_error(c->s, E0102, d->name_span, "there are two stages `%s` of `%s`", d->name, d->net);
    diag_label(e, d->name_span, "again here");
    diag_label(e, other->name_span, "first here");
    diag_help(e, "give it a name: `%s %s as …`", d->kind == DECL_TRAIN ? "train" : "run", d->net);
    return;
  }
}

void check_stage(Checker *c, Decl *d) {
  Stage stage = {d, NULL, net_of(c, d)};
  said_before(c, d);
  vec_push(c->s->arena, c->program->stages, d);
  if (!stage.net) return;
  stage.scope = stage_scope(c, stage.net);
  c->stage = d;
  check_required(c, d);
  for (int i = 0; i < d->clauses.len; i++) check_clause(c, &stage, d->clauses.at[i]);
  report_missing_histories(c);
  c->stage = NULL;
}
