/* keep.c — the clauses `log` and `save` of a stage. */
#include "runtime/train/keep.h"
#include "runtime/clause.h"
#include "runtime/error.h"
#include "runtime/show/log.h"
#include "runtime/train/report.h"
#include <errno.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

/* Weights at every so many epochs, at each that is the best so far, or (neither) when the stage is trained. */
typedef struct Saving {
  char path[8192]; /* may hold {epoch} */
  int64_t every;   /* 0: not by number */
  bool best, failed;
} Saving;

enum { FIELDS_MOST = 64, FIELDS_FIRST = 5 }; /* epoch, loss, validation, gradient_norm, rate; then what is reported; then seconds */

struct Keep {
  Saving *saving;
  Log *log;
  int savings, logs;
  LogField field[FIELDS_MOST];
  int fields;
};

static void path_of(const Stage *s, const char *name, char *out, size_t size) {
  snprintf(out, size, "%s%s%s", *name == '/' ? "" : s->program->directory, *name == '/' ? "" : "/", name);
}

/* --- save: what the clauses say --------------------------------------------------------------------------------------------- */

/* `save best` and `save every 5 epochs` name a file after the model. */
static Saving read_saving(const Stage *s, const cJSON *clause) {
  Saving saving = {.every = (int64_t)clause_number(modifier_of(clause, "every"), 0)};
  const char *file = cJSON_GetStringValue(value_arg(clause, 0)), *word = value_called(value_arg(clause, 0));
  char named[1200];
  saving.best = modifier_of(clause, "best") || (word && !strcmp(word, "best"));
  snprintf(named, sizeof named, saving.best ? "%.1000s-best.safetensors" : "%.1000s-{epoch}.safetensors", s->program->model);
  path_of(s, file ? file : named, saving.path, sizeof saving.path);
  return saving;
}

static bool can_write(const Saving *saving, RnnError *error) {
  char folder[8192];
  snprintf(folder, sizeof folder, "%s", saving->path);
  char *slash = strrchr(folder, '/');
  if (slash) slash[slash == folder] = 0;
  return !access(slash ? folder : ".", W_OK) ||
         rnn_fail(error, "E0603", "cannot write the weights file %s: %s%s", saving->path, strerror(errno), errno == ENOENT ? "\nhelp: make its folder first" : "");
}

/* NAME.safetensors holds what the whole training has made, or what it was before. */
static bool is_its_own(const Stage *s, const Saving *saving, RnnError *error) {
  char weights[8192];
  if (!saving->every && !saving->best) return true;
  snprintf(weights, sizeof weights, "%s", s->program->weights);
  if (strcmp(weights, saving->path)) return true;
  return rnn_fail(error, "E0404", "`save` would keep checkpoints in %s, where the trained weights go\nhelp: give them a file of their own: "
                  "`save \"%s-{epoch}.safetensors\" every 5 epochs`", weights, s->program->model);
}

static bool open_savings(Stage *s, RnnError *error) {
  for (const cJSON *clause = NULL; (clause = clause_after(s->json, "save", clause));) {
    Saving *saving = &s->keep->saving[s->keep->savings++];
    *saving = read_saving(s, clause);
    if (!is_its_own(s, saving, error) || !can_write(saving, error)) return error->line = clause_line(clause), false;
  }
  return true;
}

/* --- log: what the clauses say ---------------------------------------------------------------------------------------------- */

static void add_field(void *context, const char *name, double value) {
  Keep *k = context;
  if (k->fields < FIELDS_MOST) k->field[k->fields++] = (LogField){name, value, false};
}

static void name_fields(const Stage *s) {
  static const char *const first[FIELDS_FIRST] = {"epoch", "loss", "validation", "gradient_norm", "rate"};
  for (int i = 0; i < FIELDS_FIRST; i++) add_field(s->keep, first[i], NAN);
  s->keep->field[0].whole = true;
  report_names(s, add_field, s->keep);
  add_field(s->keep, "seconds", NAN);
}

