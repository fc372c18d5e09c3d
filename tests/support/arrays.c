#include "support/arrays.h"
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>
#include <zip.h>

static _Noreturn void give_up(const char *path, const char *what) {
  fprintf(stderr, "%s: %s\n", path, what);
  abort();
}

static Array array_new(Arena *arena, const char *name, int rank, const int64_t *dim) {
  Array a = {.name = arena_strdup(arena, name), .rank = rank, .count = 1};
  for (int d = 0; d < rank; d++) a.count *= a.dim[d] = dim[d];
  a.values = arena_array(arena, double, a.count + 1);
  return a;
}

/* --- .npy: magic, version, length of the header, a Python dict, the numbers --------------------------------------------- */

typedef struct Header {
  char type; /* f or i */
  int size, rank;
  int64_t dim[8];
} Header;

static void read_shape(const char *path, const char *text, Header *h) {
  const char *at = strchr(text, '(');
  if (!at) give_up(path, "no shape");
  for (at++; *at && *at != ')';) {
    char *end;
    const int64_t n = strtoll(at, &end, 10);
    if (end == at) give_up(path, "a shape that is no list of numbers");
    if (h->rank == 8) give_up(path, "too many dims");
    h->dim[h->rank++] = n;
    at = end + strspn(end, ", ");
  }
}

static Header read_header(const char *path, const char *text) {
  Header h = {0};
  const char *type = strstr(text, "'descr': '<"), *shape = strstr(text, "'shape':");
  if (!type || !shape || !strstr(text, "'fortran_order': False")) give_up(path, "not a plain little-endian array");
  h.type = type[11];
  h.size = atoi(type + 12);
  read_shape(path, shape, &h);
  return h;
}

static double number_at(const char *path, const Header *h, const unsigned char *at) {
  if (h->type == 'f' && h->size == 8) {
    double v;
    memcpy(&v, at, sizeof v);
    return v;
  }
  if (h->type == 'f' && h->size == 4) {
    float v;
    memcpy(&v, at, sizeof v);
    return v;
  }
  if (h->type == 'i' && h->size == 4) {
    int32_t v;
    memcpy(&v, at, sizeof v);
    return v;
  }
  if (h->type == 'i' && h->size == 8) {
    int64_t v;
    memcpy(&v, at, sizeof v);
    return (double)v;
  }
  give_up(path, "numbers of a type that is not read");
}

static Array read_npy(Arena *arena, const char *path, const char *name, const unsigned char *bytes, size_t size) {
  if (size < 12 || memcmp(bytes, "\x93NUMPY", 6)) give_up(path, "not a NumPy array");
  const size_t start = bytes[6] == 1 ? 10 : 12;
  const size_t length = bytes[8] | (size_t)bytes[9] << 8 | (bytes[6] == 1 ? 0 : (size_t)bytes[10] << 16);
  if (start + length > size) give_up(path, "a header that does not end");
  const Header h = read_header(path, arena_strndup(arena, (const char *)bytes + start, length));
  Array a = array_new(arena, name, h.rank, h.dim);
  if (start + length + (size_t)(a.count * h.size) > size) give_up(path, "fewer numbers than its shape says");
  for (int64_t i = 0; i < a.count; i++) a.values[i] = number_at(path, &h, bytes + start + length + i * h.size);
  return a;
}

/* --- .npz ---------------------------------------------------------------------------------------------------------------- */

static Array read_member(Arena *arena, zip_t *zip, const char *path, zip_uint64_t i) {
  zip_stat_t about;
  zip_file_t *file = zip_stat_index(zip, i, 0, &about) ? NULL : zip_fopen_index(zip, i, 0);
  if (!file) give_up(path, "a member that does not open");
  unsigned char *bytes = arena_array(arena, unsigned char, about.size + 1);
  if (zip_fread(file, bytes, about.size) != (zip_int64_t)about.size) give_up(path, "a member that ends early");
  zip_fclose(file);
  const size_t length = strlen(about.name), end = length > 4 && !strcmp(about.name + length - 4, ".npy") ? length - 4 : length;
  return read_npy(arena, path, arena_strndup(arena, about.name, end), bytes, about.size);
}

