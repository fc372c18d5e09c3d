/* build.c — `rnn build`: an object file with the model's functions and manifest, linked with the runtime and without LLVM. */
#include "base/diag.h"
#include "driver/commands.h"
#include "runtime/save/target.h"
#include "runtime/targets.h"
#include <errno.h>
#include <limits.h>
#include <spawn.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

extern char **environ;

/* The program stands in the build folder (build/release/rnn, library beside in lib/, stdlib in the checkout) or, installed, in bin/
 * with lib/rnn beside. The folder that has a stdlib/ is taken. */
const char *program_folder(Session *s) {
  const char *home = getenv("RNN_HOME");
  if (home) return arena_strdup(s->arena, home);
  char path[PATH_MAX];
  ssize_t n = readlink("/proc/self/exe", path, sizeof path - 1);
  if (n <= 0) return ".";
  path[n] = 0;
  for (char *slash; (slash = strrchr(path, '/'));) {
    *slash = 0;
    if (access(arena_printf(s->arena, "%s/stdlib", path), F_OK) == 0) return arena_strdup(s->arena, path);
    const char *installed = arena_printf(s->arena, "%s/lib/rnn", path);
    if (access(arena_printf(s->arena, "%s/stdlib", installed), F_OK) == 0) return installed;
  }
  return ".";
}

/* The runtime library beside this program. */
static const char *runtime_library(Session *s) {
  char path[PATH_MAX];
  ssize_t n = readlink("/proc/self/exe", path, sizeof path - 1);
  path[n > 0 ? n : 0] = 0;
  char *slash = strrchr(path, '/');
  if (slash) *slash = 0;
  const char *places[] = {arena_printf(s->arena, "%s/lib/librnn_runtime.a", path),
                          arena_printf(s->arena, "%s/librnn_runtime.a", program_folder(s)),
                          arena_printf(s->arena, "%s/../lib/rnn/librnn_runtime.a", path)};
  for (int i = 0; i < 3; i++)
    if (access(places[i], R_OK) == 0) return places[i];
  diag_error(s, E0803, (Span){0}, "`librnn_runtime.a` is not beside the program (looked for `%s`)", places[0]);
  return NULL;
}

static bool spawn_and_wait(Session *s, char *const *argv) {
  pid_t child;
  int status = 0, why = posix_spawnp(&child, argv[0], NULL, NULL, argv, environ);
  if (why) {
    Diag *d = diag_error(s, E0803, (Span){0}, "cannot start the linker `%s`: %s", argv[0], strerror(why));
    diag_help(d, "install a C compiler (on Debian: apt-get install gcc), or name one in CC");
    return false;
  }
  while (waitpid(child, &status, 0) < 0 && errno == EINTR) continue;
  if (WIFEXITED(status) && WEXITSTATUS(status) == 0) return true;
  diag_error(s, E0803, (Span){0}, "`%s` could not link the program", argv[0]);
  return false;
}

/* A runtime library that was built with sanitizers wants them in the program too; both are built alike. */
#if defined(__SANITIZE_ADDRESS__)
#define LINK_LIKE_THIS "-fsanitize=address,undefined"
#elif defined(__has_feature)
#if __has_feature(address_sanitizer)
#define LINK_LIKE_THIS "-fsanitize=address,undefined"
#endif
#endif
#ifndef LINK_LIKE_THIS
#define LINK_LIKE_THIS "-Wl,--gc-sections"
#endif

static bool link_program(Session *s, const char *object, const char *output) {
  const char *library = runtime_library(s), *compiler = getenv("CC") ? getenv("CC") : "cc";
  if (!library) return false;
  const char *argv[] = {compiler, LINK_LIKE_THIS, object, library, "-Wl,--as-needed", "-o", output, "-llapacke", "-lopenblas", "-lcjson",
                        "-lm", "-lpthread", "-ldl", NULL};
  return spawn_and_wait(s, (char *const *)argv);
}

