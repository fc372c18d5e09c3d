/* runner.c — the passes in their order, each watched and verified. A new pass is a row. */
#include "pass/pass.h"
#include <time.h>

typedef struct Pass {
  const char *name;
  Graph *(*run)(Session *s, Graph *g);
} Pass;

static const Pass passes[] = {
    {"causality", pass_causality}, {"dead", pass_dead}, {"fold", pass_fold}, {"simplify", pass_simplify},
    {"refold", pass_fold},         {"cse", pass_cse},   {"terms", pass_terms},
};

static double now(void) {
  struct timespec t;
  clock_gettime(CLOCK_MONOTONIC, &t);
  return (double)t.tv_sec + 1e-9 * (double)t.tv_nsec;
}

Graph *pass_run_all(Session *s, Graph *g, PassWatch *watch, void *context) {
  for (size_t i = 0; g && i < sizeof passes / sizeof *passes; i++) {
    const double begin = now();
    g = passes[i].run(s, g);
    const double seconds = now() - begin;
    if (g && s->verify_each) graph_verify(g, NULL);
    if (g && watch) watch(context, passes[i].name, g, seconds);
  }
  return g;
}
