#ifndef RNN_AST_STEPS_H
#define RNN_AST_STEPS_H
#include "ast/ast.h"

/* Reports `h(t-1)` where `h[t-1]` was meant. */
void ast_check_steps(Session *s, const Ast *ast);

#endif
