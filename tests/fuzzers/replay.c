/* replay.c — a target over the files of a corpus, without libFuzzer: each comes back, in less than a second.
 *
 *   TARGET FOLDER */
#include "fuzzers/target.h"
#include <dirent.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

enum { MOST_BYTES = 1 << 20 };

static double seconds(void) { /* of this program, whatever else the machine does */
  return (double)clock() / CLOCKS_PER_SEC;
}

/* false: there is no such file. */
static bool replay(const char *path, double *took) {
  static uint8_t bytes[MOST_BYTES];
  FILE *file = fopen(path, "rb");
  if (!file) return false;
  size_t size = fread(bytes, 1, sizeof bytes, file);
  fclose(file);
  double began = seconds();
  LLVMFuzzerTestOneInput(bytes, size);
  *took = seconds() - began;
  return true;
}

int main(int argc, char **argv) {
  char path[4096];
  int count = 0, slow = 0;
  double longest = 0, took = 0;
  DIR *folder = argc == 2 ? opendir(argv[1]) : NULL;
  if (!folder) return fprintf(stderr, "usage: %s FOLDER\n", argv[0]), 2;
  for (struct dirent *entry; (entry = readdir(folder));) {
    if (*entry->d_name == '.') continue;
    snprintf(path, sizeof path, "%s/%s", argv[1], entry->d_name);
    printf("%s\n", path); /* the last one is the culprit */
    fflush(stdout);
    if (!replay(path, &took)) return fprintf(stderr, "%s: cannot be read\n", path), 2;
    if (took >= 1) slow++, printf("FAILED: %.2f s\n", took);
    if (took > longest) longest = took;
    count++;
  }
  closedir(folder);
  printf("%d inputs, the slowest %.3f s\n", count, longest);
  return !count || slow;
}
