/* error.h — help for writing messages that people can act on. rnn_fail itself is declared in runtime.h. */
#ifndef RNN_RUNTIME_ERROR_H
#define RNN_RUNTIME_ERROR_H
#include "runtime/runtime.h"
#include <stdio.h>

/* Adds to a message that is already set ("\n   = note: …", "\nhelp: …"); cut where the message is full. */
void rnn_fail_more(RnnError *error, const char *format, ...) __attribute__((format(printf, 2, 3)));
/* Puts "--> file:line" behind the headline of a message that is already set. */
void rnn_fail_place(RnnError *error, const char *file, int line);
/* Where the error knows its line but not its file: puts "--> file:line" there. Returns false. */
bool rnn_fail_in(RnnError *error, const char *file);
/* "error[CODE]: headline", places and notes, then what helps, as the compiler's own errors are printed. */
void rnn_fail_print(const RnnError *error, FILE *out);
void rnn_warn_print(const RnnError *warning, FILE *out); /* the same, as a warning: work goes on */
/* The name nearest to `wrong` within a third of its length, at least 1 (Damerau–Levenshtein), or NULL. */
const char *rnn_nearest(const char *wrong, const char *const *names, int count);
/* Adds "help: did you mean `x`?" where there is a near name, and "note: WHAT: `a`, `b`, …" with all of them. */
void rnn_fail_names(RnnError *error, const char *what, const char *wrong, const char *const *names, int count);
#endif