static bool open_logs(Stage *s, RnnError *error) {
  Keep *k = s->keep;
  char path[8192];
  name_fields(s);
  for (const cJSON *clause = NULL; (clause = clause_after(s->json, "log", clause));) {
    const char *file = cJSON_GetStringValue(value_arg(clause, 0));
    path_of(s, file ? file : "", path, sizeof path);
    if (!log_open(&k->log[k->logs++], path, k->field, k->fields, error)) return error->line = clause_line(clause), false;
  }
  return true;
}

/* --- opening ---------------------------------------------------------------------------------------------------------------- */

static int count_of(const Stage *s, const char *keyword) {
  int n = 0;
  for (const cJSON *clause = NULL; (clause = clause_after(s->json, keyword, clause));) n++;
  return n;
}

bool keep_open(Stage *s, RnnError *error) {
  const int savings = count_of(s, "save"), logs = count_of(s, "log");
  if (!savings && !logs) return true;
  s->keep = calloc(1, sizeof *s->keep);
  s->keep->saving = calloc((size_t)savings + 1, sizeof *s->keep->saving);
  s->keep->log = calloc((size_t)logs + 1, sizeof *s->keep->log);
  return open_savings(s, error) && open_logs(s, error);
}

void keep_close(Stage *s) {
  Keep *k = s->keep;
  if (!k) return;
  for (int i = 0; i < k->logs; i++) {
    log_close(&k->log[i]);
    free(k->log[i].path);
  }
  free(k->log);
  free(k->saving);
  free(k);
  s->keep = NULL;
}

/* --- an epoch --------------------------------------------------------------------------------------------------------------- */

/* Hours of training are worth more than a line of the log. */
static void warn(const Stage *s, const char *path, const char *why) {
  fprintf(s->options->err, "warning: %s: %s; training goes on without it\n", path, why);
}

/* runs/adding-{epoch}.safetensors → runs/adding-5.safetensors */
static void name_epoch(const char *path, int64_t epoch, char *out, size_t size) {
  const char *at = strstr(path, "{epoch}");
  if (at) snprintf(out, size, "%.*s%lld%s", (int)(at - path), path, (long long)epoch, at + strlen("{epoch}"));
  else snprintf(out, size, "%s", path);
}

static void save_epoch(Stage *s, Saving *saving, int64_t epoch, bool best) {
  char path[8300];
  RnnError failure = {0};
  if (saving->failed || !(saving->best ? best : saving->every && epoch % saving->every == 0)) return;
  name_epoch(saving->path, epoch, path, sizeof path);
  if (program_save_weights(s->program, path, s->unit->parameters, s->unit->is_double, &failure)) return;
  failure.message[strcspn(failure.message, "\n")] = 0;
  warn(s, path, failure.message);
  saving->failed = true;
}

static bool fill_fields(Stage *s, const EpochRecord *e, double seconds, RnnError *error) {
  Keep *k = s->keep;
  ReportPart part = report_part(s, e->loss, e->validation);
  part.others = true;
  const double first[FIELDS_FIRST] = {(double)e->epoch + 1, e->loss, e->validation, e->gradient_norm, e->rate};
  for (int i = 0; i < FIELDS_FIRST; i++) k->field[i].value = first[i];
  k->fields = FIELDS_FIRST;
  if (!report_each(s, &part, add_field, k, error)) return false;
  return add_field(k, "seconds", seconds), true;
}

bool keep_epoch(Stage *s, const EpochRecord *e, double seconds, bool best, RnnError *error) {
  Keep *k = s->keep;
  if (!k) return true;
  for (int i = 0; i < k->savings; i++) save_epoch(s, &k->saving[i], e->epoch + 1, best);
  if (k->logs && !fill_fields(s, e, seconds, error)) return false;
  for (int i = 0; i < k->logs; i++)
    if (!log_line(&k->log[i], k->field, k->fields)) warn(s, k->log[i].path, strerror(errno));
  return true;
}

bool keep_trained(Stage *s, RnnError *error) {
  const Keep *k = s->keep;
  for (int i = 0; k && i < k->savings; i++)
    if (!k->saving[i].every && !k->saving[i].best &&
        !program_save_weights(s->program, k->saving[i].path, s->program->values, s->unit->is_double, error))
      return false;
  return true;
}
