/* dump.c — the tree, one node a line, children indented below (`--emit=ast`). Where the checker has been, each expression
 * also shows its type (`--emit=types`). */
#include "ast/ast.h"

typedef struct Dump {
  Session *session;
  FILE *out;
  int indent;
} Dump;

static void begin_line(Dump *d) { fprintf(d->out, "%*s", 2 * d->indent, ""); }

/* --- types ---------------------------------------------------------------------------------------------------------------- */

static void dump_dim(Dump *d, const Dim *dim) {
  bool first = true;
  for (int i = 0; i < dim->terms; i++) {
    if (!first) fputs(" + ", d->out);
    if (dim->term[i].times != 1) fprintf(d->out, "%lld ", (long long)dim->term[i].times);
    fprintf(d->out, "dim");
    first = false;
  }
  if (dim->constant || first) fprintf(d->out, first ? "%lld" : " %+lld", (long long)dim->constant);
}

static const char *type_name(TypeKind kind) {
  static const char *const names[] = {"unknown", "real", "index", "clock index", "string"};
  return names[kind];
}

static void dump_type(Dump *d, const Type *type) {
  if (type->kind == TYPE_POISON) return;
  fprintf(d->out, " : %s [", type_name(type->kind));
  for (int i = 0; i < type->shape.rank; i++) {
    if (i) fputs(", ", d->out);
    dump_dim(d, &type->shape.dim[i]);
  }
  fprintf(d->out, "] axes %x", type->axes);
}

/* --- expressions ------------------------------------------------------------------------------------------------------------ */

static const char *expr_kind_name(ExprKind kind) {
  static const char *const names[] = {"number", "string", "name", "list", "range", "unary", "binary", "if", "call",
                                      "index", "field", "transpose", "over", "as", "start", "chain"};
  return names[kind];
}

static void dump_expr(Dump *d, const Expr *e);

static void dump_args(Dump *d, const char *what, const Args *args) {
  for (int i = 0; i < args->len; i++) {
    if (args->at[i].name) {
      begin_line(d);
      fprintf(d->out, "%s %s =\n", what, args->at[i].name);
      d->indent++;
    }
    dump_expr(d, args->at[i].value);
    if (args->at[i].name) d->indent--;
  }
}

static void dump_expr_head(Dump *d, const Expr *e) {
  begin_line(d);
  fputs(expr_kind_name(e->kind), d->out);
  if (e->name) fprintf(d->out, " %s", e->name);
  if (e->kind == EXPR_UNARY || e->kind == EXPR_BINARY) fprintf(d->out, " %s", operator_text(e->op));
  if (e->kind == EXPR_NUMBER || e->kind == EXPR_STRING) {
    fputc(' ', d->out);
    expr_print(d->session, e, d->out);
  }
  dump_type(d, &e->type);
  fputc('\n', d->out);
}

static void dump_expr(Dump *d, const Expr *e) {
  if (!e) return;
  dump_expr_head(d, e);
  d->indent++;
  dump_expr(d, e->left);
  dump_expr(d, e->right);
  dump_expr(d, e->third);
  dump_args(d, "dim", &e->dims);
  dump_args(d, "argument", &e->args);
  d->indent--;
}

static void dump_labelled(Dump *d, const char *label, const Expr *e) {
  if (!e) return;
  begin_line(d);
  fprintf(d->out, "%s\n", label);
  d->indent++;
  dump_expr(d, e);
  d->indent--;
}

/* --- declarations ------------------------------------------------------------------------------------------------------------- */

static void dump_type_syntax(Dump *d, const TypeSyntax *type) {
  if (!type->present) return;
  fputs(": ", d->out);
  if (type->index_of) {
    fputs("index(", d->out);
    expr_print(d->session, type->index_of, d->out);
    fputc(')', d->out);
  } else {
    fputc('[', d->out);
    for (int i = 0; i < type->dims.len; i++) {
      if (i) fputs(", ", d->out);
      expr_print(d->session, type->dims.at[i], d->out);
    }
    fputc(']', d->out);
  }
  if (type->per_sequence) fputs(" per sequence", d->out);
  for (int i = 0; i < type->on.len; i++) {
    fputs(i ? ", " : " on ", d->out);
    expr_print(d->session, type->on.at[i], d->out);
  }
}

