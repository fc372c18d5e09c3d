/* make.c — where a program can be made wrong. Only mistakes that are wrong for certain are made: a removed delay must close a loop,
 * a misspelt name must be nobody's. */
#include "mutants/mutant.h"
#include "grammar/grammar.h"
#include <string.h>

typedef struct Maker {
  const Original *o;
  Arena *arena;
  uint64_t random;
  const Scope *scope;   /* of the cell or net at hand */
  const Item *equation; /* or clause: NULL */
  bool statically_chosen; /* inside an `if` that options decide: perhaps never looked at */
  MutantList *out;
} Maker;

static uint64_t draw(Maker *m, uint64_t below) { /* xorshift64* (Vigna 2016) */
  m->random ^= m->random >> 12;
  m->random ^= m->random << 25;
  m->random ^= m->random >> 27;
  return (m->random * 2685821657736338717u >> 33) % below;
}

static void add(Maker *m, MutantKind kind, Span cut, const char *put, const char *named, Span other) {
  Mutant mutant = {kind, cut, put, named, span_line(m->o->session, cut), 0};
  if (other.file == m->o->file) mutant.other_line = span_line(m->o->session, other);
  vec_push(m->arena, *m->out, mutant);
}

/* --- misspelling ----------------------------------------------------------------------------------------------------- */

