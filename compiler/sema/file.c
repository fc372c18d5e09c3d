/* file.c — the names of a file, the sizes of its dims, overrides, and the order in which everything is checked. */
#include "sema/check.h"
#include <math.h>
#include <stdlib.h>

/* --- overrides: NAME=value of the command line ------------------------------------------------------------------------------ */

/* `20ms`, `20 ms`, or a number alone. */
static bool read_amount(const char *text, double *value, bool *is_time) {
  char *end;
  double times = 1;
  *value = strtod(text, &end);
  if (end == text || !isfinite(*value)) return false;
  while (*end == ' ') end++;
  *is_time = *end && *end != '%';
  if (*end && !unit_named(end, &times)) return false;
  return *value *= times, true;
}

/* A time for a time, a number for a number. */
static bool unit_fits(Checker *c, const Override *o, int unit, double value, bool is_time, bool say) {
  if (unit == ANY_UNIT || value == 0 || (unit == 1) == is_time) return true;
  if (!say) return false;
  Diag *d = diag_error(c->s, E0111, (Span){0}, "`%s=%s`: `%s` is a %s in the file", o->name, o->value, o->name, is_time ? "number" : "time");
  if (!is_time) diag_help(d, "say the unit: `%s=%sms`, us or s", o->name, o->value);
  return false;
}

bool take_override(Checker *c, Name name, int unit, double *value) {
  for (int i = 0; i < c->s->overrides.len; i++) {
    Override *o = &c->s->overrides.at[i];
    if (o->name != name || c->module->ast != c->program->ast) continue;
    double given;
    bool is_time, first = !o->used;
    o->used = true;
    if (read_amount(o->value, &given, &is_time)) return unit_fits(c, o, unit, given, is_time, first) ? *value = given, true : false;
    if (first) diag_error(c->s, E0111, (Span){0}, "`%s=%s`: `%s` is not a number", name, o->value, o->value);
  }
  return false;
}

static void add_overridable(Checker *c, const Scope *scope, const char ***names, int *count) {
  for (int i = 0; i < scope->symbols.len; i++) {
    const Symbol *symbol = scope->symbols.at[i];
    bool can = symbol->kind == SYMBOL_LET || (symbol->kind == SYMBOL_DIM && !scope->owner && !symbol->symbols);
    if (!can) continue;
    const char **more = arena_array(c->s->arena, const char *, *count + 1);
    if (*count) memcpy(more, *names, sizeof *more * (size_t)*count);
    more[(*count)++] = symbol->name;
    *names = more;
  }
}

void check_overrides(Checker *c) {
  const char **names = NULL;
  int count = 0;
  add_overridable(c, c->program->file_scope, &names, &count);
  for (int i = 0; i < c->program->nets.len; i++) add_overridable(c, c->program->nets.at[i]->scope, &names, &count);
  for (int i = 0; i < c->s->overrides.len; i++) {
    const Override *o = &c->s->overrides.at[i];
    if (o->used) continue;
    Diag *d = diag_error(c->s, E0111, (Span){0}, "`%s=%s`: the file has no dim or let `%s`", o->name, o->value, o->name);
    const char *near = did_you_mean(o->name, names, count);
    if (near) diag_help(d, "did you mean `%s`?", near);
  }
}

/* --- numbers of dims and lets --------------------------------------------------------------------------------------------------- */

static void size_of_dim(Checker *c, Symbol *dim);

static void settle_symbol(Checker *c, Symbol *symbol, const Expr *use) {
  const bool open = (symbol->kind == SYMBOL_LET || symbol->kind == SYMBOL_DIM) && symbol->value && !symbol->settled;
  if (open && c->nesting > DEEPEST_CHAIN) {
    Diag *d = diag_error(c->s, E0003, use->span, "too many dims and lets are made of each other in a row");
    diag_help(d, "put what is needed before what needs it");
    symbol->settled = symbol->known_number = true;
    symbol->size = 1;
  } else if (open && symbol->kind == SYMBOL_LET) let_number(c, symbol);
  else if (open) size_of_dim(c, symbol);
}

