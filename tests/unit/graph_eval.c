/* links: rnn_graph rnn_front */
/* The interpreter against values worked out by hand. */
#include "graph/graph.h"
#include <CUnit/Basic.h>
#include <math.h>

enum { MOST = 64 };

/* Evaluates output 0 of a graph given as text, with clock t of these lengths, u as input 0 and p as param 0. */
typedef struct Given {
  int sequences;
  const int64_t *length, *other; /* of clock 0 and 1 */
  const double *u, *p;
} Given;

static void expect(const char *text, Given given, const double *wanted, int count) {
  Session *s = session_new();
  const Graph *g = graph_parse(s, text);
  CU_ASSERT_PTR_NOT_NULL_FATAL(g);
  const double *const inputs[] = {given.u}, *const params[] = {given.p};
  const EvalData data = {.sequences = given.sequences, .length = {given.length, given.other}, .param = params, .input = inputs};
  double out[MOST];
  CU_ASSERT_EQUAL_FATAL(graph_eval_count(g, &data, g->outputs.at[0].value), count);
  graph_eval(g, &data, 0, out);
  for (int i = 0; i < count; i++) {
    CU_ASSERT_DOUBLE_EQUAL(out[i], wanted[i], 1e-15);
    if (!(fabs(out[i] - wanted[i]) <= 1e-15)) printf("element %d is %g instead of %g in\n%s", i, out[i], wanted[i], text);
  }
  session_free(s);
}

#define EXPECT(text, given, ...)                                                                                       \
  do {                                                                                                                 \
    const double wanted_[] = {__VA_ARGS__};                                                                            \
    expect(text, given, wanted_, (int)(sizeof wanted_ / sizeof *wanted_));                                             \
  } while (0)

#define HEAD "clock t 0\nclock s 0\nparam 0 \"p\" trained []\ninput 0 \"u\" data [] on * t\n%0 = input : [] on * t\n%1 = param : []\n"
#define OUT(n) "output \"y\" value 0 %" #n "\n"

static const int64_t four[] = {4}, ragged[] = {4, 2}, three_one[] = {3, 1};
static const double impulse[] = {1, 0, 0, 0}, counting[] = {1, 2, 3, 4, 10, 20, NAN, NAN}, half[] = {0.5};

/* a(t) = u(t) + ½ a(t−1), from 0, and from p before the first step */
static void impulse_response(void) {
  const Given g = {1, four, four, impulse, half};
  EXPECT(HEAD "%2 = const : []\n%3 = read %5 %2 clock=t offset=-1 : [] on * t\n%4 = mul %3 %1 : [] on * t\n"
              "%5 = add %0 %4 : [] on * t\n" OUT(5), g, 1, 0.5, 0.25, 0.125);
  EXPECT(HEAD "%2 = read %4 %1 clock=t offset=-1 : [] on * t\n%3 = mul %2 %1 : [] on * t\n%4 = add %0 %3 : [] on * t\n" OUT(4), g,
         1.25, 0.625, 0.3125, 0.15625);
}

/* A delay of two holds two kept steps; running backward, the first step sees all the later ones. */
static void other_delays(void) {
  const Given g = {2, ragged, ragged, counting, half};
  EXPECT(HEAD "%2 = read %3 %1 clock=t offset=-2 : [] on * t\n%3 = add %0 %2 : [] on * t\n" OUT(3), g,
         1.5, 2.5, 4.5, 6.5, 10.5, 20.5, 0, 0);
  EXPECT(HEAD "%2 = const : []\n%3 = read %4 %2 clock=t offset=1 : [] on * t\n%4 = add %0 %3 : [] on * t\n" OUT(4), g,
         10, 9, 7, 4, 30, 20, 0, 0);
}

/* What lies beyond a sequence's own length is never read: it is NaN here. */
static void ragged_batch(void) {
  const Given g = {2, ragged, ragged, counting, half};
  EXPECT(HEAD "%2 = sum %0 over=t : [] on *\n" OUT(2), g, 10, 30);
  EXPECT(HEAD "%2 = sum %0 over=*,t : []\n" OUT(2), g, 40);
  EXPECT(HEAD "%2 = amax %0 over=t : [] on *\n" OUT(2), g, 4, 20);
  EXPECT(HEAD "%2 = contract %0 %0 letters=,, over=t : [] on *\n" OUT(2), g, 30, 500);
  EXPECT(HEAD "%2 = at_end %0 clock=t end=1 : [] on *\n" OUT(2), g, 4, 20);
  EXPECT(HEAD "%2 = at_end %0 clock=t : [] on *\n" OUT(2), g, 1, 10);
  EXPECT(HEAD "%2 = read %0 %1 clock=t offset=1 : [] on * t\n" OUT(2), g, 2, 3, 4, 0.5, 20, 0.5, 0, 0);
  EXPECT(HEAD "%2 = length clock=t : [] on *\n" OUT(2), g, 4, 2);
  EXPECT(HEAD "%2 = step_index clock=t : [] on * t\n" OUT(2), g, 0, 1, 2, 3, 0, 1, 0, 0);
}

