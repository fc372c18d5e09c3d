/* categories.c — the names behind category("…"): a list a variable. */
#include "runtime/dataset.h"
#include <stdlib.h>
#include <string.h>

int categories_find(const Categories *c, const char *name) {
  for (int i = 0; i < c->count; i++)
    if (strcmp(c->name[i], name) == 0) return i;
  return -1;
}

bool categories_add(Categories *c, const char *name) {
  char **more = realloc(c->name, ((size_t)c->count + 1) * sizeof *more);
  if (!more) return false;
  c->name = more;
  more[c->count] = strdup(name);
  return more[c->count] && ++c->count;
}

bool categories_copy(Categories *to, const Categories *from) {
  for (int i = 0; i < from->count; i++)
    if (!categories_add(to, from->name[i])) return false;
  return true;
}

void categories_free(Categories *list, int variables) {
  for (int v = 0; list && v < variables; v++) {
    for (int i = 0; i < list[v].count; i++) free(list[v].name[i]);
    free(list[v].name);
  }
  free(list);
}
