/* judge.c — a wrong program, checked as `rnn check` does, and what is said about it. */
#include "mutants/mutant.h"
#include "base/diag.h"
#include "driver/compile.h"
#include <string.h>

static const Options options = {.threads = 1};

/* Everything that `rnn check` does but for planning being needed; the errors are in the session. */
static Compilation *check(Session *s, int file, const char *path) {
  Compilation *c = compile_check_source(s, file, &options);
  if (c) compile_stages(c, path, c->program->unsupported.len ? stage_is_supported : NULL);
  return c;
}

const char *text_of(const Original *o, Span span) {
  return arena_strndup(o->session->arena, o->session->sources.at[span.file]->text + span.begin, span.end - span.begin);
}

/* --- right programs ----------------------------------------------------------------------------------------------------- */

static const Scope *file_scope(const Ast *ast) {
  for (int i = 0; i < ast->decls.len; i++)
    if (scope_of(ast->decls.at[i])) return scope_of(ast->decls.at[i])->parent;
  return NULL;
}

Original *original_read(const char *path, const char *stdlib) {
  Session *s = session_new();
  Original *o = arena_new_of(s->arena, Original);
  s->stdlib = stdlib;
  *o = (Original){.session = s, .path = path, .file = source_read(s, path)};
  bool right = o->file && !(o->ast = ast_parse(s, o->file))->broken;
  if (right) sema_check(s, o->ast), o->scope = (Scope *)file_scope(o->ast);
  for (int i = 0; i < s->diags.len; i++) {
    const Diag *d = s->diags.at[i];
    right &= d->severity == SEVERITY_WARNING || d->code == E0901;
    if (d->severity == SEVERITY_ERROR) vec_push(s->arena, o->known, d->headline);
  }
  for (int i = 0; right && i < o->ast->decls.len; i++) o->has_net |= o->ast->decls.at[i]->kind == DECL_NET;
  if (right && o->scope) return o;
  session_free(s);
  return NULL;
}

/* --- wrong ones ------------------------------------------------------------------------------------------------------------ */

static const char *mutated(const Original *o, const Mutant *m) {
  const Source *source = o->session->sources.at[o->file];
  return arena_printf(o->session->arena, "%.*s%s%s", (int)m->cut.begin, source->text, m->put, source->text + m->cut.end);
}

static bool is_known(const Original *o, const Diag *d) {
  for (int i = 0; i < o->known.len; i++)
    if (!strcmp(o->known.at[i], d->headline)) return true;
  return d->severity == SEVERITY_WARNING;
}

static bool on_line(Session *s, const Mutant *m, Span span) {
  int line = span.file ? span_line(s, span) : 0;
  return line && (line == m->line || line == m->other_line);
}

static bool on_lines(Session *s, const Mutant *m, const Diag *d) {
  bool misspelt = m->kind == MUTANT_NAME || m->kind == MUTANT_OPTION || m->kind == MUTANT_COLUMN || m->kind == MUTANT_CLAUSE;
  for (int i = 0; i < (misspelt ? 1 : d->labels.len); i++)
    if (on_line(s, m, d->labels.at[i].span)) return true;
  for (int i = 0; i < d->suggestions.len; i++)
    if (on_line(s, m, d->suggestions.at[i].place)) return true;
  return false;
}

static bool is_named(const Mutant *m, const Diag *d) {
  if (!m->named || strstr(d->headline, m->named)) return true;
  for (int i = 0; i < d->labels.len; i++)
    if (strstr(d->labels.at[i].text, m->named)) return true;
  return false;
}

static Verdict verdict(const Original *o, const Mutant *m, Session *s, const char **said) {
  const Diag *first = NULL;
  int n, errors = 0;
  Diag **sorted = diag_sorted(s, &n);
  for (int i = 0; i < n; i++) {
    if (is_known(o, sorted[i])) continue;
    if (!errors++) first = sorted[i];
  }
  if (!first) return VERDICT_ACCEPTED;
  *said = arena_printf(o->session->arena, "%s %s (line %d%s)", diag_name(first->code), first->headline, span_line(s, first->labels.at[0].span),
                       errors > 1 ? arena_printf(s->arena, "; %d errors", errors) : "");
  if (errors > 1) return VERDICT_SEVERAL;
  if (!on_lines(s, m, first)) return VERDICT_WRONG_LINE;
  return is_named(m, first) ? VERDICT_GOOD : VERDICT_NOT_NAMED;
}

Verdict mutant_judge(const Original *o, const Mutant *m, const char *stdlib, const char **said) {
  Session *s = session_new();
  s->stdlib = stdlib;
  const char *text = mutated(o, m);
  *said = "";
  Compilation *c = check(s, source_add(s, o->path, text, strlen(text)), o->path);
  Verdict v = verdict(o, m, s, said);
  compilation_free(c);
  session_free(s);
  return v;
}
