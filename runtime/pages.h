/* pages.h — a large piece of memory, on large pages where the system has them: a training step walks all its buffers several times, and
 * each 4 KiB page costs a fault at its first touch and an entry of the TLB ever after. */
#ifndef RNN_RUNTIME_PAGES_H
#define RNN_RUNTIME_PAGES_H
#include <stddef.h>

typedef struct Pages {
  char *memory; /* zeros, aligned to 64 bytes at least */
  void *mapped;
  size_t bytes; /* of `mapped` */
} Pages;

/* Out of memory ends the program. */
Pages pages_new(size_t bytes);
void pages_free(Pages *p);
/* For other memory of so many bytes: where it should begin, and that large pages are wanted for what it holds of such. */
size_t pages_alignment(size_t bytes);
void pages_advise(void *memory, size_t bytes);

#endif
