/* spoil.h — memory as a call may find it: full of what others left there. */
#ifndef RNN_TESTS_SPOIL_H
#define RNN_TESTS_SPOIL_H
#include "runtime/runtime.h"

/* Fills everything that a call must not rely on with NaN. */
void spoil_memory(RnnUnit *u);

#endif
