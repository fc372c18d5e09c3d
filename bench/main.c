/* main.c — `./dev bench`: our times beside those of every peer that is found here. docs/performance.md says how to read them. */
#include "bench/bench.h"
#include "runtime/calls.h"
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>

static const char *const usage =
    "./dev bench                  a quick table, about a minute\n"
    "            --all            all rows: larger layers, every width of streaming, growth\n"
    "            --only NAMES     some of the sections: train sequence stream kinds cells growth rtrl reservoir compile\n"
    "            --units N        layers of so many units only\n"
    "            --threads N      training on N threads, ours and peers' (1 unless given)\n"
    "            --realtime       before everything else that the machine does; needs root\n"
    "            --peers NAMES    only these: oneDNN PyTorch JAX \"ONNX Runtime\" ReservoirPy; none: nobody\n"
    "            --cells N        so many random cells (20), --seed N: from this one on\n"
    "            --write-cells FOLDER  their models as files\n"
    "            --rounds N       samples of each (7; with --all 15)\n"
    "            --json FILE      all that was measured, with machine, commit, versions\n"
    "            --svg FOLDER     curves of growth\n"
    "            --install-peers  puts them under build/peers\n";

typedef struct Shape {
  int hidden, batch, steps, inputs;
  bool quick;
} Shape;

static const Shape trained[] = {{32, 1, 100, 2, true},    {32, 32, 100, 2, true},   {64, 16, 64, 64, true},     {128, 32, 100, 32, true},
                                {256, 64, 100, 64, true}, {512, 64, 50, 256, false}, {1024, 64, 35, 1024, false}};
static const Shape whole[] = {{8, 1, 256, 1, false},    {16, 1, 256, 1, false},    {32, 1, 256, 32, true},   {64, 1, 256, 64, false},
                              {128, 1, 256, 128, true}, {256, 1, 256, 256, false}, {512, 1, 256, 512, false}};
static const Shape streamed[] = {{8, 1, 1, 1, false},    {16, 1, 1, 1, true},    {32, 1, 1, 32, false},  {64, 1, 1, 64, true},
                                 {128, 1, 1, 128, false}, {256, 1, 1, 256, true}, {512, 1, 1, 512, false}};

#define COUNT(array) ((int)(sizeof(array) / sizeof *(array)))

static void section_layers(Bench *b, const Sections *p, Task task, const char *title, const Shape *shapes, int count) {
  static const char *const cells[] = {"LSTM", "GRU", "tanh"};
  Row row;
  report_header(b, title, task, true);
  for (int s = 0; s < count; s++)
    for (int c = 0; c < (task == TASK_TRAIN ? 3 : 2); c++) {
      if (p->units ? shapes[s].hidden != p->units : !p->all && !shapes[s].quick) continue;
      Case what = case_layer(cells[c], task, shapes[s].hidden, shapes[s].batch, shapes[s].steps, shapes[s].inputs);
      report_case(b, task_name(task), &what, &row);
    }
}

/* Large layers are as slow as their weights come from the third cache: half as many bytes. Peers keep theirs in single precision. */
static void section_half(Bench *b, const Sections *p) {
  Row row;
  for (int s = 0; s < COUNT(streamed); s++) {
    if (streamed[s].hidden < 64 || (!p->all && !streamed[s].quick)) continue;
    Case what = case_layer("LSTM", TASK_STREAM, streamed[s].hidden, 1, 1, streamed[s].inputs);
    what.name = "LSTM, weights as bf16";
    what.half_weights = true;
    report_case(b, "stream", &what, &row);
  }
}

static bool wanted(const Sections *p, const char *name, bool quick) {
  return p->smoke ? false : p->only ? strstr(p->only, name) != NULL : p->all || quick;
}

static void run_sections(Bench *b, const Sections *p) {
  if (p->smoke) section_layers(b, p, TASK_TRAIN, "a training step", trained, 1);
  if (wanted(p, "train", true))
    section_layers(b, p, TASK_TRAIN, "a training step: forward, BPTT, gradients of weights, biases and inputs", trained, COUNT(trained));
  if (wanted(p, "sequence", true)) section_layers(b, p, TASK_SEQUENCE, "a whole sequence forward, batch 1", whole, COUNT(whole));
  if (wanted(p, "stream", true)) {
    section_layers(b, p, TASK_STREAM, "streaming: one step, batch 1, the state kept", streamed, COUNT(streamed));
    section_half(b, p);
  }
  if (wanted(p, "kinds", false)) section_kinds(b);
  if (wanted(p, "cells", true)) section_cells(b, p);
  if (wanted(p, "growth", false)) section_growth(b, p);
  if (wanted(p, "rtrl", false)) section_rtrl(b, p);
  if (wanted(p, "reservoir", false)) section_reservoir(b);
  if (!wanted(p, "compile", true)) return;
  puts("\ncompiling examples/adding/adding.rnn:");
  fflush(stdout);
  b->failed |= !bench_compile("examples/adding/adding.rnn");
  section_start(b, p);
}