ArraySet arrays_of_npz(Arena *arena, const char *path) {
  ArraySet set = {0};
  zip_t *zip = zip_open(path, ZIP_RDONLY, NULL);
  if (!zip) give_up(path, "not a NumPy archive");
  const zip_int64_t members = zip_get_num_entries(zip, 0);
  for (zip_int64_t i = 0; i < members; i++) vec_push(arena, set.arrays, read_member(arena, zip, path, (zip_uint64_t)i));
  zip_discard(zip);
  return set;
}

/* --- text ------------------------------------------------------------------------------------------------------------------ */

static char *text_of_file(Arena *arena, const char *path) {
  FILE *f = fopen(path, "rb");
  if (!f || fseek(f, 0, SEEK_END)) give_up(path, "does not open");
  const long size = ftell(f);
  char *text = arena_array(arena, char, size + 1);
  rewind(f);
  if (fread(text, 1, (size_t)size, f) != (size_t)size) give_up(path, "does not read");
  fclose(f);
  return text;
}

/* One row a line: [rows, columns]. */
Array array_of_csv(Arena *arena, const char *path) {
  char *at = text_of_file(arena, path);
  Vec(double) numbers = {0};
  int64_t rows = 0;
  while (*at) {
    char *end;
    const double v = strtod(at, &end);
    if (end == at) give_up(path, "not a number");
    vec_push(arena, numbers, v);
    rows += *end == '\n' || !*end;
    at = end + strspn(end, ",\r\n ");
  }
  if (!rows || numbers.len % rows) give_up(path, "rows of different lengths");
  const int64_t dim[] = {rows, numbers.len / rows};
  Array a = array_new(arena, path, 2, dim);
  memcpy(a.values, numbers.at, sizeof *a.values * (size_t)a.count);
  return a;
}

cJSON *json_of_file(Arena *arena, const char *path) {
  cJSON *json = cJSON_Parse(text_of_file(arena, path));
  if (!json) give_up(path, "not JSON");
  return json;
}

static void fill_flat(const char *name, const cJSON *list, Array *a, int64_t *next) {
  const cJSON *item;
  cJSON_ArrayForEach(item, list) {
    if (cJSON_IsArray(item)) fill_flat(name, item, a, next);
    else if (!cJSON_IsNumber(item) || *next == a->count) give_up(name, "not a regular array of numbers");
    else a->values[(*next)++] = item->valuedouble;
  }
}

Array array_of_json(Arena *arena, const char *name, const cJSON *json) {
  const cJSON *shape = cJSON_GetObjectItem(json, "shape"), *data = cJSON_IsArray(json) ? json : json_get(json, "data"), *item;
  int rank = 0;
  int64_t dim[8] = {0}, next = 0;
  if (shape) cJSON_ArrayForEach(item, shape) dim[rank++] = (int64_t)item->valuedouble;
  for (item = data; !shape && cJSON_IsArray(item); item = item->child) dim[rank++] = cJSON_GetArraySize(item);
  Array a = array_new(arena, name, rank, dim);
  fill_flat(name, data, &a, &next);
  if (next != a.count) give_up(name, "fewer numbers than its shape says");
  return a;
}

/* --- finding ----------------------------------------------------------------------------------------------------------------- */

const Array *array_find(const ArraySet *set, const char *name) {
  for (int i = 0; i < set->arrays.len; i++)
    if (!strcmp(set->arrays.at[i].name, name)) return &set->arrays.at[i];
  return NULL;
}

const Array *array_get(const ArraySet *set, const char *name) {
  const Array *a = array_find(set, name);
  if (!a) give_up(name, "no such array");
  return a;
}

const cJSON *json_get(const cJSON *object, const char *name) {
  const cJSON *item = cJSON_GetObjectItemCaseSensitive(object, name);
  if (!item) give_up(name, "no such entry");
  return item;
}

const char *oracle_folder(Arena *arena, const char *name) {
  const char *root = getenv("RNN_ORACLES");
  const char *folder = arena_printf(arena, "%s/%s", root ? root : "../shared/oracles", name);
  if (!access(folder, R_OK)) return folder;
  printf("skipped: there is no %s (RNN_ORACLES names the folder of vectors)\n", folder);
  return NULL;
}
