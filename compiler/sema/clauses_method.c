/* clauses_method.c — the options of `method bptt` that cut sequences: `truncate = k`, `checkpoint = k`, `checkpoint = auto`. */
#include "sema/clauses.h"

static const char *const cutting_options[] = {"truncate", "checkpoint"};
enum { CUTTING_OPTIONS = 2 };

/* A bare word stands for the option of its name. */
static const char *option_of(const Arg *arg) {
  const char *name = arg->name ? arg->name : arg->value->kind == EXPR_NAME ? arg->value->name : "";
  for (int i = 0; i < CUTTING_OPTIONS; i++)
    if (!strcmp(name, cutting_options[i])) return cutting_options[i];
  return NULL;
}

const char *cutting_word(const Clause *clause) {
  const Expr *e = clause_argument(clause, 0);
  if (!strcmp(clause->keyword, "carry")) return "carry";
  for (int i = 0; !strcmp(clause->keyword, "method") && e && i < e->args.len; i++)
    if (option_of(&e->args.at[i])) return option_of(&e->args.at[i]);
  return NULL;
}

/* `bptt(20)` */
static void not_by_name(Checker *c, const Arg *arg) {
  Diag *d = clause_wrong(c, arg->value->span, "`bptt` takes its options by name", NULL);
  diag_label(d, arg->value->span, "steps of what?");
  diag_help(d, "`truncate = k` cuts the gradient every k steps; `checkpoint = k` is that of the whole sequence, with memory for k steps");
}

static void how_many(Checker *c, const Arg *arg) {
  Diag *d = clause_wrong(c, arg->value->span, "`truncate` takes a number of steps", NULL);
  diag_label(d, arg->value->span, "how many?");
  diag_help(d, "for example `truncate = 100`; for whole sequences leave it out");
}

/* `truncate` alone says nothing; `checkpoint` alone means `auto`. What numbers may be stands in ranges.def. */
void check_steps_of_method(Checker *c, const Clause *clause) {
  const Expr *e = clause_argument(clause, 0);
  if (!e || e->kind != EXPR_CALL || strcmp(e->name, "bptt")) return;
  for (int i = 0; i < e->args.len; i++) {
    const Arg *arg = &e->args.at[i];
    if (arg->name) continue;
    if (!option_of(arg)) not_by_name(c, arg);
    else if (!strcmp(option_of(arg), "truncate")) how_many(c, arg);
  }
}
