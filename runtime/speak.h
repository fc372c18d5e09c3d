/* speak.h — values of a vocabulary as its symbols. */
#ifndef RNN_RUNTIME_SPEAK_H
#define RNN_RUNTIME_SPEAK_H
#include "runtime/metrics.h"
#include "runtime/model.h"

/* The vocabulary of the variable that a VALUE of write shows; NULL. */
const Vocabulary *speak_vocabulary(const Stage *stage, const cJSON *value);
/* One line a sequence: characters joined, words with spaces between. Where data were forced into the variable's delay line their symbols stand
 * instead of the net's own, so that a prompt is read as it was given. A decoded sequence ends before its end symbol. */
void speak(const Stage *stage, const cJSON *value, const Series *series);
#endif
