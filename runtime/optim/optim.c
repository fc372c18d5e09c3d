/* optim.c — the table of optimisers: finding one by its name, its options and memory. */
#include "runtime/optim/rule.h"
#include "runtime/error.h"
#include "runtime/parameters.h"
#include "runtime/clause.h"
#include <stdlib.h>
#include <string.h>

typedef struct OptimizerRow {
  const char *name;
  int slots, options;
  OptionRow option[OPTIMIZER_OPTIONS];
  void (*update)(const Optimizer *, double, void *, void *);
} OptimizerRow;

#define COUNT_OPTIONS(...) (int)(sizeof((OptionRow[]){__VA_ARGS__}) / sizeof(OptionRow))
#define OPTIMIZER(name, slots, ...) {#name, slots, COUNT_OPTIONS(__VA_ARGS__), {__VA_ARGS__}, name##_update},
static const OptimizerRow optimizers[] = {
#include "runtime/optim/optimizers.def"
};
#undef OPTIMIZER
enum { OPTIMIZERS = sizeof optimizers / sizeof *optimizers };

static bool unknown_optimizer(const char *name, int line, RnnError *error) {
  const char *names[OPTIMIZERS];
  for (int i = 0; i < OPTIMIZERS; i++) names[i] = optimizers[i].name;
  rnn_fail_at(error, line, "E0402", "`%s` is not an optimizer here", name);
  rnn_fail_names(error, "optimizers", name, names, OPTIMIZERS);
  return false;
}

static int find_optimizer(const char *name) {
  for (int i = 0; i < OPTIMIZERS; i++)
    if (!strcmp(optimizers[i].name, name)) return i;
  return -1;
}

bool optimizer_init(Optimizer *o, const cJSON *value, int64_t size, bool is_double, int line, RnnError *error) {
  const char *name = value ? value_called(value) : "adam";
  *o = (Optimizer){.kind = find_optimizer(name ? name : ""), .is_double = is_double, .size = size};
  if (o->kind < 0) return unknown_optimizer(name ? name : "?", line, error);
  const OptimizerRow *row = &optimizers[o->kind];
  if (!value_options(value, row->option, row->options, o->option, line, error)) return false;
  for (int i = 0; i < row->slots; i++) o->slot[i] = scalars_new(size, is_double);
  return true;
}

void optimizer_free(Optimizer *o) {
  for (int i = 0; i < OPTIMIZER_SLOTS; i++) free(o->slot[i]);
  *o = (Optimizer){0};
}

void optimizer_update(Optimizer *o, double factor, void *weights, void *gradient) {
  o->updates++;
  optimizers[o->kind].update(o, o->option[0] * factor, weights, gradient);
}
