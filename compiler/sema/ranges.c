/* ranges.c — numbers of clauses and options: what they may be (ranges.def), in which unit. */
#include "sema/clauses.h"
#include <float.h>
#include <math.h>

#define ABOVE_0 DBL_MIN
#define BELOW_1 (1 - DBL_EPSILON)
#define MOST 1e15

typedef enum RangeKind { WHOLE, REAL, STEPS } RangeKind;

typedef struct RangeRow {
  const char *of, *option;
  double least, most;
  RangeKind kind;
  const char *wanted;
} RangeRow;

static const RangeRow ranges[] = {
#define RANGE(of, option, least, most, kind, wanted) {#of, option, least, most, kind, wanted},
#include "sema/ranges.def"
#undef RANGE
};

static const RangeRow *range_of(const char *of, const char *option) {
  for (size_t i = 0; i < sizeof ranges / sizeof *ranges; i++)
    if (!strcmp(ranges[i].of, of) && !strcmp(ranges[i].option, option)) return &ranges[i];
  return NULL;
}

static Diag *out_of_range(Checker *c, const RangeRow *row, const Expr *e) {
  const bool is_clause = !*row->option;
  const char *what = is_clause ? arena_printf(c->s->arena, "`%s`", row->of) : arena_printf(c->s->arena, "`%s` of `%s`", row->option, row->of);
  return diag_error(c->s, E0404, e->span, "%s must be %s", what, row->wanted);
}

static void says_what_it_is(Diag *d, const Expr *e, const char *text, double x) {
  if (e->kind == EXPR_NUMBER) diag_label(d, e->span, "not %s", text);
  else diag_label(d, e->span, "it is %g", x);
}

/* `washout 50 ms` is 50 steps of 1 ms. */
static bool time_of_range(Checker *c, const RangeRow *row, const Expr *e, double *x) {
  const double step = step_here(c);
  if (row->kind == STEPS && step > 0) {
    *x = *x / step;
    if (fabs(*x - nearbyint(*x)) < 1e-6) *x = nearbyint(*x);
    return true;
  }
  Diag *d = out_of_range(c, row, e);
  diag_label(d, e->span, "a time");
  if (row->kind == STEPS) diag_help(d, "only a clock with a step counts in times: `time t step 1 ms`");
  return false;
}

void check_range(Checker *c, const char *of, const char *option, const Expr *e) {
  const RangeRow *row = range_of(of, option);
  const char *text = source_text(c, e->span);
  double x;
  if (!row || !constant_number(e, &x)) return;
  if (is_percentage(e) && row->kind != REAL) {
    diag_label(out_of_range(c, row, e), e->span, "not a share of anything");
    return;
  }
  const int unit = time_in(e);
  if (unit != 0 && unit != ANY_UNIT && !time_of_range(c, row, e, &x)) return;
  if (x >= row->least && x <= row->most && (row->kind == REAL || x == floor(x))) return;
  says_what_it_is(out_of_range(c, row, e), e, text, x);
}

void say_range(Checker *c, const char *of, const char *option) {
  const RangeRow *row = range_of(of, option);
  if (row && c->s->diags.len) diag_help(c->s->diags.at[c->s->diags.len - 1], "`%s` of `%s` is a number: %s", option, of, row->wanted);
}
