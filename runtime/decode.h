/* decode.h — runs with `decode greedy(w, …)` or `decode beam(w, …)`: what the net says for itself, one symbol after another. */
#ifndef RNN_RUNTIME_DECODE_H
#define RNN_RUNTIME_DECODE_H
#include "runtime/record.h"

/* Searches, then records the run's values with what was found in w's place. `decoded` is then the stage's, to be freed after the run. */
bool decode(Stage *stage, Decoded *decoded, Recording *recording, int64_t rows, RnnError *error);
void decoded_free(Decoded *decoded);
#endif
