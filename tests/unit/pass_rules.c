/* links: test_support rnn_graph rnn_front */
/* Each rule of the passes on the smallest graph that shows it, and the errors about loops. */
#include "base/diag.h"
#include "pass/pass.h"
#include "support/compare.h"
#include <CUnit/Basic.h>
#include <stdlib.h>

#define HEAD                                                                                                           \
  "graph \"\"\nclock t 0\nclock s 0\nparam 0 \"p\" trained [2 3]\ninput 0 \"u\" data [2 3] on * t\ninput 1 \"v\" data [2 3] on *\n"
#define LEAVES HEAD "%0 = param : [2 3]  # p\n%1 = input : [2 3] on * t  # data u\n"

typedef Graph *Pass(Session *s, Graph *g);

static void gives(Pass *pass, const char *before, const char *after) {
  Session *s = session_new();
  Graph *g = graph_parse(s, before);
  CU_ASSERT_PTR_NOT_NULL_FATAL(g);
  g = pass(s, g);
  graph_verify(g, NULL);
  char *text = graph_printed(g);
  CU_ASSERT_STRING_EQUAL(text, after);
  if (strcmp(text, after) != 0) printf("\n%sinstead of\n%s", text, after);
  free(text);
  session_free(s);
}

static void same(Pass *pass, const char *text) { gives(pass, text, text); }

#define ONE(n) "output \"y\" value 0 %" #n "\n"
#define U HEAD "%0 = input : [2 3] on * t  # data u\n"
#define P HEAD "%0 = param : [2 3]  # p\n"

static void folds(void) {
  gives(pass_fold, LEAVES "%2 = const : [2 3]\n%3 = add %1 %2 : [2 3] on * t\n" ONE(3), U ONE(0));
  gives(pass_fold, LEAVES "%2 = const value=1 : []\n%3 = broadcast %2 map=-1,-1 : [2 3]\n%4 = mul %3 %1 : [2 3] on * t\n" ONE(4), U ONE(0));
  gives(pass_fold, LEAVES "%2 = neg %1 : [2 3] on * t\n%3 = neg %2 : [2 3] on * t\n" ONE(3), U ONE(0));
  gives(pass_fold, LEAVES "%2 = neg %0 : [2 3]\n%3 = add %1 %2 : [2 3] on * t\n" ONE(3), LEAVES "%2 = sub %1 %0 : [2 3] on * t\n" ONE(2));
  gives(pass_fold, LEAVES "%2 = broadcast %1 map=1,0 : [3 2] on * t\n%3 = broadcast %2 map=1,0 : [2 3] on * t\n" ONE(3), U ONE(0));
  gives(pass_fold, LEAVES "%2 = reshape %1 : [6] on * t\n%3 = reshape %2 : [2 3] on * t\n" ONE(3), U ONE(0));
  gives(pass_fold, LEAVES "%2 = read %1 %0 clock=t : [2 3] on * t\n" ONE(2), U ONE(0));
  gives(pass_fold, LEAVES "%2 = sum %1 dims=1 : [3] on * t\n%3 = sum %2 dims=1 over=t : [] on *\n" ONE(3),
        U "%1 = sum %0 dims=3 over=t : [] on *\n" ONE(1));
  gives(pass_fold, LEAVES "%2 = sum %1 dims=2 : [2] on * t\n%3 = sum %2 dims=1 : [] on * t\n" ONE(3), U "%1 = sum %0 dims=3 : [] on * t\n" ONE(1));
  gives(pass_fold, LEAVES "%2 = const data={1 2} : [2]\n%3 = const value=2 : [2]\n%4 = pow %2 %3 : [2]\n" ONE(4),
        HEAD "%0 = const data={1 4} : [2]\n" ONE(0));
  gives(pass_fold, LEAVES "%2 = const value=3 : [2 3]\n%3 = sum %2 dims=2 : [2]\n" ONE(3), HEAD "%0 = const value=9 : [2]\n" ONE(0));
  gives(pass_fold, LEAVES "%2 = const value=1 : [2 3]\n%3 = neg %1 : [2 3] on * t\n%4 = select %2 %1 %3 : [2 3] on * t\n" ONE(4), U ONE(0));
}

