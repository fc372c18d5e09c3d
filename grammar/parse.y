/* parse.y — what the language looks like. Actions only call the builders of ast/build.h.
 *
 * The layout before this parser (layout.c) has chosen which words are keywords, matched all brackets and ended every
 * statement with NEWLINE; so recovery from any mistake is: throw away up to the next NEWLINE. */
%code requires {
#include "grammar/grammar.h"
}

%code {
#include "ast/build.h"
#include "base/diag.h"
#define YYLLOC_DEFAULT(all, right, n) \
  ((all) = (n) ? span_join(YYRHSLOC(right, 1), YYRHSLOC(right, n)) \
               : (Span){YYRHSLOC(right, 0).file, YYRHSLOC(right, 0).end, YYRHSLOC(right, 0).end})
static void yyerror(const Span *span, Parser *p, const char *message);
}

%define api.pure full
%define api.push-pull push
%define api.token.prefix {TOKEN_}
%define api.location.type {Span}
%define parse.error custom
%define parse.lac full
%locations
%expect 0
%param { Parser *p }

%union {
  const Token *token;
  const char *text;
  Expr *expr;
  Arg *arg;
  Args *args;
  NameList *names;
  TypeSyntax *type;
  Item *item;
  ItemList *items;
  ItemKind item_kind;
  Clause *clause;
  ClauseList *clauses;
  ModifierList *modifiers;
  ClockList *clocks;
  Param *param;
  ParamList *params;
  Decl *decl;
}

%token START_FILE START_ITEM START_EXPR
%token NEWLINE WRONG
%token <token> NAME NUMBER STRING UNIT '%' CLAUSE MODIFIER INDEX
%token USE TIME TREE DIM VOCAB LET SEED CELL NET TRAIN RUN
%token PARAM FIXED STATE INPUT TARGET OUTPUT SHARED
%token STEP LENGTH ON PER SEQUENCE AS START OVER BY IF THEN ELSE AND OR NOT
%token EQ "==" NE "!=" LE "<=" GE ">=" RANGE ".." ARROW "->"
%token TRANSPOSE DIMS_OPEN ON_COMMA
%token '=' '~' '|' ':' ';' ',' '.' '(' ')' '[' ']' '{' '}'

/* The precedences of ast/operators.def; LOWEST is the branch of an `if`. */
%precedence LOWEST
%left OR
%left AND
%precedence NOT
%nonassoc '<' LE '>' GE EQ NE
%left '+' '-'
%left '*' '/'
%left '@'
%precedence NEGATION
%right '^'

%type <expr> expr value primary number range part chain right_side call start_index
%type <arg> argument binding history
%type <args> arguments call_arguments bindings histories parts elements clock_names shape
%type <names> names several dim_names assignments
%type <type> type bare_type
%type <item> item typed
%type <item_kind> item_kind
%type <items> items
%type <clause> clause
%type <clauses> clauses
%type <modifiers> modifiers
%type <clocks> clocks trees
%type <param> param
%type <params> params cell_inputs
%type <names> cell_dims
%type <decl> decl cell_head
%type <text> library
%type <token> as_name

%%

start
  : START_FILE decls
  | START_ITEM item NEWLINE  { p->item = $2; }
  | START_ITEM error NEWLINE
  | START_EXPR range NEWLINE { p->expr = $2; }
  | START_EXPR error NEWLINE
  ;

/* --- declarations ---------------------------------------------------------------------------------------------------- */

decls
  : %empty
  | decls decl NEWLINE       { ast_add(p, $2); }
  | decls error NEWLINE      { yyerrok; }
  ;

decl
  : USE library '(' names ')'        { $$ = ast_use(p, @$, $2, false, $4); }
  | USE STRING '(' names ')'         { $$ = ast_use(p, @$, $2->text, true, $4); }
  | TIME clocks                      { $$ = ast_time(p, DECL_TIME, @$, $2); }
  | TREE trees                       { $$ = ast_time(p, DECL_TREE, @$, $2); }
  | DIM assignments                  { $$ = ast_values(p, DECL_DIM, @$, $2); }
  | LET assignments                  { $$ = ast_values(p, DECL_LET, @$, $2); }
  | VOCAB NAME '=' expr              { $$ = ast_value(p, DECL_VOCAB, @$, $2, $4); }
  | SEED expr                        { $$ = ast_value(p, DECL_SEED, @$, NULL, $2); }
  | cell_head '{' items '}'          { $$ = ast_cell_body($1, @$, $3); }
  | CELL error                       { $$ = NULL; }
  | CELL error '{' items '}'         { $$ = NULL; yyerrok; }
  | NET NAME '{' items '}'           { $$ = ast_net(p, @$, $2, $4); }
  | NET error                        { $$ = NULL; }
  | NET error '{' items '}'          { $$ = NULL; yyerrok; }
  | TRAIN NAME as_name '{' clauses '}' { $$ = ast_session(p, DECL_TRAIN, @$, $2, $3, $5); }
  | TRAIN error                      { $$ = NULL; }
  | TRAIN error '{' clauses '}'      { $$ = NULL; yyerrok; }
  | RUN NAME as_name '{' clauses '}' { $$ = ast_session(p, DECL_RUN, @$, $2, $3, $5); }
  | RUN error                        { $$ = NULL; }
  | RUN error '{' clauses '}'        { $$ = NULL; yyerrok; }
  ;

