/* nothing_counts.h — a number of nothing is an error, and says why there was nothing. */
#ifndef RNN_RUNTIME_NOTHING_COUNTS_H
#define RNN_RUNTIME_NOTHING_COUNTS_H
#include "runtime/feed.h"
#include "runtime/places.h"

/* Before anything is computed: has each weight of the unit's loss a place that counts, in the data that `feed` reads? `part`: "training".
 * E0415. */
bool something_counts(const Stage *stage, const Feed *feed, const char *part, RnnError *error);
/* Adds to an E0415 why nothing counted in these data, and what would help. Returns false. */
bool explain_nothing_counts(const Stage *stage, const RnnUnit *unit, const Dataset *data, RnnError *error);

#endif
