/* vocabulary.c — `vocab words = words("a.tsv", column("sentence"), extra = ["<s>"])`: a dim whose size and symbols are read from a file when
 * compiling. Paths are relative to the file that says them. The reader is the runtime's (runtime/data/vocabulary.c). */
#include "runtime/vocabulary.h"
#include "sema/check.h"

static bool bad(Checker *c, Span span, const char *what) {
  Diag *d = diag_error(c->s, E0520, span, "%s", what);
  diag_help(d, "for example: `vocab words = words(\"a.tsv\", column(\"sentence\"), extra = [\"</s>\"])`");
  return false;
}

static bool take_column(Checker *c, const Expr *e, VocabularySource *out) {
  const Expr *which = e->kind == EXPR_CALL && !strcmp(e->name, "column") && e->args.len == 1 ? e->args.at[0].value : NULL;
  if (which && which->kind == EXPR_STRING) return out->column = which->text, true;
  if (which && which->kind == EXPR_NUMBER && whole_number(which->number, &out->place) && out->place >= 1) return true;
  return bad(c, e->span, "a column is `column(\"name\")` or `column(1)`");
}

static bool take_extra(Checker *c, const Expr *e, VocabularySource *out) {
  if (e->kind != EXPR_LIST) return bad(c, e->span, "`extra` is a list of symbols in quotes");
  const char **symbols = arena_array(c->s->arena, const char *, e->args.len + 1);
  for (int i = 0; i < e->args.len; i++) {
    if (e->args.at[i].value->kind != EXPR_STRING) return bad(c, e->args.at[i].value->span, "an extra symbol stands in quotes");
    symbols[out->extras++] = e->args.at[i].value->text;
  }
  out->extra = symbols;
  return true;
}

static bool take_argument(Checker *c, const Arg *arg, int place, VocabularySource *out) {
  if (arg->name && !strcmp(arg->name, "extra")) return take_extra(c, arg->value, out);
  if (arg->name && !strcmp(arg->name, "column")) return bad(c, arg->name_span, "a column is said without a name: `column(\"name\")`");
  if (arg->name) return bad(c, arg->name_span, arena_printf(c->s->arena, "a vocabulary has no option `%s`", arg->name));
  if (place == 0 && arg->value->kind == EXPR_STRING) return out->path = arg->value->text, true;
  return place == 1 ? take_column(c, arg->value, out) : bad(c, arg->value->span, "a vocabulary is made from a file and perhaps one of its columns");
}

static bool source_of(Checker *c, const Decl *d, VocabularySource *out) {
  const Expr *e = d->value;
  if (e->kind != EXPR_CALL) return bad(c, e->span, "a vocabulary is read from a file");
  out->kind = e->name;
  for (int i = 0, place = 0; i < e->args.len; i++) {
    if (!take_argument(c, &e->args.at[i], place, out)) return false;
    place += !e->args.at[i].name;
  }
  return out->path || bad(c, e->span, "which file?");
}

/* The runtime's message: its first line is the headline, the others notes and help. */
static void cannot_read(Checker *c, const Decl *d, const RnnError *error) {
  char *text = arena_strdup(c->s->arena, error->message), *line = strchr(text, '\n');
  if (line) *line++ = 0;
  DiagCode code = diag_find(error->code);
  Diag *diag = diag_error(c->s, code == DIAG_COUNT ? E0501 : code, d->value->span, "%s", text);
  while (line) {
    char *next = strchr(line, '\n');
    if (next) *next++ = 0;
    line += strspn(line, " =");
    if (!strncmp(line, "help: ", 6)) diag_help(diag, "%s", line + 6);
    else diag_note(diag, "%s", strncmp(line, "note: ", 6) ? line : line + 6);
    line = next;
  }
}

static void keep(Checker *c, Symbol *symbol, const Vocabulary *v) {
  symbol->size = v->count;
  symbol->symbols = arena_array(c->s->arena, const char *, (int)v->count);
  for (int64_t i = 0; i < v->count; i++) symbol->symbols[i] = arena_strdup(c->s->arena, v->symbol[i]);
}

static const char *path_from(Checker *c, const char *path) {
  const char *slash = strrchr(c->module->path, '/');
  if (*path == '/' || !slash) return path;
  return arena_printf(c->s->arena, "%.*s/%s", (int)(slash - c->module->path), c->module->path, path);
}

/* What cannot be read has one symbol, "", and one error. */
void declare_vocab(Checker *c, Decl *d) {
  Symbol *symbol = scope_declare(c, c->module->scope, SYMBOL_DIM, d->name, d->name_span);
  VocabularySource source = {0};
  RnnError error = {0};
  if (!symbol) return;
  symbol->decl = d;
  symbol->size = 1;
  symbol->known_number = true;
  symbol->symbols = arena_array(c->s->arena, const char *, 1);
  symbol->symbols[0] = "";
  if (!source_of(c, d, &source)) return;
  source.path = path_from(c, source.path);
  Vocabulary *v = vocabulary_read(&source, &error);
  if (v) keep(c, symbol, v);
  else cannot_read(c, d, &error);
  vocabulary_free(v);
}

const Symbol *vocabulary_of(const Type *t) {
  bool plain = t->kind == TYPE_INDEX && t->below.terms == 1 && !t->below.constant && t->below.term[0].times == 1;
  return plain && t->below.term[0].dim->symbols ? t->below.term[0].dim : NULL;
}
