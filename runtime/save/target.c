/* target.c — following symbolic links to the file that is to be written. */
#include "runtime/save/target.h"
#include <errno.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

enum { LINKS_MOST = 40 }; /* as Linux itself follows */

/* What the link `from` says: relative to its own folder. */
static char *next_target(const char *from, const char *says) {
  const char *slash = strrchr(from, '/');
  int folder = *says == '/' || !slash ? 0 : (int)(slash - from) + 1;
  size_t size = (size_t)folder + strlen(says) + 1;
  char *to = malloc(size);
  if (to) snprintf(to, size, "%.*s%s", folder, from, says);
  return to;
}

char *write_target(const char *path) {
  char *at = strdup(path), says[PATH_MAX];
  for (int links = 0; at && links < LINKS_MOST; links++) {
    ssize_t length = readlink(at, says, sizeof says - 1);
    if (length < 0) return at; /* no link, or nothing there */
    says[length] = 0;
    char *next = next_target(at, says);
    free(at);
    at = next;
  }
  if (at) errno = ELOOP;
  free(at);
  return NULL;
}
