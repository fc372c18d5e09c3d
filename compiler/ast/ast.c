/* ast.c — the builders the grammar's actions call (build.h), and the table of operators. */
#include "ast/ast.h"
#include "ast/build.h"
#include <string.h>

/* --- operators --------------------------------------------------------------------------------------------------------- */

static const struct {
  const char *text;
  int precedence;
} operators[] = {
#define OPERATOR(name, text, precedence) {text, precedence},
#include "ast/operators.def"
#undef OPERATOR
};

const char *operator_text(Operator op) { return operators[op].text; }
int operator_precedence(Operator op) { return operators[op].precedence; }

/* --- expressions ------------------------------------------------------------------------------------------------------- */

static int deeper(int depth, const Expr *child) { return child && child->depth > depth ? child->depth : depth; }

static int depth_of(const Expr *e) {
  int depth = deeper(deeper(deeper(0, e->left), e->right), e->third);
  for (int i = 0; i < e->args.len; i++) depth = deeper(depth, e->args.at[i].value);
  for (int i = 0; i < e->dims.len; i++) depth = deeper(depth, e->dims.at[i].value);
  return depth + 1;
}

/* Every node is finished here: its depth is known once its children are in place. */
static Expr *finish(Parser *p, Expr *e) {
  e->depth = depth_of(e);
  if (e->depth > MAX_DEPTH) syntax_too_deep(p, e->span);
  return e;
}

static Expr *expr_new(Parser *p, ExprKind kind, Span span) {
  Expr *e = arena_new_of(p->session->arena, Expr);
  e->kind = kind;
  e->span = span;
  e->clock = -1;
  e->over_dim = -1;
  e->depth = 1;
  return e;
}

static Expr *named(Expr *e, const Token *name) {
  e->name = name->name;
  e->name_span = name->span;
  return e;
}

static Args args_or_none(const Args *args) { return args ? *args : (Args){0}; }

Expr *ast_number(Parser *p, const Token *t, const Token *unit) {
  Expr *e = expr_new(p, EXPR_NUMBER, unit ? span_join(t->span, unit->span) : t->span);
  e->number = t->number;
  e->text = t->text;
  if (unit) e->unit = unit->name ? unit->name : intern(p->session, "%");
  return e;
}

Expr *ast_string(Parser *p, const Token *t) {
  Expr *e = expr_new(p, EXPR_STRING, t->span);
  e->text = t->text;
  return e;
}

Expr *ast_name(Parser *p, const Token *t) { return named(expr_new(p, EXPR_NAME, t->span), t); }

Expr *ast_list(Parser *p, Span span, Args *items) {
  Expr *e = expr_new(p, EXPR_LIST, span);
  e->args = args_or_none(items);
  return finish(p, e);
}

static Expr *with_operands(Parser *p, Expr *e, Expr *left, Expr *right, Expr *third) {
  e->left = left;
  e->right = right;
  e->third = third;
  return finish(p, e);
}

Expr *ast_range(Parser *p, Span span, Expr *from, Expr *to, Expr *by) {
  return with_operands(p, expr_new(p, EXPR_RANGE, span), from, to, by);
}

Expr *ast_unary(Parser *p, Span span, Operator op, Expr *operand) {
  Expr *e = expr_new(p, EXPR_UNARY, span);
  e->op = op;
  return with_operands(p, e, operand, NULL, NULL);
}

Expr *ast_binary(Parser *p, Span span, Operator op, Expr *left, Expr *right) {
  Expr *e = expr_new(p, EXPR_BINARY, span);
  e->op = op;
  return with_operands(p, e, left, right, NULL);
}

Expr *ast_if(Parser *p, Span span, Expr *condition, Expr *yes, Expr *no) {
  return with_operands(p, expr_new(p, EXPR_IF, span), condition, yes, no);
}

Expr *ast_call(Parser *p, Span span, const Token *name, Args *dims, Args *args) {
  Expr *e = named(expr_new(p, EXPR_CALL, span), name);
  e->dims = args_or_none(dims);
  e->args = args_or_none(args);
  return finish(p, e);
}

