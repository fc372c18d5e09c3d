/* density.c — what share of a drawn param's entries can be other than 0, as its initialiser says. */
#include "lower/builder.h"
#include "runtime/value.h"
#include <math.h>

typedef struct Pattern {
  const cJSON *call;
  double rows, columns;
} Pattern;

static double option(const Pattern *p, const char *name, int place) {
  const cJSON *v = value_option(p->call, name, place);
  return cJSON_IsNumber(v) ? v->valuedouble : NAN;
}

/* The share that one initialiser of a chain leaves; NaN: it says nothing. */
static double share_of(const Pattern *p) {
  const char *name = value_called(p->call);
  if (!name) return NAN;
  if (!strcmp(name, "sparse")) return option(p, "density", 0);
  if (!strcmp(name, "fan_in")) return option(p, "k", 0) / p->columns;
  if (!strcmp(name, "small_world")) return option(p, "k", 0) / p->columns;
  if (!strcmp(name, "ring")) return 1 / p->columns;
  if (!strcmp(name, "delay_line")) return 2 / p->columns;
  if (!strcmp(name, "identity")) return 1 / fmax(p->rows, p->columns);
  return NAN;
}

/* The sparsest of a chain. One that draws everything anew behind it is none the wiser: the weight is counted when it is there. */
static double share_of_value(const cJSON *v, Pattern *p) {
  const cJSON *stage, *chain = cJSON_GetObjectItemCaseSensitive(v, "chain");
  double least = NAN;
  cJSON_ArrayForEach(stage, chain) least = fmin(least, share_of_value(stage, p));
  if (chain) return least;
  p->call = v;
  return share_of(p);
}

double initialiser_density(Session *s, const Expr *init, const Instance *home, Sizes shape) {
  if (shape.rank < 2) return 0;
  ClauseWalk w = {.session = s, .at = (Instance *)(uintptr_t)home};
  cJSON *value = json_of_value(&w, init);
  Pattern p = {.rows = (double)shape.dim[0], .columns = (double)sizes_count(shape) / (double)shape.dim[0]};
  const double share = share_of_value(value, &p);
  cJSON_Delete(value);
  return share > 0 && share < 1 ? share : 0;
}
