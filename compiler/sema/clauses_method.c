/* clauses_method.c — the options of `method bptt` that cut sequences: `truncate = k`, `checkpoint = k`, `checkpoint = auto`. */
#include "sema/clauses.h"
#include <math.h>

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

static bool is_auto(const Arg *arg) { return !arg->name || (arg->value->kind == EXPR_NAME && !strcmp(arg->value->name, "auto")); }

static void check_steps(Checker *c, const Arg *arg, const char *option) {
  const bool may_be_auto = !strcmp(option, "checkpoint");
  double k;
  if (may_be_auto && is_auto(arg)) return;
  if (arg->name && constant_number(arg->value, &k) && k >= 1 && k == floor(k)) return;
  Diag *d = clause_wrong(c, arg->value->span, arena_printf(c->s->arena, "`%s` takes a number of steps", option), NULL);
  diag_label(d, arg->value->span, arg->name ? "not a whole number from 1 on" : "how many?");
  if (may_be_auto) diag_help(d, "for example `checkpoint = 100`; `checkpoint = auto` takes the square root of the longest sequence's steps");
  else diag_help(d, "for example `truncate = 100`; for whole sequences leave it out");
}

/* `bptt(20)` */
static void not_by_name(Checker *c, const Arg *arg) {
  Diag *d = clause_wrong(c, arg->value->span, "`bptt` takes its options by name", NULL);
  diag_label(d, arg->value->span, "steps of what?");
  diag_help(d, "`truncate = k` cuts the gradient every k steps; `checkpoint = k` is that of the whole sequence, with memory for k steps");
}

void check_steps_of_method(Checker *c, const Clause *clause) {
  const Expr *e = clause_argument(clause, 0);
  if (!e || e->kind != EXPR_CALL || strcmp(e->name, "bptt")) return;
  for (int i = 0; i < e->args.len; i++) {
    const Arg *arg = &e->args.at[i];
    if (option_of(arg)) check_steps(c, arg, option_of(arg));
    else if (!arg->name) not_by_name(c, arg);
  }
}
