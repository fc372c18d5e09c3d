/* lsp_hover.c — what stands under the cursor, in words: its shape, its clock, its delay; and where it comes from. */
#include "base/diag.h"
#include "driver/lsp.h"
#include "sema/check.h"

/* --- types --------------------------------------------------------------------------------------------------------------- */

/* Clocks have the numbers of their order in the file, where none is named there is `t`. */
static Name clock_text(const Document *d, int clock) {
  for (int i = 0, n = 0; i < d->ast->decls.len; i++)
    for (int k = 0; k < d->ast->decls.at[i]->clocks.len; k++)
      if (n++ == clock) return d->ast->decls.at[i]->clocks.at[k].name;
  return "t";
}

static const char *on_clocks(const Document *d, Axes axes) {
  const char *text = axes & AXIS_SEQUENCE ? " per sequence" : "";
  for (int i = 0, n = 0; i < MAX_CLOCKS; i++)
    if (axes & AXIS_CLOCK(i)) text = arena_printf(d->session->arena, "%s%s", n++ ? arena_printf(d->session->arena, "%s, ", text) : " on ", clock_text(d, i));
  return text;
}

static const char *type_text(const Document *d, const Type *t) {
  Session *s = d->session;
  const char *clocks = on_clocks(d, t->axes);
  if (t->kind == TYPE_STRING) return "a string";
  if (t->kind == TYPE_POISON) return "not known, because of an error";
  if (t->kind == TYPE_INDEX) return arena_printf(s->arena, "index(%s)%s", dim_text(s, t->below), clocks);
  if (t->kind == TYPE_CLOCK_INDEX) return arena_printf(s->arena, "index(%s)%s", clock_text(d, t->clock), clocks);
  return arena_printf(s->arena, "%s%s", shape_text(s, t->shape), clocks);
}

/* --- names ----------------------------------------------------------------------------------------------------------------- */

static const char *without_article(const char *text) {
  return !strncmp(text, "a ", 2) ? text + 2 : !strncmp(text, "an ", 3) ? text + 3 : text;
}

static const char *source_between(const Document *d, Span span) {
  const Source *source = d->session->sources.at[span.file];
  return arena_strndup(d->session->arena, source->text + span.begin, span.end - span.begin);
}

static const char *place_text(const Document *d, const Symbol *symbol) {
  Session *s = d->session;
  if (!symbol->span.file) return "";
  const Decl *owner = symbol->scope ? symbol->scope->owner : NULL;
  bool inner = owner && symbol->kind != SYMBOL_CELL && symbol->kind != SYMBOL_NET;
  const char *file = symbol->span.file == d->file ? "" : arena_printf(s->arena, " of %s", s->sources.at[symbol->span.file]->path);
  return arena_printf(s->arena, ", %s%sline %d%s", inner ? owner->name : "", inner ? " " : "", span_line(s, symbol->span), file);
}

/* The head of a cell or net: its first line up to the brace. */
static const char *head_text(const Document *d, const Decl *decl) {
  const char *text = source_between(d, decl->span);
  size_t n = strcspn(text, "{");
  while (n && strchr(" \t\r\n", text[n - 1])) n--;
  return arena_strndup(d->session->arena, text, n);
}

static const char *number_text(const Document *d, const Symbol *symbol) {
  Session *s = d->session;
  if (symbol->kind == SYMBOL_DIM && symbol->size) return arena_printf(s->arena, "%s = %lld", symbol->name, (long long)symbol->size);
  if (symbol->kind == SYMBOL_LET && symbol->known_number) return arena_printf(s->arena, "%s = %g", symbol->name, symbol->number);
  return symbol->name;
}

/* "q.h: [H] on t, q.c: [H] on t" */
static const char *parts_text(const Document *d, const Symbol *call) {
  const char *text = "";
  for (int i = 0; i < call->parts.len; i++) {
    const Symbol *part = call->parts.at[i];
    text = arena_printf(d->session->arena, "%s%s%s: %s", text, i ? ", " : "", part->name, type_text(d, &part->type));
  }
  return text;
}

static const char *signature_text(const Document *d, const Symbol *symbol) {
  bool has_head = (symbol->kind == SYMBOL_CELL || symbol->kind == SYMBOL_NET) && symbol->decl;
  bool plain = symbol->kind == SYMBOL_CLOCK || symbol->kind == SYMBOL_SHARED || symbol->kind == SYMBOL_BUILTIN;
  if (has_head) return head_text(d, symbol->decl);
  if (symbol->kind == SYMBOL_CALL) return parts_text(d, symbol);
  if (plain || symbol->kind == SYMBOL_DIM || symbol->kind == SYMBOL_LET) return number_text(d, symbol);
  return arena_printf(d->session->arena, "%s: %s", symbol->name, type_text(d, &symbol->type));
}

/* "state with history 0": how the value begins. */
static const char *beginning_text(const Document *d, const Symbol *symbol) {
  Session *s = d->session;
  const Item *item = symbol->item;
  bool weight = symbol->kind == SYMBOL_PARAM || symbol->kind == SYMBOL_FIXED;
  if (symbol->history) return arena_printf(s->arena, " with history %s", expr_text(s, symbol->history));
  if (weight && item && item->init) return arena_printf(s->arena, " ~ %s", source_between(d, item->init->span));
  if (weight && item && item->value) return arena_printf(s->arena, " = %s", source_between(d, item->value->span));
  return "";
}

static const char *doc_of(const Symbol *symbol) {
  const char *doc = symbol->decl ? symbol->decl->doc : symbol->item ? symbol->item->doc : NULL;
  return doc ? doc : "";
}

