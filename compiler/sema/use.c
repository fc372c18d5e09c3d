/* use.c — names from library files: `use std.cells (LSTM)` and `use "mine.rnn" (Cell)`. */
#include "sema/check.h"
#include <stdio.h>

/* The folder of the file at hand, with its slash. */
static const char *folder_of(Checker *c, const char *path) {
  const char *slash = strrchr(path, '/');
  return slash ? arena_strndup(c->s->arena, path, (size_t)(slash - path) + 1) : "";
}

/* std.cells is stdlib/cells.rnn; a further dot is a folder. */
static const char *library_path(Checker *c, const char *library) {
  const char *rest = strncmp(library, "std.", 4) ? library : library + 4;
  char *path = arena_strdup(c->s->arena, rest);
  for (char *at = path; *at; at++)
    if (*at == '.') *at = '/';
  const char *folder = c->s->stdlib ? arena_printf(c->s->arena, "%s/", c->s->stdlib) : folder_of(c, c->module->path);
  return arena_printf(c->s->arena, "%s%s.rnn", folder, path);
}

static const char *path_of(Checker *c, const Decl *d) {
  if (!d->library_is_file) return library_path(c, d->library);
  if (*d->library == '/') return d->library;
  return arena_printf(c->s->arena, "%s%s", folder_of(c, c->module->path), d->library);
}

static bool readable(const char *path) {
  FILE *f = fopen(path, "rb");
  if (f) fclose(f);
  return f != NULL;
}

static Module *load(Checker *c, const Decl *d, const char *path) {
  for (int i = 0; i < c->modules.len; i++)
    if (!strcmp(c->modules.at[i]->path, path)) return c->modules.at[i];
  int file = readable(path) ? source_read(c->s, path) : 0;
  if (!file) {
    Diag *e = diag_error(c->s, E0112, d->span, "there is no library `%s`", d->library);
    diag_label(e, d->span, "looked for `%s`", path);
    return NULL;
  }
  Module *m = arena_new_of(c->s->arena, Module);
  m->path = path;
  m->ast = ast_parse(c->s, file);
  vec_push(c->s->arena, c->modules, m);
  check_module(c, m);
  return m;
}

static const char *nearest_cell(Checker *c, const Scope *library, Name wrong) {
  Vec(const char *) names = {0};
  for (int i = 0; i < library->symbols.len; i++)
    if (library->symbols.at[i]->kind == SYMBOL_CELL) vec_push(c->s->arena, names, library->symbols.at[i]->name);
  return did_you_mean(wrong, names.at, names.len);
}

static void no_such_name(Checker *c, const Decl *d, const NameAt *at, const Scope *library) {
  Diag *e = diag_error(c->s, E0112, at->span, "`%s` has no cell `%s`", d->library, at->name);
  const char *near = nearest_cell(c, library, at->name);
  if (near) diag_suggest(e, at->span, near, "did you mean `%s`?", near);
}

/* After an error the names are there all the same, as cells without a body: silent wherever they are called. */
static void take_nothing(Checker *c, NameAt *at) {
  if (!scope_here(c->module->scope, at->name)) at->symbol = scope_declare(c, c->module->scope, SYMBOL_CELL, at->name, at->span);
}

static void take(Checker *c, const Decl *d, NameAt *at, const Scope *library) {
  Symbol *symbol = scope_here(library, at->name);
  bool cell = symbol && symbol->kind == SYMBOL_CELL;
  Symbol *before = scope_here(c->module->scope, at->name);
  if (!cell) {
    no_such_name(c, d, at, library);
    take_nothing(c, at);
  } else if (before) {
    Diag *e = diag_error(c->s, E0102, at->span, "`%s` is taken twice", at->name);
    diag_label(e, at->span, "again here");
  } else {
    at->symbol = symbol;
    scope_add(c, c->module->scope, symbol);
  }
}

static bool is_being_read(Checker *c, const Decl *d, const Module *m) {
  if (m->progress != PROGRESS_BUSY) return false;
  Diag *e = diag_error(c->s, E0112, d->span, "`%s` uses itself", m->path);
  diag_label(e, d->span, "this file is being read already");
  return true;
}

void check_use(Checker *c, Decl *d) {
  const Module *m = load(c, d, path_of(c, d));
  bool usable = m && !is_being_read(c, d, m);
  for (int i = 0; i < d->names.len; i++) {
    if (usable) take(c, d, &d->names.at[i], m->scope);
    else take_nothing(c, &d->names.at[i]);
  }
}