Expr *ast_index(Parser *p, Span span, Expr *of, Args *items) {
  Expr *e = expr_new(p, EXPR_INDEX, span);
  e->args = args_or_none(items);
  return with_operands(p, e, of, NULL, NULL);
}

Expr *ast_field(Parser *p, Span span, Expr *of, const Token *name) {
  return with_operands(p, named(expr_new(p, EXPR_FIELD, span), name), of, NULL, NULL);
}

Expr *ast_transpose(Parser *p, Span span, Expr *of) {
  return with_operands(p, expr_new(p, EXPR_TRANSPOSE, span), of, NULL, NULL);
}

Expr *ast_over(Parser *p, Span span, const Token *name, Expr *along, Args *args) {
  Expr *e = named(expr_new(p, EXPR_OVER, span), name);
  e->args = args_or_none(args);
  return with_operands(p, e, along, NULL, NULL);
}

Expr *ast_as(Parser *p, Span span, Expr *of, Args *dims) {
  Expr *e = expr_new(p, EXPR_AS, span);
  e->args = args_or_none(dims);
  return with_operands(p, e, of, NULL, NULL);
}

Expr *ast_start(Parser *p, Span span, Expr *call, Args *histories) {
  Expr *e = expr_new(p, EXPR_START, span);
  e->args = args_or_none(histories);
  return with_operands(p, e, call, NULL, NULL);
}

Expr *ast_chain(Parser *p, Span span, Expr *left, Expr *right) {
  return with_operands(p, expr_new(p, EXPR_CHAIN, span), left, right, NULL);
}

Arg *ast_arg(Parser *p, const Token *name, Expr *value) {
  Arg *arg = arena_new_of(p->session->arena, Arg);
  arg->value = value;
  if (name) {
    arg->name = name->name;
    arg->name_span = name->span;
  }
  return arg;
}

Args *ast_args(Parser *p, Args *before, Arg *item) {
  if (!before) before = arena_new_of(p->session->arena, Args);
  vec_push(p->session->arena, *before, *item);
  return before;
}

Args *ast_join_args(Parser *p, Args *before, Args *more) {
  for (int i = 0; i < more->len; i++) ast_args(p, before, &more->at[i]);
  return before;
}

/* --- documentation ----------------------------------------------------------------------------------------------------- */

/* The last comment that ends at or before the offset, or -1. */
static int comment_before(const CommentList *comments, uint32_t offset) {
  int low = 0, high = comments->len;
  while (low < high) {
    int middle = (low + high) / 2;
    if (comments->at[middle].span.end <= offset) low = middle + 1;
    else high = middle;
  }
  return low - 1;
}

/* Only spaces and a single newline between the two places? */
static bool on_next_line(const char *text, uint32_t from, uint32_t to) {
  int newlines = 0;
  for (uint32_t i = from; i < to; i++) {
    if (text[i] == '\n') newlines++;
    else if (!strchr(" \t\r", text[i])) return false;
  }
  return newlines == 1;
}

static const char *doc_line(Parser *p, const char *text, Span comment, const char *below) {
  uint32_t begin = comment.begin + 2;
  if (begin < comment.end && text[begin] == ' ') begin++;
  const char *line = arena_strndup(p->session->arena, text + begin, comment.end - begin);
  return below ? arena_printf(p->session->arena, "%s\n%s", line, below) : line;
}

/* The `##` lines directly above a place. */
static const char *doc_above(Parser *p, uint32_t offset) {
  const char *text = p->session->sources.at[p->file]->text, *doc = NULL;
  const CommentList *comments = &p->ast->comments;
  for (int i = comment_before(comments, offset); i >= 0; i--) {
    Comment comment = comments->at[i];
    bool documents = comment.own_line && !strncmp(text + comment.span.begin, "##", 2);
    if (!documents || !on_next_line(text, comment.span.end, offset)) break;
    doc = doc_line(p, text, comment.span, doc);
    offset = comment.span.begin;
    while (offset && strchr(" \t\r", text[offset - 1])) offset--;
  }
  return doc;
}

