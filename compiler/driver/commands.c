#include "driver/commands.h"
#include "ast/ast.h"
#include "base/diag.h"
#include "runtime/error.h"
#include "runtime/save/target.h"
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

/* --- what the commands share ---------------------------------------------------------------------------------------------- */

static int usage(Session *s, const Options *o, const char *wants) {
  diag_error(s, E0802, (Span){0}, "`rnn %s` wants %s", o->command ? o->command : "--emit", wants);
  finish(s, o);
  return EXIT_USAGE;
}

/* The first word is a model, and so is what is called like one; a stage may have the name of some other file (`rnn build` makes one). */
static bool is_file(const Options *o, int i) {
  const char *word = o->words.at[i];
  size_t n = strlen(word);
  return !i || !strcmp(word, "-") || (n > 4 && !strcmp(word + n - 4, ".rnn"));
}

/* Was this stage asked for by its name or its net's? No names: all are. */
static bool named(const Compilation *c, const Decl *stage) {
  const Options *o = c->options;
  bool any = false;
  for (int i = 0; i < o->words.len; i++) {
    if (is_file(o, i)) continue;
    any = true;
    if (!strcmp(o->words.at[i], stage->name) || !strcmp(o->words.at[i], stage->net)) return true;
  }
  return !any;
}

static bool wanted_train(const Compilation *c, const Decl *stage) { return stage->kind == DECL_TRAIN && named(c, stage); }
static bool wanted_run(const Compilation *c, const Decl *stage) { return stage->kind == DECL_RUN && named(c, stage); }
static bool wanted_test(const Compilation *c, const Decl *stage) { return named(c, stage); }

static void diagnose_names(Compilation *c, StageFilter *wanted, const char *what) {
  const char *names[64];
  int n = 0;
  for (int i = 0; i < c->program->stages.len && n < 64; i++) names[n++] = c->program->stages.at[i]->name;
  for (int i = 0; i < c->options->words.len; i++) {
    const char *word = c->options->words.at[i];
    if (is_file(c->options, i)) continue;
    bool known = false;
    for (int k = 0; k < c->program->stages.len; k++) {
      const Decl *d = c->program->stages.at[k];
      known |= (!strcmp(d->name, word) || !strcmp(d->net, word)) && wanted(c, d);
    }
    if (known) continue;
    Diag *d = diag_error(c->session, E0804, (Span){0}, "the model has no `%s` to %s", word, what);
    const char *near = did_you_mean(word, names, n);
    if (near) diag_help(d, "did you mean `%s`?", near);
    for (int k = 0; k < c->program->stages.len; k++) {
      const Decl *stage = c->program->stages.at[k];
      diag_note(d, "%s %s%s%s", stage->kind == DECL_TRAIN ? "train" : "run", stage->net, stage->name != stage->net ? " as " : "",
                stage->name != stage->net ? stage->name : "");
    }
  }
}

static bool any_runs(const Compilation *c, StageFilter *wanted) {
  for (int i = 0; i < c->program->stages.len; i++)
    if (wanted(c, c->program->stages.at[i]) && stage_is_supported(c, c->program->stages.at[i])) return true;
  return false;
}

/* A stage that is understood but cannot run yet is an error when it is asked to run; of others nothing is said. */
static void refuse_unsupported(Compilation *c, StageFilter *wanted) {
  for (int i = 0; i < c->program->unsupported.len; i++) {
    const Unsupported *u = &c->program->unsupported.at[i];
    if (u->stage && !wanted(c, u->stage)) {
      diag_drop(u->warning);
      continue;
    }
    diag_raise(u->warning);
    if (u->stage && any_runs(c, wanted)) diag_help(u->warning, "the other stages can run: rnn %s FILE STAGE", c->options->command ? c->options->command : "test");
  }
}

static Compilation *prepare(Session *s, Options *o, const char *path, StageFilter *wanted, const char *what) {
  Compilation *c = compile_check(s, path, o);
  if (!c) return NULL;
  diagnose_names(c, wanted, what);
  refuse_unsupported(c, wanted);
  if (s->errors || !compile_stages(c, path, wanted)) return NULL;
  return c;
}

static void print_runtime_error(const Options *o, const RnnError *error) {
  if (!o->json) {
    rnn_fail_print(error, stderr);
    return;
  }
  cJSON *j = cJSON_CreateObject();
  cJSON_AddStringToObject(j, "severity", "error");
  cJSON_AddStringToObject(j, "code", error->code);
  cJSON_AddStringToObject(j, "message", error->message);
  char *text = cJSON_PrintUnformatted(j);
  puts(text);
  free(text);
  cJSON_Delete(j);
}

/* Loads the manifest into the runtime and does `action` with it. */
typedef bool ProgramAction(RnnProgram *p, const Options *o, const RnnOptions *r, bool *expected, RnnError *error);

