/* generators.c — the options of a generator, so that a misspelt one is said before anything runs. */
#include "sema/check.h"

static const struct {
  const char *name, *options;
} generators[] = {
#define OPTIONS(generator, options) {#generator, options},
#include "sema/generators.def"
#undef OPTIONS
};

static const char *options_of(Name generator) {
  for (size_t i = 0; i < sizeof generators / sizeof *generators; i++)
    if (!strcmp(generators[i].name, generator)) return generators[i].options;
  return NULL;
}

bool is_generator(Name name) { return options_of(name) != NULL; }

bool is_generator_option(Name generator, Name option) {
  const char *options = options_of(generator);
  return options && has_word(options, option);
}

static void unknown_option(Checker *c, const Expr *source, const Arg *arg, const Scope *net, const char *options) {
  const char *words = options;
  for (int i = 0; i < net->symbols.len; i++)
    if (has_data(net->symbols.at[i])) words = arena_printf(c->s->arena, "%s %s", words, net->symbols.at[i]->name);
  Diag *d = diag_error(c->s, E0403, arg->name_span, "`%s` has no option `%s`", source->name, arg->name);
  const char *near = nearest_word(c->s, arg->name, words);
  if (near) diag_suggest(d, arg->name_span, near, "did you mean `%s`?", near);
  else diag_help(d, "it has: %s; and the net's variables, to say where one comes from", options);
}

void check_generator(Checker *c, const Expr *source, const Scope *net) {
  const char *options = options_of(source->name);
  for (int i = 0; options && source->kind == EXPR_CALL && i < source->args.len; i++) {
    const Arg *arg = &source->args.at[i];
    if (!arg->name || has_word(options, arg->name) || has_data(scope_here(net, arg->name))) continue;
    unknown_option(c, source, arg, net, options);
  }
}
