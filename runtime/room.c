#include "runtime/room.h"
#include "runtime/error.h"
#include <math.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>

static const double small = 1 << 26; /* what is below is not worth asking for */

/* "MemAvailable:   123 kB" of /proc/meminfo, in bytes; 0 where it does not say. */
static double line_of(FILE *file, const char *word) {
  char line[256];
  const size_t n = strlen(word);
  rewind(file);
  while (fgets(line, sizeof line, file))
    if (!strncmp(line, word, n) && line[n] == ':') return 1024 * strtod(line + n + 1, NULL);
  return 0;
}

static double free_memory(void) {
  FILE *file = fopen("/proc/meminfo", "r");
  const double bytes = file ? line_of(file, "MemAvailable") + line_of(file, "SwapFree") : 0;
  if (file) fclose(file);
  return bytes > 0 ? bytes : INFINITY;
}

/* A container's limit, of either version of control groups; "max" is none. */
static double group_limit(const char *path) {
  FILE *file = fopen(path, "r");
  double bytes = 0;
  const int found = file ? fscanf(file, "%lf", &bytes) : 0;
  if (file) fclose(file);
  return found == 1 && bytes > 0 ? bytes : INFINITY;
}

static double process_limit(void) {
  struct rlimit limit;
  return getrlimit(RLIMIT_AS, &limit) || limit.rlim_cur == RLIM_INFINITY ? INFINITY : (double)limit.rlim_cur;
}

double room_bytes(void) {
  const double group = fmin(group_limit("/sys/fs/cgroup/memory.max"), group_limit("/sys/fs/cgroup/memory/memory.limit_in_bytes"));
  return fmin(fmin(free_memory(), group), process_limit());
}

bool room_for(double bytes) { return bytes < small || bytes <= room_bytes(); }

const char *room_text(double bytes, char out[32]) {
  static const char *const units[] = {"KiB", "MiB", "GiB", "TiB", "PiB", "EiB"};
  int unit = 0;
  for (bytes /= 1024; bytes >= 1000 && unit < 5; bytes /= 1024) unit++;
  snprintf(out, 32, bytes < 1e6 ? "%.1f %s" : "%.3g %s", bytes, units[unit]);
  return out;
}

bool room_fail(const char *what, double bytes, const char *file, int line, RnnError *error) {
  char wanted[32], free[32];
  const double room = room_bytes();
  rnn_fail(error, "E0433", "there is no memory for %s: that takes at least %s%s%s%s", what, room_text(bytes, wanted), isinf(room) ? "" : ", and ",
           isinf(room) ? "" : room_text(room, free), isinf(room) ? "" : " are free");
  if (file && line) rnn_fail_place(error, file, line);
  else if (error && !error->line) error->line = line;
  return false;
}

void *room_new(int64_t count, size_t each) {
  const double bytes = (double)count * (double)each;
  void *memory = room_for(bytes) ? malloc(count > 0 ? (size_t)count * each : 1) : NULL;
  if (!memory) room_none(bytes);
  return memory;
}

_Noreturn void room_none(double bytes) {
  RnnError error = {0};
  room_fail("what comes next", bytes, NULL, 0, &error);
  rnn_fail_more(&error, "\nhelp: smaller dims, a smaller `batch`, or shorter sequences (`windows`, `bptt(checkpoint = auto)`)");
  rnn_fail_print(&error, stderr);
  exit(1);
}
