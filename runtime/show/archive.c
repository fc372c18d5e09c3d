/* archive.c — values of a run as NumPy's archive: an array of doubles for each, the steps of all sequences one behind the other, and their
 * starts as `offset`, so that npz("out.npz", …) cuts "offset" reads them again. */
#include "runtime/show/show.h"
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <zip.h>

enum { HEADER = 128 }; /* magic, version and dictionary of a .npy file, padded as NumPy pads it */

typedef struct Archive {
  zip_t *zip;
  const char *path;
  RnnError *error;
} Archive;

static bool no_memory(const Archive *a) { return rnn_fail(a->error, "E0519", "there is not enough memory to write %s", a->path); }

/* "\x93NUMPY", version 1.0, the length of what follows, {'descr': …} and spaces up to a newline. */
static void put_npy_header(char *out, const char *type, int64_t rows, int64_t width) {
  char shape[64];
  snprintf(shape, sizeof shape, width > 1 ? "(%lld, %lld)" : "(%lld,)", (long long)rows, (long long)width);
  memset(out, ' ', HEADER);
  memcpy(out, "\x93NUMPY\x01\x00", 8);
  out[8] = (char)(HEADER - 10);
  out[9] = 0;
  int n = snprintf(out + 10, HEADER - 10, "{'descr': '%s', 'fortran_order': False, 'shape': %s, }", type, shape);
  out[10 + n] = ' ';
  out[HEADER - 1] = '\n';
}

static bool is_little_endian(void) { return *(const char *)&(const int){1} == 1; }

/* Adds an array; takes the bytes, which begin with room for the header. */
static bool add_array(Archive *a, const char *name, const char *type, char *bytes, int64_t rows, int64_t width) {
  char entry[600], described[4] = {is_little_endian() ? '<' : '>', type[0], type[1], 0};
  if (!bytes) return no_memory(a);
  put_npy_header(bytes, described, rows, width);
  zip_source_t *source = zip_source_buffer(a->zip, bytes, HEADER + (zip_uint64_t)(rows * width * 8), 1);
  if (!source) return free(bytes), no_memory(a);
  snprintf(entry, sizeof entry, "%.500s.npy", name);
  const zip_int64_t index = zip_file_add(a->zip, entry, source, ZIP_FL_ENC_UTF_8 | ZIP_FL_OVERWRITE);
  if (index < 0) return zip_source_free(source), rnn_fail(a->error, "E0603", "cannot write %s: %s", a->path, zip_strerror(a->zip));
  zip_file_set_mtime(a->zip, (zip_uint64_t)index, 315532800, 0); /* 1980: the same values give the same bytes */
  return true;
}

static int64_t all_steps(const Series *s) {
  int64_t steps = 0;
  for (int64_t i = 0; i < s->count; i++) steps += s->steps[i];
  return steps;
}

static bool add_values(Archive *a, const Series *s, const char *name) {
  const int64_t rows = all_steps(s);
  char *bytes = malloc(HEADER + (size_t)(rows * s->elements + 1) * sizeof(double));
  size_t at = HEADER;
  for (int64_t i = 0; bytes && i < s->count; i++) {
    const size_t size = (size_t)(s->steps[i] * s->elements) * sizeof(double);
    memcpy(bytes + at, s->value[i], size);
    at += size;
  }
  return add_array(a, name, "f8", bytes, rows, s->elements);
}

static bool add_starts(Archive *a, const Series *s, const char *name) {
  char *bytes = malloc(HEADER + (size_t)(s->count + 1) * sizeof(int64_t));
  int64_t start = 0;
  for (int64_t i = 0; bytes && i < s->count; i++) {
    memcpy(bytes + HEADER + (size_t)i * sizeof start, &start, sizeof start);
    start += s->steps[i];
  }
  return add_array(a, name, "i8", bytes, s->count, 1);
}

static bool same_steps(const Series *a, const Series *b) {
  bool same = a->count == b->count;
  for (int64_t i = 0; same && i < a->count; i++) same = a->steps[i] == b->steps[i];
  return same;
}

/* Starts of the first value that lives on a clock; another one with other lengths (an encoder's, a decoder's) has its own. */
static bool add_all(Archive *a, const Series *const *series, const char *const *names, int count) {
  const Series *leader = NULL;
  for (int i = 0; i < count; i++) {
    char starts[520];
    const bool first = series[i]->stepped && !leader, other = series[i]->stepped && leader && !same_steps(series[i], leader);
    snprintf(starts, sizeof starts, first ? "offset" : "%.500s.offset", names[i]);
    if (!add_values(a, series[i], names[i])) return false;
    if ((first || other) && !add_starts(a, series[i], starts)) return false;
    if (first) leader = series[i];
  }
  return true;
}

bool write_archive(const char *path, const Series *const *series, const char *const *names, int count, RnnError *error) {
  char temporary[4200];
  int reason = 0;
  snprintf(temporary, sizeof temporary, "%s.tmp", path);
  Archive a = {zip_open(temporary, ZIP_CREATE | ZIP_TRUNCATE, &reason), path, error};
  if (!a.zip) return rnn_fail(error, "E0603", "cannot write %s: %s", path, strerror(errno));
  if (!add_all(&a, series, names, count)) return zip_discard(a.zip), false;
  if (zip_close(a.zip)) {
    rnn_fail(error, "E0603", "cannot write %s: %s", path, zip_strerror(a.zip));
    return zip_discard(a.zip), false;
  }
  if (!rename(temporary, path)) return true;
  reason = errno;
  remove(temporary);
  return rnn_fail(error, "E0603", "cannot write %s: %s", path, strerror(reason));
}
