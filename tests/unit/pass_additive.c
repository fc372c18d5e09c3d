/* links: rnn_graph rnn_front */
/* additive.c — which graphs may be computed in slices of the batch. */
#include "pass/pass.h"
#include <CUnit/Basic.h>

/* %1 a row's own value, %2 its sum over the batch, %3 the norm, %4 the param's own sum, %5 its share. */
#define HEAD                                                                                                          \
  "graph \"\"\nclock t 0\nparam 0 \"p\" trained [3]\ninput 0 \"u\" data [] on * t\ninput 1 \"steps\" norm []\n"          \
  "input 2 \"share\" share []\n%0 = param : [3]  # p\n%1 = input : [] on * t  # data u\n%2 = sum %1 over=*,t : []\n"   \
  "%3 = input index=1 : []\n%4 = sum %0 dims=1 : []\n%5 = input index=2 : []\n"
#define LOSS(n) "output \"loss\" loss 0 %" #n "\n"
#define VALUE(n) "output \"y\" value 0 %" #n "\n"

static void is(bool additive, const char *text) {
  Session *s = session_new();
  const Graph *g = graph_parse(s, text);
  CU_ASSERT_PTR_NOT_NULL_FATAL(g);
  CU_ASSERT_EQUAL(graph_additive(s, g), additive);
  if (graph_additive(s, g) != additive) printf("\n%s", text);
  session_free(s);
}

static void sums_add_up(void) {
  is(true, HEAD LOSS(2));
  is(true, HEAD "%6 = mul %2 %3 : []\n" LOSS(6));
  is(true, HEAD "%6 = mul %2 %3 : []\n%7 = mul %4 %5 : []\n%8 = add %6 %7 : []\n" LOSS(8));
  is(true, HEAD "%6 = div %2 %4 : []\n%7 = neg %6 : []\n%8 = sub %7 %2 : []\n" LOSS(8));
  is(true, HEAD "%6 = sum %1 over=t : [] on *\n%7 = mul %6 %6 : [] on *\n%8 = sum %7 over=* : []\n" LOSS(8));
  is(true, HEAD "%6 = contract %1 %1 letters=,, over=*,t : []\n" LOSS(6));
}

static void other_functions_do_not(void) {
  is(false, HEAD "%6 = mul %2 %2 : []\n" LOSS(6));
  is(false, HEAD "%6 = sqrt %2 : []\n" LOSS(6));
  is(false, HEAD "%6 = add %2 %4 : []\n" LOSS(6)); /* counted in every slice: lowering multiplies it by the share */
  is(false, HEAD LOSS(4));
  is(false, HEAD "%6 = div %4 %2 : []\n" LOSS(6));
  is(false, HEAD "%6 = amax %1 over=*,t : []\n" LOSS(6));
  is(false, HEAD "%6 = sub %1 %2 : [] on * t\n%7 = mul %6 %6 : [] on * t\n%8 = sum %7 over=*,t : []\n" LOSS(8));
}

static void values_belong_to_a_row(void) {
  is(true, HEAD VALUE(1));
  is(true, HEAD VALUE(0));
  is(true, HEAD "%6 = sum %1 over=t : [] on *\n" VALUE(6));
  is(false, HEAD VALUE(2));
  is(false, HEAD "%6 = sub %1 %2 : [] on * t\n" VALUE(6));
}

/* A state that hears of the whole batch through a read of a later node. */
static void loops(void) {
  is(true, HEAD "%6 = const : []\n%7 = read %8 %6 clock=t offset=-1 : [] on * t\n%8 = add %7 %1 : [] on * t\n"
                "%9 = sum %8 over=*,t : []\n" LOSS(9));
  is(false, HEAD "%6 = const : []\n%7 = read %8 %6 clock=t offset=-1 : [] on * t\n"
                 "%8 = add %7 %2 : [] on * t\n%9 = sum %8 over=*,t : []\n" LOSS(9));
}

int main(void) {
  CU_initialize_registry();
  CU_pSuite suite = CU_add_suite("additive", NULL, NULL);
  CU_add_test(suite, "sums add up", sums_add_up);
  CU_add_test(suite, "other functions do not", other_functions_do_not);
  CU_add_test(suite, "values belong to a row", values_belong_to_a_row);
  CU_add_test(suite, "loops", loops);
  CU_basic_run_tests();
  const unsigned failed = CU_get_number_of_failures();
  CU_cleanup_registry();
  return failed > 0;
}
