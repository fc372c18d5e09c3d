/* safetensors.c — writing weights so that nothing is lost, and reading files that may be anything.
 *
 * Format: https://github.com/huggingface/safetensors — u64 little-endian header length N; N bytes of JSON {"name": {"dtype",
 * "shape", "data_offsets": [begin, end]}, "__metadata__": {…}}; then the numbers, offsets relative to the header's end. As
 * in the reference reader, tensors must fill the rest of the file without gaps and without overlap. */
#include "runtime/save/safetensors.h"
#include "runtime/error.h"
#include "runtime/save/target.h"
#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

enum { PREFIX = 8, HEADER_MOST = 100000000 };
_Static_assert(sizeof(float) == 4 && sizeof(double) == 8, "F32 and F64 are the machine's own");
#if __BYTE_ORDER__ != __ORDER_LITTLE_ENDIAN__
#error "safetensors.c copies numbers as they lie in memory, which must be little-endian"
#endif

int64_t tensor_elements(const Tensor *t) {
  int64_t n = 1;
  for (int i = 0; i < t->rank; i++) n *= t->shape[i];
  return n;
}

static int64_t tensor_bytes(const Tensor *t) { return tensor_elements(t) * (t->is_double ? 8 : 4); }

void tensor_read(const Tensor *t, double *out) {
  int64_t n = tensor_elements(t);
  for (int64_t i = 0; i < n; i++) out[i] = t->is_double ? ((const double *)t->data)[i] : (double)((const float *)t->data)[i];
}

/* --- writing ------------------------------------------------------------------------------------------------------- */

static void describe(cJSON *header, const Tensor *t, int64_t begin) {
  cJSON *item = cJSON_AddObjectToObject(header, t->name);
  cJSON_AddStringToObject(item, "dtype", t->is_double ? "F64" : "F32");
  cJSON *shape = cJSON_AddArrayToObject(item, "shape");
  for (int i = 0; i < t->rank; i++) cJSON_AddItemToArray(shape, cJSON_CreateNumber((double)t->shape[i]));
  cJSON *offsets = cJSON_AddArrayToObject(item, "data_offsets");
  cJSON_AddItemToArray(offsets, cJSON_CreateNumber((double)begin));
  cJSON_AddItemToArray(offsets, cJSON_CreateNumber((double)(begin + tensor_bytes(t))));
}

/* The header's text, padded with spaces so that the numbers start at a multiple of 8. Caller frees. */
static char *header_text(const Tensor *tensor, int count, const cJSON *metadata, size_t *length) {
  cJSON *header = cJSON_CreateObject();
  if (metadata) cJSON_AddItemToObject(header, "__metadata__", cJSON_Duplicate(metadata, true));
  int64_t begin = 0;
  for (int i = 0; i < count; begin += tensor_bytes(&tensor[i]), i++) describe(header, &tensor[i], begin);
  char *text = cJSON_PrintUnformatted(header);
  cJSON_Delete(header);
  if (!text) return NULL;
  size_t used = strlen(text);
  *length = (used + 7) / 8 * 8;
  char *padded = malloc(*length + 1);
  if (padded) memset(padded, ' ', *length), memcpy(padded, text, used);
  cJSON_free(text);
  return padded;
}

static bool write_all(FILE *file, const Tensor *tensor, int count, const char *header, size_t length) {
  uint64_t prefix = length;
  if (fwrite(&prefix, PREFIX, 1, file) != 1 || fwrite(header, 1, length, file) != length) return false;
  for (int i = 0; i < count; i++) {
    size_t bytes = (size_t)tensor_bytes(&tensor[i]);
    if (bytes && fwrite(tensor[i].data, 1, bytes, file) != bytes) return false;
  }
  return fflush(file) == 0 && fsync(fileno(file)) == 0;
}

/* The rename itself is on disk only when the folder is. A folder that cannot be synced (some file systems) is no failure. */
static void sync_folder(const char *path) {
  const char *slash = strrchr(path, '/');
  char *folder = slash ? strndup(path, slash == path ? 1 : (size_t)(slash - path)) : strdup(".");
  int descriptor = folder ? open(folder, O_RDONLY | O_DIRECTORY) : -1;
  if (descriptor >= 0) fsync(descriptor), close(descriptor);
  free(folder);
}

