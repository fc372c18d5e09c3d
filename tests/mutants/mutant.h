/* mutant.h — right programs made wrong, mechanically, one mistake each.
 *
 * A mistake is an edit of the text and what a good message must then say: the one error there is stands on one of the lines, and
 * names the thing. kinds.def lists the kinds; make.c finds the places, judge.c checks the wrong programs as `rnn check` does. */
#ifndef RNN_TESTS_MUTANT_H
#define RNN_TESTS_MUTANT_H
#include "driver/compile.h"

typedef enum MutantKind {
#define KIND(name, text) MUTANT_##name,
#include "mutants/kinds.def"
#undef KIND
  MUTANT_KINDS
} MutantKind;

typedef struct Mutant {
  MutantKind kind;
  Span cut;             /* replaced by… */
  const char *put;
  const char *named;    /* what the message must name; NULL: nothing in particular */
  int line, other_line; /* of the wrong program: the error is on one of them. 0: none */
} Mutant;

typedef Vec(Mutant) MutantList;

/* A right program: checked, its own errors (E0901, of what is not built yet) kept to be left out. */
typedef struct Original {
  Session *session;
  const char *path;
  int file;
  Ast *ast;
  Scope *scope;
  bool has_net; /* a library has no graph */
  Vec(const char *) known; /* headlines of its own errors */
} Original;

/* NULL where the program has errors of its own. */
Original *original_read(const char *path, const char *stdlib);
const char *text_of(const Original *o, Span span);

void mutants_make(const Original *o, uint64_t seed, MutantList *out);

typedef enum Verdict { VERDICT_GOOD, VERDICT_ACCEPTED, VERDICT_SEVERAL, VERDICT_WRONG_LINE, VERDICT_NOT_NAMED } Verdict;
/* `said`: the first error's headline, in the original's memory. */
Verdict mutant_judge(const Original *o, const Mutant *m, const char *stdlib, const char **said);

#endif
