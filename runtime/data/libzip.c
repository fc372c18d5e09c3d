/* libzip.c — the functions of libzip, found when they are first wanted. */
#include "runtime/data/libzip.h"
#include "runtime/error.h"
#include <dlfcn.h>
#include <pthread.h>

static LibZip found;
static bool is_found;

static void look_it_up(void) {
  void *library = dlopen(LIBZIP_SONAME, RTLD_LAZY | RTLD_LOCAL);
  is_found = library != NULL;
#define FUNCTION(name) is_found = is_found && (*(void **)&found.name = dlsym(library, "zip_" #name));
  LIBZIP_FUNCTIONS(FUNCTION)
#undef FUNCTION
}

const LibZip *libzip(const char *path, const char *code, RnnError *error) {
  static pthread_once_t once = PTHREAD_ONCE_INIT;
  pthread_once(&once, look_it_up);
  if (is_found) return &found;
  rnn_fail(error, code, "%s is an archive (.npz), and the library for those, %s, is not on this machine\nhelp: install libzip", path, LIBZIP_SONAME);
  return NULL;
}
