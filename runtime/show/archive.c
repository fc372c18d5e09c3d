/* archive.c — values of a run as NumPy's archive, an array of doubles for each, in the form in which npz(…) reads them again. What lives on one
 * clock of the data: the steps of all sequences one behind the other, and their starts as `offset`. What lives on several: [sequence, s,
 * t, …], missing behind the ends of the shorter ones, and their lengths as `s.length` and `t.length`. Steps of clocks of fixed length,
 * then the value's own elements, are the dims that follow. */
#include "runtime/data/libzip.h"
#include "runtime/show/show.h"
#include <errno.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

enum { HEADER = 128 }; /* magic, version and dictionary of a .npy file, padded as NumPy pads it */

typedef struct Archive {
  const LibZip *z;
  zip_t *zip;
  const char *path;
  RnnError *error;
} Archive;

static bool no_memory(const Archive *a) { return rnn_fail(a->error, "E0519", "there is not enough memory to write %s", a->path); }

enum { DIMS = RNN_MAX_CLOCKS + 2 };

typedef struct Form {
  int dims;
  int64_t dim[DIMS], numbers; /* of all dims together */
} Form;

static void add_dim(Form *f, int64_t size) {
  f->dim[f->dims++] = size;
  f->numbers *= size;
}

/* "\x93NUMPY", version 1.0, the length of what follows, {'descr': …} and spaces up to a newline. */
static void put_npy_header(char *out, const char *type, const Form *form) {
  char shape[200] = "";
  for (int i = 0, used = 0; i < form->dims; i++)
    used += snprintf(shape + used, sizeof shape - (size_t)used, "%s%lld", i ? ", " : "", (long long)form->dim[i]);
  memset(out, ' ', HEADER);
  memcpy(out, "\x93NUMPY\x01\x00", 8);
  out[8] = (char)(HEADER - 10);
  out[9] = 0;
  int n = snprintf(out + 10, HEADER - 10, "{'descr': '%s', 'fortran_order': False, 'shape': (%s%s), }", type, shape, form->dims == 1 ? "," : "");
  out[10 + n] = ' ';
  out[HEADER - 1] = '\n';
}

static bool is_little_endian(void) { return *(const char *)&(const int){1} == 1; }

/* Adds an array; takes the bytes, which begin with room for the header. */
static bool add_array(Archive *a, const char *name, const char *type, char *bytes, const Form *form) {
  char entry[600], described[4] = {is_little_endian() ? '<' : '>', type[0], type[1], 0};
  if (!bytes) return no_memory(a);
  put_npy_header(bytes, described, form);
  zip_source_t *source = a->z->source_buffer(a->zip, bytes, HEADER + (zip_uint64_t)(form->numbers * 8), 1);
  if (!source) return free(bytes), no_memory(a);
  snprintf(entry, sizeof entry, "%.500s.npy", name);
  const zip_int64_t index = a->z->file_add(a->zip, entry, source, ZIP_FL_ENC_UTF_8 | ZIP_FL_OVERWRITE);
  if (index < 0) return a->z->source_free(source), rnn_fail(a->error, "E0603", "cannot write %s: %s", a->path, a->z->strerror(a->zip));
  a->z->file_set_mtime(a->zip, (zip_uint64_t)index, 315532800, 0); /* 1980: the same values give the same bytes */
  return true;
}

/* --- which form a value has ------------------------------------------------------------------------------------------------- */

/* A clock of fixed length is a dim of each step; one that a value has alone is a clock like any other. */
static bool is_dim(const Series *s, int c) { return s->clocks > 1 && s->fixed[c]; }

static int clocks_of_data(const Series *s) {
  int count = 0;
  for (int c = 0; c < s->clocks; c++) count += !is_dim(s, c);
  return count;
}

/* Rows of a sequence's own, where the steps of all stand one behind the other. */
static int64_t rows_of(const Series *s, int64_t sequence) {
  for (int c = 0; c < s->clocks; c++)
    if (!is_dim(s, c)) return s->length[c][sequence];
  return 1;
}

static int64_t most_steps(const Series *s, int c) {
  int64_t most = 0;
  for (int64_t i = 0; i < s->count; i++) most = s->length[c][i] > most ? s->length[c][i] : most;
  return most;
}

static int64_t all_rows(const Series *s) {
  int64_t rows = 0;
  for (int64_t i = 0; i < s->count; i++) rows += rows_of(s, i);
  return rows;
}

static Form form_of(const Series *s) {
  Form f = {.numbers = 1};
  const bool padded = clocks_of_data(s) > 1;
  add_dim(&f, padded ? s->count : all_rows(s));
  for (int c = 0; padded && c < s->clocks; c++)
    if (!is_dim(s, c)) add_dim(&f, most_steps(s, c));
  for (int c = 0; c < s->clocks; c++)
    if (is_dim(s, c)) add_dim(&f, s->fixed[c]);
  if (s->elements > 1) add_dim(&f, s->elements);
  return f;
}

