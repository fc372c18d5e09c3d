/* over.c — the types of `sum over t (e)` and its like: along a clock, a dim, or the children of a tree's nodes. */
#include "sema/check.h"

typedef enum OverKind { OVER_REDUCE, OVER_KEEP, OVER_ARGMAX, OVER_PICK } OverKind;

typedef struct OverRow {
  const char *name;
  OverKind kind;
} OverRow;

static const OverRow over_rows[] = {
    {"sum", OVER_REDUCE},    {"mean", OVER_REDUCE},     {"max", OVER_REDUCE},    {"min", OVER_REDUCE},
    {"softmax", OVER_KEEP},  {"logsoftmax", OVER_KEEP}, {"argmax", OVER_ARGMAX}, {"pick", OVER_PICK},
};

static const OverRow *over_row(Checker *c, const Expr *e) {
  const char *words = "";
  for (size_t i = 0; i < sizeof over_rows / sizeof *over_rows; i++) {
    if (!strcmp(over_rows[i].name, e->name)) return &over_rows[i];
    words = arena_printf(c->s->arena, "%s%s%s", words, i ? " " : "", over_rows[i].name);
  }
  Diag *d = diag_error(c->s, E0101, e->name_span, "`%s` does not work over a clock or a dim", e->name);
  const char *near = nearest_word(c->s, e->name, words);
  if (near) diag_suggest(d, e->name_span, near, "did you mean `%s`?", near);
  else diag_help(d, "these do: %s", words);
  return NULL;
}

static Type pick_over(Checker *c, Expr *e, int clock) {
  Type k = e->args.len == 2 ? argument(e, 1)->type : poison();
  if (e->args.len != 2) return poison();
  if (is_poison(k) || (k.kind == TYPE_CLOCK_INDEX && k.clock == clock)) return argument(e, 0)->type;
  return wants(c, e, 1, &k, arena_printf(c->s->arena, "a step: index(%s)", clock_name(c, clock)));
}

static Type over_clock(Checker *c, Expr *e, const OverRow *row, int clock) {
  e->clock = clock;
  if (row->kind == OVER_PICK) return pick_over(c, e, clock);
  Type t = numbers_at(c, e, 0);
  if (row->kind != OVER_ARGMAX || is_poison(t)) return t;
  if (t.shape.rank) return wants(c, e, 0, &t, "one number for each step");
  return (Type){.kind = TYPE_CLOCK_INDEX, .clock = clock};
}

static int find_dim(Checker *c, const Expr *e, const Type *t, Dim d) {
  int found = -1, n = 0;
  for (int i = 0; i < t->shape.rank; i++)
    if (dim_equal(t->shape.dim[i], d)) found = i, n++;
  if (n == 1) return found;
  Diag *diag = diag_error(c->s, E0304, e->left->span, "`%s` is %s of %s", dim_text(c->s, d), n ? "more than one dim" : "not a dim",
                          shape_text(c->s, t->shape));
  explain_origin(c, diag, argument(e, 0), t);
  return -1;
}

static Type over_dim(Checker *c, Scope *scope, Expr *e, const OverRow *row) {
  Dim d;
  Type t = numbers_at(c, e, 0);
  if (!dim_of_expr(c, scope, e->left, &d) || is_poison(t)) return poison();
  if (row->kind == OVER_PICK) return diag_error(c->s, E0304, e->left->span, "`pick` works over a clock; a component is `x[3]`"), poison();
  e->over_dim = find_dim(c, e, &t, d);
  if (e->over_dim < 0) return poison();
  if (row->kind == OVER_KEEP) return t;
  for (int i = e->over_dim; i + 1 < t.shape.rank; i++) t.shape.dim[i] = t.shape.dim[i + 1];
  t.shape.rank--;
  if (row->kind == OVER_ARGMAX) t.kind = TYPE_INDEX, t.below = d;
  return t;
}

static const Symbol *clock_over(Scope *scope, const Expr *along) {
  const Symbol *symbol = along->kind == EXPR_NAME ? scope_find(scope, along->name) : NULL;
  return symbol && symbol->kind == SYMBOL_CLOCK ? symbol : NULL;
}

static bool right_count(Checker *c, const Expr *e, const OverRow *row) {
  const int wanted = row->kind == OVER_PICK ? 2 : 1;
  if (e->args.len == wanted) return true;
  diag_error(c->s, E0107, e->span, "`%s over` takes %d argument%s, not %d", e->name, wanted, wanted > 1 ? "s" : "", e->args.len);
  return false;
}

static Type not_children(Checker *c, const Expr *e, const Symbol *clock) {
  const Span field = e->left->name_span.file ? e->left->name_span : e->left->span;
  Diag *d = diag_error(c->s, E0204, e->left->span, "`%s over` works over all children of a node", e->name);
  diag_label(d, field, "not over one of them, which is read as `h[%s.left]`", clock->name);
  diag_suggest(d, e->left->span, arena_printf(c->s->arena, "%s.children", clock->name), "over the children");
  return poison();
}

/* sum over n.children (e): e of every child; x[n] in e is that of the node itself. The k of pick is the node's. */
static Type over_children(Checker *c, Scope *scope, Expr *e, const OverRow *row) {
  const Symbol *clock = tree_of_field(c, scope, e->left), *around = c->children;
  for (int i = 0; i < e->args.len; i++) {
    c->children = i ? around : clock;
    type_expr(c, scope, argument(e, i));
  }
  c->children = around;
  if (!clock || !row || !right_count(c, e, row)) return poison();
  if (strcmp(e->left->name, "children")) return not_children(c, e, clock);
  e->left->type = e->left->left->type = type_real();
  return over_clock(c, e, row, clock->clock);
}

Type type_over(Checker *c, Scope *scope, Expr *e) {
  const OverRow *row = over_row(c, e);
  if (e->left->kind == EXPR_FIELD) return over_children(c, scope, e, row);
  for (int i = 0; i < e->args.len; i++) type_expr(c, scope, argument(e, i));
  if (!row || !right_count(c, e, row)) return poison();
  const Symbol *clock = clock_over(scope, e->left);
  if (!clock) return over_dim(c, scope, e, row);
  e->left->symbol = scope_find(scope, e->left->name);
  return over_clock(c, e, row, clock->clock);
}
