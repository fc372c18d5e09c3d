/* schedule.c — the learning rate over a stage, as a factor on `lr`. */
#include "runtime/optim/optim.h"
#include "runtime/clause.h"
#include "runtime/error.h"
#include <math.h>
#include <string.h>

static const double pi = 3.14159265358979323846;

/* Where we are: the same for every schedule. */
typedef struct Moment {
  double update, updates, epoch, reduced;
} Moment;

static double constant_factor(const double *option, const Moment *m) {
  (void)m;
  return option[0];
}

/* Half a cosine from 1 to `final` (Loshchilov and Hutter, 2017, equation 5, one period), after a linear rise over `warmup` updates. */
static double cosine_factor(const double *option, const Moment *m) {
  double final = option[0], warmup = option[1];
  if (m->update < warmup) return (m->update + 1) / warmup;
  double length = m->updates - warmup, share = length > 0 ? (m->update - warmup) / length : 1;
  return final + (1 - final) * 0.5 * (1 + cos(pi * fmin(share, 1)));
}

/* Times `factor` after each `every` epochs. */
static double step_factor(const double *option, const Moment *m) {
  return pow(option[1], floor(m->epoch / fmax(option[0], 1)));
}

/* A linear rise to 1 over the first `updates` updates. */
static double warmup_factor(const double *option, const Moment *m) {
  return fmin(1, (m->update + 1) / fmax(option[0], 1));
}

/* Times `factor` whenever the loss has not improved for `patience` epochs; not below `smallest`. */
static double plateau_factor(const double *option, const Moment *m) {
  return fmax(m->reduced, option[2]);
}

typedef struct ScheduleRow {
  const char *name;
  int options;
  OptionRow option[SCHEDULE_OPTIONS];
  double (*factor)(const double *option, const Moment *m);
} ScheduleRow;

#define SCHEDULE(name, ...) {#name, (int)(sizeof((OptionRow[]){__VA_ARGS__}) / sizeof(OptionRow)), {__VA_ARGS__}, name##_factor},
static const ScheduleRow schedules[] = {
#include "runtime/optim/schedules.def"
};
#undef SCHEDULE
enum { SCHEDULES = sizeof schedules / sizeof *schedules };

static bool unknown_schedule(const char *name, int line, RnnError *error) {
  const char *names[SCHEDULES];
  for (int i = 0; i < SCHEDULES; i++) names[i] = schedules[i].name;
  rnn_fail_at(error, line, "E0402", "`%s` is not a schedule here", name);
  rnn_fail_names(error, "schedules", name, names, SCHEDULES);
  return false;
}

static bool add(Schedule *s, const cJSON *value, int line, RnnError *error) {
  const char *name = value_called(value);
  int kind = 0;
  while (kind < SCHEDULES && (!name || strcmp(schedules[kind].name, name))) kind++;
  if (kind == SCHEDULES) return unknown_schedule(name ? name : "?", line, error);
  if (s->count == SCHEDULES_MOST) return rnn_fail_at(error, line, "E0404", "more than %d schedules", SCHEDULES_MOST);
  s->kind[s->count] = kind;
  s->reduced[s->count] = 1;
  s->best[s->count] = INFINITY;
  return value_options(value, schedules[kind].option, schedules[kind].options, s->option[s->count++], line, error);
}

bool schedule_init(Schedule *s, const cJSON *clause, RnnError *error) {
  *s = (Schedule){0};
  const cJSON *value;
  for (int i = 0; (value = value_arg(clause, i)); i++)
    if (!add(s, value, clause_line(clause), error)) return false;
  return true;
}

double schedule_factor(const Schedule *s, int64_t update, int64_t updates, int64_t epoch) {
  double factor = 1;
  for (int i = 0; i < s->count; i++) {
    const Moment m = {(double)update, (double)updates, (double)epoch, s->reduced[i]};
    factor *= schedules[s->kind[i]].factor(s->option[i], &m);
  }
  return factor;
}

void schedule_epoch(Schedule *s, double loss) {
  for (int i = 0; i < s->count; i++) {
    if (loss < s->best[i]) {
      s->best[i] = loss;
      s->waited[i] = 0;
    } else if (++s->waited[i] >= s->option[i][0] && !strcmp(schedules[s->kind[i]].name, "plateau")) {
      s->reduced[i] *= s->option[i][1];
      s->waited[i] = 0;
    }
  }
}