static bool write_failed(const char *path, const char *beside, int reason, RnnError *error) {
  if (beside) unlink(beside);
  return rnn_fail(error, "E0603", "cannot write the weights file %s: %s\n   = note: what was at that path before is untouched", path,
                  strerror(reason));
}

/* A rename would put a file in the place of a device, or of whatever else stands there. */
static bool is_no_file(const char *path) {
  struct stat is;
  return stat(path, &is) == 0 && !S_ISREG(is.st_mode);
}

/* Beside the file and renamed, so that there is the old one or the new one at any moment. */
static bool replace(const char *path, const Tensor *tensor, int count, const char *header, size_t length, RnnError *error) {
  size_t size = strlen(path) + sizeof ".tmp";
  char *beside = malloc(size);
  if (!beside) return write_failed(path, NULL, ENOMEM, error);
  snprintf(beside, size, "%s.tmp", path);
  FILE *file = fopen(beside, "wb");
  bool done = file && write_all(file, tensor, count, header, length);
  int reason = errno;
  if (file && fclose(file) != 0 && done) done = false, reason = errno; /* a full disk may only show here */
  if (done && rename(beside, path) != 0) done = false, reason = errno;
  if (!done) write_failed(path, file ? beside : NULL, reason, error);
  else sync_folder(path);
  free(beside);
  return done;
}

bool safetensors_write(const char *path, const Tensor *tensor, int count, const cJSON *metadata, RnnError *error) {
  if (is_no_file(path)) return rnn_fail(error, "E0603", "cannot write the weights file %s: there is something else at that path", path);
  char *target = write_target(path);
  if (!target) return write_failed(path, NULL, errno, error);
  size_t length = 0;
  char *header = header_text(tensor, count, metadata, &length);
  bool done = header ? replace(target, tensor, count, header, length, error) : write_failed(path, NULL, ENOMEM, error);
  free(header);
  free(target);
  return done;
}

/* --- reading: what is in the file is not believed until it is checked ------------------------------------------------ */

typedef struct Reading {
  const char *path;
  FILE *file;
  int64_t size, header; /* bytes of the file and of its JSON */
  RnnError *error;
} Reading;

static bool damaged(Reading *r, const char *what, const char *name) {
  rnn_fail(r->error, "E0602", "the weights file %s is damaged: %s", r->path, what);
  if (name) rnn_fail_more(r->error, " (tensor `%.200s`)", name);
  rnn_fail_more(r->error, "\nhelp: train again, or name another file with --weights");
  return false;
}

/* A whole number from 0 to 2^53, the largest that JSON's numbers keep exact. */
static bool whole_number(const cJSON *item, int64_t *out) {
  if (!cJSON_IsNumber(item)) return false;
  double x = item->valuedouble;
  if (!(x >= 0 && x <= 9007199254740992.0) || x != (double)(int64_t)x) return false;
  *out = (int64_t)x;
  return true;
}

static bool read_shape(Reading *r, const cJSON *item, Tensor *t) {
  const cJSON *shape = cJSON_GetObjectItemCaseSensitive(item, "shape"), *dim;
  if (!cJSON_IsArray(shape) || cJSON_GetArraySize(shape) > 8) return damaged(r, "a shape is not a list of up to 8 sizes", t->name);
  int64_t elements = 1;
  cJSON_ArrayForEach(dim, shape) {
    int64_t *size = &t->shape[t->rank++];
    if (!whole_number(dim, size)) return damaged(r, "a size is not a whole number", t->name);
    if (__builtin_mul_overflow(elements, *size, &elements)) return damaged(r, "its shape is larger than any file", t->name);
  }
  if (elements > r->size) return damaged(r, "its shape is larger than the file", t->name);
  return true;
}

