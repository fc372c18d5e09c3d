/* overrides.h — constants that the command line has changed: weights are good for those that they were trained with. */
#ifndef RNN_RUNTIME_OVERRIDES_H
#define RNN_RUNTIME_OVERRIDES_H
#include "runtime/model.h"

/* {"leak": 0.9}: what the command line changes now, for the weights file. */
cJSON *overrides_now(const RnnProgram *p);
/* Warns of each constant that the weights were trained with and that has another number now, unless the command line says it. */
void overrides_warn(const RnnProgram *p, const RnnOptions *options);

#endif