/* --- inside cells and nets ------------------------------------------------------------------------------------------- */

NameList *ast_names(Parser *p, NameList *before, const Token *name, Expr *value) {
  if (!before) before = arena_new_of(p->session->arena, NameList);
  NameAt item = {.name = name->name, .span = name->span, .value = value};
  vec_push(p->session->arena, *before, item);
  return before;
}

TypeSyntax *ast_type(Parser *p, Span span, Args *dims, Expr *index_of) {
  TypeSyntax *type = arena_new_of(p->session->arena, TypeSyntax);
  type->span = span;
  type->present = true;
  type->index_of = index_of;
  for (int i = 0; dims && i < dims->len; i++) vec_push(p->session->arena, type->dims, dims->at[i].value);
  return type;
}

TypeSyntax *ast_type_on(Parser *p, TypeSyntax *type, Span span, Args *clocks) {
  type->span = span;
  for (int i = 0; i < clocks->len; i++) vec_push(p->session->arena, type->on, clocks->at[i].value);
  return type;
}

TypeSyntax *ast_type_per_sequence(TypeSyntax *type, Span span) {
  type->span = span;
  type->per_sequence = true;
  return type;
}

Item *ast_item(Parser *p, ItemKind kind, Span span, NameList *names, TypeSyntax *type) {
  Item *item = arena_new_of(p->session->arena, Item);
  item->kind = kind;
  item->span = span;
  item->names = *names;
  if (type) item->type = *type;
  item->doc = doc_above(p, span.begin);
  return item;
}

Item *ast_item_value(Item *item, Span span, Expr *value, const Token *on) {
  item->span = span;
  item->value = value;
  if (on) {
    item->value_on = on->name;
    item->value_on_span = on->span;
  }
  return item;
}

Item *ast_item_init(Item *item, Span span, Expr *init) {
  item->span = span;
  item->init = init;
  return item;
}

Item *ast_equation(Parser *p, ItemKind kind, Span span, const Token *name, Expr *value) {
  Item *item = ast_item(p, kind, span, ast_names(p, NULL, name, NULL), NULL);
  item->value = value;
  return item;
}

Item *ast_outputs(Parser *p, Span span, NameList *names, Expr *value) {
  Item *item = ast_item(p, ITEM_EQUATION, span, names, NULL);
  item->value = value;
  return item;
}

ItemList *ast_items(Parser *p, ItemList *before, Item *item) {
  if (!before) return arena_new_of(p->session->arena, ItemList);
  vec_push(p->session->arena, *before, item);
  return before;
}

/* --- clauses ------------------------------------------------------------------------------------------------------------ */

Clause *ast_clause(Parser *p, Span span, const Token *keyword, Args *args, ModifierList *modifiers) {
  Clause *clause = arena_new_of(p->session->arena, Clause);
  clause->keyword = keyword->name;
  clause->keyword_span = keyword->span;
  clause->span = span;
  clause->args = args_or_none(args);
  if (modifiers) clause->modifiers = *modifiers;
  return clause;
}

/* In `for 4 steps` the last word says nothing new. */
static bool is_steps_of_for(const ModifierList *before, const Token *word, const Args *args) {
  bool steps = !strcmp(word->name, "steps") || !strcmp(word->name, "step");
  return steps && !args && before->len && !strcmp(before->at[before->len - 1].word, "for");
}

ModifierList *ast_modifiers(Parser *p, ModifierList *before, Span span, const Token *word, Args *args) {
  if (!before) before = arena_new_of(p->session->arena, ModifierList);
  if (is_steps_of_for(before, word, args)) {
    Modifier *last = &before->at[before->len - 1];
    last->span = span_join(last->span, span);
    return before;
  }
  Modifier modifier = {.word = word->name, .span = span, .args = args_or_none(args)};
  vec_push(p->session->arena, *before, modifier);
  return before;
}

