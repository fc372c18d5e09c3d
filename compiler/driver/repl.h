/* repl.h — the parts of `rnn repl`.
 *
 *   repl.c           reads inputs, several lines where a bracket is open, and says what each one is
 *   repl_program.c   the program so far, as text: entries that inputs add and replace
 *   repl_compile.c   from the program's text to a checked tree, a graph and machine code; one Session each time
 *   repl_commands.c  :step, :train and the others: one function a row of repl_commands.def
 *   repl_values.c    what outlives a compilation, by name: states, params, the last inputs (the runtime's side)
 *
 * An input is accepted only when the whole program with it can be compiled, so what is kept is never wrong; it may be incomplete: a
 * state without its equation is an error when a step needs it. */
#ifndef RNN_DRIVER_REPL_H
#define RNN_DRIVER_REPL_H
#include "driver/commands.h"
#include "driver/repl_values.h"

/* One declaration of the program, or one item of its net. */
typedef struct Entry {
  bool in_net, is_stage, is_drawn, is_equation, wants_equation;
  Vec(const char *) names; /* what it defines */
  const char *kind;        /* "an equation", "a param", for saying what was replaced */
  const char *text;
  const char *type;         /* of what wants an equation, as text; NULL: it says none */
  const char *const *alone; /* [names] the same entry with this name only; NULL: it cannot be split */
} Entry;

typedef struct Entries {
  Vec(const Entry *) list;
  const char *net; /* the net that items belong to */
} Entries;

typedef struct Repl {
  Arena *arena;     /* of all that stays */
  Options *options;
  Session *outer;   /* the command line's: overrides, the library's folder */
  Entries program;
  const char *path; /* of the program's text: beside the file that was loaded */
  struct Work *step; /* compiled for :step; NULL: to be made anew */
  Kept states, before, inputs, params; /* before: the states that the last step began with */
  int64_t steps;    /* taken since the last reset */
  bool done, bad;   /* bad: an input had an error, which matters for the exit code of a pipe */
  bool loading;     /* a file: its warnings are shown */
} Repl;

/* --- repl_program.c ------------------------------------------------------------------------------------------------------- */

/* Adds what was parsed from `source` to the entries, replacing older definitions; `said` gets a line for each of them. */
void entries_add(Repl *r, Entries *e, const Source *source, const ReplParse *input, FILE *said);
/* A whole file: its first net becomes the net of the prompt. */
void entries_add_file(Repl *r, Entries *e, const Source *source, const Ast *ast);
Entries entries_copy(Repl *r, const Entries *e);
/* The program as text; `extra` is one more line in the net (NULL: none). `fill`: what lacks its equation is 0. */
char *entries_text(const Entries *e, const char *extra, bool fill);
/* The first name that lacks its equation; NULL. */
const char *entries_lacking(const Entries *e);
bool entries_define(const Entries *e, const char *name);

/* --- repl_compile.c --------------------------------------------------------------------------------------------------------- */

/* One compilation of the program. */
typedef struct Work {
  Session *session;
  Options options;
  Compilation *compilation;
  const Symbol *net;
  Plan *plan;
  Jit *jit;
  cJSON *unit, *params, *clocks, *manifest;
  RnnUnit *bound;
} Work;

/* Parses and checks. NULL after printing the errors. */
Work *work_check(Repl *r, const Entries *e, const char *extra, bool fill, EmitKind emit);
/* Numbers the params and plans the step with all outputs, or with `only` this one. False after printing the errors. */
bool work_plan(Repl *r, Work *w, const char *only);
/* Machine code, bound to memory; params as kept or drawn anew. False after printing the errors. */
bool work_bind(Repl *r, Work *w);
void work_free(Work *w);
/* Can the program with these entries be compiled? Prints the errors if not. */
bool entries_fit(Repl *r, const Entries *e);

/* --- repl_commands.c --------------------------------------------------------------------------------------------------------- */

/* A line that begins with `:`. */
void repl_command(Repl *r, const char *line);
void repl_evaluate(Repl *r, const char *expression);
void repl_forget_code(Repl *r); /* the program has changed */
void repl_read_weights(Repl *r, const char *path);
/* Prints an error that has no place in the program. `help` may be NULL. */
void repl_complain(Repl *r, DiagCode code, const char *help, const char *format, ...) __attribute__((format(printf, 4, 5)));
/* Prints what a session has collected. */
void repl_print_diags(Repl *r, Session *s);
Session *repl_session(Repl *r); /* a new one, set up as the command line says */

#endif
