/* initialise_draws.c — initialisers that draw each number by itself, or take it from a file. */
#include "runtime/initialise.h"
#include <math.h>
#include <stdlib.h>
#include <string.h>

/* --- independent draws ---------------------------------------------------------------------------------------------- */

bool initialise_fill_uniform(Draw *d, double low, double high) {
  for (int64_t i = 0; i < d->elements; i++) d->out[i] = low + (high - low) * random_uniform(&d->random);
  return true;
}

bool initialise_fill_normal(Draw *d, double mean, double std) {
  for (int64_t i = 0; i < d->elements; i++) d->out[i] = mean + std * random_normal(&d->random);
  return true;
}

bool initialise_fill_constant(Draw *d, double x) {
  for (int64_t i = 0; i < d->elements; i++) d->out[i] = x;
  return true;
}

bool init_uniform(Draw *d) {
  double low, high;
  if (!initialise_number(d, "low", NAN, &low) || !initialise_number(d, "high", NAN, &high)) return false;
  return high < low ? initialise_bad_option(d, "high", "at least low") : initialise_fill_uniform(d, low, high);
}

bool init_normal(Draw *d) {
  double mean, std;
  if (!initialise_number(d, "mean", 0, &mean) || !initialise_number(d, "std", 1, &std)) return false;
  return initialise_fill_normal(d, mean, std);
}

bool init_integers(Draw *d) {
  int64_t low, high;
  if (!initialise_whole(d, "low", -9e15, 9e15, &low) || !initialise_whole(d, "high", -9e15, 9e15, &high)) return false;
  if (high < low) return initialise_bad_option(d, "high", "at least low");
  for (int64_t i = 0; i < d->elements; i++) d->out[i] = (double)(low + random_below(&d->random, high - low + 1));
  return true;
}

/* Glorot and Bengio (2010), equation 16: uniform with variance 2 / (fan_in + fan_out). fan_in is the product of all dims after the first. */
bool init_glorot(Draw *d) {
  double gain, bound = sqrt(6.0 / (double)(d->rows + d->columns));
  return initialise_number(d, "gain", 1, &gain) && initialise_fill_uniform(d, -gain * bound, gain * bound);
}

/* He et al. (2015), equation 10. */
bool init_he(Draw *d) {
  double gain;
  return initialise_number(d, "gain", 1, &gain) && initialise_fill_normal(d, 0, gain * sqrt(2.0 / (double)d->columns));
}

/* LeCun et al., "Efficient BackProp" (1998), equation 16. */
bool init_lecun(Draw *d) {
  double gain;
  return initialise_number(d, "gain", 1, &gain) && initialise_fill_normal(d, 0, gain * sqrt(1.0 / (double)d->columns));
}

/* --- from a file ---------------------------------------------------------------------------------------------------- */

static bool same_shape(const Draw *d, const Npy *array) {
  bool same = d->rank == array->rank;
  for (int i = 0; same && i < d->rank; i++) same = d->shape[i] == array->shape[i];
  return same;
}

bool init_file(Draw *d) {
  const cJSON *name = initialise_option(d, "path");
  if (!cJSON_IsString(name)) return initialise_bad_option(d, "path", "the name of a .npy file in quotes");
  char *path = clause_path(d->directory, name->valuestring);
  Npy array = {0};
  if (!path || !npy_read(path, &array, d->error)) return free(path), false;
  bool fits = same_shape(d, &array);
  if (fits) memcpy(d->out, array.value, (size_t)d->elements * sizeof *d->out);
  else initialise_wrong_shape(d, "the same shape as the array in the file");
  free(array.value);
  free(path);
  return fits;
}
