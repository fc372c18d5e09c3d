/* cache.c — the folder of kept objects.
 *
 * A file: header, key, object. The header's checksum is over both. */
#include "llvm/cache.h"
#include <dirent.h>
#include <fcntl.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

struct CodeCache {
  Session *session;
  const char *folder;
};

typedef struct Header {
  char magic[8];
  uint64_t key_size, size, checksum;
} Header;

static const char magic[8] = "rnncode1", ending[] = ".rnno";
enum { NAME_DIGITS = 16 };
static const int64_t limit = INT64_C(256) << 20;

/* FNV-1a, 64 bits. It names files and finds damage; that the key is the same is seen by comparing. */
static uint64_t hash(uint64_t h, const char *bytes, size_t n) {
  for (size_t i = 0; i < n; i++) h = (h ^ (unsigned char)bytes[i]) * UINT64_C(1099511628211);
  return h;
}
static const uint64_t hash_start = UINT64_C(14695981039346656037);

/* --- which folder ---------------------------------------------------------------------------------------------------------------- */

static const char *wanted_folder(Session *s) {
  const char *own = getenv("RNN_CACHE"), *caches = getenv("XDG_CACHE_HOME"), *home = getenv("HOME");
  if (own && *own) return strcmp(own, "off") ? own : NULL;
  if (caches && *caches == '/') return arena_printf(s->arena, "%s/rnn", caches); /* the XDG specification: others are ignored */
  return home && *home ? arena_printf(s->arena, "%s/.cache/rnn", home) : NULL;
}

static void make_folders(Session *s, const char *folder) {
  char *path = arena_strdup(s->arena, folder);
  for (char *slash = strchr(path + 1, '/'); slash; slash = strchr(slash + 1, '/')) {
    *slash = 0;
    mkdir(path, 0700);
    *slash = '/';
  }
  mkdir(path, 0700);
}

static bool is_ours_alone(const char *folder) {
  struct stat st;
  return !stat(folder, &st) && S_ISDIR(st.st_mode) && st.st_uid == geteuid() && !(st.st_mode & (S_IWGRP | S_IWOTH));
}

CodeCache *cache_open(Session *s) {
  const char *folder = wanted_folder(s);
  if (!folder) return NULL;
  if (access(folder, F_OK)) make_folders(s, folder);
  if (!is_ours_alone(folder)) return NULL;
  CodeCache *c = arena_new_of(s->arena, CodeCache);
  c->session = s;
  c->folder = folder;
  return c;
}

const char *cache_folder(const CodeCache *c) { return c->folder; }

/* --- one file ------------------------------------------------------------------------------------------------------------------------ */

static const char *path_of(const CodeCache *c, const char *key, size_t key_size) {
  return arena_printf(c->session->arena, "%s/%0*" PRIx64 "%s", c->folder, NAME_DIGITS, hash(hash_start, key, key_size), ending);
}

static uint64_t checksum(const char *key, size_t key_size, const char *object, size_t size) {
  return hash(hash(hash_start, key, key_size), object, size);
}

/* The whole file, once its size fits what its header says. */
static char *read_file(int fd, Header *h) {
  struct stat st;
  if (fstat(fd, &st) || read(fd, h, sizeof *h) != (ssize_t)sizeof *h || memcmp(h->magic, magic, sizeof magic)) return NULL;
  const uint64_t rest = (uint64_t)st.st_size - sizeof *h;
  if (h->key_size > rest || h->size != rest - h->key_size) return NULL;
  char *bytes = malloc(rest + 1);
  if (bytes && read(fd, bytes, rest) == (ssize_t)rest) return bytes;
  free(bytes);
  return NULL;
}