/* Where place number `place` of a sequence, whose rows begin at `row`, stands in the array, in numbers. */
static int64_t number_in(const Series *s, const Form *form, int64_t sequence, int64_t row, int64_t place) {
  const bool padded = clocks_of_data(s) > 1;
  int64_t at[RNN_MAX_CLOCKS] = {0}, number = padded ? sequence : row;
  int dim = 1;
  series_steps(s, sequence, place, at);
  for (int c = 0; c < s->clocks; c++)
    if (!is_dim(s, c)) number = padded ? number * form->dim[dim++] + at[s->clock[c]] : number + at[s->clock[c]];
  for (int c = 0; c < s->clocks; c++)
    if (is_dim(s, c)) number = number * s->fixed[c] + at[s->clock[c]];
  return number * s->elements;
}

/* --- arrays ---------------------------------------------------------------------------------------------------------------------- */

static bool add_values(Archive *a, const Series *s, const char *name) {
  const Form form = form_of(s);
  char *bytes = malloc(HEADER + (size_t)(form.numbers + 1) * sizeof(double));
  double *out = malloc((size_t)(form.numbers + 1) * sizeof *out);
  for (int64_t i = 0; out && i < form.numbers; i++) out[i] = NAN;
  for (int64_t i = 0, row = 0; out && i < s->count; row += rows_of(s, i++))
    for (int64_t t = 0; t < s->steps[i]; t++)
      memcpy(out + number_in(s, &form, i, row, t), s->value[i] + t * s->elements, (size_t)s->elements * sizeof *out);
  if (bytes && out) memcpy(bytes + HEADER, out, (size_t)form.numbers * sizeof *out); /* the header is no multiple of a double's bytes */
  const bool enough = out != NULL;
  free(out);
  if (!enough) return free(bytes), no_memory(a);
  return add_array(a, name, "f8", bytes, &form);
}

/* A whole number for each sequence. */
static bool add_counts(Archive *a, int64_t sequences, const int64_t *number, const char *name) {
  Form form = {.numbers = 1};
  add_dim(&form, sequences);
  char *bytes = malloc(HEADER + (size_t)(sequences + 1) * sizeof *number);
  if (bytes && sequences) memcpy(bytes + HEADER, number, (size_t)sequences * sizeof *number);
  return add_array(a, name, "i8", bytes, &form);
}

static bool add_starts(Archive *a, const Series *s, const char *name) {
  int64_t *start = malloc((size_t)(s->count + 1) * sizeof *start);
  for (int64_t i = 0, row = 0; start && i < s->count; row += rows_of(s, i++)) start[i] = row;
  const bool fine = start ? add_counts(a, s->count, start, name) : no_memory(a);
  free(start);
  return fine;
}

static bool add_lengths(Archive *a, const Series *s) {
  for (int c = 0; c < s->clocks; c++) {
    char name[520];
    if (is_dim(s, c)) continue;
    snprintf(name, sizeof name, "%.500s.length", s->clock_name[c]);
    if (!add_counts(a, s->count, s->length[c], name)) return false;
  }
  return true;
}

static bool same_rows(const Series *a, const Series *b) {
  bool same = a->count == b->count;
  for (int64_t i = 0; same && i < a->count; i++) same = rows_of(a, i) == rows_of(b, i);
  return same;
}

/* Starts of the first value that lives on one clock; another one with other lengths (an encoder's, a decoder's) has its own. */
static bool add_all(Archive *a, const Series *const *series, const char *const *names, int count) {
  const Series *leader = NULL;
  for (int i = 0; i < count; i++) {
    char starts[520];
    const bool stepped = clocks_of_data(series[i]) == 1, first = stepped && !leader, other = stepped && leader && !same_rows(series[i], leader);
    snprintf(starts, sizeof starts, first ? "offset" : "%.500s.offset", names[i]);
    if (!add_values(a, series[i], names[i])) return false;
    if (clocks_of_data(series[i]) > 1 && !add_lengths(a, series[i])) return false;
    if ((first || other) && !add_starts(a, series[i], starts)) return false;
    if (first) leader = series[i];
  }
  return true;
}

bool write_archive(const char *path, const Series *const *series, const char *const *names, int count, RnnError *error) {
  char temporary[4200];
  int reason = 0;
  snprintf(temporary, sizeof temporary, "%s.tmp", path);
  const LibZip *z = libzip(path, "E0603", error);
  if (!z) return false;
  Archive a = {z, z->open(temporary, ZIP_CREATE | ZIP_TRUNCATE, &reason), path, error};
  if (!a.zip) return rnn_fail(error, "E0603", "cannot write %s: %s", path, strerror(errno));
  if (!add_all(&a, series, names, count)) return z->discard(a.zip), false;
  if (z->close(a.zip)) {
    rnn_fail(error, "E0603", "cannot write %s: %s", path, z->strerror(a.zip));
    return z->discard(a.zip), false;
  }
  if (!rename(temporary, path)) return true;
  reason = errno;
  remove(temporary);
  return rnn_fail(error, "E0603", "cannot write %s: %s", path, strerror(reason));
}
