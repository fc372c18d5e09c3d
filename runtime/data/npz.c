/* npz.c — NumPy's archives: a zip whose entries NAME.npy are the columns. Arrays of text (names of classes) are kept as columns without
 * numbers: an error only when a variable wants them. */
#include "runtime/data/data.h"
#include "runtime/data/libzip.h"
#include <stdlib.h>
#include <string.h>

enum { ENTRY_MOST = 1 << 30, DEFLATE_MOST = 1032 }; /* bytes unpacked: a zip bomb is refused; from one byte, by the format */

static unsigned char *unpack(const LibZip *z, zip_t *archive, zip_uint64_t entry, const zip_stat_t *stat) {
  unsigned char *bytes = malloc((size_t)stat->size + 1);
  zip_file_t *file = bytes ? z->fopen_index(archive, entry, 0) : NULL;
  zip_int64_t got = file ? z->fread(file, bytes, stat->size) : -1;
  if (file) z->fclose(file);
  if (got == (zip_int64_t)stat->size) return bytes;
  free(bytes);
  return NULL;
}

static bool fill_column(Column *column, const char *name, Npy *array) {
  size_t length = strlen(name);
  column->name = strndup(name, length > 4 && strcmp(name + length - 4, ".npy") == 0 ? length - 4 : length);
  column->number = array->value;
  column->rows = array->rank ? array->shape[0] : 1;
  column->width = 1;
  column->rank = array->rank;
  memcpy(column->shape, array->shape, sizeof column->shape);
  for (int i = 1; i < array->rank; i++) column->width *= array->shape[i];
  return column->name != NULL;
}

static bool read_entry(const LibZip *z, zip_t *archive, zip_uint64_t entry, uint64_t size, Table *t, RnnError *error) {
  zip_stat_t stat;
  if (z->stat_index(archive, entry, 0, &stat) != 0 || !(stat.valid & ZIP_STAT_SIZE) || !stat.name || stat.size > ENTRY_MOST)
    return rnn_fail(error, "E0514", "%s: an array of it cannot be read, or is larger than 1 GB", t->path);
  bool possible = stat.size / DEFLATE_MOST <= size; /* a damaged size is not worth its memory */
  unsigned char *bytes = possible ? unpack(z, archive, entry, &stat) : NULL;
  if (!bytes) return rnn_fail(error, "E0514", "%s: its array `%.100s` is damaged", t->path, stat.name);
  RnnError ignored = {0};
  Npy array = {0};
  bool fine = npy_parse(t->path, bytes, (size_t)stat.size, &array, &ignored);
  free(bytes);
  if (!fine) array = (Npy){0};
  Column *column = &t->column[t->columns++];
  if (!fill_column(column, stat.name, &array)) return no_memory(error);
  if (column->number && column->rows > t->rows) t->rows = column->rows;
  return true;
}

Table *npz_read(const char *path, RnnError *error) {
  const LibZip *z = libzip(path, "E0514", error);
  if (!z) return NULL;
  size_t size;
  char *bytes = file_read(path, &size, error); /* gives the usual message where there is no such file */
  if (!bytes) return NULL;
  zip_error_t reason;
  z->error_init(&reason);
  zip_source_t *source = z->source_buffer_create(bytes, size, 0, &reason);
  zip_t *archive = source ? z->open_from_source(source, ZIP_RDONLY, &reason) : NULL;
  if (!archive) rnn_fail(error, "E0514", "%s is not a NumPy archive (.npz): %s", path, z->error_strerror(&reason));
  if (!archive && source) z->source_free(source);
  z->error_fini(&reason);
  zip_int64_t entries = archive ? z->get_num_entries(archive, 0) : -1;
  Table *t = archive ? table_new(path) : NULL;
  bool fine = t && entries > 0 && (t->column = calloc((size_t)entries, sizeof *t->column));
  if (t) t->has_header = true;
  for (zip_int64_t i = 0; fine && i < entries; i++) fine = read_entry(z, archive, (zip_uint64_t)i, size, t, error);
  if (archive) z->discard(archive);
  free(bytes);
  if (fine) return t;
  rnn_fail(error, "E0507", "the data file %s is empty", path);
  table_free(t);
  return NULL;
}
