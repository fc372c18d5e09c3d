/* targets.h — files that are about to be written, held against those that are read: what is lost by overwriting a model or its data, no
 * training brings back. */
#ifndef RNN_RUNTIME_TARGETS_H
#define RNN_RUNTIME_TARGETS_H
#include "runtime/runtime.h"

/* May this stage write what its clauses say? E0605, with the clause's line. Asked before anything is computed. */
bool targets_of_stage(const RnnProgram *p, const cJSON *stage, RnnError *error);
/* May the weights file be written, where training ends? */
bool targets_weights(const RnnProgram *p, const RnnOptions *options, RnnError *error);
/* The same of a file that the compiler makes; `reads` is the manifest's list, its paths relative to `folder`. `what` names the target:
 * "`-o m.rnn`". `magic`: the bytes that a file of this kind begins with; another that is there is not replaced. */
bool target_is_free(const char *target, const char *what, const cJSON *reads, const char *folder, const char *magic, RnnError *error);

#endif
