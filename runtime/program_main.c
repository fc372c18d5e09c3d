/* program_main.c — the main() of a native binary; the driver's `train`, `run` and `test` end here too. */
#include "runtime/calls.h"
#include "runtime/clause.h"
#include "runtime/error.h"
#include "runtime/runtime.h"
#include <stdlib.h>
#include <string.h>

enum { EXIT_FINE, EXIT_ERROR, EXIT_USAGE, EXIT_UNEXPECTED };

typedef struct Command {
  const char *word, *name; /* "train", "run", "test"; a run's name */
  RnnOptions options;
  bool help;
} Command;

/* --- help ---------------------------------------------------------------------------------------------------------------------------- */

static int64_t count_params(const cJSON *manifest, bool trained) {
  int64_t count = 0, shape[8];
  int rank;
  const cJSON *param;
  cJSON_ArrayForEach(param, json_item(manifest, "params"))
    if (cJSON_IsTrue(json_item(param, "trained")) == trained) count += json_shape(param, shape, &rank);
  return count;
}

static void list_stages(const cJSON *manifest, const char *kind, FILE *out) {
  const cJSON *stage;
  cJSON_ArrayForEach(stage, json_item(manifest, "stages"))
    if (json_string(stage, "kind") && !strcmp(json_string(stage, "kind"), kind))
      fprintf(out, "  %-5s %s\n", kind, json_string(stage, "name") ? json_string(stage, "name") : "?");
}

static void print_help(const char *program, const char *text, FILE *out) {
  cJSON *manifest = cJSON_Parse(text);
  const char *model = json_string(manifest, "model");
  fprintf(out, "usage: %s train | run [NAME] | test [options]\n\n", program);
  fprintf(out, "%s: %lld trained and %lld fixed parameters, seed %.0f\n", model ? model : "?", (long long)count_params(manifest, true),
          (long long)count_params(manifest, false), json_number(manifest, "seed", 1));
  list_stages(manifest, "train", out);
  list_stages(manifest, "run", out);
  fprintf(out, "\n  --quiet        only what fails\n  --json         one JSON object a line\n"
               "  --weights F    instead of %s.safetensors beside the model\n  --threads N    at most so many (the number of cores); results do not depend on it\n"
               "  --help\n\nexit codes: 0 fine, 1 an error, 2 wrong usage, 3 an expect does not hold\n", model ? model : "MODEL");
  cJSON_Delete(manifest);
}

/* --- the command line ------------------------------------------------------------------------------------------------------------------ */

/* Takes the option at argv[*i], and its value. False: there is no such option, or its value is missing. */
static bool take_option(Command *c, char **argv, int argc, int *i) {
  const char *word = argv[*i];
  if (!strcmp(word, "--quiet")) return c->options.quiet = true;
  if (!strcmp(word, "--json")) return c->options.json = true;
  if (!strcmp(word, "--help") || !strcmp(word, "-h")) return c->help = true;
  if (*i + 1 == argc) return false;
  if (!strcmp(word, "--weights")) return c->options.weights = argv[++*i], true;
  if (!strcmp(word, "--threads")) return (c->options.threads = atoi(argv[++*i])) > 0;
  return false;
}

static bool is_command(const char *word) {
  return !strcmp(word, "train") || !strcmp(word, "run") || !strcmp(word, "test");
}

static bool usage(const char *program, const char *word, const char *what) {
  fprintf(stderr, "%s: `%s` %s; try --help\n", program, word, what);
  return false;
}

static bool parse(Command *c, int argc, char **argv) {
  for (int i = 1; i < argc; i++) {
    const char *word = argv[i];
    if (*word == '-') {
      if (!take_option(c, argv, argc, &i)) return usage(argv[0], word, "is no option, or its value is missing");
    } else if (!c->word && is_command(word)) {
      c->word = word;
    } else if (c->word && !strcmp(c->word, "run") && !c->name) {
      c->name = word;
    } else {
      return usage(argv[0], word, "is not understood");
    }
  }
  return c->word || c->help || usage(argv[0], "train, run or test", "is missing");
}

static int report_error(const RnnError *error) {
  rnn_fail_print(error, stderr);
  return EXIT_ERROR;
}

static int carry_out(const Command *c, RnnProgram *p, RnnError *error) {
  bool expected = true, good;
  if (!strcmp(c->word, "train")) good = rnn_program_train(p, &c->options, error);
  else if (!strcmp(c->word, "run")) good = rnn_program_run(p, c->name, &c->options, &expected, error);
  else good = rnn_program_test(p, &c->options, &expected, error);
  return !good ? report_error(error) : expected ? EXIT_FINE : EXIT_UNEXPECTED;
}

int rnn_program_main(int argc, char **argv, const char *manifest, RnnLookup *lookup, void *context) {
  Command c = {.options = {.out = stdout, .err = stderr}};
  RnnError error = {0};
  rnn_fix_blas_core(argv);
  if (!parse(&c, argc, argv)) return EXIT_USAGE;
  if (c.help) return print_help(argv[0], manifest, stdout), EXIT_FINE;
  RnnProgram *p = rnn_program_load(manifest, lookup, context, &error);
  if (!p) return report_error(&error);
  int code = carry_out(&c, p, &error);
  rnn_program_free(p);
  return code;
}
