/* clauses.h — what the files that check the clauses of train and run share.
 *
 * clauses.c has the rows of clauses.def and the clauses that take numbers, names of the net or a choice; clauses_data.c those that say
 * where data come from, clauses_values.c those that take expressions, clauses_files.c those that write files, clauses_decode.c how a net
 * speaks; stages.c looks at the whole. */
#ifndef RNN_SEMA_CLAUSES_H
#define RNN_SEMA_CLAUSES_H
#include "sema/choices.h"

typedef struct Stage {
  Decl *decl;
  Scope *scope; /* the net's names, and `loss` */
  Scope *loop;  /* what the training loop knows beside: `loss`, `validation`, `epoch`, `bits_per_step` */
  const Symbol *net;
} Stage;

typedef void ClauseCheck(Checker *c, Stage *stage, Clause *clause);

#define CLAUSE(keyword, where, times, check) ClauseCheck check_##check;
#include "sema/clauses.def"
#undef CLAUSE

/* What of a clause cuts sequences: "carry", "truncate", "checkpoint"; NULL where nothing does (clauses_method.c). */
const char *cutting_word(const Clause *clause);
void check_steps_of_method(Checker *c, const Clause *clause); /* `truncate = k`, `checkpoint = k` */
void check_chunks(Checker *c, const Stage *stage, const Clause *clause); /* chunks.c: E0414 */
void check_cuts(Checker *c, const Stage *stage); /* after all clauses, whose expressions then have types */
void check_clause(Checker *c, Stage *stage, Clause *clause);
bool clause_is_misspelt(const Decl *d, const char *keyword); /* `dtaa …`: it has an error of its own */

/* --- its arguments --- */
Expr *clause_argument(const Clause *clause, int i); /* NULL where there are fewer */
const Modifier *find_modifier(const Clause *clause, const char *word);
const Clause *find_clause(const Decl *d, const char *keyword);
Diag *clause_wrong(Checker *c, Span span, const char *what, const char *example);
/* Data and methods have words of their own (`transform = tanh`, `derivatives = bptt(truncate = 20)`): only constants are looked up. */
void clause_words(Checker *c, Stage *stage, const Args *args);
bool wants_number(Checker *c, Stage *stage, Expr *e); /* false: it is not known when compiling, or has an error, which has been said */
void check_range(Checker *c, const char *of, const char *option, const Expr *e); /* ranges.c: of a clause (option "") or a choice */
void say_range(Checker *c, const char *of, const char *option); /* as a help of the last error */
void clause_modifiers(Checker *c, Stage *stage, const Clause *clause, const char *words); /* an error for each that is not among `words` */
Symbol *clause_name(Checker *c, Stage *stage, Expr *e);                                    /* a name of the net, or NULL after an error */
void clause_wants_kind(Checker *c, const Expr *e, const Symbol *symbol, const char *what);
const Choice *clause_choice(Checker *c, Stage *stage, Clause *clause, ChoiceKind kind, const char *example);

#endif
