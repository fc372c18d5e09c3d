/* build.h — what the grammar's actions call to make the tree. All of it lives in the session's arena. */
#ifndef RNN_AST_BUILD_H
#define RNN_AST_BUILD_H
#include "ast/ast.h"
#include "grammar/grammar.h"

/* --- expressions ---------------------------------------------------------------------------------------------------- */

Expr *ast_number(Parser *p, const Token *t, const Token *unit); /* unit: NULL, a UNIT or a `%` */
Expr *ast_string(Parser *p, const Token *t);
Expr *ast_name(Parser *p, const Token *t);
Expr *ast_list(Parser *p, Span span, Args *items);
Expr *ast_range(Parser *p, Span span, Expr *from, Expr *to, Expr *by);
Expr *ast_unary(Parser *p, Span span, Operator op, Expr *operand);
Expr *ast_binary(Parser *p, Span span, Operator op, Expr *left, Expr *right);
Expr *ast_if(Parser *p, Span span, Expr *condition, Expr *yes, Expr *no);
Expr *ast_call(Parser *p, Span span, const Token *name, Args *dims, Args *args); /* dims, args: NULL for none */
Expr *ast_index(Parser *p, Span span, Expr *of, Args *items);
Expr *ast_field(Parser *p, Span span, Expr *of, const Token *name);
Expr *ast_transpose(Parser *p, Span span, Expr *of);
Expr *ast_over(Parser *p, Span span, const Token *name, Expr *along, Args *args);
Expr *ast_as(Parser *p, Span span, Expr *of, Args *dims);
Expr *ast_start(Parser *p, Span span, Expr *call, Args *histories);
Expr *ast_chain(Parser *p, Span span, Expr *left, Expr *right);

Arg *ast_arg(Parser *p, const Token *name, Expr *value); /* name: NULL when positional */
Args *ast_args(Parser *p, Args *before, Arg *item);      /* before: NULL to begin */
Args *ast_join_args(Parser *p, Args *before, Args *more);

/* --- declarations inside ---------------------------------------------------------------------------------------------- */

NameList *ast_names(Parser *p, NameList *before, const Token *name, Expr *value);
TypeSyntax *ast_type(Parser *p, Span span, Args *dims, Expr *index_of);
TypeSyntax *ast_type_on(Parser *p, TypeSyntax *type, Span span, Args *clocks);
TypeSyntax *ast_type_per_sequence(TypeSyntax *type, Span span);

Item *ast_item(Parser *p, ItemKind kind, Span span, NameList *names, TypeSyntax *type);
Item *ast_item_value(Item *item, Span span, Expr *value, const Token *on);
Item *ast_item_init(Item *item, Span span, Expr *init);
Item *ast_equation(Parser *p, ItemKind kind, Span span, const Token *name, Expr *value);
Item *ast_outputs(Parser *p, Span span, NameList *names, Expr *value); /* a, b = P(x) */
ItemList *ast_items(Parser *p, ItemList *before, Item *item); /* item: NULL to begin */

Clause *ast_clause(Parser *p, Span span, const Token *keyword, Args *args, ModifierList *modifiers);
ModifierList *ast_modifiers(Parser *p, ModifierList *before, Span span, const Token *word, Args *args);
ClauseList *ast_clauses(Parser *p, ClauseList *before, Clause *clause);

/* --- declarations ------------------------------------------------------------------------------------------------------ */

const char *ast_path(Parser *p, const char *before, const Token *part); /* std.cells */
Decl *ast_use(Parser *p, Span span, const char *library, bool is_file, NameList *names);
ClockList *ast_clocks(Parser *p, ClockList *before, const Token *name, Expr *step, Expr *length);
Decl *ast_time(Parser *p, DeclKind kind, Span span, ClockList *clocks);
Decl *ast_values(Parser *p, DeclKind kind, Span span, NameList *names);
Decl *ast_value(Parser *p, DeclKind kind, Span span, const Token *name, Expr *value);
Param *ast_param(Parser *p, const Token *name, TypeSyntax *type, Expr *value);
ParamList *ast_params(Parser *p, ParamList *before, Param *param);
Decl *ast_cell(Parser *p, Span span, const Token *name, NameList *dims, ParamList *inputs, ParamList *outputs);
Decl *ast_cell_body(Decl *cell, Span span, ItemList *items);
Decl *ast_net(Parser *p, Span span, const Token *name, ItemList *items);
Decl *ast_session(Parser *p, DeclKind kind, Span span, const Token *net, const Token *as, ClauseList *clauses);
void ast_add(Parser *p, Decl *decl); /* to the file; NULL is passed over */

#endif
