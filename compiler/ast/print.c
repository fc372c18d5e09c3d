/* print.c — one expression as its source form, with only the parentheses it needs. */
#include "ast/ast.h"
#include <stdlib.h>
#include <string.h>

/* Above and below the operators of operators.def. */
enum { LOOSEST = 0, POSTFIX = 100 };

static void print(const Expr *e, int at_least, bool tight, FILE *out);

static void print_string(const char *text, FILE *out) {
  fputc('"', out);
  for (; *text; text++) {
    if (*text == '\n') fputs("\\n", out);
    else if (*text == '\t') fputs("\\t", out);
    else if (*text == '"' || *text == '\\') fprintf(out, "\\%c", *text);
    else fputc(*text, out);
  }
  fputc('"', out);
}

static void print_number(const Expr *e, FILE *out) {
  fputs(e->text, out);
  if (e->unit) fprintf(out, "%s%s", *e->unit == '%' ? "" : " ", e->unit);
}

static void print_args(const Args *args, bool tight, FILE *out) {
  for (int i = 0; i < args->len; i++) {
    if (i) fputs(", ", out);
    if (args->at[i].name) fprintf(out, "%s = ", args->at[i].name);
    print(args->at[i].value, LOOSEST, tight, out);
  }
}

static void print_bracketed(const char *open, const Args *args, bool tight, const char *close, FILE *out) {
  fputs(open, out);
  print_args(args, tight, out);
  fputs(close, out);
}

/* `t-1` in an index is written without spaces, unless it has more in it than sums of plain names and numbers. */
static bool is_plain_sum(const Expr *e) {
  if (!e || e->kind == EXPR_NAME || e->kind == EXPR_FIELD) return true;
  if (e->kind == EXPR_NUMBER) return !e->unit;
  if (e->kind == EXPR_RANGE) return is_plain_sum(e->left) && is_plain_sum(e->right) && is_plain_sum(e->third);
  bool sum = e->kind == EXPR_BINARY && (e->op == OPERATOR_ADD || e->op == OPERATOR_SUB);
  return sum && is_plain_sum(e->left) && is_plain_sum(e->right);
}

static void print_index(const Expr *e, FILE *out) {
  bool tight = true;
  for (int i = 0; i < e->args.len; i++) tight &= is_plain_sum(e->args.at[i].value);
  print(e->left, POSTFIX, false, out);
  print_bracketed("[", &e->args, tight, "]", out);
}

static void print_call(const Expr *e, FILE *out) {
  fputs(e->name, out);
  if (e->dims.len) print_bracketed("[", &e->dims, false, "]", out);
  if (e->args.len || !e->dims.len) print_bracketed("(", &e->args, false, ")", out);
}

static void print_binary(const Expr *e, bool tight, FILE *out) {
  int precedence = operator_precedence(e->op);
  bool comparison = precedence == operator_precedence(OPERATOR_LT), power = e->op == OPERATOR_POW;
  bool close = tight && (e->op == OPERATOR_ADD || e->op == OPERATOR_SUB);
  print(e->left, precedence + (comparison || power), tight, out);
  fprintf(out, close ? "%s" : " %s ", operator_text(e->op));
  print(e->right, precedence + !power, tight, out);
}

static void print_unary(const Expr *e, bool tight, FILE *out) {
  fprintf(out, e->op == OPERATOR_NOT ? "%s " : "%s", operator_text(e->op));
  print(e->left, operator_precedence(e->op), tight, out);
}

static void print_if(const Expr *e, FILE *out) {
  fputs("if ", out);
  print(e->left, LOOSEST, false, out);
  fputs(" then ", out);
  print(e->right, LOOSEST, false, out);
  fputs(" else ", out);
  print(e->third, LOOSEST, false, out);
}

static void print_range(const Expr *e, bool tight, FILE *out) {
  print(e->left, LOOSEST, tight, out);
  fputs("..", out);
  print(e->right, LOOSEST, tight, out);
  if (!e->third) return;
  fputs(" by ", out);
  print(e->third, LOOSEST, tight, out);
}

static void print_over(const Expr *e, FILE *out) {
  fprintf(out, "%s over ", e->name);
  print(e->left, POSTFIX, false, out);
  print_bracketed(" (", &e->args, false, ")", out);
}

/* How tightly the outermost form binds. */
static int precedence_of(const Expr *e) {
  switch (e->kind) {
  case EXPR_UNARY: case EXPR_BINARY: return operator_precedence(e->op);
  case EXPR_IF: case EXPR_RANGE: case EXPR_START: case EXPR_CHAIN: return LOOSEST;
  default: return POSTFIX;
  }
}

static void print_form(const Expr *e, bool tight, FILE *out) {
  switch (e->kind) {
  case EXPR_NUMBER: print_number(e, out); break;
  case EXPR_STRING: print_string(e->text, out); break;
  case EXPR_NAME: fputs(e->name, out); break;
  case EXPR_LIST: print_bracketed("[", &e->args, false, "]", out); break;
  case EXPR_RANGE: print_range(e, tight, out); break;
  case EXPR_UNARY: print_unary(e, tight, out); break;
  case EXPR_BINARY: print_binary(e, tight, out); break;
  case EXPR_IF: print_if(e, out); break;
  case EXPR_CALL: print_call(e, out); break;
  case EXPR_INDEX: print_index(e, out); break;
  case EXPR_FIELD: print(e->left, POSTFIX, false, out); fprintf(out, ".%s", e->name); break;
  case EXPR_TRANSPOSE: print(e->left, POSTFIX, false, out); fputc('\'', out); break;
  case EXPR_OVER: print_over(e, out); break;
  case EXPR_AS: print(e->left, POSTFIX, false, out); print_bracketed(" as [", &e->args, false, "]", out); break;
  case EXPR_START: print(e->left, LOOSEST, false, out); print_bracketed(" start ", &e->args, false, "", out); break;
  case EXPR_CHAIN: print(e->left, LOOSEST, false, out); fputs(" | ", out); print(e->right, LOOSEST, false, out); break;
  }
}

static void print(const Expr *e, int at_least, bool tight, FILE *out) {
  bool parentheses = precedence_of(e) < at_least;
  if (parentheses) fputc('(', out);
  print_form(e, tight, out);
  if (parentheses) fputc(')', out);
}

void expr_print(Session *s, const Expr *e, FILE *out) {
  (void)s;
  if (e) print(e, LOOSEST, false, out);
}

char *expr_text(Session *s, const Expr *e) {
  char *buffer = NULL;
  size_t size = 0;
  FILE *out = open_memstream(&buffer, &size);
  expr_print(s, e, out);
  fclose(out);
  char *text = arena_strndup(s->arena, buffer, size);
  free(buffer);
  return text;
}
