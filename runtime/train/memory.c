/* memory.c — what a training run takes: everything is opened as for training, and counted. Buffers are asked of the system and not
 * touched, so this costs nothing, and what is counted is what training will use. */
#include "runtime/clause.h"
#include "runtime/show/show.h"
#include "runtime/train/train.h"
#include <string.h>

enum { PARTS = 7 };

typedef struct Part {
  const char *name;
  int64_t bytes;
} Part;

static int64_t scalars(int64_t count, bool is_double) { return count * (int64_t)scalar_size(is_double); }

static int64_t slices_bytes(const Slices *s) {
  int64_t bytes = 0;
  for (int i = 0; i < s->most && s->slice[i].unit; i++) bytes += unit_bytes(s->slice[i].unit);
  return bytes;
}

static int64_t optimizer_bytes(const Loop *l) {
  const Optimizer *o = &l->optimizer;
  int64_t bytes = 0;
  for (int i = 0; i < OPTIMIZER_SLOTS; i++)
    if (o->slot[i]) bytes += scalars(o->size, o->is_double);
  return bytes + (l->best_weights ? scalars(o->size, o->is_double) : 0);
}

/* The test part is evaluated when training is over, in the memory of the validation: the larger of the two counts. */
static bool evaluation_bytes(const Loop *l, int64_t *bytes, RnnError *error) {
  Stage *s = l->stage;
  *bytes = slices_bytes(&l->valid.slices);
  if (!s->test_part) return true;
  Evaluation e;
  bool good = evaluation_open(&e, s, s->test_part, s->test_from, EVALUATION_ROWS, error);
  if (good && slices_bytes(&e.slices) > *bytes) *bytes = slices_bytes(&e.slices);
  evaluation_close(&e);
  return good;
}

static int64_t data_bytes(const Dataset *data) { return data ? dataset_bytes(data) : 0; }

static void count(const Loop *l, const Checkpoints *c, int64_t validated, Part *parts) {
  const Stage *s = l->stage;
  const Parameters *p = s->unit->parameters, *values = s->program->values;
  bool own_weights = s->valid && s->valid->parameters != p;
  parts[0] = (Part){"data", data_bytes(s->data) + data_bytes(s->own_validation) + data_bytes(s->own_test)};
  parts[1] = (Part){"params", scalars(values->size, values->is_double) + scalars(p->size, p->is_double) * (own_weights ? 3 : 1)};
  parts[2] = (Part){"gradients", scalars(p->tuned, p->is_double) * l->slices.most};
  parts[3] = (Part){"optimizer", optimizer_bytes(l)};
  parts[4] = (Part){"buffers", slices_bytes(&l->slices)};
  parts[5] = (Part){"checkpoints", c->slices ? checkpoints_bytes(c) : 0};
  parts[6] = (Part){"validation", validated};
}

static void print_json(const Stage *s, const Part *parts, int64_t all) {
  FILE *out = s->options->out;
  fputs("{\"kind\": \"memory\", \"stage\": ", out);
  show_json_string(out, s->name);
  for (int i = 0; i < PARTS; i++) fprintf(out, ", \"%s\": %lld", parts[i].name, (long long)parts[i].bytes);
  fprintf(out, ", \"bytes\": %lld}\n", (long long)all);
}

static void print_plain(const Loop *l, const Part *parts, int64_t all) {
  FILE *out = l->stage->options->out;
  const Slices *s = &l->slices;
  fprintf(out, "%s: %lld sequence%s at once in %d slice%s\n", l->stage->name, (long long)batches_most_rows(l->batches),
          batches_most_rows(l->batches) == 1 ? "" : "s", s->most, s->most == 1 ? "" : "s");
  if (l->piece < l->most_steps) fprintf(out, "  %lld steps, %lld at a time\n", (long long)l->most_steps, (long long)l->piece);
  for (int i = 0; i < PARTS; i++)
    if (parts[i].bytes) fprintf(out, "  %-12s %10.1f MiB\n", parts[i].name, (double)parts[i].bytes / (1 << 20));
  fprintf(out, "  %-12s %10.1f MiB, and the program itself\n", "in all", (double)all / (1 << 20));
}

static bool print(const Loop *l, const Checkpoints *c, RnnError *error) {
  Part parts[PARTS];
  int64_t all = 0, validated;
  if (!evaluation_bytes(l, &validated, error)) return false;
  count(l, c, validated, parts);
  for (int i = 0; i < PARTS; i++) all += parts[i].bytes;
  if (l->stage->options->json) print_json(l->stage, parts, all);
  else print_plain(l, parts, all);
  return true;
}

bool train_memory(Stage *stage, const char *method, const double *option, RnnError *error) {
  if (strcmp(method, "bptt")) {
    if (!stage->options->json) fprintf(stage->options->out, "%s: not predicted for `method %s`, only for bptt\n", stage->name, method);
    return true;
  }
  Loop loop;
  Checkpoints checkpoints = {0};
  const Cut cut = cut_of(stage, option);
  bool good = loop_open(&loop, stage, &cut, error);
  if (good && cut.checkpoint) good = checkpoints_open(&checkpoints, &loop, false, error);
  good = good && print(&loop, &checkpoints, error);
  checkpoints_close(&checkpoints);
  loop_close(&loop);
  return good;
}