/* Lets and dims may stand in any order: those that an expression is made of come before it. */
static void settle(Checker *c, const Expr *e) {
  const Expr *const below[] = {e->left, e->right, e->third};
  c->nesting++;
  if (e->kind == EXPR_NAME && e->symbol) settle_symbol(c, e->symbol, e);
  for (int i = 0; i < 3; i++)
    if (below[i]) settle(c, below[i]);
  for (int i = 0; i < e->args.len; i++) settle(c, e->args.at[i].value);
  c->nesting--;
}

static bool settled_number(Checker *c, const Expr *e, double *out) {
  settle(c, e);
  return constant_number(e, out);
}

/* A let may be a list; then it has a shape and no number. */
void let_number(Checker *c, Symbol *let) {
  if (let->settled) return;
  let->settled = true;
  let->unit = ANY_UNIT;
  Type t = type_of_symbol(c, let, let->value);
  settle(c, let->value);
  if (let->value) let->unit = time_in(let->value);
  double given;
  bool overridden = (!let->scope->owner || let->scope->owner->kind == DECL_NET) && take_override(c, let->name, let->unit, &given);
  if (overridden) let->number = given;
  let->known_number = !t.shape.rank && (overridden || constant_number(let->value, &let->number));
  bool of_cell = let->scope->owner && let->scope->owner->kind == DECL_CELL;
  if (is_poison(t) || constant_expr(let->value) || of_cell) return;
  Diag *d = diag_error(c->s, E0109, let->value->span, "a let is known when compiling");
  diag_label(d, let->value->span, "this is not: write `%s = …` without `let`", let->name);
}

/* A let or a dim of which a size is made, without a number itself; NULL. */
static const Symbol *unknown_in(const Expr *e) {
  const Expr *const below[] = {e->left, e->right, e->third};
  const Symbol *symbol = e->kind == EXPR_NAME ? e->symbol : NULL, *found = NULL;
  if (symbol && (symbol->kind == SYMBOL_LET || symbol->kind == SYMBOL_DIM) && !symbol->known_number) return symbol;
  for (int i = 0; i < 3 && !found; i++) found = below[i] ? unknown_in(below[i]) : NULL;
  for (int i = 0; i < e->args.len && !found; i++) found = unknown_in(e->args.at[i].value);
  return found;
}

static void bad_size(Checker *c, const Symbol *dim, const Expr *value, double size) {
  Diag *d = diag_error(c->s, E0105, value->span, "the size of `%s` is not a whole number of at least 1", dim->name);
  const Symbol *unknown = isnan(size) ? unknown_in(value) : NULL;
  if (unknown && unknown->type.shape.rank) diag_label(d, value->span, "`%s` is a list, not a number", unknown->name);
  else if (unknown) diag_label(d, value->span, "needs the number of `%s`, which is made of this one", unknown->name);
  else if (isnan(size)) diag_label(d, value->span, "not known when compiling");
  else diag_label(d, value->span, "it is %g", size);
}

/* An override is not in the file: it is said without a place. */
static void size_of_dim(Checker *c, Symbol *dim) {
  if (dim->settled) return;
  dim->settled = true;
  double size = NAN;
  Expr *value = dim->value;
  Type t = type_expr(c, dim->scope, value);
  bool overridden = take_override(c, dim->name, 0, &size);
  bool known = overridden || settled_number(c, value, &size);
  dim->known_number = true;
  dim->size = 1;
  if (known && whole_number(size, &dim->size) && dim->size >= 1) return;
  dim->size = 1;
  if (overridden) diag_error(c->s, E0111, (Span){0}, "`%s=%g`: a size is a whole number of at least 1", dim->name, size);
  else if (!is_poison(t)) bad_size(c, dim, value, size);
}

static void seed_of(Checker *c, Decl *d) {
  double seed = 0;
  int64_t whole = 0;
  Type t = type_expr(c, c->module->scope, d->value);
  bool known = settled_number(c, d->value, &seed) && whole_number(seed, &whole) && whole >= 0;
  if (c->module->ast == c->program->ast) c->program->seed = (uint64_t)whole;
  if (!known && !is_poison(t)) diag_error(c->s, E0113, d->value->span, "a seed is a whole number, 0 or more");
}

