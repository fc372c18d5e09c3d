#include "runtime/pages.h"
#include <stdint.h>
#include <stdlib.h>
#include <sys/mman.h>

static const size_t large = (size_t)2 << 20; /* x86-64 and the usual ARM64 */

/* Address space that nobody touches costs nothing: enough of it that a large page can begin at the first byte. */
Pages pages_new(size_t bytes) {
  Pages p = {.bytes = bytes < large ? bytes + 1 : bytes + large};
  p.mapped = mmap(NULL, p.bytes, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
  if (p.mapped == MAP_FAILED) abort(); /* out of memory: nothing sensible is left to do */
  p.memory = p.mapped;
  if (bytes < large) return p;
  p.memory += (large - (uintptr_t)p.mapped % large) % large;
  madvise(p.memory, bytes, MADV_HUGEPAGE); /* refused where there are none: then they are small */
  return p;
}

void pages_free(Pages *p) {
  if (p->mapped) munmap(p->mapped, p->bytes);
  *p = (Pages){0};
}
