/* targets.c — no file that the model reads, and none that is evidently something else, is replaced by what a program writes. */
#include "runtime/targets.h"
#include "runtime/clause.h"
#include "runtime/error.h"
#include "runtime/model.h"
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

/* One file that is about to be written. */
typedef struct Target {
  const char *path, *what; /* what: how the user asked for it */
  int line, stage; /* stage: the line of the one that writes it; 0: none does */
} Target;

/* --- what is there already ------------------------------------------------------------------------------------------------ */

/* By the file itself: links and other ways to write its path are seen through. */
static bool same_file(const char *a, const char *b) {
  struct stat x, y;
  return !stat(a, &x) && !stat(b, &y) && x.st_dev == y.st_dev && x.st_ino == y.st_ino;
}

static bool ends_in(const char *path, const char *ending) {
  const size_t n = strlen(path), m = strlen(ending);
  return n >= m && !strcmp(path + n - m, ending);
}

/* Its first bytes; 0 where there is no such file, or an empty one, or it is no regular file (a pipe, a terminal). */
static size_t beginning(const char *path, char *out, size_t size) {
  struct stat is;
  FILE *file = stat(path, &is) || !S_ISREG(is.st_mode) ? NULL : fopen(path, "rb");
  const size_t n = file ? fread(out, 1, size, file) : 0;
  if (file) fclose(file);
  return n;
}

/* A safetensors file is a length in 8 bytes and then JSON; an archive begins with "PK"; a table is text. */
static const char *const safetensors = "safetensors", *const archive = "PK", *const text = "text";

static bool looks_like(const char *bytes, size_t n, const char *magic) {
  if (!strcmp(magic, text)) return !memchr(bytes, 0, n);
  if (!strcmp(magic, safetensors)) return n > 8 && bytes[8] == '{';
  return n >= strlen(magic) && !memcmp(bytes, magic, strlen(magic));
}

/* --- saying it -------------------------------------------------------------------------------------------------------------- */

static bool refuse(const Target *t, const char *because, RnnError *error) {
  rnn_fail_at(error, t->line, "E0605", "%s would replace %s, %s", t->what, t->path, because);
  rnn_fail_more(error, "\n   = help: name a file of its own for what is written");
  return false;
}

static const char *role_text(const char *what, int line, char *out, size_t size) {
  const char *role = !what ? "which the model reads" : !strcmp(what, "model") ? "the model itself" : !strcmp(what, "use") ? "which the model uses"
                     : !strcmp(what, "vocab") ? "from which a vocabulary is read" : !strcmp(what, "weights") ? "from which a weight is read"
                     : "from which the data are read";
  if (line) snprintf(out, size, "%s in line %d", role, line);
  else snprintf(out, size, "%s", role);
  return out;
}

static bool spares_reads(const Target *t, const cJSON *reads, const char *folder, RnnError *error) {
  const cJSON *entry;
  cJSON_ArrayForEach(entry, reads) {
    char role[128], path[8192];
    const char *file = json_string(entry, "file");
    const int reader = (int)json_number(entry, "stage", 0);
    if (!file || (t->stage && reader > t->stage)) continue; /* what a later stage reads may be made by this one */
    snprintf(path, sizeof path, "%s%s%s", *file == '/' ? "" : folder, *file == '/' ? "" : "/", file);
    if (same_file(t->path, path)) return refuse(t, role_text(json_string(entry, "what"), (int)json_number(entry, "line", 0), role, sizeof role), error);
  }
  return true;
}

static bool is_free(const Target *t, const cJSON *reads, const char *folder, const char *magic, RnnError *error) {
  char bytes[512];
  if (!spares_reads(t, reads, folder, error)) return false;
  if (ends_in(t->path, ".rnn")) return refuse(t, "and what ends in .rnn is a model", error);
  if (magic == safetensors && ends_in(t->path, ".safetensors")) return true; /* only weights are called so: a damaged file may be replaced */
  const size_t n = beginning(t->path, bytes, sizeof bytes);
  return !n || looks_like(bytes, n, magic) || refuse(t, "a file of another kind that is there already", error);
}

bool target_is_free(const char *target, const char *what, const cJSON *reads, const char *folder, const char *magic, RnnError *error) {
  return is_free(&(Target){target, what, 0, 0}, reads, folder, magic, error);
}

/* --- a program's targets ------------------------------------------------------------------------------------------------------ */

static bool check(const RnnProgram *p, const cJSON *stage, const char *file, const char *what, int line, const char *magic, RnnError *error) {
  char path[8192];
  snprintf(path, sizeof path, "%s%s%s", *file == '/' ? "" : p->directory, *file == '/' ? "" : "/", file);
  const Target t = {path, what, line, (int)json_number(stage, "line", 0)};
  if (magic != safetensors && same_file(path, p->weights)) return refuse(&t, "which holds the model's weights", error);
  return is_free(&t, json_item(p->manifest, "reads"), p->directory, magic, error);
}

static bool check_written(const RnnProgram *p, const cJSON *stage, const cJSON *clause, RnnError *error) {
  const cJSON *call;
  for (int i = 0; (call = value_arg(clause, i)); i++) {
    const char *file = cJSON_GetStringValue(value_arg(call, 0));
    char what[1200];
    if (!file || value_is_call(call, "stdout")) continue;
    snprintf(what, sizeof what, "`write %s(\"%.1000s\", …)`", value_called(call), file);
    if (!check(p, stage, file, what, clause_line(clause), value_is_call(call, "npz") ? archive : text, error)) return false;
  }
  return true;
}

/* `save "a.safetensors"` and `log "a.csv"`; a name with {epoch} stands for many files, of which none is there to be read. */
static bool check_kept(const RnnProgram *p, const cJSON *stage, const cJSON *clause, const char *keyword, RnnError *error) {
  const char *file = cJSON_GetStringValue(value_arg(clause, 0));
  char what[1200];
  if (!file || strstr(file, "{epoch}")) return true;
  snprintf(what, sizeof what, "`%s \"%.1000s\"`", keyword, file);
  return check(p, stage, file, what, clause_line(clause), strcmp(keyword, "save") ? text : safetensors, error);
}

bool targets_of_stage(const RnnProgram *p, const cJSON *stage, RnnError *error) {
  static const char *const keywords[] = {"write", "save", "log"};
  for (int i = 0; i < 3; i++)
    for (const cJSON *clause = NULL; (clause = clause_after(stage, keywords[i], clause));)
      if (!(i ? check_kept(p, stage, clause, keywords[i], error) : check_written(p, stage, clause, error))) return rnn_fail_in(error, p->path);
  return true;
}

bool targets_weights(const RnnProgram *p, const RnnOptions *options, RnnError *error) {
  char what[4200];
  snprintf(what, sizeof what, "`--weights %.4000s`", p->weights);
  const Target t = {p->weights, options->weights ? what : "training", 0, 0};
  return is_free(&t, json_item(p->manifest, "reads"), p->directory, safetensors, error);
}