/* What looks the same but is not. */
static void does_not_fold(void) {
  same(pass_fold, U "%1 = const : [2 3]\n%2 = mul %0 %1 : [2 3] on * t\n" ONE(2)); /* 0 · inf */
  same(pass_fold, U "%1 = sub %0 %0 : [2 3] on * t\n" ONE(1));                     /* inf − inf */
  same(pass_fold, U "%1 = div %0 %0 : [2 3] on * t\n" ONE(1));
  same(pass_fold, U "%1 = eq %0 %0 : [2 3] on * t\n" ONE(1));
  /* p on no axes does not stand for p on t: a sum over t counts steps */
  same(pass_fold, P "%1 = const : [2 3]\n%2 = read %1 %1 clock=t : [2 3] on * t\n%3 = add %0 %2 : [2 3] on * t\n"
                    "%4 = sum %3 over=*,t : [2 3]\n" ONE(4));
  same(pass_fold, P "%1 = read %0 %0 clock=t offset=-1 : [2 3] on * t\n%2 = sum %1 over=*,t : [2 3]\n" ONE(2));
  same(pass_fold, U "%1 = broadcast %0 map=1,0 : [3 2] on * t\n" ONE(1));
}

static void simplifies(void) {
  gives(pass_simplify, U "%1 = sigmoid %0 : [2 3] on * t\n%2 = log %1 : [2 3] on * t\n" ONE(2),
        U "%1 = neg %0 : [2 3] on * t\n%2 = softplus %1 : [2 3] on * t\n%3 = neg %2 : [2 3] on * t\n" ONE(3));
  gives(pass_simplify, U "%1 = sigmoid %0 : [2 3] on * t\n%2 = const value=1 : [2 3]\n%3 = sub %2 %1 : [2 3] on * t\n%4 = log %3 : [2 3] on * t\n" ONE(4),
        U "%1 = softplus %0 : [2 3] on * t\n%2 = neg %1 : [2 3] on * t\n" ONE(2));
  gives(pass_simplify,
        U "%1 = exp %0 : [2 3] on * t\n%2 = sum %1 dims=3 : [] on * t\n%3 = broadcast %2 map=-1,-1 : [2 3] on * t\n"
          "%4 = div %1 %3 : [2 3] on * t\n%5 = log %4 : [2 3] on * t\n" ONE(5),
        U "%1 = exp %0 : [2 3] on * t\n%2 = sum %1 dims=3 : [] on * t\n%3 = log %2 : [] on * t\n"
          "%4 = broadcast %3 map=-1,-1 : [2 3] on * t\n%5 = sub %0 %4 : [2 3] on * t\n" ONE(5));
  gives(pass_simplify, U "%1 = const value=2 : [2 3]\n%2 = pow %0 %1 : [2 3] on * t\n" ONE(2), U "%1 = mul %0 %0 : [2 3] on * t\n" ONE(1));
  same(pass_simplify, U "%1 = const value=2 : [2 3]\n%2 = sigmoid %0 : [2 3] on * t\n%3 = sub %1 %2 : [2 3] on * t\n%4 = log %3 : [2 3] on * t\n" ONE(4));
  /* two broadcasts of one map, but from other sizes or along other dims, stay */
  same(pass_simplify, P "%1 = sum %0 dims=1 : [3]\n%2 = broadcast %1 map=-1,0 : [3 3]\n%3 = broadcast %1 map=0,-1 : [3 3]\n%4 = add %2 %3 : [3 3]\n" ONE(4));
}