/* Newest first, by two. */
static void windows(void) {
  const Given g = {2, ragged, ragged, counting, half};
  EXPECT(HEAD "%2 = window %0 %1 clock=t taps=2 stride=-2 : [2] on * t\n" OUT(2), g,
         1, .5, 2, .5, 3, 1, 4, 2, 10, .5, 20, .5, 0, 0, 0, 0);
  EXPECT(HEAD "%2 = window %0 %1 clock=t offset=-1 taps=3 stride=1 : [3] on * t\n" OUT(2), g,
         .5, 1, 2, 1, 2, 3, 2, 3, 4, 3, 4, .5, .5, 10, 20, 10, 20, .5, 0, 0, 0, 0, 0, 0);
}

/* OVERLAP puts taps back where a window took them: the window of ones, overlapped, counts how often a step was read. */
static void overlap_and_edge(void) {
  const Given g = {2, ragged, ragged, counting, half};
  EXPECT(HEAD "%2 = window %0 %1 clock=t taps=2 stride=-2 : [2] on * t\n%3 = eq %2 %2 : [2] on * t\n"
              "%4 = overlap %3 clock=t taps=2 stride=-2 : [] on * t\n" OUT(4), g, 2, 2, 1, 1, 1, 1, 0, 0);
  EXPECT(HEAD "%2 = window %0 %1 clock=t taps=2 stride=-2 : [2] on * t\n"
              "%3 = edge %2 clock=t taps=2 stride=-2 windowed=1 : [] on *\n" OUT(3), g, 1, 1);
  EXPECT(HEAD "%2 = edge %0 clock=t offset=-1 : [] on *\n" OUT(2), g, 1, 10);
  EXPECT(HEAD "%2 = edge %0 clock=t offset=2 : [] on *\n" OUT(2), g, 7, 30);
  EXPECT(HEAD "%2 = edge %0 clock=t : [] on *\n" OUT(2), g, 0, 0);
}

static void ends(void) {
  const Given g = {2, ragged, three_one, counting, half};
  EXPECT(HEAD "%2 = at_end %0 clock=t end=1 : [] on *\n%3 = impulse %2 clock=s end=1 : [] on * s\n" OUT(3), g, 0, 0, 4, 20, 0, 0);
  EXPECT(HEAD "%2 = impulse %1 clock=t : [] on * t\n" OUT(2), g, .5, 0, 0, 0, .5, 0, 0, 0);
}

/* A scan over s starts from what a scan over t ends with: one value a sequence. */
static void sequence_to_sequence(void) {
  const Given g = {2, ragged, three_one, counting, half};
  EXPECT(HEAD "%2 = const : []\n%3 = read %4 %2 clock=t offset=-1 : [] on * t\n%4 = add %0 %3 : [] on * t\n"
              "%5 = at_end %4 clock=t end=1 : [] on *\n%6 = read %7 %5 clock=s offset=-1 : [] on * s\n%7 = mul %6 %1 : [] on * s\n" OUT(7),
         g, 5, 2.5, 1.25, 15, 0, 0);
}

/* On both clocks: s is summed at each step of t, whose history is on s. */
static void two_clocks(void) {
  const Given g = {2, ragged, three_one, counting, half};
  EXPECT(HEAD "%2 = step_index clock=s : [] on * s\n%3 = add %0 %2 : [] on * t s\n%4 = sum %3 over=s : [] on * t\n" OUT(4), g,
         6, 9, 12, 15, 10, 20, 0, 0);
  EXPECT(HEAD "%2 = step_index clock=s : [] on * s\n%3 = read %0 %2 clock=t offset=-3 : [] on * t s\n%4 = sum %3 over=t : [] on * s\n" OUT(4),
         g, 1, 4, 7, 0, 0, 0);
}

#define VECTOR "clock t 0\nparam 0 \"p\" trained [2 3]\n%0 = param : [2 3]\n"
static const double matrix[] = {1, 2, 3, 6, 5, 6};

