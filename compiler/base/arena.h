/* arena.h — memory that goes as a whole.
 *
 * Everything the compiler builds lives in the Session's arena and is freed with it; passes never free.
 * Every block is zeroed and aligned to 16 bytes, so a fresh struct is valid without an initialiser. */
#ifndef RNN_BASE_ARENA_H
#define RNN_BASE_ARENA_H
#include <stdarg.h>
#include <stddef.h>

typedef struct Arena Arena;

Arena *arena_new(void);
void arena_free(Arena *a);
void *arena_alloc(Arena *a, size_t size); /* never NULL: out of memory ends the program with a message */
char *arena_strndup(Arena *a, const char *s, size_t n);
char *arena_strdup(Arena *a, const char *s);
char *arena_printf(Arena *a, const char *format, ...) __attribute__((format(printf, 2, 3)));
char *arena_vprintf(Arena *a, const char *format, va_list args);

#define arena_new_of(a, T) ((T *)arena_alloc((a), sizeof(T)))
#define arena_array(a, T, n) ((T *)arena_alloc((a), sizeof(T) * (size_t)(n)))

#endif
