/* repl_program.c — the program of the prompt as text, in entries. An entry keeps its text as it was typed, so that :list and :save show
 * the user's own words; one that defines several names is split when one of them is defined anew. */
#include "driver/repl.h"
#include <stdlib.h>
#include <string.h>

/* --- an entry from what was parsed --------------------------------------------------------------------------------------------- */

/* Where a statement and the names it defines stand in its source. */
typedef struct Definition {
  const Source *source;
  Span whole;            /* the statement */
  uint32_t begin, end;   /* the text to keep: with the comments around it */
  Vec(Span) names;
  bool own_values;       /* `let a = 1, b = 2`: each name has its own value; else `state h, c: [H] = 0` */
  bool splits;
} Definition;

static const char *cut(Repl *r, const Source *s, uint32_t begin, uint32_t end) {
  while (end > begin && strchr(" \t\r\n", s->text[end - 1])) end--;
  while (begin < end && strchr(" \t\r\n", s->text[begin])) begin++;
  return arena_strndup(r->arena, s->text + begin, end - begin);
}

/* Where name `i`'s own value ends: before the comma of the next name. */
static uint32_t value_end(const Definition *d, int i) {
  if (i + 1 == d->names.len) return d->whole.end;
  uint32_t end = d->names.at[i + 1].begin;
  while (end > d->names.at[i].end && strchr(" \t\r\n,", d->source->text[end - 1])) end--;
  return end;
}

static const char *alone(Repl *r, const Definition *d, int i) {
  const Source *s = d->source;
  const char *before = arena_strndup(r->arena, s->text + d->whole.begin, d->names.at[0].begin - d->whole.begin);
  uint32_t last = d->names.at[d->names.len - 1].end;
  if (d->own_values) return arena_printf(r->arena, "%s%s", before, cut(r, s, d->names.at[i].begin, value_end(d, i)));
  return arena_printf(r->arena, "%s%s%s", before, cut(r, s, d->names.at[i].begin, d->names.at[i].end), cut(r, s, last, d->whole.end));
}

static Entry *entry_new(Repl *r, const Definition *d, const char *kind) {
  Entry *e = arena_new_of(r->arena, Entry);
  e->kind = kind;
  e->text = cut(r, d->source, d->begin, d->end);
  for (int i = 0; i < d->names.len; i++) vec_push(r->arena, e->names, cut(r, d->source, d->names.at[i].begin, d->names.at[i].end));
  if (!d->splits || d->names.len < 2) return e;
  const char **texts = arena_array(r->arena, const char *, d->names.len);
  for (int i = 0; i < d->names.len; i++) texts[i] = alone(r, d, i);
  e->alone = texts;
  return e;
}

static const char *const item_kinds[] = {
    [ITEM_PARAM] = "a param",   [ITEM_FIXED] = "a fixed weight", [ITEM_STATE] = "a state",       [ITEM_INPUT] = "an input",
    [ITEM_TARGET] = "a target", [ITEM_OUTPUT] = "an output",     [ITEM_LET] = "a constant",      [ITEM_EQUATION] = "an equation",
    [ITEM_SHARED] = "a shared cell",
};

static const char *const decl_kinds[] = {
    [DECL_USE] = "a library's cell", [DECL_TIME] = "a clock", [DECL_TREE] = "a clock", [DECL_DIM] = "a dim",
    [DECL_VOCAB] = "a vocabulary",   [DECL_LET] = "a constant", [DECL_SEED] = "the seed", [DECL_CELL] = "a cell",
    [DECL_NET] = "a net",            [DECL_TRAIN] = "a stage", [DECL_RUN] = "a stage",
};

/* `[H, X]` in `state a: [H, X] = 0`. */
static const char *text_of_type(Repl *r, const Source *source, const Item *item) {
  const Span *s = &item->type.span;
  return item->type.present ? arena_printf(r->arena, "%.*s", (int)(s->end - s->begin), source->text + s->begin) : NULL;
}

static Entry *entry_of_item(Repl *r, const Source *source, const Item *item, uint32_t begin, uint32_t end) {
  Definition d = {.source = source, .whole = item->span, .begin = begin, .end = end, .own_values = item->kind == ITEM_LET, .splits = item->kind != ITEM_EQUATION};
  for (int i = 0; i < item->names.len; i++) vec_push(r->arena, d.names, item->names.at[i].span);
  Entry *e = entry_new(r, &d, item_kinds[item->kind]);
  e->in_net = true;
  e->is_drawn = item->kind == ITEM_PARAM || item->kind == ITEM_FIXED;
  e->is_equation = item->kind == ITEM_EQUATION;
  e->wants_equation = item->kind == ITEM_STATE || item->kind == ITEM_OUTPUT;
  if (e->wants_equation) e->type = text_of_type(r, source, item);
  return e;
}

