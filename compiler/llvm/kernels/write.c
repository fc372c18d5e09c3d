/* write.c — a program of the build: `rnn_kernels FILE` writes the object file of kernels.c. */
#include "base/diag.h"
#include "llvm/llvm.h"
#include <stdio.h>

int main(int argc, char **argv) {
  if (argc != 2) return fputs("rnn_kernels FILE\n", stderr), 2;
  Session *s = session_new();
  const bool fine = kernels_write(s, argv[1]);
  diag_print_all(s, stderr, false);
  session_free(s);
  return fine ? 0 : 1;
}
