/* random.h — the block function behind every draw. Streams (random_stream …) are declared in dataset.h, rnn_random in abi.h. */
#ifndef RNN_RUNTIME_RANDOM_H
#define RNN_RUNTIME_RANDOM_H
#include "runtime/dataset.h"

/* Philox4x32-10 (Salmon, Moraes, Dror and Shaw, "Parallel random numbers: as easy as 1, 2, 3", SC 2011). */
void philox4x32_10(const uint32_t counter[4], const uint32_t key[2], uint32_t out[4]);
/* Fisher–Yates: a permutation of the n numbers at `order`. */
void random_shuffle(Random *r, int64_t *order, int64_t n);
#endif
