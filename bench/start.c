/* start.c — whole processes, from exec to exit: with the code compiled, and with the code from the cache. */
#include "bench/bench.h"
#include <fcntl.h>
#include <math.h>
#include <spawn.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

extern char **environ;

static const char *const lstm = "use std.cells (LSTM)\n"
                                "net n {\n"
                                "  input x: [2]\n"
                                "  target z: [1] per sequence\n"
                                "  param w: [1, %d] ~ glorot\n"
                                "  h = LSTM[H = %d](x)\n"
                                "  y = w @ h[last]\n"
                                "}\n"
                                "train n {\n"
                                "  data adding(length = %d, sequences = 32)\n"
                                "  loss mse(y, z)\n"
                                "  method bptt\n"
                                "  optimizer adam(lr = 1e-3)\n"
                                "  clip norm(1)\n"
                                "  batch 32\n"
                                "  epochs 1\n"
                                "}\n";
static const char *const step = "use std.cells (LSTM)\n"
                                "net n {\n"
                                "  input x: [1]\n"
                                "  h = LSTM[H = 16](x)\n"
                                "}\n";

typedef struct Process {
  const char *what;
  const char *words[4];  /* after the program; "FILE" is the model */
  const char *text, *typed;
  int hidden, steps;
  bool compiles;
} Process;

static const Process processes[] = {
    {"rnn --version", {"--version"}, "", "", 0, 0, false},
    {"rnn check, an LSTM", {"check", "FILE"}, lstm, "", 64, 100, false},
    {"rnn repl, one step of an LSTM of 16", {"repl", "FILE"}, step, ":step x = 1\n", 0, 0, true},
    {"rnn train, one update of an LSTM of 64", {"train", "FILE", "--quiet"}, lstm, "", 64, 100, true},
};

static void write_file(const char *path, const char *format, int hidden, int steps) {
  FILE *f = fopen(path, "w");
  if (!f) return;
  fprintf(f, format, hidden, hidden, steps); /* a text without numbers leaves them out */
  fclose(f);
}

/* Seconds of one process; NaN where it fails. */
static double once(const Sections *p, const Process *what, const char *model, const char *typed) {
  const char *argv[8] = {p->program};
  for (int i = 0; i < 4 && what->words[i]; i++) argv[i + 1] = strcmp(what->words[i], "FILE") ? what->words[i] : model;
  posix_spawn_file_actions_t files;
  posix_spawn_file_actions_init(&files);
  posix_spawn_file_actions_addopen(&files, 0, typed, O_RDONLY, 0);
  posix_spawn_file_actions_addopen(&files, 1, "/dev/null", O_WRONLY, 0);
  posix_spawn_file_actions_addopen(&files, 2, "/dev/null", O_WRONLY, 0);
  pid_t child;
  int status = 1;
  double begin = bench_seconds();
  bool started = !posix_spawnp(&child, p->program, &files, NULL, (char *const *)argv, environ);
  if (started) waitpid(child, &status, 0);
  double taken = bench_seconds() - begin;
  posix_spawn_file_actions_destroy(&files);
  return started && !status ? taken : NAN;
}

static double median_process(const Sections *p, const Process *what, const char *folder, const char *cache) {
  enum { TIMES = 15 };
  char model[256], typed[256];
  double taken[TIMES];
  snprintf(model, sizeof model, "%s/n.rnn", folder);
  snprintf(typed, sizeof typed, "%s/typed", folder);
  write_file(model, what->text, what->hidden, what->steps);
  write_file(typed, what->typed, 0, 0);
  setenv("RNN_CACHE", cache, 1);
  once(p, what, model, typed); /* files come into memory, code into the cache */
  for (int i = 0; i < TIMES; i++)
    if (isnan(taken[i] = once(p, what, model, typed))) return NAN;
  return median_of(taken, TIMES);
}

static bool row(Bench *b, const Sections *p, const Process *what, const char *folder) {
  char cache[256];
  snprintf(cache, sizeof cache, "%s/cache", folder);
  double cold = median_process(p, what, folder, "off"), warm = what->compiles ? median_process(p, what, folder, cache) : cold;
  setenv("RNN_CACHE", "off", 1);
  if (isnan(cold) || isnan(warm)) return printf("  %-42s failed\n", what->what), false;
  printf("  %-42s %8.1f ms", what->what, 1e3 * cold);
  if (what->compiles) printf(", from the cache %8.1f ms", 1e3 * warm);
  putchar('\n');
  fflush(stdout);
  cJSON *o = cJSON_CreateObject();
  cJSON_AddItemToArray(b->rows, o);
  cJSON_AddStringToObject(o, "section", "start");
  cJSON_AddStringToObject(o, "what", what->what);
  cJSON_AddNumberToObject(o, "seconds", cold);
  if (what->compiles) cJSON_AddNumberToObject(o, "from_cache", warm);
  return true;
}

void section_start(Bench *b, const Sections *p) {
  char folder[] = "/tmp/rnn_bench_XXXXXX", command[64];
  puts("\nwhole processes, from start to end:");
  if (!mkdtemp(folder)) {
    b->failed = true;
    return;
  }
  for (size_t i = 0; i < sizeof processes / sizeof *processes; i++) b->failed |= !row(b, p, &processes[i], folder);
  snprintf(command, sizeof command, "rm -rf '%s'", folder);
  b->failed |= system(command) != 0;
}