static void override_seed(Checker *c) {
  double seed;
  if (!take_override(c, intern(c->s, "seed"), 0, &seed)) return;
  int64_t whole = 0;
  if (!whole_number(seed, &whole) || whole < 0) diag_error(c->s, E0111, (Span){0}, "`seed=%g`: a seed is a whole number, 0 or more", seed);
  c->program->seed = (uint64_t)whole;
}

/* --- names ---------------------------------------------------------------------------------------------------------------------- */

static void declare_clock(Checker *c, const ClockSyntax *syntax, bool tree) {
  Symbol *symbol = scope_declare(c, c->module->scope, SYMBOL_CLOCK, syntax->name, syntax->span);
  int number = c->module->clocks.len;
  if (!symbol) return;
  if (number >= MAX_CLOCKS) {
    diag_error(c->s, E0113, syntax->span, "more than %d clocks", MAX_CLOCKS);
    number = 0;
  }
  symbol->clock = number;
  ClockInfo info = {.name = syntax->name, .tree = tree, .span = syntax->span};
  vec_push(c->s->arena, c->module->clocks, info);
}

static void clock_numbers(Checker *c, Decl *d) {
  for (int i = 0; i < d->clocks.len; i++) {
    const ClockSyntax *syntax = &d->clocks.at[i];
    const Symbol *symbol = scope_here(c->module->scope, syntax->name);
    double length = 0;
    if (symbol->kind != SYMBOL_CLOCK) continue; /* a net, say, had the name before: that has its error */
    ClockInfo *info = &c->module->clocks.at[symbol->clock];
    if (syntax->step) type_expr(c, c->module->scope, syntax->step);
    if (syntax->step && (!settled_number(c, syntax->step, &info->step) || info->step <= 0))
      diag_error(c->s, E0113, syntax->step->span, "a step is a time, such as `1 ms`");
    if (syntax->length) type_expr(c, c->module->scope, syntax->length);
    if (syntax->length && (!settled_number(c, syntax->length, &length) || !whole_number(length, &info->length) || info->length < 1))
      diag_error(c->s, E0113, syntax->length->span, "a clock's length is a whole number of at least 1");
  }
}

static void declare_values(Checker *c, SymbolKind kind, NameList *names) {
  for (int i = 0; i < names->len; i++) {
    NameAt *at = &names->at[i];
    Symbol *symbol = at->symbol = scope_declare(c, c->module->scope, kind, at->name, at->span);
    if (!symbol) continue;
    symbol->value = at->value;
    if (kind == SYMBOL_LET) symbol->definition = at->value;
  }
}

/* A cell or net of a name already taken is still checked, apart from the scope. */
static void declare_owner(Checker *c, Decl *d, SymbolKind kind) {
  Symbol *symbol = scope_declare(c, c->module->scope, kind, d->name, d->name_span);
  if (!symbol) symbol = symbol_new(c, c->module->scope, kind, d->name, d->name_span);
  else if (kind == SYMBOL_NET && c->module->ast == c->program->ast) vec_push(c->s->arena, c->program->nets, symbol);
  symbol->decl = d;
  symbol->scope = scope_new(c, c->module->scope, d);
  d->symbol = symbol;
}

static void declare(Checker *c, Decl *d) {
  switch (d->kind) {
  case DECL_TIME: case DECL_TREE:
    for (int i = 0; i < d->clocks.len; i++) declare_clock(c, &d->clocks.at[i], d->kind == DECL_TREE);
    break;
  case DECL_DIM: declare_values(c, SYMBOL_DIM, &d->names); break;
  case DECL_LET: declare_values(c, SYMBOL_LET, &d->names); break;
  case DECL_VOCAB: declare_vocab(c, d); break;
  case DECL_CELL: declare_owner(c, d, SYMBOL_CELL); break;
  case DECL_NET: declare_owner(c, d, SYMBOL_NET); break;
  default: break;
  }
}