static void merges(void) {
  gives(pass_cse, LEAVES "%2 = add %0 %1 : [2 3] on * t\n%3 = add %1 %0 : [2 3] on * t\n%4 = mul %2 %3 : [2 3] on * t\n" ONE(4),
        LEAVES "%2 = add %0 %1 : [2 3] on * t\n%3 = mul %2 %2 : [2 3] on * t\n" ONE(3));
  /* two reads of one later value, then what is made of each */
  gives(pass_cse,
        P "%1 = read %4 %0 clock=t offset=-1 : [2 3] on * t\n%2 = read %4 %0 clock=t offset=-1 : [2 3] on * t\n"
          "%3 = add %1 %2 : [2 3] on * t\n%4 = tanh %3 : [2 3] on * t \"h\"\n" ONE(4),
        P "%1 = read %3 %0 clock=t offset=-1 : [2 3] on * t\n%2 = add %1 %1 : [2 3] on * t\n%3 = tanh %2 : [2 3] on * t \"h\"\n" ONE(3));
  /* the sources of two reads become one in the first round, the reads in the second */
  gives(pass_cse,
        U "%1 = const : [2 3]\n%2 = read %6 %1 clock=t offset=-1 : [2 3] on * t\n%3 = read %7 %1 clock=t offset=-1 : [2 3] on * t\n"
          "%4 = mul %2 %3 : [2 3] on * t\n%5 = add %4 %0 : [2 3] on * t\n%6 = tanh %5 : [2 3] on * t\n%7 = tanh %5 : [2 3] on * t\n" ONE(7),
        U "%1 = const : [2 3]\n%2 = read %5 %1 clock=t offset=-1 : [2 3] on * t\n%3 = mul %2 %2 : [2 3] on * t\n"
          "%4 = add %3 %0 : [2 3] on * t\n%5 = tanh %4 : [2 3] on * t\n" ONE(5));
}

static void does_not_merge(void) {
  same(pass_cse, LEAVES "%2 = sub %0 %1 : [2 3] on * t\n%3 = sub %1 %0 : [2 3] on * t\n%4 = mul %2 %3 : [2 3] on * t\n" ONE(4));
  same(pass_cse, HEAD "%0 = random index=1 : [2]\n%1 = random index=2 : [2]\n%2 = add %0 %1 : [2]\n" ONE(2));
  same(pass_cse, HEAD "%0 = random index=1 : [2] on *\n%1 = random index=1 kind=1 : [2] on *\n%2 = add %0 %1 : [2] on *\n" ONE(2));
  same(pass_cse, HEAD "%0 = const data={1 2} : [2]\n%1 = const data={1 3} : [2]\n%2 = add %0 %1 : [2]\n" ONE(2));
  same(pass_cse, LEAVES "%2 = read %1 %0 clock=t offset=-1 : [2 3] on * t\n%3 = read %1 %0 clock=t offset=-2 : [2 3] on * t\n"
                        "%4 = add %2 %3 : [2 3] on * t\n" ONE(4));
  same(pass_cse, U "%1 = slice %0 dim=1 count=1 stride=1 : [2 1] on * t\n%2 = slice %0 dim=1 begin=1 count=1 stride=1 : [2 1] on * t\n"
                   "%3 = add %1 %2 : [2 1] on * t\n" ONE(3));
  same(pass_cse, HEAD "%0 = const : [2]\n%1 = const value=-0 : [2]\n%2 = div %0 %1 : [2]\n" ONE(2));
}

static void drops_what_is_dead(void) {
  gives(pass_dead, LEAVES "%2 = tanh %1 : [2 3] on * t\n%3 = read %4 %0 clock=t offset=-1 : [2 3] on * t\n%4 = neg %3 : [2 3] on * t\n" ONE(2),
        U "%1 = tanh %0 : [2 3] on * t\n" ONE(1));
}

/* --- loops ------------------------------------------------------------------------------------------------------------------ */