/* A declaration's own name, or the names in it. A seed has none: it is called what it is. */
static Entry *entry_of_decl(Repl *r, const Source *source, const Decl *decl, uint32_t begin, uint32_t end) {
  bool list = decl->kind == DECL_DIM || decl->kind == DECL_LET;
  Definition d = {.source = source, .whole = decl->span, .begin = begin, .end = end, .own_values = list, .splits = list || decl->kind == DECL_USE};
  if (list || decl->kind == DECL_USE)
    for (int i = 0; i < decl->names.len; i++) vec_push(r->arena, d.names, decl->names.at[i].span);
  Entry *e = entry_new(r, &d, decl_kinds[decl->kind]);
  for (int i = 0; i < decl->clocks.len; i++) vec_push(r->arena, e->names, arena_strdup(r->arena, decl->clocks.at[i].name));
  if (decl->kind == DECL_SEED) vec_push(r->arena, e->names, "seed");
  else if (!e->names.len && decl->name) vec_push(r->arena, e->names, arena_strdup(r->arena, decl->name));
  e->is_stage = decl->kind == DECL_TRAIN || decl->kind == DECL_RUN;
  return e;
}

/* --- replacing ---------------------------------------------------------------------------------------------------------------- */

/* `state a` and `a = …` belong together, and a stage may be called like its net; all else has a name to itself. */
static bool conflicts(const Entry *old, const Entry *new) {
  if (old->is_stage != new->is_stage) return false;
  return !(old->is_equation && new->wants_equation) && !(old->wants_equation && new->is_equation);
}

static bool defines(const Entry *e, const char *name) {
  for (int i = 0; i < e->names.len; i++)
    if (!strcmp(e->names.at[i], name)) return true;
  return false;
}

static Entry *single(Repl *r, const Entry *e, int i) {
  Entry *one = arena_new_of(r->arena, Entry);
  *one = *e;
  one->names.at = NULL;
  one->names.len = one->names.cap = 0;
  vec_push(r->arena, one->names, e->names.at[i]);
  one->text = e->alone[i];
  one->alone = NULL;
  return one;
}

/* What is left of an entry whose names are defined anew by `new`. */
static void leave_rest(Repl *r, Entries *to, const Entry *old, const Entry *new, FILE *said) {
  for (int i = 0; i < old->names.len; i++) {
    bool again = defines(new, old->names.at[i]);
    if (!again && old->alone) vec_push(r->arena, to->list, single(r, old, i));
    if (again || !old->alone) fprintf(said, "`%s` is defined anew; it was %s\n", old->names.at[i], old->kind);
  }
}

static bool replaces(const Entry *old, const Entry *new) {
  for (int i = 0; conflicts(old, new) && i < old->names.len; i++)
    if (defines(new, old->names.at[i])) return true;
  return false;
}

/* A replacement stands where the old entry stood. */
static void put(Repl *r, Entries *e, const Entry *new, FILE *said) {
  Entries old = *e;
  bool done = false;
  e->list.at = NULL;
  e->list.len = e->list.cap = 0;
  for (int i = 0; i < old.list.len; i++) {
    bool gone = replaces(old.list.at[i], new);
    if (gone) leave_rest(r, e, old.list.at[i], new, said);
    else vec_push(r->arena, e->list, old.list.at[i]);
    if (gone && !done) vec_push(r->arena, e->list, new);
    done |= gone;
  }
  if (!done) vec_push(r->arena, e->list, new);
}

/* --- adding ---------------------------------------------------------------------------------------------------------------------- */

/* To the end of the line, so that a comment behind a statement stays with it. */
static uint32_t line_end(const Source *s, uint32_t at, uint32_t limit) {
  while (at < limit && s->text[at] != '\n') at++;
  return at;
}

/* Where a net's body begins: behind the brace. */
static uint32_t body_begin(const Source *s, const Decl *net) {
  const char *brace = memchr(s->text + net->span.begin, '{', net->span.end - net->span.begin);
  return brace ? (uint32_t)(brace - s->text) + 1 : net->span.begin;
}

