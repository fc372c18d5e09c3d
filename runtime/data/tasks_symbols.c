/* tasks_symbols.c — tasks on symbols and places: reber, sorting, reversal. */
#include "runtime/data/generators.h"
#include <math.h>
#include <stdlib.h>

/* --- reber: the embedded Reber grammar (Reber, 1967; Smith and Zipser, 1989; Hochreiter and Schmidhuber, 1997) ------------ */

enum { B, T, S, X, V, P, E, SYMBOLS, END = -1 };
typedef struct Arc { int symbol, next; } Arc;

/* The inner machine after its B: each state has two arcs; state 5 is left by E alone. */
static const Arc reber_arcs[5][2] = {
    {{T, 1}, {P, 2}}, {{S, 1}, {X, 3}}, {{T, 2}, {V, 4}}, {{X, 2}, {S, 5}}, {{P, 3}, {V, 5}}};

enum { REBER_EMBEDDED };

/* `length` is the most symbols that are made; strings that would be longer are drawn again. */
bool reber_setup(Generation *g) {
  if (!generator_whole(g, "embedded", 1, 0, 1, &g->number[REBER_EMBEDDED])) return false;
  if (g->most < 16) return rnn_fail(g->error, "E0513", "reber(length = %lld): the longest string must be 16 symbols or more", (long long)g->most);
  g->least = g->most;
  generator_column(g, "symbol", 1, SYMBOLS, false, false);
  generator_column(g, "next symbol", 1, SYMBOLS, true, false);
  generator_column(g, "possible next symbols", SYMBOLS, 0, true, false);
  return true;
}

typedef struct ReberString {
  double *symbol, *next, *possible;
  int64_t count, most;
} ReberString;

/* Appends one symbol; the alternatives that could have stood here are the targets of the step before. */
static void append(ReberString *r, int symbol, int alternative) {
  int64_t before = r->count - 1;
  if (before >= 0 && before < r->most) {
    r->next[before] = symbol;
    for (int k = 0; k < SYMBOLS; k++) r->possible[before * SYMBOLS + k] = k == symbol || k == alternative;
  }
  if (r->count < r->most) r->symbol[r->count] = symbol;
  r->count++;
}

static void append_inner(ReberString *r, Random *random) {
  append(r, B, END);
  for (int state = 0; state < 5;) {
    int64_t choice = random_below(random, 2);
    append(r, reber_arcs[state][choice].symbol, reber_arcs[state][1 - choice].symbol);
    state = reber_arcs[state][choice].next;
  }
  append(r, E, END);
}

/* B, T or P, an inner string, the same T or P, E. */
static void append_string(ReberString *r, Random *random, bool embedded) {
  if (!embedded) {
    append_inner(r, random);
    return;
  }
  int branch = random_below(random, 2) ? P : T;
  append(r, B, END);
  append(r, branch, branch == P ? T : P);
  append_inner(r, random);
  append(r, branch, END);
  append(r, E, END);
}

bool reber_make(Generation *g, Sample *s) {
  ReberString r = {s->column[0], s->column[1], s->column[2], 0, s->length};
  do {
    r.count = 0;
    append_string(&r, &s->random, g->number[REBER_EMBEDDED] != 0);
  } while (r.count - 1 > s->length);
  s->steps = r.count - 1; /* after the last symbol there is nothing to foretell */
  return true;
}

/* --- sorting: Vinyals, Bengio and Kudlur (2016) and the pointer networks of 2015 ---------------------------------------- */

bool sorting_setup(Generation *g) {
  generator_column(g, "number", 1, 0, false, false);
  generator_column(g, "place", 1, 0, true, false);
  return true;
}

/* Places by rising number: insertion sort, for sequences are short. */
bool sorting_make(Generation *g, Sample *s) {
  (void)g;
  double *x = s->column[0], *place = s->column[1];
  for (int64_t t = 0; t < s->steps; t++) {
    x[t] = random_uniform(&s->random);
    int64_t at = t;
    for (; at > 0 && x[(int64_t)place[at - 1]] > x[t]; at--) place[at] = place[at - 1];
    place[at] = (double)t;
  }
  return true;
}

/* --- reversal: symbols first … first + symbols − 1, then the same backwards and END --------------------------------------- */

enum { REVERSAL_SYMBOLS, REVERSAL_FIRST, REVERSAL_END };

bool reversal_setup(Generation *g) {
  double *n = g->number;
  if (!generator_whole(g, "symbols", 8, 1, 1e6, &n[REVERSAL_SYMBOLS]) || !generator_whole(g, "first", 2, 0, 1e6, &n[REVERSAL_FIRST]) ||
      !generator_whole(g, "end", 1, 0, 2e6, &n[REVERSAL_END]))
    return false;
  double beyond = n[REVERSAL_FIRST] + n[REVERSAL_SYMBOLS], end = n[REVERSAL_END];
  if (end >= n[REVERSAL_FIRST] && end < beyond) return rnn_fail(g->error, "E0513", "reversal(end = %g): the end is one of the symbols themselves (%g … %g)", end,
                                                               n[REVERSAL_FIRST], beyond - 1);
  int64_t all = (int64_t)(end >= beyond ? end + 1 : beyond);
  generator_column(g, "symbol", 1, all, false, false);
  generator_column(g, "reversed", 1, all, true, false);
  return true;
}

/* The output is one step longer; the input has nothing at that step (data.h: clocks of different lengths). */
int64_t reversal_steps(const Generation *g, int64_t length) { return (void)g, length + 1; }

bool reversal_make(Generation *g, Sample *s) {
  for (int64_t t = 0; t < s->length; t++) {
    double symbol = g->number[REVERSAL_FIRST] + (double)random_below(&s->random, (int64_t)g->number[REVERSAL_SYMBOLS]);
    s->column[0][t] = s->column[1][s->length - 1 - t] = symbol;
  }
  s->column[1][s->length] = g->number[REVERSAL_END];
  return true;
}
