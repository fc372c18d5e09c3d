/* builtins.c — the table of builtins.def. */
#include "sema/sema.h"

static const Builtin builtins[] = {
#define BUILTIN(name, class, least, most, typer, options) {#name, BUILTIN_##class, least, most, options},
#include "sema/builtins.def"
#undef BUILTIN
};

const Builtin *builtin_find(Name name) {
  for (size_t i = 0; i < sizeof builtins / sizeof *builtins; i++)
    if (!strcmp(builtins[i].name, name)) return &builtins[i];
  return NULL;
}