static void finish(Bench *b, const char *json) {
  struct rusage used;
  getrusage(RUSAGE_SELF, &used);
  cJSON_AddNumberToObject(b->json, "peak_mb", (double)used.ru_maxrss / 1024);
  printf("\nn ×: so many times our time; of peak: operations of the products only; ±: the middle half of the samples, of the median\n"
         "most memory that was ever resident here: %.0f MB, the compiler and its libraries among it\n", (double)used.ru_maxrss / 1024);
  if (json) b->failed |= !report_write(b, json);
}

typedef struct Arguments {
  const char *json, *peers;
  bool realtime, help;
} Arguments;

static bool read_argument(char **at, Bench *b, Sections *p, Arguments *a) {
  const char *name = at[0], *value = at[1];
  if (!strcmp(name, "--all")) return p->all = true;
  if (!strcmp(name, "--smoke")) return p->smoke = true;
  if (!strcmp(name, "--realtime")) return a->realtime = true;
  if (!strcmp(name, "--help")) return a->help = true;
  if (!value) return false;
  if (!strcmp(name, "--only")) p->only = value;
  else if (!strcmp(name, "--units")) p->units = atoi(value);
  else if (!strcmp(name, "--threads")) b->threads = atoi(value);
  else if (!strcmp(name, "--peers")) a->peers = value;
  else if (!strcmp(name, "--cells")) p->cells = atoi(value);
  else if (!strcmp(name, "--seed")) p->seed = strtoull(value, NULL, 10);
  else if (!strcmp(name, "--rounds")) b->effort.rounds = atoi(value);
  else if (!strcmp(name, "--json")) a->json = value;
  else if (!strcmp(name, "--svg")) p->svg = value;
  else if (!strcmp(name, "--write-cells")) p->write = value;
  else return false;
  return true;
}

static bool read_arguments(char **argv, Bench *b, Sections *p, Arguments *a) {
  for (char **at = argv + 1; *at; at++) {
    bool flag = !strcmp(*at, "--all") || !strcmp(*at, "--smoke") || !strcmp(*at, "--realtime") || !strcmp(*at, "--help");
    if (!read_argument(at, b, p, a)) return fprintf(stderr, "bench: %s: what is that?\n%s", *at, usage), false;
    if (!flag) at++;
  }
  if (b->effort.rounds < 0) b->effort.rounds = p->smoke ? 3 : p->all ? 15 : 7;
  if (b->threads < 1 || b->effort.rounds < 1 || b->effort.rounds > ROUNDS_MOST || p->cells < 1)
    return fprintf(stderr, "bench: threads and cells are 1 or more, rounds 1 to %d\n", ROUNDS_MOST), false;
  return true;
}

int main(int argc, char **argv) {
  (void)argc;
  setenv("RNN_CACHE", "off", 1); /* what is timed is compiled */
  rnn_fix_blas_core(argv);
  Bench b = {.threads = 1, .effort.rounds = -1};
  Sections p = {.cells = 20, .seed = 1};
  Arguments a = {0};
  if (!read_arguments(argv, &b, &p, &a)) return 2;
  if (a.help) return fputs(usage, stdout), 0;
  char program[4096];
  snprintf(program, sizeof program, "%.*srnn", (int)(strrchr(argv[0], '/') ? strrchr(argv[0], '/') - argv[0] + 1 : 0), argv[0]);
  p.program = program;
  b.effort.sample = p.smoke ? 0.001 : p.all ? 0.02 : 0.012;
  bool first = a.realtime && measure_first();
  if (b.threads == 1) measure_on_one_core();
  if (a.realtime && !first) fputs("bench: the kernel does not allow --realtime here; going on without\n", stderr);
  report_begin(&b, first);
  peers_start(b.peers, b.threads, p.smoke && !a.peers ? "none" : a.peers);
  report_peers(&b);
  run_sections(&b, &p);
  finish(&b, a.json);
  peers_stop(b.peers);
  cJSON_Delete(b.json);
  return b.failed;
}
