/* letters.h — which characters of Unicode may stand in a name. */
#ifndef RNN_GRAMMAR_LETTERS_H
#define RNN_GRAMMAR_LETTERS_H
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* The code point at the start of valid UTF-8, and its bytes; an invalid byte stands for itself. */
uint32_t letters_decode(const char *text, size_t size, size_t *bytes);
/* Is it a letter, a mark on a letter, or a sub- or superscript digit? */
bool letters_is_letter(uint32_t code_point);
/* How many bytes of the text are letters, digits and `_`. */
size_t letters_prefix(const char *text, size_t size);

#endif
