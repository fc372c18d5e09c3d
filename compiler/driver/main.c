/* main.c — the only place that prints diagnostics and ends the program. */
#include "base/diag.h"
#include "driver/commands.h"
#include "runtime/calls.h"
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <unistd.h>

typedef int CommandFunction(Session *s, Options *o);

typedef struct Command {
  const char *name, *arguments, *help;
  CommandFunction *run;
} Command;

static const Command commands[] = {
#define COMMAND(name, arguments, help) {#name, arguments, help, command_##name},
#include "driver/commands.def"
#undef COMMAND
};
enum { COMMANDS = sizeof commands / sizeof *commands };

static void print_help(FILE *out) {
  fputs("rnn: a language and a compiler for networks with memory\n\n", out);
  for (int i = 0; i < COMMANDS; i++) {
    fprintf(out, "  rnn %s %s\n", commands[i].name, commands[i].arguments);
    fprintf(out, "      %s\n", commands[i].help);
  }
  fputs("  rnn --emit=tokens|ast|types|graph|grad|plan|llvm|asm|obj|exe|manifest|memory FILE\n"
        "      prints what the compiler makes of a model on the way\n\n"
        "options: --quiet --json --weights FILE --threads N --double --dump-after=PASS --time-passes --verify-each --all --version\n"
        "dims, constants and the seed of the file are overridden by NAME=value: rnn train f.rnn H=128 seed=3\n"
        "compiled code is kept in ~/.cache/rnn; RNN_CACHE=FOLDER: elsewhere, RNN_CACHE=off: nowhere\n",
        out);
}

static const Command *find_command(const char *name) {
  for (int i = 0; i < COMMANDS; i++)
    if (!strcmp(commands[i].name, name)) return &commands[i];
  return NULL;
}

static int unknown_command(Session *s, const Options *o) {
  const char *names[COMMANDS];
  for (int i = 0; i < COMMANDS; i++) names[i] = commands[i].name;
  Diag *d = diag_error(s, E0802, (Span){0}, "there is no command `%s`", o->command);
  const char *near = did_you_mean(o->command, names, COMMANDS);
  if (near) diag_help(d, "did you mean `rnn %s`?", near);
  else if (strstr(o->command, ".rnn")) diag_help(d, "`rnn test %s` trains it and runs it; `rnn --help` lists the others", o->command);
  else diag_help(d, "`rnn --help` lists them");
  finish(s, o);
  return EXIT_USAGE;
}

int finish(Session *s, const Options *o) {
  bool colour = isatty(STDERR_FILENO) && !getenv("NO_COLOR");
  if (o->json) diag_print_json(s, stdout);
  else diag_print_all(s, stderr, colour);
  return s->errors ? EXIT_ERROR : EXIT_FINE;
}

static int run(Session *s, int argc, char **argv) {
  Options o;
  if (!options_read(s, argc, argv, &o)) {
    finish(s, &o);
    return EXIT_USAGE;
  }
  s->stdlib = arena_printf(s->arena, "%s/stdlib", program_folder(s));
  if (o.version) return puts("rnn 0.1.0"), EXIT_FINE;
  if (o.help || (!o.command && o.emit == EMIT_NOTHING)) return print_help(o.help ? stdout : stderr), o.help ? EXIT_FINE : EXIT_USAGE;
  if (!o.command) return command_emit(s, &o);
  const Command *c = find_command(o.command);
  return c ? c->run(s, &o) : unknown_command(s, &o);
}

/* Equations that need each other in a long row are walked inside each other. The kernel lets the stack grow to the limit of the
 * moment; beyond that, lowering says so (E0003). */
static void raise_stack(void) {
  const rlim_t wanted = 64u << 20;
  struct rlimit limit;
  if (getrlimit(RLIMIT_STACK, &limit) || limit.rlim_cur == RLIM_INFINITY || limit.rlim_cur >= wanted) return;
  limit.rlim_cur = limit.rlim_max == RLIM_INFINITY || limit.rlim_max > wanted ? wanted : limit.rlim_max;
  setrlimit(RLIMIT_STACK, &limit);
}

/* OpenBLAS starts its threads before main() and lets them spin, though the runtime never uses them (runtime/calls.c). Where it is linked into
 * the program it reads the environment after this, and what is started from here finds it as it was. */
static bool threads_named;
__attribute__((constructor(101))) static void want_one_blas_thread(void) {
  threads_named = getenv("OPENBLAS_NUM_THREADS");
  if (!threads_named) setenv("OPENBLAS_NUM_THREADS", "1", 1);
}

int main(int argc, char **argv) {
  if (!threads_named) unsetenv("OPENBLAS_NUM_THREADS");
  rnn_fix_blas_core(argv);
  raise_stack();
  Session *s = session_new();
  int code = run(s, argc, argv);
  session_free(s);
  return code;
}
