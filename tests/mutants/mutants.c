/* mutants.c — each wrong program gets exactly one error, on the right line, naming the right thing: at least 95 in 100 of them.
 *
 *   mutants [-v] [SEED]        -v: every one that is not met; RNN_SHARED names the folder of the reference programs */
#include "mutants/mutant.h"
#include <glob.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { LEAST_MUTANTS = 1000, LEAST_PERCENT = 95 };

static const char *const kind_texts[] = {
#define KIND(name, text) text,
#include "mutants/kinds.def"
#undef KIND
};

static const char *const verdict_texts[] = {"", "accepted", "several errors", "another line", "not named"};

typedef struct Tally {
  const char *stdlib;
  uint64_t seed;
  bool verbose;
  int met[MUTANT_KINDS], made[MUTANT_KINDS];
} Tally;

static void show(const Original *o, const Mutant *m, Verdict v, const char *said) {
  const char *cut = m->cut.end > m->cut.begin ? text_of(o, m->cut) : "";
  printf("  %s:%d %s, `%s` → `%s`: %s %s\n", o->path, m->line, kind_texts[m->kind], cut, m->put, verdict_texts[v], said);
}

static void judge_program(Tally *t, const char *path) {
  Original *o = original_read(path, t->stdlib);
  if (!o) return;
  MutantList mutants = {0};
  mutants_make(o, t->seed, &mutants);
  for (int i = 0; i < mutants.len; i++) {
    const Mutant *m = &mutants.at[i];
    const char *said;
    Verdict v = mutant_judge(o, m, t->stdlib, &said);
    t->made[m->kind]++;
    t->met[m->kind] += v == VERDICT_GOOD;
    if (v != VERDICT_GOOD && t->verbose) show(o, m, v, said);
  }
  session_free(o->session);
}

static void judge_folder(Tally *t, const char *pattern) {
  glob_t found;
  if (glob(pattern, 0, NULL, &found)) {
    printf("skipped: there is no %s\n", pattern);
    return;
  }
  for (size_t i = 0; i < found.gl_pathc; i++) judge_program(t, found.gl_pathv[i]);
  globfree(&found);
}

static bool report(const Tally *t) {
  int met = 0, made = 0;
  for (int k = 0; k < MUTANT_KINDS; k++) {
    met += t->met[k], made += t->made[k];
    if (t->made[k]) printf("%-26s %5d of %5d  %5.1f %%\n", kind_texts[k], t->met[k], t->made[k], 100.0 * t->met[k] / t->made[k]);
  }
  printf("%-26s %5d of %5d  %5.1f %%\n", "all", met, made, made ? 100.0 * met / made : 0);
  bool fine = made >= LEAST_MUTANTS && 100.0 * met >= LEAST_PERCENT * (double)made;
  if (!fine) printf("FAILED: wanted %d %% of at least %d\n", LEAST_PERCENT, LEAST_MUTANTS);
  return fine;
}

int main(int argc, char **argv) {
  Tally t = {.stdlib = "stdlib", .seed = 1};
  const char *shared = getenv("RNN_SHARED");
  char pattern[4096];
  for (int i = 1; i < argc; i++)
    if (!strcmp(argv[i], "-v")) t.verbose = true;
    else t.seed = strtoull(argv[i], NULL, 10);
  snprintf(pattern, sizeof pattern, "%s/design/programs/*.rnn", shared ? shared : "../shared");
  judge_folder(&t, pattern);
  judge_folder(&t, "examples/*/*.rnn");
  judge_folder(&t, "stdlib/*.rnn");
  return report(&t) ? 0 : 1;
}
