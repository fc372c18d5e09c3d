/* cache.c — `rnn cache`: the folder in which machine code is kept. */
#include "base/diag.h"
#include "driver/commands.h"
#include <string.h>

static void print_size(const char *what, CacheSize size) {
  printf("%s%d unit%s, %.1f MiB\n", what, size.files, size.files == 1 ? "" : "s", (double)size.bytes / (1 << 20));
}

static void print_path(const CodeCache *c) { puts(cache_folder(c)); }
static void print_sizes(const CodeCache *c) { print_size("", cache_size(c)); }
static void clear(const CodeCache *c) { print_size("removed ", cache_clear(c)); }
static void print_all(const CodeCache *c) { print_path(c), print_sizes(c); }

typedef struct Action {
  const char *name;
  void (*act)(const CodeCache *c);
} Action;
static const Action actions[] = {{"path", print_path}, {"size", print_sizes}, {"clear", clear}};
enum { ACTIONS = sizeof actions / sizeof *actions };

static const Action *find_action(Session *s, const Options *o) {
  static const Action all = {"", print_all};
  if (!o->words.len) return &all;
  const char *names[ACTIONS];
  for (int i = 0; i < ACTIONS; i++) {
    names[i] = actions[i].name;
    if (o->words.len == 1 && !strcmp(actions[i].name, o->words.at[0])) return &actions[i];
  }
  Diag *d = diag_error(s, E0802, (Span){0}, "`rnn cache` wants `path`, `size`, `clear` or nothing, not `%s`", o->words.at[o->words.len - 1]);
  const char *near = did_you_mean(o->words.at[0], names, ACTIONS);
  if (near) diag_help(d, "did you mean `rnn cache %s`?", near);
  return NULL;
}

int command_cache(Session *s, Options *o) {
  const Action *action = find_action(s, o);
  if (!action) return finish(s, o), EXIT_USAGE;
  const CodeCache *c = cache_open(s);
  if (!c) puts("no cache: RNN_CACHE is off, or the folder that it names (or ~/.cache/rnn) cannot be used");
  else action->act(c);
  return EXIT_FINE;
}