static int with_program(Compilation *c, ProgramAction *action) {
  RnnError error = {0};
  RnnOptions r = options_runtime(c->options);
  bool expected = true;
  char *text = cJSON_PrintUnformatted(c->manifest);
  RnnProgram *p = rnn_program_load(text, compile_lookup, c, &error);
  bool fine = p && action(p, c->options, &r, &expected, &error);
  if (!fine && *error.code) print_runtime_error(c->options, &error);
  rnn_program_free(p);
  free(text);
  if (!fine) return EXIT_ERROR;
  return expected ? EXIT_FINE : EXIT_EXPECT;
}

static int act(Session *s, Options *o, const char *path, StageFilter *wanted, const char *what, ProgramAction *action) {
  Compilation *c = prepare(s, o, path, wanted, what);
  int code = finish(s, o);
  if (c && code == EXIT_FINE) code = with_program(c, action);
  compilation_free(c);
  return code;
}

/* --- check, train, run, test -------------------------------------------------------------------------------------------------- */

/* A net that no stage uses is lowered all the same: its loops and histories are looked at there. */
static void check_unused_nets(Compilation *c) {
  for (int i = 0; c->model && i < c->program->nets.len; i++) {
    bool used = false;
    for (int k = 0; k < c->program->stages.len; k++) used |= c->program->stages.at[k]->net == c->program->nets.at[i]->name;
    if (!used) compile_step(c, c->program->nets.at[i]);
  }
}

int command_check(Session *s, Options *o) {
  if (!o->words.len) return usage(s, o, "a model: rnn check FILE");
  s->warn_unused = true;
  for (int i = 0; i < o->words.len; i++) {
    Compilation *c = compile_check(s, o->words.at[i], o);
    bool whole = c && !c->program->unsupported.len;
    if (c) c->only_checks = true;
    if (c) compile_stages(c, o->words.at[i], whole ? NULL : stage_is_supported);
    if (c) check_unused_nets(c);
    compilation_free(c);
  }
  int code = finish(s, o);
  if (code == EXIT_FINE && !o->quiet && !o->json) printf("%d model%s checked, no errors\n", o->words.len, o->words.len > 1 ? "s" : "");
  return code;
}

static bool do_train(RnnProgram *p, const Options *o, const RnnOptions *r, bool *expected, RnnError *error) {
  (void)o, (void)expected;
  return rnn_program_train(p, r, error);
}

int command_train(Session *s, Options *o) {
  if (!o->words.len) return usage(s, o, "a model: rnn train FILE");
  return act(s, o, o->words.at[0], wanted_train, "train", do_train);
}

static bool do_run(RnnProgram *p, const Options *o, const RnnOptions *r, bool *expected, RnnError *error) {
  return rnn_program_run(p, o->words.len > 1 ? o->words.at[1] : NULL, r, expected, error);
}

int command_run(Session *s, Options *o) {
  if (!o->words.len) return usage(s, o, "a model: rnn run FILE [RUN]");
  return act(s, o, o->words.at[0], wanted_run, "run", do_run);
}

static bool do_test(RnnProgram *p, const Options *o, const RnnOptions *r, bool *expected, RnnError *error) {
  (void)o;
  return rnn_program_test(p, r, expected, error);
}

int command_test(Session *s, Options *o) {
  int worst = EXIT_FINE, files = 0;
  for (int i = 0; i < o->words.len; i++) {
    if (!is_file(o, i)) continue;
    files++;
    int code = act(s, o, o->words.at[i], wanted_test, "test", do_test);
    if (code > worst) worst = code;
  }
  return files ? worst : usage(s, o, "a model: rnn test FILE");
}

/* --- fmt ---------------------------------------------------------------------------------------------------------------------------- */

static char *formatted(Session *s, Ast *ast, size_t *size) {
  char *text = NULL;
  FILE *out = open_memstream(&text, size);
  ast_format(s, ast, out);
  fclose(out);
  return text;
}

static bool write_beside(const char *beside, const char *text, size_t size) {
  FILE *f = fopen(beside, "wb");
  bool fine = f && fwrite(text, 1, size, f) == size && fflush(f) == 0 && fsync(fileno(f)) == 0;
  if (f) fine &= fclose(f) == 0;
  return fine;
}

/* Written beside and renamed: a crash leaves the old file whole. */
static bool replace_file(Session *s, const char *path, const char *text, size_t size) {
  char *target = write_target(path);
  const char *beside = arena_printf(s->arena, "%s.tmp", target ? target : path);
  bool fine = target && write_beside(beside, text, size) && rename(beside, target) == 0;
  if (!fine) diag_error(s, E0603, (Span){0}, "cannot write `%s`: %s", path, strerror(errno));
  if (!fine && target) remove(beside);
  free(target);
  return fine;
}

