/* parse.c — parsing a whole file, and one input of the REPL. */
#include "ast/ast.h"
#include "ast/steps.h"
#include "base/diag.h"
#include "grammar/grammar.h"
#include <string.h>

Parser *parser_new(Session *s, int file) {
  Parser *p = arena_new_of(s->arena, Parser);
  p->session = s;
  p->file = file;
  p->ast = arena_new_of(s->arena, Ast);
  p->ast->file = file;
  return p;
}

/* A file without a single declaration is not a model with a mistake in each of its lines: one error says so. */
static void forget_all_but_first(Session *s, int first) {
  Diag *d = s->diags.at[first];
  for (int i = first + 1; i < s->diags.len; i++) s->errors -= s->diags.at[i]->severity == SEVERITY_ERROR;
  s->diags.len = first + 1;
  diag_help(d, "there is no declaration in this file (`dim`, `cell`, `net`, `train`, `run` …): is it a model?");
}

Ast *ast_parse(Session *s, int file) {
  Parser *p = parser_new(s, file);
  int errors = s->errors, first = s->diags.len;
  grammar_parse(p, START_WITH_FILE);
  if (!p->ast->decls.len && s->diags.len > first + 1) forget_all_but_first(s, first);
  ast_check_steps(s, p->ast);
  p->ast->broken = s->errors > errors;
  return p->ast;
}

/* --- the REPL --------------------------------------------------------------------------------------------------------- */

static bool is_one_of(Name word, const char *const *words) {
  for (; *words; words++)
    if (!strcmp(word, *words)) return true;
  return false;
}

/* `x =`, `a, b =` */
static bool begins_equation(const TokenList *tokens) {
  int i = 1;
  while (i + 1 < tokens->len && tokens->at[i].kind == ',' && tokens->at[i + 1].name) i += 2;
  return i < tokens->len && tokens->at[i].kind == '=';
}

/* A declaration or an item begins with its word and then a name; `x = e` is an item; all else is an expression. */
static StartSymbol start_of(const TokenList *tokens) {
  static const char *const decls[] = {"use", "time", "tree", "dim", "vocab", "let", "seed", "cell", "net", "train", "run", NULL};
  static const char *const items[] = {"param", "fixed", "state", "input", "target", "output", "shared", NULL};
  if (tokens->len < 2 || !tokens->at[0].name) return START_WITH_EXPR;
  const Token *first = &tokens->at[0], *second = &tokens->at[1];
  if (begins_equation(tokens)) return START_WITH_ITEM;
  bool names_follow = second->name || second->number || second->text;
  if (!names_follow) return START_WITH_EXPR;
  if (is_one_of(first->name, decls)) return START_WITH_FILE;
  return is_one_of(first->name, items) ? START_WITH_ITEM : START_WITH_EXPR;
}

/* Leaves newlines before the first word out. */
static StartSymbol guess_start(Session *s, int file) {
  Parser *p = parser_new(s, file);
  grammar_scan(p);
  int first = 0;
  while (first < p->scanned.len - 1 && p->scanned.at[first].line_before && !p->scanned.at[first].name) first++;
  TokenList rest = {p->scanned.at + first, p->scanned.len - first, 0};
  return start_of(&rest);
}

static ReplParse repl_result(const Parser *p) {
  if (p->ast->decls.len) return (ReplParse){.kind = REPL_DECL, .decl = p->ast->decls.at[0]};
  if (p->item) return (ReplParse){.kind = REPL_ITEM, .item = p->item};
  if (p->expr) return (ReplParse){.kind = REPL_EXPR, .expr = p->expr};
  return (ReplParse){.kind = REPL_ERROR};
}

ReplParse ast_parse_input(Session *s, int file) {
  int errors = s->errors;
  StartSymbol start = guess_start(s, file);
  Parser *p = parser_new(s, file);
  p->wants_more = true;
  grammar_parse(p, start);
  if (s->errors > errors) return (ReplParse){.kind = REPL_ERROR};
  return p->incomplete ? (ReplParse){.kind = REPL_INCOMPLETE} : repl_result(p);
}

/* --- tokens ----------------------------------------------------------------------------------------------------------- */

void ast_dump_tokens(Session *s, int file, FILE *out) {
  Parser *p = parser_new(s, file);
  grammar_scan(p);
  grammar_layout(p, START_WITH_FILE);
  for (int i = 1; i < p->tokens.len; i++) {
    const Token *t = &p->tokens.at[i];
    int line, column;
    source_locate(s->sources.at[file], t->span.begin, &line, &column);
    fprintf(out, "%d:%d %s", line, column, token_kind_name(t->kind));
    if (t->span.end > t->span.begin) fprintf(out, " %s", token_words(s, t));
    fputc('\n', out);
  }
}
