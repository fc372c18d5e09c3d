/* native_main.c — main() of a native program: an object file that defines rnn_manifest and rnn_symbols, and this library. */
#include "runtime/calls.h"
#include "runtime/runtime.h"
#include <string.h>

static RnnFunction *find_symbol(void *context, const char *name) {
  for (const RnnSymbol *s = context; s->name; s++)
    if (!strcmp(s->name, name)) return s->function;
  return NULL;
}

int main(int argc, char **argv) {
  rnn_fix_blas_core(argv);
  return rnn_program_main(argc, argv, rnn_manifest, find_symbol, (void *)rnn_symbols);
}
