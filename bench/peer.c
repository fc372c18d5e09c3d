/* peer.c — other implementations, each a process that is asked over pipes; peers/README.md has what is said. */
#define _GNU_SOURCE
#include "bench/bench.h"
#include <fcntl.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

typedef struct Known {
  const char *name, *file; /* a program in build/peers, or a script for Python */
} Known;

static const Known known[PEERS] = {
    {"oneDNN", "build/peers/onednn"},
    {"ONNX Runtime", "bench/peers/with_onnxruntime.py"},
    {"PyTorch", "bench/peers/with_torch.py"},
    {"JAX", "bench/peers/with_jax.py"},
    {"ReservoirPy", "bench/peers/with_reservoirpy.py"},
};

static bool is_script(const Known *k) { return strstr(k->file, ".py") != NULL; }

static const char *python(void) {
  const char *installed = "build/peers/venv/bin/python", *said = getenv("RNN_BENCH_PYTHON");
  return said ? said : !access(installed, X_OK) ? installed : "python3";
}

/* One thread in all the libraries' pools, or as many as asked for. */
static void set_environment(int threads) {
  static const char *const names[] = {"OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS"};
  char count[16], flags[128];
  snprintf(count, sizeof count, "%d", threads);
  for (int i = 0; i < 3; i++) setenv(names[i], count, 1);
  snprintf(flags, sizeof flags, "--xla_cpu_multi_thread_eigen=%s", threads > 1 ? "true" : "false");
  setenv("XLA_FLAGS", flags, 1);
  setenv("JAX_PLATFORMS", "cpu", 1);
}

static void become(const Known *k, int threads, int in, int out) {
  dup2(in, 0);
  dup2(out, 1);
  int log = open("build/peers/log", O_WRONLY | O_CREAT | O_APPEND, 0644);
  if (log >= 0) dup2(log, 2);
  set_environment(threads);
  if (is_script(k)) execlp(python(), python(), "-B", k->file, (char *)NULL);
  else execl(k->file, k->file, (char *)NULL);
  _exit(127);
}

static void start(Peer *p, const Known *k, int threads) {
  int to[2], from[2];
  if (pipe2(to, O_CLOEXEC) || pipe2(from, O_CLOEXEC)) {
    snprintf(p->missing, sizeof p->missing, "no pipe");
    return;
  }
  fflush(NULL);
  p->pid = fork();
  if (!p->pid) become(k, threads, to[0], from[1]);
  close(to[0]);
  close(from[1]);
  p->to = to[1];
  p->said = fdopen(from[0], "r");
}

/* The next line, without its end; false where there is none. */
static bool hear(Peer *p, char *line, int size) {
  if (!p->said || !fgets(line, size, p->said)) return false;
  line[strcspn(line, "\n")] = 0;
  return true;
}

static void give_up(Peer *p, const char *why) {
  snprintf(p->missing, sizeof p->missing, "%s", why);
  if (p->said) fclose(p->said), p->said = NULL;
  if (p->pid > 0) close(p->to), waitpid(p->pid, NULL, 0), p->pid = 0;
}

/* "ready VERSION" or "missing WHY" */
static void greet(Peer *p) {
  char line[256] = "";
  if (p->missing[0]) return;
  if (!hear(p, line, sizeof line)) give_up(p, "it does not start (build/peers/log)");
  else if (!strncmp(line, "ready ", 6)) snprintf(p->version, sizeof p->version, "%.60s", line + 6);
  else give_up(p, strncmp(line, "missing ", 8) ? line : line + 8);
}

void peers_start(Peer *peers, int threads, const char *alone) {
  signal(SIGPIPE, SIG_IGN);
  for (int i = 0; i < PEERS; i++) {
    peers[i] = (Peer){.name = known[i].name};
    if (alone && !strstr(alone, known[i].name)) snprintf(peers[i].missing, sizeof peers[i].missing, "not asked for");
    else if (!is_script(&known[i]) && access(known[i].file, X_OK)) snprintf(peers[i].missing, sizeof peers[i].missing, "dnnl.h is not installed");
    else start(&peers[i], &known[i], threads);
  }
  for (int i = 0; i < PEERS; i++) greet(&peers[i]);
}

static void lose(Peer *p) {
  give_up(p, "it died (build/peers/log)");
  fprintf(stderr, "bench: %s died (build/peers/log); the rest is measured without it\n", p->name);
}

bool peer_case(Peer *p, const Case *c, char why[128]) {
  char line[256];
  snprintf(why, 128, "missing");
  if (p->missing[0]) return false;
  snprintf(why, 128, "has no such cell");
  if (!c->peer) return false;
  dprintf(p->to, "case %s %s %d %d %d %d\n", task_name(c->task), c->peer, c->hidden, c->batch, c->steps, c->inputs);
  if (!hear(p, line, sizeof line)) return lose(p), false;
  snprintf(why, 128, "%.120s", line);
  return !strcmp(line, "ok");
}

double peer_run(void *peer, int64_t calls) {
  Peer *p = peer;
  char line[256];
  if (!p->said) return 0;
  dprintf(p->to, "run %lld\n", (long long)calls);
  if (hear(p, line, sizeof line)) return atof(line);
  lose(p);
  return 0;
}

void peers_stop(Peer *peers) {
  for (int i = 0; i < PEERS; i++)
    if (peers[i].pid > 0) {
      char keep[256];
      snprintf(keep, sizeof keep, "%s", peers[i].missing);
      give_up(&peers[i], keep); /* its input ends, and so does it */
    }
}
