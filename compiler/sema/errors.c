/* errors.c — parts that the checker's messages share: where a shape came from, sizes, the nearest word. */
#include "sema/check.h"
#include <stdarg.h>

Type poison(void) { return (Type){.kind = TYPE_POISON}; }
bool is_poison(Type t) { return t.kind == TYPE_POISON; }

const char *source_text(Checker *c, Span span) {
  const Source *src = c->s->sources.at[span.file];
  return arena_strndup(c->s->arena, src->text + span.begin, span.end - span.begin);
}

const char *shape_phrase(Checker *c, const Type *t) {
  if (t->kind == TYPE_INDEX) return arena_printf(c->s->arena, "index(%s)", dim_text(c->s, t->below));
  if (t->kind == TYPE_CLOCK_INDEX) return arena_printf(c->s->arena, "index(%s)", clock_name(c, t->clock));
  if (t->kind == TYPE_STRING) return "a string";
  return shape_text(c->s, t->shape);
}

/* --- where a shape came from ------------------------------------------------------------------------------------------ */

static const Symbol *origin_of(const Expr *e) {
  while (e->kind == EXPR_INDEX || e->kind == EXPR_AS) e = e->left;
  return e->kind == EXPR_NAME || e->kind == EXPR_FIELD ? e->symbol : NULL;
}

/* The declaration up to the end of its type: `state h, c: [H]`. */
static const char *declaration_text(Checker *c, const Symbol *symbol) {
  const Item *item = symbol->item;
  if (!item || !item->type.present) return NULL;
  return source_text(c, (Span){item->span.file, item->span.begin, item->type.span.end});
}

void explain_origin(Checker *c, Diag *d, const Expr *e, const Type *t) {
  const Symbol *symbol = origin_of(e);
  const char *text = symbol ? declaration_text(c, symbol) : NULL;
  if (text) diag_label(d, e->span, "%s, from `%s` (line %d)", shape_phrase(c, t), text, span_line(c->s, symbol->item->span));
  else if (symbol && symbol->span.file) diag_label(d, e->span, "%s, from line %d", shape_phrase(c, t), span_line(c->s, symbol->span));
  else diag_label(d, e->span, "%s", shape_phrase(c, t));
}

/* --- "here X = 2, H = 64" ------------------------------------------------------------------------------------------------ */

typedef struct SizeNote {
  const char *text;
  const Symbol *said[2 * MAX_RANK];
  int count;
} SizeNote;

static bool already(const SizeNote *note, const Symbol *dim) {
  for (int i = 0; i < note->count; i++)
    if (note->said[i] == dim) return true;
  return note->count == 2 * MAX_RANK;
}

static void add_sizes(Checker *c, SizeNote *note, const Shape *shape) {
  for (int i = 0; i < shape->rank; i++)
    for (int j = 0; j < shape->dim[i].terms; j++) {
      const Symbol *dim = shape->dim[i].term[j].dim;
      if (!dim->size || already(note, dim)) continue;
      note->said[note->count++] = dim;
      note->text = arena_printf(c->s->arena, "%s%s%s = %lld", note->text, *note->text ? ", " : "", dim->name, (long long)dim->size);
    }
}

void note_sizes(Checker *c, Diag *d, const Shape *a, const Shape *b) {
  SizeNote note = {.text = ""};
  add_sizes(c, &note, a);
  add_sizes(c, &note, b);
  if (note.count > 1) diag_note(d, "here %s; with equal sizes they would still be different dims", note.text);
  else if (note.count) diag_note(d, "here %s", note.text);
}

/* --- understood, not built yet -------------------------------------------------------------------------------------------- */

static Diag *stage_not_built(Checker *c, Span span, const char *headline) {
  Diag *d = diag_warning(c->s, E0901, span, "%s", headline);
  vec_push(c->s->arena, c->program->unsupported, ((Unsupported){c->stage, d}));
  return d;
}

static bool said_already(const Checker *c, const char *headline) {
  for (int i = 0; i < c->s->diags.len; i++)
    if (c->s->diags.at[i]->code == E0901 && !strcmp(c->s->diags.at[i]->headline, headline)) return true;
  return false;
}

/* In a stage it only stops that stage; in a net it stops the program, and is said once: NULL where it has been. */
Diag *not_built(Checker *c, Span span, const char *format, ...) {
  va_list args;
  va_start(args, format);
  const char *what = arena_vprintf(c->s->arena, format, args);
  va_end(args);
  const char *headline = arena_printf(c->s->arena, "%s is understood, but this version cannot run it yet", what);
  if (c->stage) return stage_not_built(c, span, headline);
  return said_already(c, headline) ? NULL : diag_error(c->s, E0901, span, "%s", headline);
}