/* Says which file it has changed; `*rewrites` where it was to. */
static int format_file(Session *s, const Options *o, const char *path, bool *rewrites) {
  int file = source_read(s, path);
  Ast *ast = file ? ast_parse(s, file) : NULL;
  if (!ast || ast->broken || s->errors) return EXIT_ERROR;
  size_t size;
  char *text = formatted(s, ast, &size);
  const Source *source = s->sources.at[file];
  bool same = source->size == size && !memcmp(source->text, text, size);
  int code = EXIT_FINE;
  if (o->check_only) {
    code = same ? EXIT_FINE : EXIT_ERROR;
    if (!same) fprintf(stderr, "%s is not formatted: rnn fmt %s\n", path, path);
  } else if (o->to_stdout || !strcmp(path, "-")) fwrite(text, 1, size, stdout);
  else if (!same) {
    *rewrites = true;
    if (!replace_file(s, path, text, size)) code = EXIT_ERROR;
    else if (!o->quiet) printf("formatted %s\n", path);
  }
  free(text);
  return code;
}

int command_fmt(Session *s, Options *o) {
  if (!o->words.len) return usage(s, o, "a model, or `-` for standard input: rnn fmt FILE");
  int worst = EXIT_FINE;
  bool rewrites = false, to_files = false;
  for (int i = 0; i < o->words.len; i++) {
    int code = format_file(s, o, o->words.at[i], &rewrites);
    if (code > worst) worst = code;
    to_files |= strcmp(o->words.at[i], "-") != 0;
  }
  int code = finish(s, o);
  if (worst == EXIT_FINE && to_files && !rewrites && !o->quiet && !o->check_only && !o->to_stdout) puts("nothing to change");
  return code > worst ? code : worst;
}

/* --- explain ------------------------------------------------------------------------------------------------------------------------- */

/* E0201, e0201, 0201, 201 */
static DiagCode code_of_word(Session *s, const char *word) {
  const char *digits = word + (*word == 'E' || *word == 'e');
  const size_t n = strspn(digits, "0123456789");
  if (!n || n > 4 || digits[n]) return DIAG_COUNT;
  return diag_find(arena_printf(s->arena, "E%04d", atoi(digits)));
}

int command_explain(Session *s, Options *o) {
  if (o->words.len != 1) return usage(s, o, "a code: rnn explain E0201");
  DiagCode code = code_of_word(s, o->words.at[0]);
  if (code == DIAG_COUNT) {
    Diag *d = diag_error(s, E0802, (Span){0}, "there is no error `%s`", o->words.at[0]);
    diag_help(d, "codes look like E0201; every message begins with its own");
    finish(s, o);
    return EXIT_USAGE;
  }
  printf("%s: %s\n\n%s\n", diag_name(code), diag_title(code), diag_explanation(code));
  return EXIT_FINE;
}

/* --- --emit ------------------------------------------------------------------------------------------------------------------------------- */

static void emit_late(Compilation *c) {
  EmitKind kind = c->options->emit;
  if (kind == EMIT_MANIFEST) {
    char *text = cJSON_Print(c->manifest);
    puts(text);
    free(text);
  }
  for (int i = 0; i < c->units.len; i++) {
    if (kind == EMIT_LLVM) llvm_print(c->session, c->units.at[i].plan, LLVM_TEXT_IR, stdout);
    if (kind == EMIT_ASM) llvm_print(c->session, c->units.at[i].plan, LLVM_TEXT_ASSEMBLY, stdout);
  }
}

static void not_called(const RnnArgs *args) { (void)args; }
static RnnFunction *look_up_nothing(void *context, const char *symbol) {
  (void)context, (void)symbol;
  return not_called;
}

static int emit_memory(Compilation *c) {
  RnnError error = {0};
  RnnOptions r = options_runtime(c->options);
  char *text = cJSON_PrintUnformatted(c->manifest);
  RnnProgram *p = rnn_program_load(text, look_up_nothing, NULL, &error);
  bool fine = p && rnn_program_memory(p, &r, &error);
  if (!fine) print_runtime_error(c->options, &error);
  rnn_program_free(p);
  free(text);
  return fine ? EXIT_FINE : EXIT_ERROR;
}

int command_emit(Session *s, Options *o) {
  if (!o->words.len) return usage(s, o, "a model: rnn --emit=graph FILE");
  if (o->emit == EMIT_OBJ || o->emit == EMIT_EXE) return command_build(s, o);
  Compilation *c = compile_check(s, o->words.at[0], o);
  if (c && o->emit > EMIT_TYPES && compile_stages(c, o->words.at[0], c->program->unsupported.len ? stage_is_supported : NULL)) emit_late(c);
  int code = finish(s, o);
  if (c && code == EXIT_FINE && o->emit == EMIT_MEMORY) code = emit_memory(c);
  compilation_free(c);
  return code;
}
