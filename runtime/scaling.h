/* scaling.h — standardising variables: (value − mean) / std for each component, fitted on the training part only. */
#ifndef RNN_RUNTIME_SCALING_H
#define RNN_RUNTIME_SCALING_H
#include "runtime/dataset.h"

/* One variable's scale: [components] each, whatever the steps of clocks within. 0 and 1 where the variable is not scaled. */
typedef struct Scaling {
  double *mean, *std;
  int64_t elements;
  bool scaled;
} Scaling;

/* One Scaling a variable of the data set, all of them 0 and 1; NULL when there is no memory. */
Scaling *scaling_new(const Variable *variables, int count);
void scaling_free(Scaling *scaling, int count);

/* Fits the named variables on every present (not NaN) step of `train`; pass the training part only (dataset_split).
 * `from`: steps of each sequence before it do not count (0: all do). A component that never changes gets std 1.
 * Errors: E0517 an unknown variable, an index variable, or one without data. */
bool scaling_fit(Scaling *scaling, const Dataset *train, const char *const *names, int count, int64_t from, RnnError *error);

/* scaled = scaling_apply(s, component, original), and back. */
static inline double scaling_apply(const Scaling *s, int64_t component, double original) {
  return (original - s->mean[component]) / s->std[component];
}
static inline double scaling_undo(const Scaling *s, int64_t component, double scaled) {
  return scaled * s->std[component] + s->mean[component];
}
#endif