library
  : NAME                     { $$ = ast_path(p, NULL, $1); }
  | library '.' NAME         { $$ = ast_path(p, $1, $3); }
  ;

names
  : NAME                     { $$ = ast_names(p, NULL, $1, NULL); }
  | names ',' NAME           { $$ = ast_names(p, $1, $3, NULL); }
  ;

clocks
  : NAME                     { $$ = ast_clocks(p, NULL, $1, NULL, NULL); }
  | NAME STEP expr           { $$ = ast_clocks(p, NULL, $1, $3, NULL); }
  | NAME LENGTH expr         { $$ = ast_clocks(p, NULL, $1, NULL, $3); }
  | clocks ',' NAME          { $$ = ast_clocks(p, $1, $3, NULL, NULL); }
  | clocks ',' NAME STEP expr   { $$ = ast_clocks(p, $1, $3, $5, NULL); }
  | clocks ',' NAME LENGTH expr { $$ = ast_clocks(p, $1, $3, NULL, $5); }
  ;

trees
  : NAME                     { $$ = ast_clocks(p, NULL, $1, NULL, NULL); }
  | trees ',' NAME           { $$ = ast_clocks(p, $1, $3, NULL, NULL); }
  ;

assignments
  : NAME '=' expr                 { $$ = ast_names(p, NULL, $1, $3); }
  | assignments ',' NAME '=' expr { $$ = ast_names(p, $1, $3, $5); }
  ;

as_name
  : %empty                   { $$ = NULL; }
  | AS NAME                  { $$ = $2; }
  ;

cell_head
  : CELL NAME cell_dims cell_inputs ARROW params { $$ = ast_cell(p, @$, $2, $3, $4, $6); }
  ;

cell_dims
  : %empty                   { $$ = NULL; }
  | '[' dim_names ']'        { $$ = $2; }
  ;

dim_names
  : NAME                     { $$ = ast_names(p, NULL, $1, NULL); }
  | dim_names ',' NAME       { $$ = ast_names(p, $1, $3, NULL); }
  ;

cell_inputs
  : %empty                   { $$ = NULL; }
  | '(' ')'                  { $$ = NULL; }
  | '(' params ')'           { $$ = $2; }
  ;

params
  : param                    { $$ = ast_params(p, NULL, $1); }
  | params ',' param         { $$ = ast_params(p, $1, $3); }
  | params ';' param         { $$ = ast_params(p, $1, $3); }
  ;

param
  : NAME ':' type            { $$ = ast_param(p, $1, $3, NULL); }
  | NAME ':' type '=' expr   { $$ = ast_param(p, $1, $3, $5); }
  | NAME '=' expr            { $$ = ast_param(p, $1, NULL, $3); }
  ;

/* --- cells and nets ---------------------------------------------------------------------------------------------------- */

items
  : %empty                   { $$ = ast_items(p, NULL, NULL); }
  | items item NEWLINE       { $$ = ast_items(p, $1, $2); }
  | items error NEWLINE      { $$ = $1; yyerrok; }
  ;

item
  : typed
  | typed '=' expr           { $$ = ast_item_value($1, @$, $3, NULL); }
  | typed '=' expr ON NAME   { $$ = ast_item_value($1, @$, $3, $5); }
  | typed '~' chain          { $$ = ast_item_init($1, @$, $3); }
  | LET assignments          { $$ = ast_item(p, ITEM_LET, @$, $2, NULL); }
  | SHARED NAME '=' expr     { $$ = ast_equation(p, ITEM_SHARED, @$, $2, $4); }
  | NAME '=' right_side      { $$ = ast_equation(p, ITEM_EQUATION, @$, $1, $3); }
  | several '=' right_side   { $$ = ast_outputs(p, @$, $1, $3); }
  ;

/* The outputs of one call. */
several
  : NAME ',' NAME            { $$ = ast_names(p, ast_names(p, NULL, $1, NULL), $3, NULL); }
  | several ',' NAME         { $$ = ast_names(p, $1, $3, NULL); }
  ;