/* Returns the drawing and what code it came with; NULL when the graph is causal. */
static const Diag *fault(Session *s, const char *text) {
  Graph *g = graph_parse(s, text);
  CU_ASSERT_PTR_NOT_NULL_FATAL(g);
  const Graph *result = pass_causality(s, g);
  CU_ASSERT_EQUAL(result == NULL, s->diags.len > 0);
  CU_ASSERT(s->diags.len <= 1);
  return s->diags.len ? s->diags.at[0] : NULL;
}

#define LOOP(offset) P "%1 = read %3 %0 clock=t offset=" offset " : [2 3] on * t\n%2 = neg %1 : [2 3] on * t \"y\"\n" \
                       "%3 = tanh %2 : [2 3] on * t \"h\"\n" ONE(3)

static void loops_without_delay(void) {
  Session *s = session_new();
  const Diag *d = fault(s, LOOP("0"));
  CU_ASSERT_PTR_NOT_NULL_FATAL(d);
  CU_ASSERT_EQUAL(d->code, E0201);
  CU_ASSERT_STRING_EQUAL(d->headline, "`y` and `h` need each other within one time step");
  CU_ASSERT_STRING_EQUAL(d->drawing, "┌─────┐\n│     y\n│     ↓   delay 0\n│     h\n└─────┘   delay 0      total 0: every loop needs at least 1");
  session_free(s);
  s = session_new();
  CU_ASSERT_PTR_NULL(fault(s, LOOP("-1")));
  CU_ASSERT_PTR_NULL(fault(s, LOOP("3")));
  session_free(s);
}

/* The repair points behind the name in the source. */
static void suggests_a_delay(void) {
  Session *s = session_new();
  const char *source = "  h = tanh(W @ x + V @ y)\n  y = C @ h + d\n";
  const int file = source_add(s, "jordan.rnn", source, strlen(source));
  Graph *g = graph_parse(s, LOOP("0"));
  g->nodes.at[1].span = g->nodes.at[2].span = (Span){file, 32, 41}; /* y's own: C @ h + d */
  g->nodes.at[3].span = (Span){file, 6, 25};                        /* h's: tanh(W @ x + V @ y) */
  CU_ASSERT_PTR_NULL(pass_causality(s, g));
  CU_ASSERT_EQUAL_FATAL(s->diags.len, 1);
  const Diag *d = s->diags.at[0];
  CU_ASSERT_EQUAL_FATAL(d->suggestions.len, 1);
  const Span place = d->suggestions.at[0].place;
  CU_ASSERT(place.begin == place.end && place.begin == 24);
  CU_ASSERT_STRING_EQUAL(d->suggestions.at[0].text, "[t-1]");
  CU_ASSERT_EQUAL(d->labels.len, 2);
  CU_ASSERT_STRING_EQUAL(d->headline, "`h` and `y` need each other within one time step");
  CU_ASSERT_STRING_EQUAL(d->labels.at[0].text, "`h` at t needs `y` at t");
  CU_ASSERT_STRING_EQUAL(d->drawing, "┌─────┐\n│     h   line 1\n│     ↓   delay 0\n│     y   line 2\n"
                                     "└─────┘   delay 0      total 0: every loop needs at least 1");
  session_free(s);
}

