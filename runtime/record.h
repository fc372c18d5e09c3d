/* record.h — running a unit over a whole data set and keeping what it says. */
#ifndef RNN_RUNTIME_RECORD_H
#define RNN_RUNTIME_RECORD_H
#include "runtime/slices.h"

typedef struct Recording {
  int count;
  Series *series;        /* one for each output of role value */
  bool has_nan;          /* a value is no number: where that began */
  NotFinite nan;         /* its step and row are those of the sequence, and its number; name NULL: not known */
} Recording;

/* `from`: steps before it do not count. Sequences run in batches of `rows`. */
bool record(Recording *r, const Stage *stage, RnnUnit *unit, const Dataset *data, int64_t from, int64_t rows, RnnError *error);
void recording_free(Recording *r);
Series *recording_find(const Recording *r, const char *name);

#endif