static void drop_items(Repl *r, Entries *e) {
  Entries old = *e;
  e->list.at = NULL;
  e->list.len = e->list.cap = 0;
  for (int i = 0; i < old.list.len; i++)
    if (!old.list.at[i]->in_net) vec_push(r->arena, e->list, old.list.at[i]);
}

/* A whole net becomes the one that items belong to; the items so far were another's. */
static void take_net(Repl *r, Entries *e, const Source *source, const Decl *net, FILE *said) {
  drop_items(r, e);
  e->net = arena_strdup(r->arena, net->name);
  uint32_t begin = body_begin(source, net);
  for (int i = 0; i < net->items.len; i++) {
    uint32_t end = line_end(source, net->items.at[i]->span.end, net->span.end - 1);
    put(r, e, entry_of_item(r, source, net->items.at[i], begin, end), said);
    begin = end;
  }
}

void entries_add(Repl *r, Entries *e, const Source *source, const ReplParse *input, FILE *said) {
  uint32_t end = (uint32_t)source->size;
  if (input->kind == REPL_ITEM) put(r, e, entry_of_item(r, source, input->item, 0, end), said);
  else if (input->decl->kind == DECL_NET) take_net(r, e, source, input->decl, said);
  else put(r, e, entry_of_decl(r, source, input->decl, 0, end), said);
}

void entries_add_file(Repl *r, Entries *e, const Source *source, const Ast *ast) {
  uint32_t begin = 0;
  bool taken = false;
  for (int i = 0; i < ast->decls.len; i++) {
    const Decl *decl = ast->decls.at[i];
    uint32_t end = line_end(source, decl->span.end, (uint32_t)source->size);
    bool first_net = decl->kind == DECL_NET && !taken;
    if (first_net) take_net(r, e, source, decl, stdout);
    else vec_push(r->arena, e->list, entry_of_decl(r, source, decl, begin, end));
    taken |= first_net;
    begin = end;
  }
}

Entries entries_copy(Repl *r, const Entries *e) {
  Entries copy = {.net = e->net};
  for (int i = 0; i < e->list.len; i++) vec_push(r->arena, copy.list, e->list.at[i]);
  return copy;
}

/* --- as text ------------------------------------------------------------------------------------------------------------------- */

static bool has_equation(const Entries *e, const char *name) {
  for (int i = 0; i < e->list.len; i++)
    if (e->list.at[i]->is_equation && defines(e->list.at[i], name)) return true;
  return false;
}

static const char *next_lacking(const Entries *e, int *entry, int *name) {
  for (; *entry < e->list.len; ++*entry, *name = 0) {
    const Entry *one = e->list.at[*entry];
    while (one->wants_equation && *name < one->names.len) {
      const char *word = one->names.at[(*name)++];
      if (!has_equation(e, word)) return word;
    }
  }
  return NULL;
}

const char *entries_lacking(const Entries *e) {
  int entry = 0, name = 0;
  return next_lacking(e, &entry, &name);
}

bool entries_define(const Entries *e, const char *name) {
  for (int i = 0; i < e->list.len; i++)
    if (defines(e->list.at[i], name)) return true;
  return false;
}

static void write_entries(const Entries *e, bool in_net, bool stages, FILE *out) {
  for (int i = 0; i < e->list.len; i++) {
    const Entry *one = e->list.at[i];
    if (one->in_net == in_net && one->is_stage == stages) fprintf(out, "%s%s\n", in_net ? "  " : "", one->text);
  }
}

/* An equation has exactly the type that was declared, so a filler goes through a constant of that type. */
static void write_fillers(const Entries *e, FILE *out) {
  int entry = 0, name = 0;
  for (const char *word; (word = next_lacking(e, &entry, &name));) {
    const char *type = e->list.at[entry]->type;
    if (type) fprintf(out, "  fixed filler_of_%s: %s = 0\n  %s = filler_of_%s\n", word, type, word, word);
    else fprintf(out, "  %s = 0\n", word);
  }
}

char *entries_text(const Entries *e, const char *extra, bool fill) {
  char *text = NULL;
  size_t size = 0;
  FILE *out = open_memstream(&text, &size);
  write_entries(e, false, false, out);
  fprintf(out, "net %s {\n", e->net);
  write_entries(e, true, false, out);
  if (fill) write_fillers(e, out);
  if (extra) fprintf(out, "  %s\n", extra);
  fputs("}\n", out);
  write_entries(e, false, true, out);
  fclose(out);
  return text;
}
