#include "runtime/pages.h"
#include "runtime/room.h"
#include <stdint.h>
#include <stdlib.h>
#include <sys/mman.h>

static const size_t large = (size_t)2 << 20; /* x86-64 and the usual ARM64 */

/* What is left at the end becomes a large page too, where it is a good part of one: hundreds of small ones would be faults. */
static size_t on_large_pages(size_t bytes) {
  const size_t rest = bytes % large;
  return rest >= large / 2 ? bytes - rest + large : bytes;
}

/* Address space that nobody touches costs nothing: enough of it that a large page can begin at the first byte. */
Pages pages_new(size_t bytes) {
  Pages p = {.bytes = bytes < large ? bytes + 1 : on_large_pages(bytes) + large};
  p.mapped = mmap(NULL, p.bytes, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
  if (p.mapped == MAP_FAILED) room_none((double)bytes);
  p.memory = p.mapped;
  if (bytes < large) return p;
  p.memory += (large - (uintptr_t)p.mapped % large) % large;
  madvise(p.memory, on_large_pages(bytes), MADV_HUGEPAGE); /* refused where there are none: then they are small */
  return p;
}

void pages_free(Pages *p) {
  if (p->mapped) munmap(p->mapped, p->bytes);
  *p = (Pages){0};
}

/* What is rounded up to a large page is never touched, and so costs nothing. */
size_t pages_alignment(size_t bytes) { return bytes < 2 * large ? 64 : large; }

void pages_advise(void *memory, size_t bytes) {
  if (bytes >= 2 * large) madvise(memory, bytes / large * large, MADV_HUGEPAGE);
}
