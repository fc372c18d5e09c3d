/* clauses_files.c — save and log: which files a stage of train writes, and when. */
#include "sema/clauses.h"
#include <math.h>

/* `save "a.safetensors" best`: the file's name; NULL where the clause has none. */
static const Expr *named_file(const Clause *clause) {
  const Expr *e = clause_argument(clause, 0);
  return e && e->kind == EXPR_STRING ? e : NULL;
}

static bool says_best(const Clause *clause) {
  const Expr *e = clause_argument(clause, 0);
  return find_modifier(clause, "best") || (e && e->kind == EXPR_NAME && !strcmp(e->name, "best"));
}

static bool has_extension(const char *file, const char *const *extensions) {
  const char *dot = strrchr(file, '.');
  for (int i = 0; dot && extensions[i]; i++)
    if (!strcmp(dot, extensions[i])) return true;
  return false;
}

/* `run.txt` → "run.csv" */
static void wrong_extension(Checker *c, const Clause *clause, const Expr *file, const char *const *extensions) {
  const char *all = "", *base = strrchr(file->text, '/'), *dot = strrchr(base ? base : file->text, '.');
  for (int i = 0; extensions[i]; i++) all = arena_printf(c->s->arena, "%s%s`%s`", all, i ? " or " : "", extensions[i]);
  Diag *d = clause_wrong(c, file->span, arena_printf(c->s->arena, "`%s` writes files that end in %s", clause->keyword, all), NULL);
  const int length = dot ? (int)(dot - file->text) : (int)strlen(file->text);
  diag_label(d, file->span, dot ? "ends in `%s`" : "has no such end", dot);
  diag_suggest(d, file->span, arena_printf(c->s->arena, "\"%.*s%s\"", length, file->text, extensions[0]), "`%s` decides what is written", extensions[0]);
}

/* --- two that write the same ------------------------------------------------------------------------------------------------- */

static bool writes_files(const Clause *clause) { return !strcmp(clause->keyword, "save") || !strcmp(clause->keyword, "log"); }

/* Without a name, the file is named after the model, and after when it is written. */
static bool same_file(const Clause *a, const Clause *b) {
  const Expr *one = named_file(a), *other = named_file(b);
  if (one && other) return !strcmp(one->text, other->text);
  if (one || other || strcmp(a->keyword, b->keyword)) return false;
  return (says_best(a) && says_best(b)) || (find_modifier(a, "every") && find_modifier(b, "every"));
}

static const Clause *written_before(const Checker *c, const Clause *clause) {
  for (int i = 0; i < c->program->stages.len; i++) {
    const Decl *stage = c->program->stages.at[i];
    for (int k = 0; k < stage->clauses.len && stage->clauses.at[k] != clause; k++)
      if (stage->kind == DECL_TRAIN && writes_files(stage->clauses.at[k]) && same_file(stage->clauses.at[k], clause)) return stage->clauses.at[k];
    if (stage == c->stage) break;
  }
  return NULL;
}

/* `log "prices.csv"` beside `data csv("prices.csv", …)` would put the log in the place of the data. */
static const Clause *read_by(const Checker *c, const char *file) {
  static const char *const keywords[] = {"data", "validate", "test"};
  for (int i = 0; i < 3; i++) {
    const Clause *clause = find_clause(c->stage, keywords[i]);
    const Expr *source = clause ? clause_argument(clause, 0) : NULL;
    const Expr *path = source && source->kind == EXPR_CALL && source->args.len ? source->args.at[0].value : NULL;
    if (path && path->kind == EXPR_STRING && !strcmp(path->text, file)) return clause;
  }
  return NULL;
}

static bool is_free(Checker *c, const Clause *clause) {
  const Expr *file = named_file(clause);
  const Clause *before = written_before(c, clause), *reader = file ? read_by(c, file->text) : NULL;
  if (!before && !reader) return true;
  Diag *d = clause_wrong(c, clause->span, before ? "two clauses write the same file" : "the file is one that the data are read from", NULL);
  diag_label(d, clause->span, before ? "again here" : "it would be replaced");
  diag_label(d, before ? before->span : reader->span, before ? "first here" : "read here");
  diag_help(d, file ? "give it another name" : "give each a name: `save \"second-{epoch}.safetensors\" every 5 epochs`");
  return false;
}

