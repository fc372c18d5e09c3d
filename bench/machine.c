/* machine.c — what a measurement is worth only together with: the machine, the commit, the versions. */
#include "bench/machine.h"
#include <stdlib.h>
#include <string.h>
#include <sys/utsname.h>
#include <time.h>
#include <unistd.h>

/* What a command prints, its first line; "" without one. */
static void first_line(const char *command, char *out, int size) {
  FILE *f = popen(command, "r");
  out[0] = 0;
  if (f && !fgets(out, size, f)) out[0] = 0;
  if (f) pclose(f);
  out[strcspn(out, "\n")] = 0;
}

/* A line of /proc/cpuinfo, behind its colon. */
static void processor(const char *key, char *out, int size) {
  char line[8192];
  FILE *f = fopen("/proc/cpuinfo", "r");
  out[0] = 0;
  while (f && !out[0] && fgets(line, sizeof line, f))
    if (!strncmp(line, key, strlen(key)) && strchr(line, ':')) snprintf(out, (size_t)size, "%s", strchr(line, ':') + 2);
  if (f) fclose(f);
  out[strcspn(out, "\n")] = 0;
}

static cJSON *machine(void) {
  char model[256], flags[8192];
  struct utsname system;
  cJSON *o = cJSON_CreateObject();
  processor("model name", model, sizeof model);
  processor("flags", flags, sizeof flags);
  uname(&system);
  cJSON_AddStringToObject(o, "processor", model);
  cJSON_AddNumberToObject(o, "cores", (double)sysconf(_SC_NPROCESSORS_ONLN));
  cJSON_AddStringToObject(o, "vectors", strstr(flags, "avx512f") ? "AVX-512" : strstr(flags, "avx2") ? "AVX2" : system.machine);
  cJSON_AddNumberToObject(o, "memory_mb", (double)sysconf(_SC_PHYS_PAGES) * (double)sysconf(_SC_PAGESIZE) / 1048576);
  cJSON_AddStringToObject(o, "system", system.release);
  return o;
}

cJSON *machine_describe(void) {
  char commit[64], changed[256], when[32];
  time_t now = time(NULL);
  cJSON *o = cJSON_CreateObject(), *versions;
  first_line("git rev-parse --short=12 HEAD 2>/dev/null", commit, sizeof commit);
  first_line("git status --porcelain --untracked-files=no 2>/dev/null", changed, sizeof changed);
  strftime(when, sizeof when, "%Y-%m-%dT%H:%M:%SZ", gmtime(&now));
  cJSON_AddStringToObject(o, "when", when);
  cJSON_AddStringToObject(o, "commit", commit);
  cJSON_AddBoolToObject(o, "changed", changed[0] != 0);
  cJSON_AddItemToObject(o, "machine", machine());
  versions = cJSON_AddObjectToObject(o, "versions");
  cJSON_AddStringToObject(versions, "rnn", RNN_VERSION);
  cJSON_AddStringToObject(versions, "llvm", RNN_LLVM);
  cJSON_AddStringToObject(versions, "compiler", __VERSION__);
  return o;
}
