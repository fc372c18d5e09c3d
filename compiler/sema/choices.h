/* choices.h — the words that method, optimizer, schedule and data may name, from the runtime's own rows. */
#ifndef RNN_SEMA_CHOICES_H
#define RNN_SEMA_CHOICES_H
#include "sema/check.h"

enum { MOST_OPTIONS = 12 };

typedef struct OptionName {
  const char *name;
  double fallback;
} OptionName;

typedef struct Choice {
  const char *name;
  bool later; /* known, not yet built */
  OptionName options[MOST_OPTIONS];
} Choice;

typedef enum ChoiceKind { CHOICE_METHOD, CHOICE_OPTIMIZER, CHOICE_SCHEDULE, CHOICE_CLIP, CHOICE_ORDER, CHOICE_SOURCE, CHOICE_WRITE, CHOICE_DECODER } ChoiceKind;

/* NULL, after an error with a suggestion, when there is none of that name. `e` is a NAME or a CALL. */
const Choice *choice_named(Checker *c, ChoiceKind kind, const Expr *e);
int choice_option(const Choice *choice, const char *name); /* its place; -1. NULL: how many there are */
const char *choice_names(Checker *c, const Choice *choice); /* "lr, momentum" */
void choice_options(Checker *c, const Choice *choice, const Expr *e);
bool source_is_table(const Expr *e); /* csv, tsv, npz: columns must be named */

#endif