static void within_a_step(void) {
  const Given g = {1, four, four, impulse, matrix};
  EXPECT(VECTOR "%1 = broadcast %0 map=1,0 : [3 2]\n" OUT(1), g, 1, 6, 2, 5, 3, 6);
  EXPECT(VECTOR "%1 = slice %0 dim=1 begin=0 count=2 stride=2 : [2 2]\n" OUT(1), g, 1, 3, 6, 6);
  EXPECT(VECTOR "%1 = pad %0 dim=0 begin=1 count=2 stride=2 : [4 3]\n" OUT(1), g, 0, 0, 0, 1, 2, 3, 0, 0, 0, 6, 5, 6);
  EXPECT(VECTOR "%1 = concat %0 %0 dim=1 : [2 6]\n" OUT(1), g, 1, 2, 3, 1, 2, 3, 6, 5, 6, 6, 5, 6);
  EXPECT(VECTOR "%1 = argmax %0 dim=1 : [2]\n" OUT(1), g, 2, 0);
  EXPECT(VECTOR "%1 = argmax %0 : [3]\n%2 = one_hot %1 : [3 2]\n" OUT(2), g, 0, 1, 0, 1, 0, 1);
  EXPECT(VECTOR "%1 = sum %0 dims=1 : [3]\n" OUT(1), g, 7, 7, 9);
  EXPECT(VECTOR "%1 = amax %0 dims=2 : [2]\n" OUT(1), g, 3, 6);
  EXPECT(VECTOR "%1 = contract %0 %0 letters=ab,cb,ac : [2 2]\n" OUT(1), g, 14, 34, 34, 97);
  EXPECT(VECTOR "%1 = const value=3 : [2 3]\n%2 = le %0 %1 : [2 3]\n%3 = select %2 %0 %1 : [2 3]\n" OUT(3), g, 1, 2, 3, 3, 3, 3);
}

/* A draw is the same wherever it is read, differs from step to step and sequence to sequence, and has its distribution. */
static void draws(void) {
  Session *s = session_new();
  Graph *g = graph_new(s, "draws");
  graph_clock(g, "t", 0);
  for (int kind = 0; kind < 2; kind++)
    graph_output(g, "y", OUTPUT_VALUE, 0, graph_random(g, 3, kind, sizes_of(1, (int64_t)50), GRAPH_SEQUENCE | GRAPH_CLOCK(0)));
  enum { COUNT = 50 * 2 * 50 };
  const int64_t length[] = {50, 50};
  const EvalData data = {.sequences = 2, .length = {length}, .seed = 7};
  for (int kind = 0; kind < 2; kind++) {
    double x[COUNT], again[COUNT], sum = 0, squares = 0;
    graph_eval(g, &data, kind, x);
    graph_eval(g, &data, kind, again);
    CU_ASSERT_EQUAL(memcmp(x, again, sizeof x), 0);
    for (int i = 0; i < COUNT; i++) sum += x[i], squares += x[i] * x[i];
    CU_ASSERT_DOUBLE_EQUAL(sum / COUNT, kind ? 0 : 0.5, 0.05);
    CU_ASSERT_DOUBLE_EQUAL(squares / COUNT, kind ? 1 : 1 / 3., 0.08);
    CU_ASSERT_NOT_EQUAL(x[0], x[50]);
    CU_ASSERT_NOT_EQUAL(x[0], x[2500]);
  }
  session_free(s);
}

/* 100 000 steps do not exhaust the stack, in either direction. */
static void long_sequences(void) {
  enum { LONG = 100000 };
  for (int direction = -1; direction <= 1; direction += 2) {
    Session *s = session_new();
    Graph *g = graph_new(s, "long");
    graph_clock(g, "t", 0);
    const Ref before = graph_read(g, NO_REF, graph_const(g, 0), 0, direction, sizes_scalar(), 0);
    const Ref count = graph_binary(g, OP_ADD, before, graph_const(g, 1));
    graph_set_read(g, before, count);
    graph_output(g, "y", OUTPUT_VALUE, 0, graph_at_end(g, count, 0, direction < 0));
    const int64_t length[] = {LONG};
    const EvalData data = {.sequences = 1, .length = {length}};
    double y;
    graph_eval(g, &data, 0, &y);
    CU_ASSERT_EQUAL(y, LONG);
    session_free(s);
  }
}