static void loops_both_ways(void) {
  Session *s = session_new();
  const Diag *d = fault(s, P "%1 = read %4 %0 clock=t offset=-1 : [2 3] on * t\n%2 = read %4 %0 clock=t offset=1 : [2 3] on * t\n"
                             "%3 = add %1 %2 : [2 3] on * t\n%4 = tanh %3 : [2 3] on * t \"h\"\n" ONE(4));
  CU_ASSERT_PTR_NOT_NULL_FATAL(d);
  CU_ASSERT_EQUAL(d->code, E0202);
  CU_ASSERT_PTR_NOT_NULL(strstr(d->drawing, "delay 1"));
  CU_ASSERT_PTR_NOT_NULL(strstr(d->drawing, "delay -1"));
  session_free(s);
  /* two loops, one each way, and what is made of both: allowed */
  s = session_new();
  CU_ASSERT_PTR_NULL(fault(s, P "%1 = read %2 %0 clock=t offset=-1 : [2 3] on * t\n%2 = tanh %1 : [2 3] on * t \"f\"\n"
                                "%3 = read %4 %0 clock=t offset=1 : [2 3] on * t\n%4 = tanh %3 : [2 3] on * t \"b\"\n"
                                "%5 = add %2 %4 : [2 3] on * t\n" ONE(5)));
  /* a window that contains the present is no delay */
  d = fault(s, P "%1 = window %2 %0 clock=t taps=2 stride=-1 : [2 2 3] on * t\n%2 = sum %1 dims=1 : [2 3] on * t \"h\"\n" ONE(2));
  CU_ASSERT(d && d->code == E0201);
  session_free(s);
  /* nor is a loop delayed because another through the same values is */
  s = session_new();
  d = fault(s, P "%1 = read %4 %0 clock=t offset=-1 : [2 3] on * t\n%2 = read %4 %0 clock=t : [2 3] on * t\n"
                 "%3 = add %1 %2 : [2 3] on * t\n%4 = tanh %3 : [2 3] on * t \"h\"\n" ONE(4));
  CU_ASSERT(d && d->code == E0201);
  session_free(s);
}

#define WORDS "graph \"\"\nclock t 0\nparam 0 \"p\" trained [2 99]\nparam 1 \"q\" trained [5 2]\ninput 0 \"w\" data [] on * t\n" \
              "input 1 \"d\" data [2] on *\n"
#define HOT(before, n) before "%2 = one_hot %1 : [" #n "] on * t\n"
#define TABLE WORDS "%0 = param : [2 99]  # p\n%1 = input : [] on * t  # data w\n"
#define SMALL WORDS "%0 = param index=1 : [5 2]  # q\n%1 = input : [] on * t  # data w\n"
#define DELTA WORDS "%0 = input index=1 : [2] on *  # data d\n%1 = input : [] on * t  # data w\n"

/* Products with large one-hots become lookups; small ones stay, and what sums a symbol's steps in part. */
static void looks_up(void) {
  gives(pass_simplify, HOT(TABLE, 99) "%3 = contract %0 %2 letters=ab,b,a : [2] on * t\n" ONE(3), TABLE "%2 = embed %0 %1 dim=1 : [2] on * t\n" ONE(2));
  gives(pass_simplify, HOT(TABLE, 99) "%3 = contract %2 %0 letters=b,ab,a : [2] on * t\n" ONE(3), TABLE "%2 = embed %0 %1 dim=1 : [2] on * t\n" ONE(2));
  gives(pass_simplify, HOT(DELTA, 99) "%3 = contract %0 %2 letters=a,b,ba over=*,t : [99 2]\n" ONE(3),
        DELTA "%2 = embed_add %0 %1 count=99 over=*,t : [99 2]\n" ONE(2));
  same(pass_simplify, HOT(SMALL, 5) "%3 = contract %0 %2 letters=ab,a,b : [2] on * t\n" ONE(3));
  same(pass_simplify, HOT(DELTA, 99) "%3 = contract %0 %2 letters=a,b,ba over=t : [99 2] on *\n" ONE(3));
  same(pass_simplify, HOT(TABLE, 99) "%3 = contract %0 %2 letters=ab,b,ab : [2 99] on * t\n" ONE(3));
}