static void declare_default_clock(Checker *c) {
  if (c->module->clocks.len) return;
  Name t = intern(c->s, "t");
  vec_push(c->s->arena, c->module->clocks, ((ClockInfo){.name = t}));
  if (scope_here(c->module->scope, t)) return;
  scope_declare(c, c->module->scope, SYMBOL_CLOCK, t, (Span){0})->clock = 0;
}

/* --- everything of a file ------------------------------------------------------------------------------------------------------- */

static void compute(Checker *c, Decl *d) {
  if (d->kind == DECL_TIME) clock_numbers(c, d);
  if (d->kind == DECL_SEED) seed_of(c, d);
  for (int i = 0; i < d->names.len; i++) {
    Symbol *symbol = d->kind == DECL_DIM || d->kind == DECL_LET ? d->names.at[i].symbol : NULL;
    if (symbol && d->kind == DECL_DIM) size_of_dim(c, symbol);
    if (symbol && d->kind == DECL_LET) let_number(c, symbol);
  }
}

static void each(Checker *c, const Ast *ast, unsigned kinds, void (*act)(Checker *, Decl *)) {
  for (int i = 0; i < ast->decls.len; i++)
    if (kinds & 1u << ast->decls.at[i]->kind) act(c, ast->decls.at[i]);
}

void check_module(Checker *c, Module *m) {
  const unsigned cells = 1u << DECL_CELL, nets = 1u << DECL_NET, stages = 1u << DECL_TRAIN | 1u << DECL_RUN;
  Module *before = c->module;
  c->module = m;
  m->progress = PROGRESS_BUSY;
  m->scope = scope_new(c, c->root, NULL);
  bool program = m->ast == c->program->ast;
  if (program) c->program->file_scope = m->scope;
  each(c, m->ast, 1u << DECL_USE, check_use);
  each(c, m->ast, ~0u, declare);
  declare_default_clock(c);
  each(c, m->ast, ~0u, compute);
  each(c, m->ast, cells, declare_header);
  each(c, m->ast, cells, check_body);
  if (program) each(c, m->ast, nets, check_body);
  if (program) override_seed(c);
  if (program) each(c, m->ast, stages, check_stage);
  m->progress = PROGRESS_DONE;
  c->module = before;
}

/* What a syntax error has swallowed is not missing: such errors would be of the same mistake. */
static bool follows_syntax_error(DiagCode code) {
  return code == E0101 || code == E0104 || code == E0401 || code == E0405 || code == E0406;
}

static void forget_consequences(Session *s, int first) {
  int kept = first;
  for (int i = first; i < s->diags.len; i++) {
    if (follows_syntax_error(s->diags.at[i]->code)) s->errors--;
    else s->diags.at[kept++] = s->diags.at[i];
  }
  s->diags.len = kept;
}

static bool any_broken(const Checker *c) {
  for (int i = 0; i < c->modules.len; i++)
    if (c->modules.at[i]->ast->broken) return true;
  return false;
}

Program *sema_check(Session *s, Ast *ast) {
  int before = s->errors, first = s->diags.len;
  Checker *c = arena_new_of(s->arena, Checker);
  Module *m = arena_new_of(s->arena, Module);
  c->s = s;
  c->program = arena_new_of(s->arena, Program);
  c->program->ast = m->ast = ast;
  c->program->seed = 1;
  c->root = scope_make_root(c);
  m->path = s->sources.at[ast->file]->path;
  vec_push(s->arena, c->modules, m);
  c->module = m;
  check_module(c, m);
  c->module = m;
  for (int i = 0; i < m->clocks.len; i++) vec_push(s->arena, c->program->clocks, m->clocks.at[i]);
  check_overrides(c);
  bool broken = any_broken(c);
  if (broken) forget_consequences(s, first);
  else if (s->warn_unused && s->errors == before) warn_unused(c, ast);
  return s->errors > before || broken ? NULL : c->program;
}
