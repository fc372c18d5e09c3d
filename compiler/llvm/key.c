/* key.c — what a unit's machine code depends on, as text: this compiler, LLVM, the machine, the plan. */
#define _GNU_SOURCE /* dl_iterate_phdr */
#include "llvm/emit.h"
#include <elf.h>
#include <link.h>
#include <llvm-c/Core.h>
#include <stdlib.h>
#include <string.h>

/* --- this compiler: the linker's hash over the whole program ----------------------------------------------------------------------- */

typedef struct BuildId {
  const unsigned char *bytes;
  size_t size;
} BuildId;

static size_t padded(size_t n) { return (n + 3) & ~(size_t)3; }

static BuildId find_in_notes(const char *at, size_t size) {
  for (const char *end = at + size; at + sizeof(ElfW(Nhdr)) <= end;) {
    const ElfW(Nhdr) *note = (const void *)at;
    const char *name = at + sizeof *note, *content = name + padded(note->n_namesz);
    if (note->n_type == NT_GNU_BUILD_ID && note->n_namesz == 4 && !memcmp(name, "GNU", 4))
      return (BuildId){(const unsigned char *)content, note->n_descsz};
    at = content + padded(note->n_descsz);
  }
  return (BuildId){0};
}

/* The program itself is the first object; returning 1 ends the walk there. */
static int look_at_program(struct dl_phdr_info *object, size_t size, void *found) {
  (void)size;
  BuildId *id = found;
  for (int i = 0; i < object->dlpi_phnum && !id->size; i++) {
    const ElfW(Phdr) *part = &object->dlpi_phdr[i];
    if (part->p_type == PT_NOTE) *id = find_in_notes((const char *)(object->dlpi_addr + part->p_vaddr), part->p_memsz);
  }
  return 1;
}

/* --- the key -------------------------------------------------------------------------------------------------------------------------- */

static void print_versions(FILE *out, const BuildId *id) {
  unsigned major, minor, patch;
  LLVMGetVersion(&major, &minor, &patch);
  fputs("compiler ", out);
  for (size_t i = 0; i < id->size; i++) fprintf(out, "%02x", id->bytes[i]);
  fprintf(out, "\nllvm %u.%u.%u\nabi %d\n", major, minor, patch, RNN_ABI_VERSION);
}

/* The graph has every attribute and constant; the plan is made of it by this compiler, and is there to be safe. */
char *code_key(const Plan *p, const char *machine, size_t *size) {
  BuildId id = {0};
  dl_iterate_phdr(look_at_program, &id);
  if (!id.size) return NULL;
  char *text = NULL;
  FILE *out = open_memstream(&text, size);
  if (!out) return NULL;
  print_versions(out, &id);
  fprintf(out, "machine %s\n", machine);
  fprintf(out, "symbol %s\nscalar %s\nstep %d, half %d, hasty %d\n", p->symbol, p->is_double ? "f64" : "f32", p->is_step, p->half_weights,
          p->hasty);
  graph_print(p->graph, out);
  plan_print(p, out);
  fclose(out);
  return text;
}
