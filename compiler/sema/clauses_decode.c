/* clauses_decode.c — how a net speaks: decode, sample. */
#include "sema/clauses.h"

void check_sample(Checker *c, Stage *stage, Clause *clause) {
  Expr *e = clause_argument(clause, 0);
  bool fine = clause->args.len == 1 && e->kind == EXPR_CALL && !strcmp(e->name, "temperature") && e->args.len == 1;
  clause_words(c, stage, &clause->args);
  if (!fine) clause_wrong(c, clause->span, "`sample` takes a temperature", "sample temperature(0.8)");
  else if (wants_number(c, stage, e->args.at[0].value)) check_range(c, "temperature", "", e->args.at[0].value);
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
    wants_number(c, stage, e);
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
  bool limited = find_clause(stage->decl, "steps") != NULL;
  for (int i = 1; i < e->args.len; i++) {
    const Arg *arg = &e->args.at[i];
    limited |= arg->name && !strcmp(arg->name, "limit");
    if (!arg->name || !has_word(options, arg->name)) {
      limited |= unknown_decode_option(c, e, arg, options);
    } else if (!strcmp(arg->name, "end")) check_end(c, stage, output, arg->value);
    else if (wants_number(c, stage, arg->value)) check_range(c, e->name, arg->name, arg->value);
  }
  if (!limited) clause_wrong(c, e->span, "how many steps at most?", "decode greedy(w, end = \"</s>\", limit = 12)");
}

void check_decode(Checker *c, Stage *stage, Clause *clause) {
  const Choice *choice = clause_choice(c, stage, clause, CHOICE_DECODER, "decode beam(w, width = 5, end = EOS, limit = 100)");
  Expr *e = clause_argument(clause, 0);
  if (!choice) return;
  const Symbol *output = e->kind == EXPR_CALL && e->args.len && !e->args.at[0].name ? clause_name(c, stage, e->args.at[0].value) : NULL;
  if (e->kind != EXPR_CALL || !e->args.len || e->args.at[0].name) clause_wrong(c, e->span, "what is decoded?", "decode greedy(w, limit = 12)");
  if (!output) return;
  if (output->kind == SYMBOL_OUTPUT && names_choice(output)) check_decode_options(c, stage, e, output);
  else clause_wants_kind(c, e->args.at[0].value, output, "a decoder needs an output that chooses: `w = argmax(p)`, `w = sample(p)` or `k = argmax over s (p)`");
}
