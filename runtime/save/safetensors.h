/* safetensors.h — weights in the safetensors format (huggingface/safetensors: 8 bytes little-endian length, a JSON header,
 * then the numbers): F32 and F64 tensors and a string → string __metadata__ (model text, scaling, seed, vocabularies). */
#ifndef RNN_RUNTIME_SAVE_SAFETENSORS_H
#define RNN_RUNTIME_SAVE_SAFETENSORS_H
#include "runtime/runtime.h"

typedef struct Tensor {
  const char *name;
  bool is_double; /* F64, else F32 */
  int rank;
  int64_t shape[8];
  const void *data; /* row-major float or double */
} Tensor;

typedef struct TensorFile {
  int count;
  Tensor *tensor; /* names and data are owned by the file */
  cJSON *metadata; /* an object of strings; never NULL */
} TensorFile;

int64_t tensor_elements(const Tensor *t);
void tensor_read(const Tensor *t, double *out);        /* [elements], whatever it is stored as */

/* Writes PATH.tmp beside, syncs it, then renames it over PATH: on any failure what was at PATH stays as it was and PATH.tmp
 * is removed. A symbolic link stays: what it leads to is replaced. `metadata` is a cJSON object of strings or NULL. Errors: E0603 with the path and the system's reason. */
bool safetensors_write(const char *path, const Tensor *tensor, int count, const cJSON *metadata, RnnError *error);
/* Errors: E0601 the file cannot be opened, E0602 it is damaged or not such a file: path, what is wrong and where. */
TensorFile *safetensors_read(const char *path, RnnError *error);
void safetensors_free(TensorFile *file);
const Tensor *safetensors_find(const TensorFile *file, const char *name); /* NULL: none */
const char *safetensors_metadata(const TensorFile *file, const char *key);      /* NULL: none */
#endif