ClauseList *ast_clauses(Parser *p, ClauseList *before, Clause *clause) {
  if (!before) return arena_new_of(p->session->arena, ClauseList);
  vec_push(p->session->arena, *before, clause);
  return before;
}

/* --- declarations -------------------------------------------------------------------------------------------------------- */

static Decl *decl_new(Parser *p, DeclKind kind, Span span) {
  Decl *d = arena_new_of(p->session->arena, Decl);
  d->kind = kind;
  d->span = span;
  d->doc = doc_above(p, span.begin);
  return d;
}

static Decl *decl_named(Decl *d, const Token *name) {
  d->name = name->name;
  d->name_span = name->span;
  return d;
}

const char *ast_path(Parser *p, const char *before, const Token *part) {
  return before ? arena_printf(p->session->arena, "%s.%s", before, part->name) : part->name;
}

Decl *ast_use(Parser *p, Span span, const char *library, bool is_file, NameList *names) {
  Decl *d = decl_new(p, DECL_USE, span);
  d->library = library;
  d->library_is_file = is_file;
  d->names = *names;
  return d;
}

ClockList *ast_clocks(Parser *p, ClockList *before, const Token *name, Expr *step, Expr *length) {
  if (!before) before = arena_new_of(p->session->arena, ClockList);
  ClockSyntax clock = {.name = name->name, .span = name->span, .step = step, .length = length};
  vec_push(p->session->arena, *before, clock);
  return before;
}

Decl *ast_time(Parser *p, DeclKind kind, Span span, ClockList *clocks) {
  Decl *d = decl_new(p, kind, span);
  d->clocks = *clocks;
  return d;
}

Decl *ast_values(Parser *p, DeclKind kind, Span span, NameList *names) {
  Decl *d = decl_new(p, kind, span);
  d->names = *names;
  return d;
}

Decl *ast_value(Parser *p, DeclKind kind, Span span, const Token *name, Expr *value) {
  Decl *d = decl_new(p, kind, span);
  d->value = value;
  return name ? decl_named(d, name) : d;
}

Param *ast_param(Parser *p, const Token *name, TypeSyntax *type, Expr *value) {
  Param *param = arena_new_of(p->session->arena, Param);
  param->name = name->name;
  param->span = name->span;
  param->value = value;
  if (type) param->type = *type;
  return param;
}

ParamList *ast_params(Parser *p, ParamList *before, Param *param) {
  if (!before) before = arena_new_of(p->session->arena, ParamList);
  vec_push(p->session->arena, *before, *param);
  return before;
}

/* An option is an argument with a default. */
Decl *ast_cell(Parser *p, Span span, const Token *name, NameList *dims, ParamList *inputs, ParamList *outputs) {
  Decl *d = decl_named(decl_new(p, DECL_CELL, span), name);
  if (dims) d->names = *dims;
  for (int i = 0; inputs && i < inputs->len; i++) {
    if (inputs->at[i].value) vec_push(p->session->arena, d->options, inputs->at[i]);
    else vec_push(p->session->arena, d->arguments, inputs->at[i]);
  }
  d->outputs = *outputs;
  return d;
}

Decl *ast_cell_body(Decl *cell, Span span, ItemList *items) {
  cell->span = span;
  cell->items = *items;
  return cell;
}

Decl *ast_net(Parser *p, Span span, const Token *name, ItemList *items) {
  Decl *d = decl_named(decl_new(p, DECL_NET, span), name);
  d->items = *items;
  return d;
}

Decl *ast_session(Parser *p, DeclKind kind, Span span, const Token *net, const Token *as, ClauseList *clauses) {
  Decl *d = decl_named(decl_new(p, kind, span), as ? as : net);
  d->net = net->name;
  d->net_span = net->span;
  d->clauses = *clauses;
  return d;
}

void ast_add(Parser *p, Decl *decl) {
  if (decl) vec_push(p->session->arena, p->ast->decls, decl);
}
