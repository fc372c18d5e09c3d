/* generators.h — the functions of each row of generators.def. docs/generators.md says what every generator makes. */
#ifndef RNN_RUNTIME_DATA_GENERATORS_H
#define RNN_RUNTIME_DATA_GENERATORS_H
#include "runtime/data/data.h"

#define GENERATOR(name, steps) \
  bool name##_setup(Generation *g); \
  bool name##_make(Generation *g, Sample *s);
#include "runtime/data/generators.def"
#undef GENERATOR
int64_t copy_steps(const Generation *g, int64_t length);
int64_t binary_addition_steps(const Generation *g, int64_t length);
int64_t reversal_steps(const Generation *g, int64_t length);
#endif
