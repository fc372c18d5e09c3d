/* grammar.h — from a file's text to its tree, in three steps: scan.l cuts it into tokens, layout.c decides which newlines
 * end a statement and which words are keywords, parse.y builds the tree. Errors are collected; none ends the parse. */
#ifndef RNN_GRAMMAR_GRAMMAR_H
#define RNN_GRAMMAR_GRAMMAR_H
#include "ast/ast.h"

/* Where a statement stands. A word is a keyword only in its own place. */
typedef enum Place {
  PLACE_TOP,     /* a declaration, or the head of one up to its `{` */
  PLACE_BODY,    /* a line of a cell or a net */
  PLACE_CLAUSES, /* a line of train or run */
} Place;

typedef struct Token {
  int kind; /* a TOKEN_ of parse.h */
  Span span;
  Name name;          /* a word as written, whether keyword or not */
  double number;      /* NUMBER */
  const char *text;   /* STRING without quotes and escapes; NUMBER as written */
  bool line_before;   /* the first of its line */
  bool space_before;  /* not directly after the token before it */
  bool made_up;       /* put in by the layout to close what was left open */
  Place place;
  int statement;      /* serial number; one statement gives one syntax error */
  bool after_equals;  /* behind the statement's first `=` or inside brackets: an expression is being read */
  int opener;         /* the innermost open bracket: its place among the tokens, -1 for none */
} Token;

typedef Vec(Token) TokenList;

typedef enum StartSymbol { START_WITH_FILE, START_WITH_ITEM, START_WITH_EXPR } StartSymbol;

typedef struct Parser {
  Session *session;
  int file;
  Ast *ast;
  TokenList scanned;  /* by the scanner */
  TokenList tokens;   /* by the layout; ends with end-of-file */
  Vec(bool) reported; /* by statement: it has had its error */
  bool incomplete;    /* the input ends inside a bracket or after an operator */
  bool wants_more;    /* the REPL: report nothing where the input is incomplete */
  bool abandoned;     /* too deep to go on */
  int next;           /* the token being pushed */
  Item *item;         /* what the REPL's start symbols give */
  Expr *expr;
} Parser;

Parser *parser_new(Session *s, int file);
void grammar_scan(Parser *p);
void grammar_layout(Parser *p, StartSymbol start);
void grammar_parse(Parser *p, StartSymbol start);

/* Can a value end with such a token? Does a line that ends with one go on in the next? */
bool token_ends_value(int kind);
bool token_continues(int kind);

/* --- errors (syntax_error.c) -------------------------------------------------------------------------------------- */

/* NULL when the statement has had its error already. */
Diag *syntax_error(Parser *p, const Token *at, const char *format, ...) __attribute__((format(printf, 3, 4)));
/* `found` does not fit; `expected` are the kinds that would. */
void syntax_unexpected(Parser *p, const int *expected, int expected_count);
/* Habits of several tokens (repairs.c): said, with the repair. hidden_closer: of a bracket that a foreign comment leaves open. */
bool syntax_repaired(Parser *p, const Token *before, const Token *found);
bool syntax_hidden_closer(Parser *p, int opener);
/* The first word of a statement that means nothing: a hint for it, of the rows FIRST. */
bool syntax_knows_word(const Token *word);
bool syntax_first_word(Parser *p, const Token *word);
void syntax_too_deep(Parser *p, Span span);
const char *token_kind_name(int kind); /* as messages say it: "a name", "`(`" */
const char *token_words(Session *s, const Token *t);

#endif