/* --- save -------------------------------------------------------------------------------------------------------------------- */

static bool solves(const Decl *stage) {
  const Clause *method = find_clause(stage, "method");
  const Expr *e = method ? clause_argument(method, 0) : NULL;
  return e && e->name && !strcmp(e->name, "ridge");
}

static void check_best(Checker *c, const Clause *clause) {
  if (find_clause(c->stage, "validate") || find_clause(c->stage, "patience")) return;
  Diag *d = clause_wrong(c, clause->span, "which epoch is the best?", NULL);
  diag_label(d, clause->span, "nothing says which");
  diag_help(d, "add `validate last 10%%`: the best epoch is the one of the least validation loss");
}

static void check_every(Checker *c, Stage *stage, const Modifier *every) {
  double number = 0;
  Expr *e = every->args.len == 1 ? every->args.at[0].value : NULL;
  if (e && (!wants_number(c, stage, e) || !constant_number(e, &number))) return;
  if (number >= 1 && number == floor(number)) return;
  diag_label(clause_wrong(c, every->span, "at every how many epochs?", "save every 5 epochs"), every->span, "a whole number is wanted");
}

static void check_when_saved(Checker *c, Stage *stage, Clause *clause) {
  const Modifier *every = find_modifier(clause, "every");
  const Expr *file = named_file(clause);
  const bool numbered = file && strstr(file->text, "{epoch}");
  if (every && says_best(clause)) clause_wrong(c, clause->span, "either at every so many epochs, or at the best one", "save every 5 epochs");
  else if ((every || says_best(clause)) && solves(c->stage)) clause_wrong(c, clause->span, "`ridge` has no epochs", "save \"ridge.safetensors\"");
  else if (every) check_every(c, stage, every);
  else if (says_best(clause)) check_best(c, clause);
  if (numbered && !every) clause_wrong(c, file->span, "`{epoch}` stands for the epochs of `every`", arena_printf(c->s->arena, "save %s every 5 epochs", source_text(c, file->span)));
}

void check_save(Checker *c, Stage *stage, Clause *clause) {
  static const char *const extensions[] = {".safetensors", NULL};
  const Expr *file = named_file(clause);
  const bool known = !clause->args.len || (clause->args.len == 1 && (file || says_best(clause)));
  clause_words(c, stage, &clause->args);
  clause_modifiers(c, stage, clause, "every epochs epoch best");
  if (!known || (!clause->args.len && !find_modifier(clause, "every") && !says_best(clause))) {
    Diag *d = clause_wrong(c, clause->span, "what is saved, and when?", "save every 5 epochs");
    diag_help(d, "the weights of all stages are saved after the last one without it");
  } else if (file && !has_extension(file->text, extensions)) wrong_extension(c, clause, file, extensions);
  else if (is_free(c, clause)) check_when_saved(c, stage, clause);
}

/* --- log --------------------------------------------------------------------------------------------------------------------- */

void check_log(Checker *c, Stage *stage, Clause *clause) {
  static const char *const extensions[] = {".csv", ".jsonl", NULL};
  const Expr *file = named_file(clause);
  clause_words(c, stage, &clause->args);
  clause_modifiers(c, stage, clause, "");
  if (!file || clause->args.len != 1) {
    const Expr *e = clause_argument(clause, 0);
    Diag *d = clause_wrong(c, clause->span, "where to?", e ? NULL : "log \"run.csv\"");
    if (e) diag_suggest(d, e->span, arena_printf(c->s->arena, "\"%s\"", source_text(c, e->span)), "the name of one file, in quotes");
  } else if (!has_extension(file->text, extensions)) wrong_extension(c, clause, file, extensions);
  else is_free(c, clause);
}