static const char *default_output(Session *s, const char *path, const char *ending) {
  const char *slash = strrchr(path, '/'), *name = slash ? slash + 1 : path;
  size_t n = strlen(name);
  if (n > 4 && !strcmp(name + n - 4, ".rnn")) n -= 4;
  return arena_printf(s->arena, "%.*s%s", (int)n, name, ending);
}

static bool write_object(Compilation *c, const char *path) {
  Plan **plans = arena_array(c->session->arena, Plan *, c->units.len + 1);
  for (int i = 0; i < c->units.len; i++) plans[i] = c->units.at[i].plan;
  char *manifest = cJSON_PrintUnformatted(c->manifest);
  bool fine = object_write(c->session, plans, c->units.len, manifest, path);
  free(manifest);
  return fine;
}

/* The program finds its data from anywhere: the model's folder is kept as an absolute path. */
static const char *absolute(Session *s, const char *path) {
  char full[PATH_MAX];
  return realpath(path, full) ? arena_strdup(s->arena, full) : path;
}

static bool cannot_write(Session *s, const char *path) {
  diag_error(s, E0603, (Span){0}, "cannot write `%s`: %s", path, strerror(errno));
  return false;
}

/* Linked beside and renamed; a symbolic link stays, what it leads to is replaced. */
static bool write_program(Compilation *c, const char *output) {
  Session *s = c->session;
  char *target = write_target(output);
  if (!target) return cannot_write(s, output);
  const char *object = arena_printf(s->arena, "%s.tmp.o", target), *beside = arena_printf(s->arena, "%s.tmp", target);
  bool fine = write_object(c, object) && link_program(s, object, beside);
  if (fine && rename(beside, target) != 0) fine = cannot_write(s, output);
  remove(object);
  if (!fine) remove(beside);
  free(target);
  return fine;
}

/* Neither the model nor what it reads is replaced, and of what is there only a program or an object. */
static bool may_write(Compilation *c, const char *path, const char *output) {
  Session *s = c->session;
  RnnError error = {0};
  const char *slash = strrchr(path, '/'), *folder = slash ? arena_strndup(s->arena, path, (size_t)(slash - path) + (slash == path)) : ".";
  const char *what = c->options->output ? arena_printf(s->arena, "`-o %s`", output) : "the program";
  if (target_is_free(output, what, cJSON_GetObjectItem(c->manifest, "reads"), folder, "\177ELF", &error)) return true;
  error.message[strcspn(error.message, "\n")] = 0;
  Diag *d = diag_error(s, E0605, (Span){0}, "%s", error.message);
  diag_help(d, "name another file: `rnn build %s -o PROGRAM`", path);
  return false;
}

static bool write_output(Compilation *c, const char *output) {
  const Options *o = c->options;
  const bool fine = o->emit == EMIT_OBJ ? write_object(c, output) : write_program(c, output);
  const char *run = arena_printf(c->session->arena, "%s%s", strchr(output, '/') ? "" : "./", output);
  if (fine && !o->quiet && o->emit == EMIT_OBJ) printf("wrote %s\n", output);
  if (fine && !o->quiet && o->emit != EMIT_OBJ) printf("built %s: %s train, %s run NAME\n", output, run, run);
  return fine;
}

static bool build(Session *s, Options *o, const char *path) {
  Compilation *c = compile_check(s, path, o);
  if (!c || !compile_stages(c, absolute(s, path), stage_is_supported)) return false;
  const char *output = o->output ? o->output : default_output(s, path, o->emit == EMIT_OBJ ? ".o" : "");
  bool fine = may_write(c, path, output) && write_output(c, output);
  compilation_free(c);
  return fine;
}

int command_build(Session *s, Options *o) {
  if (o->words.len != 1) {
    diag_error(s, E0802, (Span){0}, "`rnn build` wants one model: rnn build FILE -o PROGRAM");
    finish(s, o);
    return EXIT_USAGE;
  }
  bool fine = build(s, o, o->words.at[0]);
  int code = finish(s, o);
  return fine ? code : EXIT_ERROR;
}
