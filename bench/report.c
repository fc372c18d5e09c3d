/* report.c — a row a case: our time, its share of the peak, every peer's time and how many times ours it is. */
#include "bench/machine.h"
#include <errno.h>
#include <stdlib.h>
#include <string.h>

/* --- beginning ------------------------------------------------------------------------------------------------------------------ */

static const char *text_of(const cJSON *o, const char *key) { return cJSON_GetObjectItem(o, key)->valuestring; }

void report_begin(Bench *b, bool realtime) {
  b->json = machine_describe();
  const cJSON *machine = cJSON_GetObjectItem(b->json, "machine");
  cJSON_AddNumberToObject(b->json, "threads", b->threads);
  cJSON_AddBoolToObject(b->json, "realtime", realtime);
  cJSON_AddNumberToObject(b->json, "rounds", b->effort.rounds);
  printf("%s, %d cores, %s; commit %s%s; %d thread%s%s\n", text_of(machine, "processor"), cJSON_GetObjectItem(machine, "cores")->valueint,
         text_of(machine, "vectors"), text_of(b->json, "commit"), cJSON_IsTrue(cJSON_GetObjectItem(b->json, "changed")) ? " and changes" : "",
         b->threads, b->threads > 1 ? "s" : "", realtime ? ", before all else" : "");
  double peak = peak_gflops(9);
  cJSON_AddNumberToObject(b->json, "peak_gflops", peak);
  printf("peak of one core: %.1f GFLOP/s in single precision; medians of %d rounds, everybody in turn\n", peak, b->effort.rounds);
}

void report_peers(Bench *b) {
  cJSON *list = cJSON_AddArrayToObject(b->json, "peers");
  for (int i = 0; i < PEERS; i++) {
    const Peer *p = &b->peers[i];
    cJSON *o = cJSON_CreateObject();
    cJSON_AddItemToArray(list, o);
    cJSON_AddStringToObject(o, "name", p->name);
    cJSON_AddStringToObject(o, p->missing[0] ? "missing" : "version", p->missing[0] ? p->missing : p->version);
    printf("%-13s %s%s\n", p->name, p->missing[0] ? "missing: " : "", p->missing[0] ? p->missing : p->version);
  }
  printf("%-13s not measured: it is a C++ library without a package\n", "RTNeural");
  fflush(stdout);
  b->rows = cJSON_AddArrayToObject(b->json, "rows");
}

/* Columns are for peers that are here and do such things at all. */
void report_header(Bench *b, const char *title, Task task, bool peers) {
  for (int i = 0; i < PEERS; i++)
    b->column[i] = peers && !b->peers[i].missing[0] && !(task == TASK_TRAIN && !strcmp(b->peers[i].name, "ONNX Runtime")) &&
                   strcmp(b->peers[i].name, "ReservoirPy"); /* it has a section of its own (reservoir.c) */
  printf("\n%s\n%-24s %4s %4s %4s %4s %9s %8s %7s %7s", title, "", "H", "B", "T", "I", task == TASK_STREAM ? "µs" : "ms", "GFLOP/s", "of peak", "±");
  if (b->beside) printf(" %9s", "of LSTM");
  for (int i = 0; i < PEERS; i++)
    if (b->column[i]) printf(" %20s", b->peers[i].name);
  putchar('\n');
  fflush(stdout);
}

/* --- a row ---------------------------------------------------------------------------------------------------------------------- */

static void keep_contender(cJSON *list, const Contender *c, double floating, double peak) {
  cJSON *o = cJSON_CreateObject();
  cJSON_AddItemToArray(list, o);
  cJSON_AddStringToObject(o, "name", c->name);
  cJSON_AddNumberToObject(o, "seconds", c->median);
  cJSON_AddNumberToObject(o, "spread", c->spread);
  cJSON_AddNumberToObject(o, "gflops", floating / c->median * 1e-9);
  cJSON_AddNumberToObject(o, "share_of_peak", floating / c->median * 1e-9 / peak);
  cJSON_AddNumberToObject(o, "times_ours", c->ratio);
  cJSON_AddNumberToObject(o, "peak_mb", c->memory);
}

