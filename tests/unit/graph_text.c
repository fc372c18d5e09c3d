/* links: test_support rnn_graph rnn_front */
/* The text form: what is printed is read back as the same text; wrong lines are refused. */
#include "base/diag.h"
#include "graph/graph.h"
#include "support/compare.h"
#include <CUnit/Basic.h>
#include <stdlib.h>

static const char *const sample =
    "graph \"train_x\"\n"
    "clock t 0\n"
    "clock s 12\n"
    "param 0 \"x.W\" trained [3 2]\n"
    "param 1 \"say \\\"b\\\"\" fixed density 0.25 [3]\n"
    "input 0 \"u\" data [2] on * t\n"
    "input 1 \"z\" weight [] on *\n"
    "%0 = param : [3 2]  # x.W\n"
    "%1 = input : [2] on * t  # data u\n"
    "%2 = param index=1 : [3] \"b\"  # say \"b\"\n"
    "%3 = read %9 %2 clock=t offset=-1 : [3] on * t \"h[t-1]\"\n"
    "%4 = contract %0 %1 letters=hx,x,h : [3] on * t\n"
    "%5 = add %4 %3 : [3] on * t\n"
    "%6 = const value=-0.10000000000000001 : []\n"
    "%7 = broadcast %6 map=-1 : [3]\n"
    "%8 = mul %7 %5 : [3] on * t\n"
    "%9 = tanh %8 : [3] on * t \"h\"\n"
    "%10 = const data={1 2.5 -inf} : [3]\n"
    "%11 = window %9 %10 clock=t offset=-4 taps=3 stride=2 : [3 3] on * t\n"
    "%12 = sum %11 dims=3 over=*,t : []\n"
    "%13 = at_end %9 clock=t end=1 : [3] on *\n"
    "%14 = impulse %13 clock=s : [3] on * s\n"
    "%15 = random index=4 kind=1 : [2] on *\n"
    "%16 = edge %11 clock=t offset=-4 taps=3 stride=2 windowed=1 : [3] on *\n"
    "%17 = contract %14 %14 letters=a,a, over=*,s : []\n"
    "output \"y\" value 0 %13\n"
    "output \"loss\" loss 0 %12\n";

static void reads_what_it_prints(void) {
  Session *s = session_new();
  Graph *g = graph_parse(s, sample);
  CU_ASSERT_PTR_NOT_NULL_FATAL(g);
  char *text = graph_printed(g);
  CU_ASSERT_STRING_EQUAL(text, sample);
  free(text);
  session_free(s);
}

/* Replaces `from` by `to` in the sample; it must be refused. */
static void refused(const char *from, const char *to) {
  Session *s = session_new();
  const char *at = strstr(sample, from);
  CU_ASSERT_PTR_NOT_NULL_FATAL(at);
  const char *text = arena_printf(s->arena, "%.*s%s%s", (int)(at - sample), sample, to, at + strlen(from));
  Graph *g = graph_parse(s, text);
  if (g) fprintf(stderr, "accepted: `%s` for `%s`\n", to, from);
  CU_ASSERT_PTR_NULL(g);
  CU_ASSERT_EQUAL(s->errors, 1);
  session_free(s);
}

static void refuses_wrong_lines(void) {
  refused("tanh %8", "tnah %8");
  refused("tanh %8", "tanh");
  refused("tanh %8", "tanh %8 %8");
  refused("tanh %8", "tanh %9");                 /* order */
  refused("window %9 %10", "window %9 %8");      /* a history on the clock itself */
  refused("dims=3 over=*,t", "dims=3 over=*,t,s");
  refused("read %9", "read %99");                /* no such node */
  refused("read %9", "read %11");                /* shape */
  refused("%9 = tanh %8 : [3]", "%9 = tanh %8 : [4]");
  refused("%9 = tanh %8 : [3] on * t", "%9 = tanh %8 : [3]");
  refused("taps=3", "taps=2");
  refused("letters=hx,x,h", "letters=hx,h,x");
  refused("clock=t offset=-1", "clock=q offset=-1");
  refused("{1 2.5 -inf}", "{1 2.5}");
  refused("map=-1", "map=0");
  refused("dims=3 over=*,t", "dims=7 over=*,t");
  refused("dims=3 over=*,t", "dims=3 over=*,s");
  refused("loss 0 %12", "loss 0 %13");
  refused("on * t \"h\"", "on t \"h\"");         /* a step without its sequence */
  refused("input 0 \"u\" data", "input 0 \"u\" date");
}

int main(void) {
  CU_initialize_registry();
  CU_pSuite suite = CU_add_suite("graph_text", NULL, NULL);
  CU_add_test(suite, "reads what it prints", reads_what_it_prints);
  CU_add_test(suite, "refuses wrong lines", refuses_wrong_lines);
  CU_basic_run_tests();
  return CU_get_number_of_failures() ? 1 : 0;
}
