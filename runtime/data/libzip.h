/* libzip.h — libzip, loaded when an archive is first read or written: it brings a library of cryptography, 4000 symbols looked up at each start. */
#ifndef RNN_RUNTIME_DATA_LIBZIP_H
#define RNN_RUNTIME_DATA_LIBZIP_H
#include "runtime/runtime.h"
#include <zip.h>

/* zip_NAME of <zip.h> as NAME. */
#define LIBZIP_FUNCTIONS(FUNCTION)                                                                                                    \
  FUNCTION(open) FUNCTION(open_from_source) FUNCTION(close) FUNCTION(discard) FUNCTION(strerror) FUNCTION(get_num_entries)           \
  FUNCTION(stat_index) FUNCTION(fopen_index) FUNCTION(fread) FUNCTION(fclose) FUNCTION(file_add) FUNCTION(file_set_mtime)            \
  FUNCTION(source_buffer) FUNCTION(source_buffer_create) FUNCTION(source_free) FUNCTION(error_init) FUNCTION(error_fini)             \
  FUNCTION(error_strerror)

typedef struct LibZip {
#define FUNCTION(name) __typeof__(zip_##name) *name;
  LIBZIP_FUNCTIONS(FUNCTION)
#undef FUNCTION
} LibZip;

/* NULL with that error where the library that this program was built with is not on the machine. */
const LibZip *libzip(const char *path, const char *code, RnnError *error);

#endif