/* --- a delayed read without a history ------------------------------------------------------------------------------------- */

/* A line of its own before the equation's, as far in. */
static void suggest_state(Checker *c, Diag *d, const Symbol *symbol) {
  const Source *src = c->s->sources.at[symbol->equation->span.file];
  uint32_t end = symbol->equation->span.begin, begin = end;
  while (begin && (src->text[begin - 1] == ' ' || src->text[begin - 1] == '\t')) begin--;
  bool own_line = !begin || src->text[begin - 1] == '\n';
  const char *indent = arena_strndup(c->s->arena, src->text + begin, own_line ? end - begin : 0);
  if (!own_line) begin = end;
  const char *line = arena_printf(c->s->arena, "%sstate %s: %s = 0\n", indent, symbol->name, shape_phrase(c, &symbol->type));
  diag_suggest(d, (Span){symbol->equation->span.file, begin, begin}, line, "declare it with a history");
}

static void suggest_history(Checker *c, Diag *d, const Symbol *symbol) {
  const Item *item = symbol->item;
  if (symbol->kind == SYMBOL_ARGUMENT) {
    diag_help(d, "a cell's argument has no history: give it a name of its own, `state %s0: %s = 0` and `%s0 = %s`", symbol->name,
              shape_phrase(c, &symbol->type), symbol->name, symbol->name);
  } else if (symbol->call && symbol->call->kind == SYMBOL_CALL && strchr(symbol->name, '.')) {
    diag_help(d, "give it a name of its own: `state %s0: %s = 0` and `%s0 = %s`", strchr(symbol->name, '.') + 1,
              shape_phrase(c, &symbol->type), strchr(symbol->name, '.') + 1, symbol->name);
  } else if (item) {
    uint32_t end = item->type.present ? item->type.span.end : item->span.end;
    diag_suggest(d, (Span){item->span.file, end, end}, " = 0", "give it a history");
  } else if (symbol->equation && !is_poison(symbol->type)) {
    suggest_state(c, d, symbol);
  } else {
    diag_help(d, "declare it with its shape and a history: `state %s: […] = 0`", symbol->name);
  }
}

static Diag *report_missing(Checker *c, const MissingHistory *m) {
  const Symbol *symbol = m->symbol;
  Diag *d = diag_error(c->s, E0203, m->read->span, "`%s` is read at another time, but has no history", symbol->name);
  diag_label(d, m->read->span, "what is this where there is no such step?");
  diag_label(d, symbol->span, "`%s` is %s without a history", symbol->name, symbol_kind_text(symbol->kind));
  suggest_history(c, d, symbol);
  return d;
}

/* Then the read itself was the mistake, and clocks.c has said so. */
static bool never_changes(const Symbol *symbol) {
  bool joins = symbol->kind == SYMBOL_STATE || symbol->kind == SYMBOL_OUTPUT;
  return !is_poison(symbol->type) && !AXES_CLOCKS(symbol->type.axes) && (!joins || symbol->known_clock);
}

/* `state h, c: [H]` lacks one history, however many names it declares. */
static Diag *said_of_declaration(const Checker *c, int i) {
  const Item *item = c->missing.at[i].symbol->item;
  for (int k = 0; item && k < i; k++)
    if (c->missing.at[k].symbol->item == item) return c->missing.at[k].said;
  return NULL;
}

/* index.c notes each value once, however often it is read. */
void report_missing_histories(Checker *c) {
  for (int i = 0; i < c->missing.len; i++) {
    MissingHistory *m = &c->missing.at[i];
    take_history(m->symbol);
    if (m->symbol->history && m->shapeless) defined_through_itself(c, m->symbol, m->shapeless);
    if (m->symbol->history || never_changes(m->symbol)) continue; /* what a call gives is known late */
    m->said = said_of_declaration(c, i);
    if (m->said) diag_label(m->said, m->read->span, "`%s` is read here, and has none either", m->symbol->name);
    else m->said = report_missing(c, m);
  }
  c->missing.len = 0;
}

/* --- words ------------------------------------------------------------------------------------------------------------------ */

bool has_word(const char *words, const char *word) {
  size_t n = strlen(word);
  for (const char *at = words; *at; at += strcspn(at, " "), at += strspn(at, " "))
    if (strcspn(at, " ") == n && !strncmp(at, word, n)) return true;
  return false;
}

const char *nearest_word(Session *s, const char *wrong, const char *words) {
  Vec(const char *) list = {0};
  for (const char *at = words; *at; at += strcspn(at, " "), at += strspn(at, " "))
    vec_push(s->arena, list, arena_strndup(s->arena, at, strcspn(at, " ")));
  return did_you_mean(wrong, list.at, list.len);
}