static void dump_name_list(Dump *d, const NameList *names) {
  for (int i = 0; i < names->len; i++) fprintf(d->out, "%s%s", i ? ", " : " ", names->at[i].name);
}

static void dump_name_values(Dump *d, const NameList *names) {
  for (int i = 0; i < names->len; i++) dump_labelled(d, names->at[i].name, names->at[i].value);
}

static void dump_item(Dump *d, const Item *item) {
  static const char *const kinds[] = {"param", "fixed", "state", "input", "target", "output", "let", "equation", "shared"};
  begin_line(d);
  fputs(kinds[item->kind], d->out);
  dump_name_list(d, &item->names);
  dump_type_syntax(d, &item->type);
  if (item->value_on) fprintf(d->out, " (history on %s)", item->value_on);
  fputc('\n', d->out);
  d->indent++;
  dump_name_values(d, &item->names);
  if (item->value) dump_expr(d, item->value);
  dump_labelled(d, "drawn by", item->init);
  d->indent--;
}

static void dump_clause(Dump *d, const Clause *clause) {
  begin_line(d);
  fprintf(d->out, "clause %s\n", clause->keyword);
  d->indent++;
  dump_args(d, "argument", &clause->args);
  for (int i = 0; i < clause->modifiers.len; i++) {
    begin_line(d);
    fprintf(d->out, "modifier %s\n", clause->modifiers.at[i].word);
    d->indent++;
    dump_args(d, "argument", &clause->modifiers.at[i].args);
    d->indent--;
  }
  d->indent--;
}

static void dump_params(Dump *d, const char *what, const ParamList *params) {
  for (int i = 0; i < params->len; i++) {
    begin_line(d);
    fprintf(d->out, "%s %s", what, params->at[i].name);
    dump_type_syntax(d, &params->at[i].type);
    fputc('\n', d->out);
    d->indent++;
    dump_expr(d, params->at[i].value);
    d->indent--;
  }
}

static void dump_clocks(Dump *d, const ClockList *clocks) {
  for (int i = 0; i < clocks->len; i++) {
    begin_line(d);
    fprintf(d->out, "clock %s\n", clocks->at[i].name);
    d->indent++;
    dump_labelled(d, "step", clocks->at[i].step);
    dump_labelled(d, "length", clocks->at[i].length);
    d->indent--;
  }
}

static void dump_decl_head(Dump *d, const Decl *decl) {
  static const char *const kinds[] = {"use", "time", "tree", "dim", "vocab", "let", "seed", "cell", "net", "train", "run"};
  begin_line(d);
  fputs(kinds[decl->kind], d->out);
  if (decl->library) fprintf(d->out, " %s", decl->library);
  if (decl->net) fprintf(d->out, " %s as", decl->net);
  if (decl->name) fprintf(d->out, " %s", decl->name);
  dump_name_list(d, &decl->names);
  fputc('\n', d->out);
}

static void dump_decl(Dump *d, const Decl *decl) {
  dump_decl_head(d, decl);
  d->indent++;
  dump_name_values(d, &decl->names);
  dump_clocks(d, &decl->clocks);
  dump_expr(d, decl->value);
  dump_params(d, "argument", &decl->arguments);
  dump_params(d, "option", &decl->options);
  dump_params(d, "output", &decl->outputs);
  for (int i = 0; i < decl->items.len; i++) dump_item(d, decl->items.at[i]);
  for (int i = 0; i < decl->clauses.len; i++) dump_clause(d, decl->clauses.at[i]);
  d->indent--;
}

void ast_dump(Session *s, const Ast *ast, FILE *out) {
  Dump dump = {s, out, 0};
  for (int i = 0; i < ast->decls.len; i++) dump_decl(&dump, ast->decls.at[i]);
}
