/* npy.c — NumPy's array format (numpy.lib.format, versions 1 to 3): a magic, a header that is a Python dict, then the numbers. */
#include "runtime/data/data.h"
#include <math.h>
#include <stdlib.h>
#include <string.h>

typedef struct NpyHeader {
  char kind;      /* b bool, i, u, f */
  int bytes;      /* of one number */
  bool swapped;   /* stored big-endian */
  size_t start;   /* of the numbers */
} NpyHeader;

static bool bad(const char *path, const char *what, RnnError *error) {
  return rnn_fail(error, "E0514", "%s: %s", path, what);
}

/* --- one number ---------------------------------------------------------------------------------------------------------- */

/* IEEE 754 binary16. */
static double half(uint16_t h) {
  int exponent = h >> 10 & 31, fraction = h & 1023;
  double magnitude = exponent == 31 ? (fraction ? NAN : INFINITY)
                     : exponent ? ldexp(1024 + fraction, exponent - 25)
                                : ldexp(fraction, -24);
  return h >> 15 ? -magnitude : magnitude;
}

static double as_float(uint64_t bits, int bytes) {
  float single;
  double twice;
  uint32_t low = (uint32_t)bits;
  if (bytes == 2) return half((uint16_t)bits);
  if (bytes == 4) return memcpy(&single, &low, 4), (double)single;
  return memcpy(&twice, &bits, 8), twice;
}

static double as_signed(uint64_t bits, int bytes) {
  int unused = 64 - 8 * bytes;
  return (double)((int64_t)(bits << unused) >> unused);
}

static double decode(const unsigned char *at, const NpyHeader *h) {
  uint64_t bits = 0;
  for (int i = 0; i < h->bytes; i++) bits |= (uint64_t)at[h->swapped ? h->bytes - 1 - i : i] << 8 * i;
  if (h->kind == 'f') return as_float(bits, h->bytes);
  return h->kind == 'i' ? as_signed(bits, h->bytes) : (double)bits;
}

/* --- the header -------------------------------------------------------------------------------------------------------- */

static const char *after_key(const char *dict, const char *key) {
  const char *at = strstr(dict, key);
  if (!at) return NULL;
  at += strlen(key);
  while (*at == ' ' || *at == ':') at++;
  return at;
}

static bool known_size(char kind, int bytes) {
  switch (kind) {
  case 'b': return bytes == 1;
  case 'i': case 'u': return bytes == 1 || bytes == 2 || bytes == 4 || bytes == 8;
  case 'f': return bytes == 2 || bytes == 4 || bytes == 8;
  default: return false;
  }
}

static bool parse_descr(const char *path, const char *dict, NpyHeader *h, RnnError *error) {
  const char *at = after_key(dict, "'descr'");
  char order = 0;
  if (!at || sscanf(at, "'%c%c%d'", &order, &h->kind, &h->bytes) != 3) return bad(path, "the array's descr cannot be read (structured arrays are not)", error);
  h->swapped = order == '>';
  if (known_size(h->kind, h->bytes)) return true;
  return rnn_fail(error, "E0514", "%s: arrays of type %c%d are not read\n   = note: bool, int, uint and float of 16, 32 and 64 bits are", path, h->kind, h->bytes);
}

static bool parse_shape(const char *path, const char *dict, Npy *out, RnnError *error) {
  const char *at = after_key(dict, "'shape'");
  if (!at || *at++ != '(') return bad(path, "the array's shape cannot be read", error);
  for (out->rank = 0; *at && *at != ')';) {
    char *end;
    long long size = strtoll(at, &end, 10);
    if (end == at || size < 0 || out->rank == 8) return bad(path, "the array's shape cannot be read", error);
    out->shape[out->rank++] = size;
    for (at = end; *at == ',' || *at == ' ' || *at == 'L';) at++;
  }
  return true;
}

static bool parse_header(const char *path, const unsigned char *bytes, size_t size, NpyHeader *h, Npy *out, RnnError *error) {
  if (size < 12 || memcmp(bytes, "\x93NUMPY", 6) != 0) return bad(path, "is not a NumPy array", error);
  size_t prefix = bytes[6] == 1 ? 10 : 12, length = bytes[8] | (size_t)bytes[9] << 8;
  if (prefix == 12) length |= (size_t)bytes[10] << 16 | (size_t)bytes[11] << 24;
  if (length > size - prefix) return bad(path, "is cut short", error);
  char *dict = strndup((const char *)bytes + prefix, length);
  if (!dict) return no_memory(error);
  h->start = prefix + length;
  const char *order = after_key(dict, "'fortran_order'");
  bool fine = parse_descr(path, dict, h, error) && parse_shape(path, dict, out, error);
  if (fine && order && *order == 'T' && out->rank > 1) fine = bad(path, "is in Fortran order; save it with np.ascontiguousarray", error);
  free(dict);
  return fine;
}

bool npy_parse(const char *path, const unsigned char *bytes, size_t size, Npy *out, RnnError *error) {
  NpyHeader h = {0};
  *out = (Npy){0};
  if (!parse_header(path, bytes, size, &h, out, error)) return false;
  int64_t elements = 1;
  bool large = false;
  for (int i = 0; i < out->rank; i++) large |= __builtin_mul_overflow(elements, out->shape[i], &elements);
  if (large || elements > (int64_t)((size - h.start) / (size_t)h.bytes)) return bad(path, "is cut short: its shape needs more numbers than there are", error);
  out->value = malloc(((size_t)elements + 1) * sizeof *out->value);
  if (!out->value) return no_memory(error);
  for (int64_t i = 0; i < elements; i++) out->value[i] = decode(bytes + h.start + (size_t)(i * h.bytes), &h);
  return true;
}

bool npy_read(const char *path, Npy *out, RnnError *error) {
  size_t size = 0;
  char *bytes = file_read(path, &size, error);
  bool fine = bytes && npy_parse(path, (const unsigned char *)bytes, size, out, error);
  free(bytes);
  return fine;
}