static const char *symbol_text(const Document *d, const Symbol *symbol) {
  return arena_printf(d->session->arena, "`%s`, %s%s%s%s%s", signature_text(d, symbol), without_article(symbol_kind_text(symbol->kind)),
                      beginning_text(d, symbol), place_text(d, symbol), *doc_of(symbol) ? "\n\n" : "", doc_of(symbol));
}

/* --- reads at another time ------------------------------------------------------------------------------------------------- */

static const char *steps_text(Session *s, const char *steps, bool past) {
  return arena_printf(s->arena, "%s step%s %s", steps, strcmp(steps, "1") ? "s" : "", past ? "before" : "after");
}

/* 1 of t-1 is known; the k of t-k is said as it is written. */
static const char *offset_text(const Document *d, const Expr *e) {
  Session *s = d->session;
  int64_t steps;
  if (!dim_known(e->offset, &steps)) return arena_printf(s->arena, "read %s steps away", dim_text(s, e->offset));
  if (!steps) return "read at the same step";
  return arena_printf(s->arena, "read %s", steps_text(s, arena_printf(s->arena, "%lld", (long long)(steps < 0 ? -steps : steps)), steps < 0));
}

static const char *window_text(const Document *d, const Expr *e) {
  Session *s = d->session;
  long long stride = (long long)(e->stride < 0 ? -e->stride : e->stride);
  const char *apart = stride > 1 ? arena_printf(s->arena, ", %lld steps apart", stride) : "";
  return arena_printf(s->arena, "a window of %s taps%s, the first of them %s", dim_text(s, e->taps), apart, offset_text(d, e));
}

static const char *access_text(const Document *d, const Expr *e) {
  switch (e->access) {
  case ACCESS_OFFSET: return offset_text(d, e);
  case ACCESS_WINDOW: return window_text(d, e);
  case ACCESS_LAST: return "read at the last step";
  case ACCESS_FIRST: return "read at the first step";
  case ACCESS_COMPONENT: return "components of the first dim";
  case ACCESS_DELAYS: return "each connection with its own delay";
  case ACCESS_CHILD: return "read at a child of the node";
  case ACCESS_PARENT: return "read at the node whose children these are";
  case ACCESS_NONE: break;
  }
  return "";
}

static const char *expr_phrase(const Document *d, const Expr *e) {
  Session *s = d->session;
  const char *text = arena_printf(s->arena, "`%s: %s`", source_between(d, e->span), type_text(d, &e->type));
  const char *access = e->kind == EXPR_INDEX ? access_text(d, e) : "";
  if (*access) text = arena_printf(s->arena, "%s, %s", text, access);
  const Symbol *read = e->kind == EXPR_INDEX ? symbol_read(e->left) : NULL;
  return read ? arena_printf(s->arena, "%s\n\n%s", text, symbol_text(d, read)) : text;
}

/* --- answers -------------------------------------------------------------------------------------------------------------- */

static Found found_at(const Document *d, const cJSON *params) {
  const cJSON *position = cJSON_GetObjectItemCaseSensitive(params, "position");
  return lsp_find(d->ast, lsp_offset(d->session->sources.at[d->file], position));
}

cJSON *lsp_hover(Server *server, const cJSON *params) {
  const Document *d = document_find(server, params);
  Found f = d ? found_at(d, params) : (Found){0};
  if (!f.symbol && !f.expr) return NULL;
  cJSON *hover = cJSON_CreateObject(), *contents = cJSON_AddObjectToObject(hover, "contents");
  cJSON_AddStringToObject(contents, "kind", "markdown");
  cJSON_AddStringToObject(contents, "value", f.symbol ? symbol_text(d, f.symbol) : expr_phrase(d, f.expr));
  cJSON_AddItemToObject(hover, "range", lsp_range(d->session, f.span));
  return hover;
}

cJSON *lsp_definition(Server *server, const cJSON *params) {
  const Document *d = document_find(server, params);
  Found f = d ? found_at(d, params) : (Found){0};
  if (!f.symbol && f.expr && f.expr->kind == EXPR_INDEX) f.symbol = f.expr->left->symbol;
  return f.symbol ? lsp_location(d, f.symbol->span) : NULL;
}

/* --- completion: every name that is seen from here --------------------------------------------------------------------------- */

enum { COMPLETE_FUNCTION = 3, COMPLETE_VARIABLE = 6, COMPLETE_CLASS = 7 };

static int completion_kind(const Symbol *symbol) {
  if (symbol->kind == SYMBOL_BUILTIN) return COMPLETE_FUNCTION;
  return symbol->kind == SYMBOL_CELL || symbol->kind == SYMBOL_NET ? COMPLETE_CLASS : COMPLETE_VARIABLE;
}

static cJSON *completion_of(const Document *d, const Symbol *symbol) {
  cJSON *item = cJSON_CreateObject();
  cJSON_AddStringToObject(item, "label", symbol->name);
  cJSON_AddNumberToObject(item, "kind", completion_kind(symbol));
  cJSON_AddStringToObject(item, "detail", symbol->kind == SYMBOL_BUILTIN ? "a function of the language" : signature_text(d, symbol));
  return item;
}

cJSON *lsp_completion(Server *server, const cJSON *params) {
  const Document *d = document_find(server, params);
  if (!d) return NULL;
  Found f = found_at(d, params);
  const Scope *scope = f.decl && scope_of(f.decl) ? scope_of(f.decl) : lsp_file_scope(d->ast);
  cJSON *items = cJSON_CreateArray();
  for (; scope; scope = scope->parent)
    for (int i = 0; i < scope->symbols.len; i++) cJSON_AddItemToArray(items, completion_of(d, scope->symbols.at[i]));
  return items;
}