static cJSON *keep(Bench *b, const char *section, const Case *c, const Contender *all, int count, double peak) {
  cJSON *o = cJSON_CreateObject();
  cJSON_AddItemToArray(b->rows, o);
  cJSON_AddStringToObject(o, "section", section);
  cJSON_AddStringToObject(o, "cell", c->name);
  cJSON_AddStringToObject(o, "task", task_name(c->task));
  cJSON_AddNumberToObject(o, "H", c->hidden);
  cJSON_AddNumberToObject(o, "B", c->batch);
  cJSON_AddNumberToObject(o, "T", c->steps);
  cJSON_AddNumberToObject(o, "I", c->inputs);
  cJSON_AddNumberToObject(o, "flop", case_floating(c));
  cJSON_AddNumberToObject(o, "peak_gflops", peak);
  cJSON *list = cJSON_AddArrayToObject(o, "times");
  for (int i = 0; i < count; i++) keep_contender(list, &all[i], case_floating(c), peak);
  return o;
}

static void print_peer(const Contender *all, int count, const Peer *peer, double unit) {
  for (int i = 1; i < count; i++)
    if (all[i].self == peer) {
      printf(" %9.4g (%6.2f ×)", unit * all[i].median, all[i].ratio);
      return;
    }
  printf(" %22s", "–"); /* three bytes, one column */
}

static void print_row(const Bench *b, const Case *c, const Contender *all, int count, double share, double relative) {
  double unit = c->task == TASK_STREAM ? 1e6 : 1e3;
  printf("%-24s %4d %4d %4d %4d %9.4f %8.1f %6.1f%% %6.1f%%", c->name, c->hidden, c->batch, c->steps, c->inputs, unit * all->median,
         case_floating(c) / all->median * 1e-9, 100 * share, 100 * all->spread);
  if (b->beside) printf(" %8.1f%%", 100 * relative);
  for (int i = 0; i < PEERS; i++)
    if (b->column[i]) print_peer(all, count, &b->peers[i], unit);
  putchar('\n');
  fflush(stdout);
}

static int gather(Bench *b, const Case *c, Ours *ours, Contender *all) {
  char why[128];
  int count = 1;
  all[0] = (Contender){.name = "rnn", .run = ours_run, .self = ours};
  for (int i = 0; i < PEERS; i++)
    if (peer_case(&b->peers[i], c, why)) all[count++] = (Contender){.name = b->peers[i].name, .run = peer_run, .self = &b->peers[i], .pid = b->peers[i].pid};
  if (b->beside) all[count++] = (Contender){.name = "LSTM beside", .run = ours_run, .self = b->beside};
  return count;
}

/* Without those that died on the way. */
static int alive(Contender *all, int count) {
  int kept = 0;
  for (int i = 0; i < count; i++)
    if (all[i].median > 0) all[kept++] = all[i];
  return kept;
}

bool report_case(Bench *b, const char *section, const Case *c, Row *out) {
  Contender all[CONTENDERS];
  double compile;
  Ours *ours = ours_open(c, b->threads, &compile);
  if (!ours) {
    b->failed = true;
    return false;
  }
  int count = gather(b, c, ours, all);
  double peak = measure(all, count, &b->effort) * b->threads;
  count = alive(all, count);
  double share = case_floating(c) / all->median * 1e-9 / peak;
  cJSON *kept = keep(b, section, c, all, count, peak);
  cJSON_AddNumberToObject(kept, "compile_seconds", compile);
  const Contender *last = &all[count - 1];
  double relative = b->beside ? case_floating(c) / b->beside_floating * last->ratio : 1;
  if (b->beside) cJSON_AddNumberToObject(kept, "share_of_lstm", relative);
  print_row(b, c, all, count, share, relative);
  ours_close(ours);
  *out = (Row){.seconds = all->median, .share = share, .compile = compile, .relative = relative};
  for (int i = 0; i < PEERS; i++)
    for (int k = 1; k < count; k++)
      if (all[k].self == &b->peers[i]) out->peer[i] = all[k].median;
  return true;
}

bool report_write(Bench *b, const char *path) {
  FILE *f = fopen(path, "w");
  char *text = cJSON_Print(b->json);
  bool fine = f && fputs(text, f) >= 0 && fputc('\n', f) >= 0;
  if (f) fine &= !fclose(f);
  if (!fine) fprintf(stderr, "bench: %s: %s\n", path, strerror(errno));
  free(text);
  return fine;
}