char *cache_find(const CodeCache *c, const char *key, size_t key_size, size_t *size) {
  int fd = open(path_of(c, key, key_size), O_RDONLY | O_CLOEXEC);
  if (fd < 0) return NULL;
  Header h;
  char *bytes = read_file(fd, &h);
  bool good = bytes && h.key_size == key_size && !memcmp(bytes, key, key_size) &&
              h.checksum == checksum(key, key_size, bytes + key_size, h.size);
  if (good) futimens(fd, NULL);
  close(fd);
  if (good) {
    *size = h.size;
    memmove(bytes, bytes + key_size, h.size);
    return bytes;
  }
  free(bytes);
  return NULL;
}

static bool write_all(int fd, const void *bytes, size_t n) {
  for (size_t done = 0; done < n;) {
    ssize_t wrote = write(fd, (const char *)bytes + done, n - done);
    if (wrote <= 0) return false;
    done += (size_t)wrote;
  }
  return true;
}

static void trim(const CodeCache *c);

void cache_keep(const CodeCache *c, const char *key, size_t key_size, const char *object, size_t size) {
  Header h = {.key_size = key_size, .size = size, .checksum = checksum(key, key_size, object, size)};
  memcpy(h.magic, magic, sizeof magic);
  char *beside = arena_printf(c->session->arena, "%s/new-XXXXXX%s", c->folder, ending);
  int fd = mkstemps(beside, (int)strlen(ending));
  if (fd < 0) return;
  bool fine = write_all(fd, &h, sizeof h) && write_all(fd, key, key_size) && write_all(fd, object, size);
  fine &= close(fd) == 0;
  if (!fine || rename(beside, path_of(c, key, key_size))) unlink(beside);
  trim(c);
}

/* --- the whole folder ---------------------------------------------------------------------------------------------------------------- */

typedef struct Kept {
  const char *path;
  int64_t bytes;
  struct timespec used;
} Kept;

typedef Vec(Kept) KeptList;

/* Those that this file has written, whole or not; nothing else in the folder is touched. */
static KeptList list(const CodeCache *c) {
  KeptList all = {0};
  DIR *folder = opendir(c->folder);
  for (struct dirent *d; folder && (d = readdir(folder));) {
    const size_t n = strlen(d->d_name), e = strlen(ending);
    if (n < e || strcmp(d->d_name + n - e, ending)) continue;
    struct stat st;
    Kept k = {.path = arena_printf(c->session->arena, "%s/%s", c->folder, d->d_name)};
    if (stat(k.path, &st) || !S_ISREG(st.st_mode)) continue;
    k.bytes = st.st_size;
    k.used = st.st_mtim;
    vec_push(c->session->arena, all, k);
  }
  if (folder) closedir(folder);
  return all;
}

static CacheSize sum(const KeptList *all) {
  CacheSize s = {.files = all->len};
  for (int i = 0; i < all->len; i++) s.bytes += all->at[i].bytes;
  return s;
}

CacheSize cache_size(const CodeCache *c) {
  KeptList all = list(c);
  return sum(&all);
}

CacheSize cache_clear(const CodeCache *c) {
  CacheSize gone = {0};
  KeptList all = list(c);
  for (int i = 0; i < all.len; i++)
    if (!unlink(all.at[i].path)) gone.files++, gone.bytes += all.at[i].bytes;
  return gone;
}

static int by_use(const void *a, const void *b) {
  const struct timespec *x = &((const Kept *)a)->used, *y = &((const Kept *)b)->used;
  if (x->tv_sec != y->tv_sec) return x->tv_sec < y->tv_sec ? -1 : 1;
  return (x->tv_nsec > y->tv_nsec) - (x->tv_nsec < y->tv_nsec);
}

/* Down to three quarters, so that this is done once in a while and not at every start. */
static void trim(const CodeCache *c) {
  KeptList all = list(c);
  int64_t bytes = sum(&all).bytes;
  if (bytes <= limit) return;
  qsort(all.at, (size_t)all.len, sizeof *all.at, by_use);
  for (int i = 0; i < all.len && bytes > limit / 4 * 3; i++)
    if (!unlink(all.at[i].path)) bytes -= all.at[i].bytes;
}