typed
  : item_kind names          { $$ = ast_item(p, $1, @$, $2, NULL); }
  | item_kind names ':' type { $$ = ast_item(p, $1, @$, $2, $4); }
  ;

item_kind
  : PARAM  { $$ = ITEM_PARAM; }
  | FIXED  { $$ = ITEM_FIXED; }
  | STATE  { $$ = ITEM_STATE; }
  | INPUT  { $$ = ITEM_INPUT; }
  | TARGET { $$ = ITEM_TARGET; }
  | OUTPUT { $$ = ITEM_OUTPUT; }
  ;

type
  : bare_type
  | bare_type ON clock_names { $$ = ast_type_on(p, $1, @$, $3); }
  | bare_type PER SEQUENCE   { $$ = ast_type_per_sequence($1, @$); }
  ;

bare_type
  : shape                    { $$ = ast_type(p, @$, $1, NULL); }
  | INDEX '(' NAME ')'       { $$ = ast_type(p, @$, NULL, ast_name(p, $3)); }
  ;

shape
  : '[' ']'                  { $$ = NULL; }
  | '[' elements ']'         { $$ = $2; }
  ;

clock_names
  : NAME                     { $$ = ast_args(p, NULL, ast_arg(p, NULL, ast_name(p, $1))); }
  | clock_names ON_COMMA NAME { $$ = ast_args(p, $1, ast_arg(p, NULL, ast_name(p, $3))); }
  ;

chain
  : expr
  | chain '|' expr           { $$ = ast_chain(p, @$, $1, $3); }
  ;

right_side
  : expr
  | expr START histories     { $$ = ast_start(p, @$, $1, $3); }
  ;

histories
  : history                  { $$ = ast_args(p, NULL, $1); }
  | histories ',' history    { $$ = ast_args(p, $1, $3); }
  ;

history
  : expr                     { $$ = ast_arg(p, NULL, $1); }
  | NAME '=' expr            { $$ = ast_arg(p, $1, $3); }
  ;

/* --- clauses -------------------------------------------------------------------------------------------------------------- */

clauses
  : %empty                   { $$ = ast_clauses(p, NULL, NULL); }
  | clauses clause NEWLINE   { $$ = ast_clauses(p, $1, $2); }
  | clauses error NEWLINE    { $$ = $1; yyerrok; }
  ;

clause
  : CLAUSE modifiers           { $$ = ast_clause(p, @$, $1, NULL, $2); }
  | CLAUSE arguments modifiers { $$ = ast_clause(p, @$, $1, $2, $3); }
  ;

modifiers
  : %empty                       { $$ = NULL; }
  | modifiers MODIFIER           { $$ = ast_modifiers(p, $1, @2, $2, NULL); }
  | modifiers MODIFIER arguments { $$ = ast_modifiers(p, $1, span_join(@2, @3), $2, $3); }
  ;

/* --- expressions ------------------------------------------------------------------------------------------------------------ */

arguments
  : argument                 { $$ = ast_args(p, NULL, $1); }
  | arguments ',' argument   { $$ = ast_args(p, $1, $3); }
  ;

argument
  : range                    { $$ = ast_arg(p, NULL, $1); }
  | NAME '=' range           { $$ = ast_arg(p, $1, $3); }
  ;

call_arguments
  : %empty                   { $$ = NULL; }
  | arguments
  | arguments ';' arguments  { $$ = ast_join_args(p, $1, $3); }
  | ';' arguments            { $$ = $2; }
  ;

range
  : expr
  | expr RANGE expr          { $$ = ast_range(p, @$, $1, $3, NULL); }
  | expr RANGE expr BY expr  { $$ = ast_range(p, @$, $1, $3, $5); }
  ;

expr
  : value
  | '-' expr %prec NEGATION  { $$ = ast_unary(p, @$, OPERATOR_NEG, $2); }
  | NOT expr                 { $$ = ast_unary(p, @$, OPERATOR_NOT, $2); }
  | expr OR expr             { $$ = ast_binary(p, @$, OPERATOR_OR, $1, $3); }
  | expr AND expr            { $$ = ast_binary(p, @$, OPERATOR_AND, $1, $3); }
  | expr '<' expr            { $$ = ast_binary(p, @$, OPERATOR_LT, $1, $3); }
  | expr LE expr             { $$ = ast_binary(p, @$, OPERATOR_LE, $1, $3); }
  | expr '>' expr            { $$ = ast_binary(p, @$, OPERATOR_GT, $1, $3); }
  | expr GE expr             { $$ = ast_binary(p, @$, OPERATOR_GE, $1, $3); }
  | expr EQ expr             { $$ = ast_binary(p, @$, OPERATOR_EQ, $1, $3); }
  | expr NE expr             { $$ = ast_binary(p, @$, OPERATOR_NE, $1, $3); }
  | expr '+' expr            { $$ = ast_binary(p, @$, OPERATOR_ADD, $1, $3); }
  | expr '-' expr            { $$ = ast_binary(p, @$, OPERATOR_SUB, $1, $3); }
  | expr '*' expr            { $$ = ast_binary(p, @$, OPERATOR_MUL, $1, $3); }
  | expr '/' expr            { $$ = ast_binary(p, @$, OPERATOR_DIV, $1, $3); }
  | expr '@' expr            { $$ = ast_binary(p, @$, OPERATOR_MATMUL, $1, $3); }
  | expr '^' expr            { $$ = ast_binary(p, @$, OPERATOR_POW, $1, $3); }
  | IF expr THEN expr ELSE expr %prec LOWEST { $$ = ast_if(p, @$, $2, $4, $6); }
  ;

