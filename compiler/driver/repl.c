/* repl.c — `rnn repl [FILE]`: a prompt to think in. Reads a terminal with line editing, or a pipe without a word of its own. */
#include "driver/repl.h"
#include "base/diag.h"
#include <editline/readline.h>
#include <locale.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

/* --- lines ------------------------------------------------------------------------------------------------------------------------ */

typedef struct Lines {
  bool terminal;
  char *line; /* without its newline */
  size_t room;
} Lines;

static bool read_terminal(Lines *l, bool more) {
  free(l->line);
  l->line = readline(more ? "   … " : "rnn> ");
  if (l->line && *l->line) add_history(l->line);
  if (!l->line) putchar('\n'); /* Ctrl-D */
  return l->line != NULL;
}

/* A line may hold any bytes; it ends at the first zero. */
static bool read_pipe(Lines *l) {
  ssize_t n = getline(&l->line, &l->room, stdin);
  while (n > 0 && strchr("\r\n", l->line[n - 1])) l->line[--n] = 0;
  return n >= 0;
}

static bool next_line(Lines *l, bool more) { return l->terminal ? read_terminal(l, more) : read_pipe(l); }

/* --- one input ---------------------------------------------------------------------------------------------------------------------- */

static bool is_blank(const char *line) {
  line += strspn(line, " \t");
  return !*line || *line == '#';
}

/* What kept values mean may have changed: a param that is declared anew is drawn anew. */
static void forget_params(Repl *r, const Entries *before) {
  for (int i = 0; i < r->program.list.len; i++) {
    const Entry *e = r->program.list.at[i];
    bool old = !e->is_drawn && strcmp(e->kind, "the seed");
    for (int k = 0; k < before->list.len && !old; k++) old = before->list.at[k] == e;
    if (!old && !e->is_drawn) kept_clear(&r->params);
    for (int k = 0; !old && k < e->names.len; k++) kept_forget(&r->params, arena_printf(r->arena, "%s.%s", r->program.net, e->names.at[k]));
  }
}

/* Tried as a whole before it is believed; what it replaces is said only then. */
static void accept(Repl *r, const Source *source, const ReplParse *input) {
  Entries before = r->program, trial = entries_copy(r, &before);
  char *said = NULL;
  size_t size = 0;
  FILE *out = open_memstream(&said, &size);
  entries_add(r, &trial, source, input, out);
  fclose(out);
  if (entries_fit(r, &trial)) {
    fputs(said, stdout);
    r->program = trial;
    forget_params(r, &before);
    repl_forget_code(r);
  }
  free(said);
}

static const char *expression_text(Repl *r, const char *text) {
  size_t n = strlen(text);
  while (n && strchr(" \t\n", text[n - 1])) n--;
  text += strspn(text, " \t\n");
  return arena_strndup(r->arena, text, n);
}

/* True: another line is needed. */
static bool take_input(Repl *r, const char *text) {
  Session *s = repl_session(r);
  int file = source_add(s, "input", text, strlen(text));
  ReplParse input = ast_parse_input(s, file);
  repl_print_diags(r, s);
  if (input.kind == REPL_ITEM || input.kind == REPL_DECL) accept(r, s->sources.at[file], &input);
  if (input.kind == REPL_EXPR) repl_evaluate(r, expression_text(r, text));
  session_free(s);
  return input.kind == REPL_INCOMPLETE;
}

/* --- all of them ------------------------------------------------------------------------------------------------------------------------ */

static char *joined(char *pending, const char *line) {
  size_t old = pending ? strlen(pending) : 0, new = strlen(line);
  char *text = realloc(pending, old + new + 2);
  if (!text) abort();
  memcpy(text + old, line, new);
  memcpy(text + old + new, "\n", 2);
  return text;
}

static void abandon(Repl *r, const char *pending) {
  int length = (int)strcspn(pending, "\n");
  repl_complain(r, E0002, "close its brackets, or end it with a value", "the input that begins `%.*s` has no end", length < 200 ? length : 200, pending);
}

static void take_line(Repl *r, const char *line, char **pending) {
  const char *word = line + strspn(line, " \t");
  if (*word == ':') { /* nothing in the language begins so: whatever was open is given up */
    if (*pending) abandon(r, *pending);
    free(*pending);
    *pending = NULL;
    repl_command(r, word);
    return;
  }
  if (!*pending && is_blank(line)) return;
  *pending = joined(*pending, line);
  if (take_input(r, *pending)) return;
  free(*pending);
  *pending = NULL;
}

static void read_all(Repl *r) {
  Lines lines = {.terminal = isatty(STDIN_FILENO)};
  char *pending = NULL;
  if (lines.terminal) {
    setlocale(LC_CTYPE, "");
    puts("rnn: declarations, equations, :step, :help");
  }
  while (!r->done && next_line(&lines, pending != NULL)) {
    take_line(r, lines.line, &pending);
    fflush(stdout);
  }
  if (pending) abandon(r, pending);
  free(pending);
  free(lines.line);
}

/* --- a file first ----------------------------------------------------------------------------------------------------------------------- */

static const char *beside(Repl *r, const char *path) {
  const char *slash = strrchr(path, '/');
  return slash ? arena_printf(r->arena, "%.*s/session", (int)(slash - path), path) : "session";
}

static bool load(Repl *r, const char *path) {
  Session *s = repl_session(r);
  int file = source_read(s, path);
  Ast *ast = file ? ast_parse(s, file) : NULL;
  bool fine = ast && !ast->broken;
  if (fine) entries_add_file(r, &r->program, s->sources.at[file], ast);
  repl_print_diags(r, s);
  session_free(s);
  r->path = path; /* errors of the file itself are said with its name */
  r->loading = true;
  if (!fine || !entries_fit(r, &r->program)) return false;
  r->loading = false;
  printf("net %s\n", r->program.net);
  repl_read_weights(r, path);
  r->path = beside(r, path);
  return true;
}

/* Errors at a terminal were seen and are done with; a script that feeds a pipe is told by the exit code. */
int command_repl(Session *s, Options *o) {
  Repl r = {.arena = s->arena, .options = o, .outer = s, .program = {.net = "repl"}, .path = "session"};
  if (o->words.len > 1) {
    repl_complain(&r, E0802, NULL, "`rnn repl` takes one file");
    return EXIT_USAGE;
  }
  if (o->words.len && !load(&r, o->words.at[0])) return EXIT_ERROR;
  fflush(stdout);
  read_all(&r);
  repl_forget_code(&r);
  kept_clear(&r.states);
  kept_clear(&r.before);
  kept_clear(&r.inputs);
  kept_clear(&r.params);
  return r.bad && !isatty(STDIN_FILENO) ? EXIT_ERROR : EXIT_FINE;
}