static bool is_letter(char c) { return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z'); }

/* A letter doubled, two swapped, one replaced; a short name, or one with other letters, gets one more. */
static const char *misspelt(Maker *m, const char *name) {
  size_t n = strlen(name), at = draw(m, n ? n : 1);
  char *wrong = arena_printf(m->arena, "%s ", name);
  bool plain = n > 2;
  for (size_t i = 0; i < n; i++) plain &= is_letter(name[i]);
  int how = plain ? (int)draw(m, 3) : 3;
  if (how == 1 && (at + 1 >= n || name[at] == name[at + 1])) how = 0;
  if (how == 0) memmove(wrong + at + 1, name + at, n - at);
  if (how == 1) wrong[at] = name[at + 1], wrong[at + 1] = name[at];
  if (how == 2) wrong[at] = name[at] == 'z' ? 'q' : 'z';
  if (how == 1 || how == 2) wrong[n] = 0;
  if (how == 3) wrong[n] = 'q';
  return wrong;
}

static void misspell(Maker *m, MutantKind kind, Span span, Name name) {
  const char *wrong = misspelt(m, name);
  if (m->scope && scope_find(m->scope, intern(m->o->session, wrong))) return;
  add(m, kind, span, wrong, wrong, (Span){0});
}

/* --- a delay removed: wrong where the equation then needs itself within the step ------------------------------------------ */

typedef struct Search {
  const Symbol *wanted;
  const Symbol *seen[512];
  int count;
} Search;

static bool reaches(Search *s, const Symbol *from);

/* Does the value of `e` at a step need the wanted symbol at that step? `last` and sums need all steps: the wanted one too. */
static bool expr_reaches(Search *s, const Expr *e) {
  if (!e) return false;
  bool delayed = e->kind == EXPR_INDEX && (e->access == ACCESS_OFFSET || e->access == ACCESS_DELAYS || e->access == ACCESS_WINDOW ||
                                           e->access == ACCESS_CHILD);
  if (delayed) return false;
  if (e->kind == EXPR_NAME && e->symbol && reaches(s, e->symbol)) return true;
  if (expr_reaches(s, e->left) || expr_reaches(s, e->right) || expr_reaches(s, e->third)) return true;
  if (e->kind == EXPR_START) return false;
  for (int i = 0; i < e->args.len; i++)
    if (expr_reaches(s, e->args.at[i].value)) return true;
  return false;
}

static bool reaches(Search *s, const Symbol *from) {
  if (from == s->wanted) return true;
  for (int i = 0; i < s->count; i++)
    if (s->seen[i] == from) return false;
  if (s->count == 512 || !from->definition) return false;
  s->seen[s->count++] = from;
  return expr_reaches(s, from->definition);
}

/* A call may look at its argument at an earlier step only, so loops through calls are not certain. */
static bool has_call_of_cell(const Expr *e) {
  if (!e) return false;
  if (e->kind == EXPR_CALL && e->symbol && e->symbol->kind != SYMBOL_BUILTIN) return true;
  bool found = has_call_of_cell(e->left) || has_call_of_cell(e->right) || has_call_of_cell(e->third);
  for (int i = 0; i < e->args.len; i++) found |= has_call_of_cell(e->args.at[i].value);
  return found;
}

static void remove_delay(Maker *m, const Expr *e) {
  if (m->o->known.len || m->statically_chosen || !m->o->has_net) return;
  bool read = e->kind == EXPR_INDEX && e->access == ACCESS_OFFSET && e->left->kind == EXPR_NAME && m->equation;
  if (!read || !e->left->symbol || has_call_of_cell(m->equation->value)) return;
  Search search = {.wanted = m->equation->names.at[0].symbol};
  Name name = e->left->name;
  if (reaches(&search, e->left->symbol)) add(m, MUTANT_DELAY, e->span, name, name, (Span){0});
}

/* --- a unit off the step ------------------------------------------------------------------------------------------------------ */

static void spoil_unit(Maker *m, const Expr *e) {
  if (e->kind == EXPR_NUMBER && e->unit && *e->unit != '%')
    add(m, MUTANT_UNIT, e->span, arena_printf(m->arena, "%g %s", e->number + 0.37, e->unit), NULL, (Span){0});
}

static void spoil_units(Maker *m, const Expr *e) {
  if (!e) return;
  spoil_unit(m, e);
  spoil_units(m, e->left);
  spoil_units(m, e->right);
}

/* --- expressions -------------------------------------------------------------------------------------------------------------- */

static void of_expr(Maker *m, const Expr *e);

static void of_args(Maker *m, const Args *args, MutantKind named) {
  for (int i = 0; i < args->len; i++) {
    if (args->at[i].name) misspell(m, named, args->at[i].name_span, args->at[i].name);
    of_expr(m, args->at[i].value);
  }
}

static void of_expr(Maker *m, const Expr *e) {
  if (!e) return;
  if (e->kind == EXPR_NAME && e->symbol && e->symbol->kind != SYMBOL_CLOCK) misspell(m, MUTANT_NAME, e->span, e->name);
  if ((e->kind == EXPR_CALL || e->kind == EXPR_OVER) && e->symbol) misspell(m, MUTANT_NAME, e->name_span, e->name);
  remove_delay(m, e);
  for (int i = 0; e->kind == EXPR_INDEX && i < e->args.len; i++) spoil_units(m, e->args.at[i].value);
  bool before = m->statically_chosen;
  m->statically_chosen |= e->kind == EXPR_IF && e->static_choice;
  of_expr(m, e->left);
  of_expr(m, e->right);
  of_expr(m, e->third);
  m->statically_chosen = before;
  if (e->kind == EXPR_INDEX) return;
  of_args(m, &e->dims, MUTANT_OPTION);
  of_args(m, &e->args, MUTANT_OPTION);
}

/* --- cells and nets ------------------------------------------------------------------------------------------------------------ */

static void swap_dims(Maker *m, const Item *item) {
  const ExprList *dims = &item->type.dims;
  bool weight = item->kind == ITEM_PARAM || item->kind == ITEM_FIXED;
  if (!weight || dims->len != 2) return;
  const char *a = text_of(m->o, dims->at[0]->span), *b = text_of(m->o, dims->at[1]->span);
  if (!strcmp(a, b)) return;
  Span both = span_join(dims->at[0]->span, dims->at[1]->span);
  add(m, MUTANT_DIM, both, arena_printf(m->arena, "%s, %s", b, a), item->names.at[0].name, (Span){0});
}

/* From the end of what is before the value to its end. `start` gives a history too. */
static void drop_history(Maker *m, const Item *item) {
  const Symbol *symbol = item->names.at[0].symbol;
  if (symbol && symbol->definition && symbol->definition->kind == EXPR_START) return;
  if (item->kind != ITEM_STATE || !item->value || !item->type.present) return;
  uint32_t end = item->value_on ? item->value_on_span.end : item->value->span.end;
  add(m, MUTANT_HISTORY, (Span){item->span.file, item->type.span.end, end}, "", item->names.at[0].name, (Span){0});
}

/* Once more behind itself, with the first of its names only. */
static void double_item(Maker *m, const Item *item) {
  if (item->kind == ITEM_LET) return;
  Span first = item->names.at[0].span, last = item->names.at[item->names.len - 1].span, all = item->span;
  Span head = {all.file, all.begin, first.end}, tail = {all.file, last.end, all.end};
  const char *again = arena_printf(m->arena, "\n  %s%s", text_of(m->o, head), text_of(m->o, tail));
  Span behind = {all.file, all.end, all.end};
  add(m, MUTANT_DOUBLED, behind, again, item->names.at[0].name, (Span){0});
  m->out->at[m->out->len - 1].other_line = m->out->at[m->out->len - 1].line + 1;
}

static void of_item(Maker *m, const Item *item) {
  m->equation = item->kind == ITEM_EQUATION ? item : NULL;
  of_expr(m, item->value);
  m->equation = NULL;
  swap_dims(m, item);
  drop_history(m, item);
  double_item(m, item);
}

/* --- clauses ----------------------------------------------------------------------------------------------------------------------- */

enum { T = 1, R = 2 };

static int places_of(Name keyword) {
#define CLAUSE(name, where, times, check)                                                                                            \
  if (!strcmp(keyword, #name)) return where;
#include "sema/clauses.def"
#undef CLAUSE
  return T | R;
}

static bool is_table(const Expr *e) { return e->kind == EXPR_CALL && (!strcmp(e->name, "csv") || !strcmp(e->name, "npz")); }

static void of_clause(Maker *m, const Clause *clause) {
  misspell(m, MUTANT_CLAUSE, clause->keyword_span, clause->keyword);
  for (int i = 0; i < clause->args.len; i++) {
    const Expr *e = clause->args.at[i].value;
    if (e->kind == EXPR_CALL && !e->symbol) misspell(m, MUTANT_NAME, e->name_span, e->name);
    if (is_table(e)) of_args(m, &e->args, MUTANT_COLUMN);
    else of_expr(m, e);
  }
}

/* A clause of `run` behind the last one of a `train`, and the other way round. */
static void misplace(Maker *m, const Clause *clause, const Decl *stage) {
  if (places_of(clause->keyword) & (stage->kind == DECL_TRAIN ? T : R) || !stage->clauses.len) return;
  uint32_t end = stage->clauses.at[stage->clauses.len - 1]->span.end;
  add(m, MUTANT_MISPLACED, (Span){m->o->file, end, end}, arena_printf(m->arena, "\n  %s", text_of(m->o, clause->span)), clause->keyword,
      (Span){0});
  m->out->at[m->out->len - 1].line++;
}

static void of_stage(Maker *m, const Decl *d) {
  const Symbol *net = scope_find(m->o->scope, d->net);
  m->scope = net ? net->scope : m->o->scope;
  for (int i = 0; i < d->clauses.len; i++) of_clause(m, d->clauses.at[i]);
  for (int k = 0; k < m->o->ast->decls.len; k++) {
    const Decl *other = m->o->ast->decls.at[k];
    for (int i = 0; other->kind != d->kind && i < other->clauses.len; i++) misplace(m, other->clauses.at[i], d);
  }
}

/* --- brackets ------------------------------------------------------------------------------------------------------------------------- */

static void lose_brackets(Maker *m) {
  Parser *p = parser_new(m->o->session, m->o->file);
  Vec(Span) open = {0};
  grammar_scan(p);
  for (int i = 0; i < p->scanned.len; i++) {
    Span span = p->scanned.at[i].span;
    char c = span.end == span.begin + 1 ? *text_of(m->o, span) : 0;
    if (!c || !strchr("()[]{}", c)) continue;
    if (strchr("([{", c)) vec_push(m->arena, open, span);
    Span partner = open.at[open.len - 1];
    add(m, MUTANT_BRACKET, span, "", NULL, partner);
    if (strchr(")]}", c)) {
      Span closed = open.at[--open.len];
      for (int k = 0; k < m->out->len; k++) /* the opener may be missed where it is closed */
        if (m->out->at[k].kind == MUTANT_BRACKET && m->out->at[k].cut.begin == closed.begin)
          m->out->at[k].other_line = span_line(m->o->session, span);
    }
  }
}

/* --- the whole ---------------------------------------------------------------------------------------------------------------------------- */

void mutants_make(const Original *o, uint64_t seed, MutantList *out) {
  Maker m = {.o = o, .arena = o->session->arena, .random = seed * 2654435769u + 1, .out = out};
  lose_brackets(&m);
  for (int i = 0; i < o->ast->decls.len; i++) {
    const Decl *d = o->ast->decls.at[i];
    m.scope = scope_of(d) ? scope_of(d) : o->scope;
    for (int k = 0; k < d->items.len; k++) of_item(&m, d->items.at[k]);
    if (d->kind == DECL_TRAIN || d->kind == DECL_RUN) of_stage(&m, d);
  }
}