static bool read_dtype(Reading *r, const cJSON *item, Tensor *t) {
  const cJSON *dtype = cJSON_GetObjectItemCaseSensitive(item, "dtype");
  if (!cJSON_IsString(dtype)) return damaged(r, "a tensor has no dtype", t->name);
  t->is_double = strcmp(dtype->valuestring, "F64") == 0;
  if (t->is_double || strcmp(dtype->valuestring, "F32") == 0) return true;
  rnn_fail(r->error, "E0602", "the weights file %s stores `%.200s` as %.40s; rnn reads F32 and F64", r->path, t->name, dtype->valuestring);
  return false;
}

typedef struct Extent { int64_t begin, end; int tensor; } Extent;

static bool read_extent(Reading *r, const cJSON *item, Tensor *t, Extent *extent) {
  const cJSON *offsets = cJSON_GetObjectItemCaseSensitive(item, "data_offsets");
  if (!cJSON_IsArray(offsets) || cJSON_GetArraySize(offsets) != 2 || !whole_number(cJSON_GetArrayItem(offsets, 0), &extent->begin) ||
      !whole_number(cJSON_GetArrayItem(offsets, 1), &extent->end))
    return damaged(r, "data_offsets are not two whole numbers", t->name);
  if (extent->begin > extent->end) return damaged(r, "data_offsets run backwards", t->name);
  if (extent->end > r->size - PREFIX - r->header) return damaged(r, "its numbers lie beyond the end of the file", t->name);
  if (extent->end - extent->begin != tensor_bytes(t)) return damaged(r, "its shape and its length in bytes disagree", t->name);
  return true;
}

static bool read_numbers(Reading *r, Tensor *t, const Extent *extent) {
  size_t bytes = (size_t)(extent->end - extent->begin);
  void *data = malloc(bytes ? bytes : 1);
  t->data = data;
  if (!data) return damaged(r, "there is no memory for it", t->name);
  if (fseeko(r->file, (off_t)(PREFIX + r->header + extent->begin), SEEK_SET) != 0 || fread(data, 1, bytes, r->file) != bytes)
    return damaged(r, "it ends before its numbers do", t->name);
  return true;
}

static int by_begin(const void *a, const void *b) {
  const Extent *p = a, *q = b;
  return p->begin != q->begin ? (p->begin > q->begin) - (p->begin < q->begin) : (p->end > q->end) - (p->end < q->end);
}

/* Sorted by where they begin, each tensor must begin where the one before ended, and the last at the end of the file. */
static bool check_extents(Reading *r, const TensorFile *file, Extent *extent, int count) {
  qsort(extent, (size_t)count, sizeof *extent, by_begin);
  int64_t reached = 0;
  for (int i = 0; i < count; reached = extent[i].end, i++) {
    const char *name = file->tensor[extent[i].tensor].name;
    if (extent[i].begin < reached) return damaged(r, "two tensors overlap", name);
    if (extent[i].begin > reached) return damaged(r, "there is a gap before a tensor", name);
  }
  return reached == r->size - PREFIX - r->header || damaged(r, "there are bytes that belong to no tensor", NULL);
}

static bool read_metadata(Reading *r, const cJSON *item, TensorFile *file) {
  const cJSON *entry;
  if (!cJSON_IsObject(item)) return damaged(r, "__metadata__ is not an object of strings", NULL);
  cJSON_ArrayForEach(entry, item)
    if (!cJSON_IsString(entry)) return damaged(r, "__metadata__ is not an object of strings", NULL);
  cJSON_Delete(file->metadata);
  file->metadata = cJSON_Duplicate(item, true);
  return file->metadata || damaged(r, "there is no memory for __metadata__", NULL);
}

static bool read_tensor(Reading *r, const cJSON *item, TensorFile *file, Extent *extent) {
  if (safetensors_find(file, item->string)) return damaged(r, "a name occurs twice", item->string);
  Tensor *t = &file->tensor[file->count];
  extent->tensor = file->count++;
  t->name = strdup(item->string);
  if (!t->name) return damaged(r, "there is no memory for it", NULL);
  if (!cJSON_IsObject(item)) return damaged(r, "a tensor is not described by an object", t->name);
  return read_dtype(r, item, t) && read_shape(r, item, t) && read_extent(r, item, t, extent);
}

