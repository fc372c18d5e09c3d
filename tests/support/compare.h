/* compare.h — how far results are from what they should be, NaN never forgotten; graphs as text. */
#ifndef RNN_TESTS_COMPARE_H
#define RNN_TESTS_COMPARE_H
#include "graph/graph.h"
#include <math.h>

/* The larger of two errors; infinite from the first NaN on (fmax, and `<=` against a NaN, would forget it). */
static inline double worse(double worst, double error) { return error <= worst ? worst : isnan(error) ? INFINITY : error; }

/* max |got − expected| / scale, the scale being the largest finite |expected| but at least `least`. Equal numbers, infinite or NaN on both sides, do
 * not differ; NaN on one side only is infinitely far. */
double worst_difference(const double *got, const double *expected, int64_t n, double least);
/* As graph_print prints it; to be freed. */
char *graph_printed(const Graph *g);

#endif
