/* symbol.c — scopes: the file's names, and one scope for each cell and net below it. */
#include "sema/check.h"

Scope *scope_new(Checker *c, Scope *parent, Decl *owner) {
  Scope *scope = arena_new_of(c->s->arena, Scope);
  scope->parent = parent;
  scope->owner = owner;
  return scope;
}

/* Names are interned: the pointer is the key. */
static int slot_of(const Scope *scope, Name name) {
  int at = (int)(((uintptr_t)name >> 3) * 2654435761u & (unsigned)(scope->slots - 1));
  while (scope->table[at] && scope->table[at]->name != name) at = (at + 1) & (scope->slots - 1);
  return at;
}

Symbol *scope_here(const Scope *scope, Name name) { return scope->slots ? scope->table[slot_of(scope, name)] : NULL; }

static void grow(Checker *c, Scope *scope) {
  scope->slots = scope->slots ? 2 * scope->slots : 16;
  scope->table = arena_array(c->s->arena, Symbol *, scope->slots);
  for (int i = 0; i < scope->symbols.len; i++) scope->table[slot_of(scope, scope->symbols.at[i]->name)] = scope->symbols.at[i];
}

void scope_add(Checker *c, Scope *scope, Symbol *symbol) {
  if (2 * (scope->symbols.len + 1) > scope->slots) grow(c, scope);
  vec_push(c->s->arena, scope->symbols, symbol);
  scope->table[slot_of(scope, symbol->name)] = symbol;
}

Symbol *scope_find(const Scope *scope, Name name) {
  for (; scope; scope = scope->parent) {
    Symbol *found = scope_here(scope, name);
    if (found) return found;
  }
  return NULL;
}

Scope *scope_of(const Decl *d) { return d->symbol ? d->symbol->scope : NULL; }

Symbol *symbol_new(Checker *c, Scope *scope, SymbolKind kind, Name name, Span span) {
  Symbol *symbol = arena_new_of(c->s->arena, Symbol);
  symbol->kind = kind;
  symbol->name = name;
  symbol->span = span;
  symbol->serial = c->symbols++;
  symbol->scope = scope;
  symbol->clock = -1;
  return symbol;
}

Symbol *scope_declare(Checker *c, Scope *scope, SymbolKind kind, Name name, Span span) {
  Symbol *before = scope_here(scope, name);
  if (before) {
    Diag *d = diag_error(c->s, E0102, span, "`%s` is defined twice", name);
    diag_label(d, span, "again here");
    diag_label(d, before->span, "first here, as %s", symbol_kind_text(before->kind));
    return NULL;
  }
  Symbol *symbol = symbol_new(c, scope, kind, name, span);
  scope_add(c, scope, symbol);
  return symbol;
}

const char *symbol_kind_text(SymbolKind kind) {
  static const char *const text[] = {
      [SYMBOL_DIM] = "a dim",       [SYMBOL_CLOCK] = "a clock",   [SYMBOL_LET] = "a constant",
      [SYMBOL_PARAM] = "a param",   [SYMBOL_FIXED] = "a fixed",   [SYMBOL_STATE] = "a state",
      [SYMBOL_INPUT] = "an input",  [SYMBOL_TARGET] = "a target", [SYMBOL_OUTPUT] = "an output",
      [SYMBOL_VALUE] = "a value",   [SYMBOL_OPTION] = "an option", [SYMBOL_ARGUMENT] = "an argument of the cell",
      [SYMBOL_SHARED] = "a shared cell", [SYMBOL_CALL] = "a call with several outputs", [SYMBOL_CELL] = "a cell", [SYMBOL_NET] = "a net",
      [SYMBOL_BUILTIN] = "a function of the language",
  };
  return text[kind];
}

Symbol *resolve(Checker *c, Scope *scope, Expr *e) {
  e->symbol = scope_find(scope, e->name);
  if (e->symbol) return e->symbol;
  unknown_name(c, scope, e);
  return NULL;
}

/* --- the root: functions of the language ------------------------------------------------------------------------------ */

static void declare_truth(Checker *c, Scope *root, const char *name, double value) {
  Symbol *symbol = scope_declare(c, root, SYMBOL_LET, intern(c->s, name), (Span){0});
  symbol->number = value;
  symbol->type = type_real();
  symbol->known_shape = symbol->known_number = true;
}

Scope *scope_make_root(Checker *c) {
  static const char *const names[] = {
#define BUILTIN(name, class, least, most, typer, options) #name,
#include "sema/builtins.def"
#undef BUILTIN
  };
  Scope *root = scope_new(c, NULL, NULL);
  for (size_t i = 0; i < sizeof names / sizeof *names; i++) {
    Name name = intern(c->s, names[i]);
    Symbol *symbol = scope_declare(c, root, SYMBOL_BUILTIN, name, (Span){0});
    symbol->builtin = builtin_find(name);
  }
  declare_truth(c, root, "true", 1);
  declare_truth(c, root, "false", 0);
  return root;
}