/* Inside a scan over t, one forward and one backward over s; and a sum over t inside a loop over t. */
static void loops_in_loops(void) {
  Session *s = session_new();
#define OUTER "%1 = read %8 %0 clock=t offset=-1 : [2 3] on * t\n"
#define BOTH OUTER "%2 = read %3 %1 clock=s offset=-1 : [2 3] on * t s\n%3 = tanh %2 : [2 3] on * t s \"f\"\n" \
                   "%4 = read %5 %1 clock=s offset=1 : [2 3] on * t s\n%5 = tanh %4 : [2 3] on * t s \"b\"\n"  \
                   "%6 = add %3 %5 : [2 3] on * t s\n"
  CU_ASSERT_PTR_NULL(fault(s, P BOTH "%7 = sum %6 over=s : [2 3] on * t\n%8 = tanh %7 : [2 3] on * t \"o\"\n" ONE(8)));
  const Diag *d = fault(s, P "%1 = input index=1 : [2 3] on *\n%2 = read %5 %1 clock=t offset=-1 : [2 3] on * t\n%3 = tanh %2 : [2 3] on * t \"h\"\n"
                             "%4 = sum %3 over=t : [2 3] on * \"m\"\n%5 = add %4 %1 : [2 3] on *\n" ONE(5));
  CU_ASSERT_PTR_NOT_NULL_FATAL(d);
  CU_ASSERT_EQUAL(d->code, E0210);
  session_free(s);
}

static void finds_components(void) {
  Session *s = session_new();
  Graph *g = graph_parse(s, P "%1 = read %2 %0 clock=t offset=-1 : [2 3] on * t\n%2 = tanh %1 : [2 3] on * t\n"
                              "%3 = read %4 %2 clock=s offset=2 : [2 3] on * t s\n%4 = tanh %3 : [2 3] on * t s\n%5 = neg %4 : [2 3] on * t s\n" ONE(5));
  CU_ASSERT_PTR_NOT_NULL_FATAL(g);
  const Components k = graph_components(s, g);
  CU_ASSERT_EQUAL(k.count, 4);
  CU_ASSERT(k.component[1] == k.component[2] && k.component[3] == k.component[4]);
  CU_ASSERT(k.component[0] < k.component[1] && k.component[1] < k.component[3] && k.component[3] < k.component[5]);
  CU_ASSERT(!k.loops[k.component[0]] && k.loops[k.component[1]] && k.loops[k.component[3]] && !k.loops[k.component[5]]);
  CU_ASSERT(k.direction[k.component[1]] == -1 && k.direction[k.component[3]] == 1 && k.direction[k.component[5]] == 0);
  session_free(s);
}

static void count_pass(void *context, const char *pass, const Graph *g, double seconds) {
  (void)pass;
  *(int *)context += g != NULL && seconds >= 0;
}

static void runs_all(void) {
  Session *s = session_new();
  s->verify_each = true;
  int seen = 0;
  Graph *g = pass_run_all(s, graph_parse(s, LOOP("-1")), count_pass, &seen);
  CU_ASSERT_PTR_NOT_NULL(g);
  CU_ASSERT(seen >= 5);
  CU_ASSERT_PTR_NULL(pass_run_all(s, graph_parse(s, LOOP("0")), NULL, NULL));
  session_free(s);
}

int main(void) {
  CU_initialize_registry();
  CU_pSuite suite = CU_add_suite("pass_rules", NULL, NULL);
  CU_add_test(suite, "folds", folds);
  CU_add_test(suite, "does not fold", does_not_fold);
  CU_add_test(suite, "simplifies", simplifies);
  CU_add_test(suite, "looks up", looks_up);
  CU_add_test(suite, "merges", merges);
  CU_add_test(suite, "does not merge", does_not_merge);
  CU_add_test(suite, "drops what is dead", drops_what_is_dead);
  CU_add_test(suite, "loops without delay", loops_without_delay);
  CU_add_test(suite, "suggests a delay", suggests_a_delay);
  CU_add_test(suite, "loops both ways", loops_both_ways);
  CU_add_test(suite, "loops in loops", loops_in_loops);
  CU_add_test(suite, "finds components", finds_components);
  CU_add_test(suite, "runs all", runs_all);
  CU_basic_run_tests();
  return CU_get_number_of_failures() ? 1 : 0;
}
