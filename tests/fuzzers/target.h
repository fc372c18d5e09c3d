/* target.h — what is fuzzed: each takes any bytes and must come back, without a crash, a leak or more than a second.
 * parser.c, checker.c and files.c define one each; libFuzzer and replay.c call it. */
#ifndef RNN_TESTS_FUZZERS_TARGET_H
#define RNN_TESTS_FUZZERS_TARGET_H
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

#endif