/* y = u + left + 10 right, of the trees (4 1 (3 2)) — in postorder 1 2 3 4 — and 10 over 20; from p where there is no child. */
static void children(void) {
  Session *s = session_new();
  const Graph *g = graph_parse(s, "clock n 0\nparam 0 \"p\" trained []\ninput 0 \"u\" data [] on * n\ninput 1 \"l\" data [] on * n\n"
                                  "input 2 \"r\" data [] on * n\n%0 = input : [] on * n\n%1 = param : []\n%2 = input index=1 : [] on * n\n"
                                  "%3 = input index=2 : [] on * n\n%4 = child %9 %1 %2 %2 clock=n offset=-1 : [] on * n\n"
                                  "%5 = child %9 %1 %3 %3 clock=n offset=-1 : [] on * n\n%6 = const value=10 : []\n%7 = mul %5 %6 : [] on * n\n"
                                  "%8 = add %4 %7 : [] on * n\n%9 = add %0 %8 : [] on * n\noutput \"y\" value 0 %9\n");
  CU_ASSERT_PTR_NOT_NULL_FATAL(g);
  static const double left[] = {-1, -1, 1, 0, -1, -1, NAN, NAN}, right[] = {-1, -1, -1, 2, -1, 0, NAN, NAN};
  const double *const inputs[] = {counting, left, right}, *const params[] = {half};
  const EvalData data = {.sequences = 2, .length = {ragged}, .param = params, .input = inputs};
  double out[8];
  graph_eval(g, &data, 0, out);
  static const double wanted[] = {1 + 5.5, 2 + 5.5, 3 + 7.5 + 5, 4 + 6.5 + 155, 10 + 5.5, 20 + 0.5 + 155, 0, 0};
  for (int i = 0; i < 8; i++) CU_ASSERT_DOUBLE_EQUAL(out[i], wanted[i], 1e-15);
  session_free(s);
}

/* y = u + Σ y of the children, z = max over them of u, w = u of the parent: of the tree (4 1 2 3), the children in the order 3 1 2, and
 * (20 10). */
static void any_children(void) {
  Session *s = session_new();
  const Graph *g = graph_parse(s, "clock n 0\ninput 0 \"u\" data [] on * n\ninput 1 \"f\" data [] on * n\ninput 2 \"x\" data [] on * n\n"
                                  "input 3 \"p\" data [] on * n\n%0 = input : [] on * n\n%1 = input index=1 : [] on * n\n"
                                  "%2 = input index=2 : [] on * n\n%3 = input index=3 : [] on * n\n"
                                  "%4 = children_sum %5 %1 %2 %3 clock=n offset=-1 : [] on * n\n%5 = add %0 %4 : [] on * n\n"
                                  "%6 = children_max %0 %1 %2 %3 clock=n offset=-1 : [] on * n\n%7 = parent %0 %1 %2 %3 clock=n offset=1 : [] on * n\n"
                                  "output \"y\" value 0 %5\noutput \"z\" value 0 %6\noutput \"w\" value 0 %7\n");
  CU_ASSERT_PTR_NOT_NULL_FATAL(g);
  static const double first[] = {-1, -1, -1, 2, -1, 0, NAN, NAN}, next[] = {1, -1, 0, -1, -1, -1, NAN, NAN}, parent[] = {3, 3, 3, -1, 1, -1, NAN, NAN};
  const double *const inputs[] = {counting, first, next, parent};
  const EvalData data = {.sequences = 2, .length = {ragged}, .input = inputs};
  static const double wanted[3][8] = {{1, 2, 3, 10, 10, 30, 0, 0}, {0, 0, 0, 3, 0, 10, 0, 0}, {4, 4, 4, 0, 20, 0, 0, 0}};
  for (int o = 0; o < 3; o++) {
    double out[8];
    graph_eval(g, &data, o, out);
    for (int i = 0; i < 8; i++) CU_ASSERT_EQUAL(out[i], wanted[o][i]);
  }
  session_free(s);
}

int main(void) {
  CU_initialize_registry();
  CU_pSuite suite = CU_add_suite("graph_eval", NULL, NULL);
  CU_add_test(suite, "impulse response", impulse_response);
  CU_add_test(suite, "other delays", other_delays);
  CU_add_test(suite, "ragged batch", ragged_batch);
  CU_add_test(suite, "windows", windows);
  CU_add_test(suite, "overlap and edge", overlap_and_edge);
  CU_add_test(suite, "ends", ends);
  CU_add_test(suite, "sequence to sequence", sequence_to_sequence);
  CU_add_test(suite, "two clocks", two_clocks);
  CU_add_test(suite, "children", children);
  CU_add_test(suite, "any children", any_children);
  CU_add_test(suite, "within a step", within_a_step);
  CU_add_test(suite, "draws", draws);
  CU_add_test(suite, "long sequences", long_sequences);
  CU_basic_run_tests();
  return CU_get_number_of_failures() ? 1 : 0;
}