static bool read_tensors(Reading *r, const cJSON *header, TensorFile *file) {
  size_t most = (size_t)cJSON_GetArraySize(header) + 1;
  Extent *extent = calloc(most, sizeof *extent);
  file->tensor = calloc(most, sizeof *file->tensor);
  bool fine = extent && file->tensor;
  const cJSON *item;
  cJSON_ArrayForEach(item, header) {
    if (!fine) break;
    fine = strcmp(item->string, "__metadata__") == 0 ? read_metadata(r, item, file)
                                                     : read_tensor(r, item, file, &extent[file->count]);
  }
  fine = fine && check_extents(r, file, extent, file->count); /* before memory is taken: no more than the file's own size */
  for (int i = 0; fine && i < file->count; i++) fine = read_numbers(r, &file->tensor[extent[i].tensor], &extent[i]);
  free(extent);
  return fine;
}

/* The JSON of the header; NULL with an error. */
static cJSON *read_header(Reading *r) {
  uint64_t length = 0;
  if (r->size < PREFIX || fread(&length, PREFIX, 1, r->file) != 1)
    return damaged(r, "it is shorter than the 8 bytes every safetensors file starts with", NULL), NULL;
  if (length > HEADER_MOST || (int64_t)length > r->size - PREFIX)
    return damaged(r, "its header is longer than the file; it is not a safetensors file, or it was cut short", NULL), NULL;
  r->header = (int64_t)length;
  char *text = malloc(length + 1);
  cJSON *header = NULL;
  if (text && fread(text, 1, length, r->file) == length) {
    text[length] = 0;
    const char *end = NULL;
    header = memchr(text, 0, length) ? NULL : cJSON_ParseWithLengthOpts(text, length + 1, &end, true);
  }
  free(text);
  if (cJSON_IsObject(header)) return header;
  cJSON_Delete(header);
  return damaged(r, "its header is not JSON; it is not a safetensors file", NULL), NULL;
}

static bool read_file(Reading *r, TensorFile *file) {
  file->metadata = cJSON_CreateObject();
  if (!file->metadata || fseeko(r->file, 0, SEEK_END) != 0 || (r->size = (int64_t)ftello(r->file)) < 0 ||
      fseeko(r->file, 0, SEEK_SET) != 0)
    return damaged(r, "it cannot be read (is it a folder?)", NULL);
  cJSON *header = read_header(r);
  bool fine = header && read_tensors(r, header, file);
  cJSON_Delete(header);
  return fine;
}

TensorFile *safetensors_read(const char *path, RnnError *error) {
  struct stat is;
  if (stat(path, &is) == 0 && S_ISDIR(is.st_mode)) return rnn_fail(error, "E0602", "cannot read the weights file %s: it is a folder", path), NULL;
  Reading r = {path, fopen(path, "rb"), 0, 0, error};
  if (!r.file) {
    rnn_fail(error, "E0601", "cannot read the weights file %s: %s%s", path, strerror(errno),
             errno == ENOENT ? "\nhelp: `rnn train` writes it; or name another file with --weights" : "");
    return NULL;
  }
  TensorFile *file = calloc(1, sizeof *file);
  bool fine = file && read_file(&r, file);
  fclose(r.file);
  if (fine) return file;
  safetensors_free(file);
  return NULL;
}

void safetensors_free(TensorFile *file) {
  if (!file) return;
  for (int i = 0; i < file->count; i++) {
    free((void *)file->tensor[i].name);
    free((void *)file->tensor[i].data);
  }
  free(file->tensor);
  cJSON_Delete(file->metadata);
  free(file);
}

const Tensor *safetensors_find(const TensorFile *file, const char *name) {
  for (int i = 0; i < file->count; i++)
    if (strcmp(file->tensor[i].name, name) == 0) return &file->tensor[i];
  return NULL;
}

const char *safetensors_metadata(const TensorFile *file, const char *key) {
  const cJSON *item = cJSON_GetObjectItemCaseSensitive(file->metadata, key);
  return cJSON_IsString(item) ? item->valuestring : NULL;
}
