/* arrays.h — other people's vectors: NumPy archives, JSON and CSV as named arrays of doubles. */
#ifndef RNN_TESTS_ARRAYS_H
#define RNN_TESTS_ARRAYS_H
#include "base/session.h"
#include <cjson/cJSON.h>

typedef struct Array {
  const char *name;
  int rank;
  int64_t dim[8];
  int64_t count;
  double *values; /* row-major */
} Array;

typedef struct ArraySet {
  Vec(Array) arrays;
} ArraySet;

/* All abort with a message when a file that is there does not hold what it should: vectors are not to be skipped silently. */
ArraySet arrays_of_npz(Arena *arena, const char *path);
Array array_of_csv(Arena *arena, const char *path);
/* Nested lists of numbers, or {"shape": […], "data": […]}. */
Array array_of_json(Arena *arena, const char *name, const cJSON *json);
cJSON *json_of_file(Arena *arena, const char *path);

/* NULL: none of that name. */
const Array *array_find(const ArraySet *set, const char *name);
/* The same, which must be there. */
const Array *array_get(const ArraySet *set, const char *name);
const cJSON *json_get(const cJSON *object, const char *name);

/* The folder of oracle vectors: $RNN_ORACLES, or ../shared/oracles from the repository root. NULL, said aloud, when absent. */
const char *oracle_folder(Arena *arena, const char *name);

#endif
