/* gaps.h — what `force y` would put into a delay line, and the data do not say. */
#ifndef RNN_RUNTIME_GAPS_H
#define RNN_RUNTIME_GAPS_H
#include "runtime/model.h"

typedef struct Gap {
  const char *variable;
  int64_t sequence, step; /* from 0 */
} Gap;

/* The first place at which the data of an opened stage do not say what one of its `force` clauses without `for` and `with` puts into a
 * delay line. but_last: a sequence's last step does not matter, as nothing comes behind it. */
bool stage_finds_gap(const Stage *stage, bool but_last, Gap *gap);

#endif
