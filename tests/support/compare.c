/* compare.c — errors, and graphs as text. */
#include "support/compare.h"
#include <stdio.h>

double worst_difference(const double *got, const double *expected, int64_t n, double least) {
  double scale = least, worst = 0;
  for (int64_t i = 0; i < n; i++)
    if (isfinite(expected[i]) && fabs(expected[i]) > scale) scale = fabs(expected[i]);
  for (int64_t i = 0; i < n; i++) {
    const bool same = got[i] == expected[i] || (isnan(got[i]) && isnan(expected[i]));
    if (!same) worst = worse(worst, fabs(got[i] - expected[i]) / (scale > 0 ? scale : 1));
  }
  return worst;
}

char *graph_printed(const Graph *g) {
  char *text = NULL;
  size_t size = 0;
  FILE *out = open_memstream(&text, &size);
  graph_print(g, out);
  fclose(out);
  return text;
}
