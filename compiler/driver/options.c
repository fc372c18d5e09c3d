#include "driver/options.h"
#include "base/diag.h"
#include <stdlib.h>
#include <string.h>

static const char *const emit_names[] = {"", "tokens", "ast", "types", "graph", "grad", "plan", "llvm", "asm", "obj", "exe", "manifest", "memory"};
enum { EMITS = sizeof emit_names / sizeof *emit_names };

const char *emit_name(EmitKind kind) { return emit_names[kind]; }

/* --- flags: one row each ----------------------------------------------------------------------------------------------------- */

typedef bool FlagFunction(Session *s, Options *o, const char *value);

typedef struct Flag {
  const char *name;
  bool takes_value;
  FlagFunction *set;
} Flag;

static bool bad_value(Session *s, const char *flag, const char *value, const char *const *known, int count) {
  Diag *d = diag_error(s, E0802, (Span){0}, "`%s` has no `%s`", flag, value);
  const char *near = did_you_mean(value, known, count);
  if (near) diag_help(d, "did you mean `%s=%s`?", flag, near);
  return false;
}

static bool set_emit(Session *s, Options *o, const char *value) {
  for (int i = 1; i < EMITS; i++)
    if (!strcmp(value, emit_names[i])) {
      o->emit = (EmitKind)i;
      return true;
    }
  return bad_value(s, "--emit", value, emit_names + 1, EMITS - 1);
}

static bool set_threads(Session *s, Options *o, const char *value) {
  char *end;
  long n = strtol(value, &end, 10);
  o->threads = (int)n;
  if (!*end && n >= 1 && n <= 1024) return true;
  diag_error(s, E0802, (Span){0}, "`--threads` wants a whole number from 1, not `%s`", value);
  return false;
}

#define SETTER(name, statement)                                                                                                    \
  static bool set_##name(Session *s, Options *o, const char *value) {                                                              \
    (void)s, (void)o, (void)value;                                                                                                 \
    statement;                                                                                                                     \
    return true;                                                                                                                   \
  }

SETTER(dump_after, o->dump_after = value)
SETTER(time_passes, o->time_passes = true)
SETTER(verify_each, o->verify_each = true)
SETTER(quiet, o->quiet = true)
SETTER(json, o->json = true)
SETTER(double, o->double_precision = true)
SETTER(check, o->check_only = true)
SETTER(stdout, o->to_stdout = true)
SETTER(weights, o->weights = value)
SETTER(output, o->output = value)
SETTER(help, o->help = true)
SETTER(version, o->version = true)
SETTER(all, s->all_errors = true)

static const Flag flags[] = {
    {"--emit", true, set_emit},         {"--dump-after", true, set_dump_after},   {"--time-passes", false, set_time_passes},
    {"--verify-each", false, set_verify_each}, {"--quiet", false, set_quiet},     {"--json", false, set_json},
    {"--double", false, set_double},    {"--check", false, set_check},            {"--stdout", false, set_stdout},
    {"--threads", true, set_threads},   {"--weights", true, set_weights},         {"--output", true, set_output},
    {"-o", true, set_output},           {"--help", false, set_help},              {"-h", false, set_help},
    {"--version", false, set_version}, {"--all", false, set_all},
};
enum { FLAGS = sizeof flags / sizeof *flags };

static bool unknown_flag(Session *s, const char *word) {
  const char *names[FLAGS];
  for (int i = 0; i < FLAGS; i++) names[i] = flags[i].name;
  Diag *d = diag_error(s, E0802, (Span){0}, "there is no option `%s`", word);
  const char *near = did_you_mean(word, names, FLAGS);
  if (near) diag_help(d, "did you mean `%s`?", near);
  else diag_help(d, "`rnn --help` lists them");
  return false;
}

/* Reads flag argv[*i], with its value behind `=` or in the next word. */
static bool read_flag(Session *s, Options *o, int argc, char **argv, int *i) {
  const char *word = argv[*i], *equals = strchr(word, '=');
  size_t length = equals ? (size_t)(equals - word) : strlen(word);
  for (int k = 0; k < FLAGS; k++) {
    if (strlen(flags[k].name) != length || strncmp(word, flags[k].name, length)) continue;
    const char *value = equals ? equals + 1 : NULL;
    if (flags[k].takes_value && !value && *i + 1 < argc) value = argv[++*i];
    if (flags[k].takes_value == (value != NULL)) return flags[k].set(s, o, value);
    diag_error(s, E0802, (Span){0}, flags[k].takes_value ? "`%s` wants a value" : "`%s` takes no value", flags[k].name);
    return false;
  }
  return unknown_flag(s, arena_strndup(s->arena, word, length));
}

/* --- words ------------------------------------------------------------------------------------------------------------------------ */

/* `H=128`: a name, and a value that is no path of an existing file. */
static bool is_override(const char *word) {
  const char *equals = strchr(word, '=');
  if (!equals || equals == word) return false;
  for (const char *c = word; c < equals; c++)
    if (*c == '/' || *c == '.' || *c == ' ') return false;
  return true;
}

static void add_override(Session *s, const char *word) {
  const char *equals = strchr(word, '=');
  Override o = {.name = intern_n(s, word, (size_t)(equals - word)), .value = arena_strdup(s->arena, equals + 1)};
  vec_push(s->arena, s->overrides, o);
}

bool options_read(Session *s, int argc, char **argv, Options *o) {
  *o = (Options){0};
  bool fine = true;
  for (int i = 1; i < argc; i++) {
    if (argv[i][0] == '-' && argv[i][1]) fine &= read_flag(s, o, argc, argv, &i);
    else if ((o->command || o->words.len) && is_override(argv[i])) add_override(s, argv[i]);
    else if (!o->command && o->emit == EMIT_NOTHING) o->command = argv[i];
    else vec_push(s->arena, o->words, argv[i]);
  }
  if (o->emit != EMIT_NOTHING && o->command) { /* `rnn FILE --emit=graph`: no command but the file */
    vec_push(s->arena, o->words, o->command);
    for (int i = o->words.len - 1; i > 0; i--) o->words.at[i] = o->words.at[i - 1];
    o->words.at[0] = o->command;
    o->command = NULL;
  }
  s->verify_each |= o->verify_each;
  s->double_precision |= o->double_precision;
  return fine;
}

RnnOptions options_runtime(const Options *o) {
  return (RnnOptions){.quiet = o->quiet, .json = o->json, .weights = o->weights, .out = stdout, .err = stderr, .threads = o->threads};
}