value
  : primary
  | value '[' parts ']'      { $$ = ast_index(p, @$, $1, $3); }
  | value '.' NAME           { $$ = ast_field(p, @$, $1, $3); }
  | value TRANSPOSE          { $$ = ast_transpose(p, @$, $1); }
  | value AS shape           { $$ = ast_as(p, @$, $1, $3); }
  ;

parts
  : part                     { $$ = ast_args(p, NULL, ast_arg(p, NULL, $1)); }
  | parts ',' part           { $$ = ast_args(p, $1, ast_arg(p, NULL, $3)); }
  ;

part
  : range
  ;

primary
  : NAME                     { $$ = ast_name(p, $1); }
  | number
  | STRING                   { $$ = ast_string(p, $1); }
  | '(' expr ')'             { $$ = $2; }
  | '[' elements ']'         { $$ = ast_list(p, @$, $2); }
  | call
  | NAME OVER start_index '(' arguments ')' { $$ = ast_over(p, @$, $1, $3, $5); }
  ;

/* What an `over` runs along: a clock, a dim, or `n.children`. */
start_index
  : NAME                     { $$ = ast_name(p, $1); }
  | start_index '.' NAME     { $$ = ast_field(p, @$, $1, $3); }
  ;

number
  : NUMBER                   { $$ = ast_number(p, $1, NULL); }
  | NUMBER UNIT              { $$ = ast_number(p, $1, $2); }
  | NUMBER '%'               { $$ = ast_number(p, $1, $2); }
  ;

elements
  : expr                     { $$ = ast_args(p, NULL, ast_arg(p, NULL, $1)); }
  | elements ',' expr        { $$ = ast_args(p, $1, ast_arg(p, NULL, $3)); }
  ;

call
  : NAME '(' call_arguments ')'                           { $$ = ast_call(p, @$, $1, NULL, $3); }
  | NAME DIMS_OPEN bindings ']'                           { $$ = ast_call(p, @$, $1, $3, NULL); }
  | NAME DIMS_OPEN bindings ']' '(' call_arguments ')'    { $$ = ast_call(p, @$, $1, $3, $6); }
  ;

bindings
  : binding                  { $$ = ast_args(p, NULL, $1); }
  | bindings ',' binding     { $$ = ast_args(p, $1, $3); }
  ;

binding
  : NAME '=' expr            { $$ = ast_arg(p, $1, $3); }
  ;

%%

/* Bison calls this only when its stack is full. */
static void yyerror(const Span *span, Parser *p, const char *message) {
  (void)message;
  syntax_too_deep(p, *span);
}

static int yyreport_syntax_error(const yypcontext_t *context, Parser *p) {
  yysymbol_kind_t expected[YYNTOKENS];
  int kinds[YYNTOKENS];
  int n = yypcontext_expected_tokens(context, expected, YYNTOKENS), count = 0;
  for (int kind = 0; kind < 512 && count < n; kind++) {
    yysymbol_kind_t symbol = YYTRANSLATE(kind);
    for (int i = 0; i < n; i++)
      if (expected[i] == symbol && symbol != YYSYMBOL_YYUNDEF) kinds[count++] = kind;
  }
  syntax_unexpected(p, kinds, count);
  return 0;
}

void grammar_parse(Parser *p, StartSymbol start) {
  grammar_scan(p);
  grammar_layout(p, start);
  if (p->abandoned || (p->wants_more && p->incomplete)) return;
  yypstate *state = yypstate_new();
  int status = YYPUSH_MORE;
  for (p->next = 0; status == YYPUSH_MORE && !p->abandoned; p->next++) {
    const Token *t = &p->tokens.at[p->next];
    YYSTYPE value = {.token = t};
    Span span = t->span;
    status = yypush_parse(state, t->kind, &value, &span, p);
  }
  yypstate_delete(state);
}
