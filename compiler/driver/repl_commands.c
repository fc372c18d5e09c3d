/* repl_commands.c — what the lines that begin with `:` do, and what an expression is. */
#include "base/diag.h"
#include "driver/repl.h"
#include <errno.h>
#include <math.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

typedef void ReplFunction(Repl *r, const char *rest);

#define REPL_COMMAND(name, arguments, help) static ReplFunction repl_##name;
#include "driver/repl_commands.def"
#undef REPL_COMMAND

static const struct ReplCommand {
  const char *name, *arguments, *help;
  ReplFunction *run;
} commands[] = {
#define REPL_COMMAND(name, arguments, help) {#name, arguments, help, repl_##name},
#include "driver/repl_commands.def"
#undef REPL_COMMAND
};
enum { COMMANDS = sizeof commands / sizeof *commands };

/* --- saying what is wrong ----------------------------------------------------------------------------------------------------- */

Session *repl_session(Repl *r) {
  Session *s = session_new();
  s->stdlib = r->outer->stdlib;
  s->verify_each = r->outer->verify_each;
  s->double_precision = r->outer->double_precision;
  for (int i = 0; i < r->outer->overrides.len; i++) {
    Override o = r->outer->overrides.at[i];
    o.name = intern(s, o.name);
    vec_push(s->arena, s->overrides, o);
  }
  return s;
}

/* What has been printed is not printed again; nor are warnings, of which the same compilation gives the same each time. */
void repl_print_diags(Repl *r, Session *s) {
  fflush(stdout);
  r->bad |= s->errors > 0;
  if (s->errors || r->loading) finish(s, r->options);
  s->diags.len = s->errors = 0;
}

void repl_complain(Repl *r, DiagCode code, const char *help, const char *format, ...) {
  Session *s = session_new();
  va_list args;
  va_start(args, format);
  Diag *d = diag_error(s, code == DIAG_COUNT ? E0802 : code, (Span){0}, "%s", arena_vprintf(s->arena, format, args));
  va_end(args);
  if (help) diag_help(d, "%s", help);
  repl_print_diags(r, s);
  session_free(s);
}

void repl_forget_code(Repl *r) {
  work_free(r->step);
  r->step = NULL;
}

/* --- :step ------------------------------------------------------------------------------------------------------------------------ */

static bool make_step(Repl *r) {
  if (r->step) return true;
  const char *lacking = entries_lacking(&r->program);
  Work *w = NULL;
  if (lacking) {
    repl_complain(r, E0104, "type its equation, then step", "`%s` has no equation yet", lacking);
    return false;
  }
  w = work_check(r, &r->program, NULL, false, EMIT_NOTHING);
  if (w && work_plan(r, w, NULL) && work_bind(r, w)) {
    unit_restore_states(w->bound, &r->states);
    return r->step = w, true;
  }
  work_free(w);
  return false;
}

typedef struct Numbers {
  double at[4096];
  int count;
} Numbers;

static bool number_value(const Expr *e, double *out) {
  double a, b;
  *out = e->number;
  if (e->kind == EXPR_NUMBER) return true;
  if (e->kind == EXPR_UNARY && number_value(e->left, &a)) return *out = e->op == OPERATOR_NEG ? -a : a == 0, true;
  if (e->kind != EXPR_BINARY || !number_value(e->left, &a) || !number_value(e->right, &b)) return false;
  switch (e->op) {
  case OPERATOR_ADD: return *out = a + b, true;
  case OPERATOR_SUB: return *out = a - b, true;
  case OPERATOR_MUL: return *out = a * b, true;
  case OPERATOR_DIV: return *out = a / b, true;
  case OPERATOR_POW: return *out = pow(a, b), true;
  default: return false;
  }
}

static bool read_numbers(const Expr *e, Numbers *n) {
  if (e->kind != EXPR_LIST) return n->count < 4096 && number_value(e, &n->at[n->count]) && ++n->count;
  for (int i = 0; i < e->args.len; i++)
    if (!read_numbers(e->args.at[i].value, n)) return false;
  return true;
}

/* The step's own inputs, as the unit describes them. */
static const cJSON *input_entry(const Work *w, const char *name) {
  const cJSON *entry;
  cJSON_ArrayForEach(entry, cJSON_GetObjectItem(w->unit, "inputs")) {
    const cJSON *role = cJSON_GetObjectItem(entry, "role"), *own = cJSON_GetObjectItem(entry, "name");
    if (!strcmp(role->valuestring, "data") && (!name || !strcmp(own->valuestring, name))) return entry;
  }
  return NULL;
}

static int64_t entry_elements(const cJSON *entry) {
  int64_t elements = 1;
  const cJSON *size;
  cJSON_ArrayForEach(size, cJSON_GetObjectItem(entry, "shape")) elements *= (int64_t)size->valuedouble;
  return elements;
}

static void unknown_input(Repl *r, const char *name) {
  const char *names[64], *near;
  int count = 0;
  const cJSON *entry;
  cJSON_ArrayForEach(entry, cJSON_GetObjectItem(r->step->unit, "inputs"))
    if (count < 64) names[count++] = cJSON_GetObjectItem(entry, "name")->valuestring;
  near = did_you_mean(name, names, count);
  const char *help = near ? arena_printf(r->arena, "did you mean `%s`?", near) : count ? arena_printf(r->arena, "there is `%s`", names[0]) : NULL;
  repl_complain(r, E0509, help, "the net reads no input `%s`", name);
}

static bool take_input(Repl *r, const Item *item, Kept *given) {
  Numbers n = {.count = 0};
  const char *name = item->names.at[0].name;
  const cJSON *entry = input_entry(r->step, name);
  if (!entry) return unknown_input(r, name), false;
  if (!read_numbers(item->value, &n)) {
    repl_complain(r, E0509, "as in `:step p = 1, u = [0, 1]`", "`%s` wants numbers", name);
    return false;
  }
  if (n.count != entry_elements(entry)) {
    repl_complain(r, E0508, NULL, "`%s` takes %lld number%s a step, not %d", name, (long long)entry_elements(entry),
                  entry_elements(entry) == 1 ? "" : "s", n.count);
    return false;
  }
  kept_put(given, name, n.count, 1, n.at);
  return true;
}

/* The end of `p = 1` in `p = 1, u = [0, 1]`. */
static size_t argument_length(const char *text) {
  int depth = 0;
  size_t i = 0;
  for (; text[i] && (text[i] != ',' || depth > 0); i++) depth += (text[i] == '[' || text[i] == '(') - (text[i] == ']' || text[i] == ')');
  return i;
}

static bool read_argument(Repl *r, const char *text, size_t length, Kept *given) {
  Session *s = repl_session(r);
  ReplParse p = ast_parse_input(s, source_add(s, ":step", text, length));
  bool is_input = p.kind == REPL_ITEM && p.item->kind == ITEM_EQUATION, said = s->errors > 0;
  repl_print_diags(r, s);
  if (!is_input && !said)
    repl_complain(r, E0802, "as in `:step p = 1, u = [0, 1]`", "`:step %.*s` gives no input its value", (int)(length < 200 ? length : 200), text);
  bool fine = is_input && take_input(r, p.item, given);
  session_free(s);
  return fine;
}

static bool read_arguments(Repl *r, const char *text, Kept *given) {
  text += strspn(text, " \t");
  while (*text) {
    size_t length = argument_length(text);
    if (!read_argument(r, text, length, given)) return false;
    text += length + (text[length] == ',');
    text += strspn(text, " \t");
  }
  return true;
}

static void note_zeros(Repl *r, const Kept *given) {
  const cJSON *entry;
  cJSON_ArrayForEach(entry, cJSON_GetObjectItem(r->step->unit, "inputs")) {
    const char *name = cJSON_GetObjectItem(entry, "name")->valuestring;
    if (!strcmp(cJSON_GetObjectItem(entry, "role")->valuestring, "data") && !kept_find(given, name)) printf("note: `%s` is 0\n", name);
  }
}

static void print_outputs(Work *w) {
  const cJSON *outputs = cJSON_GetObjectItem(w->unit, "outputs");
  for (int i = 0; i < cJSON_GetArraySize(outputs); i++) unit_print(w->bound, i, cJSON_GetArrayItem(outputs, i), true, stdout);
}

static void take_step(Repl *r, Kept *given) {
  Work *w = r->step;
  note_zeros(r, given);
  kept_move(&r->before, &r->states);
  kept_move(&r->inputs, given);
  unit_inputs(w->bound, &r->inputs);
  rnn_unit_step(w->bound, r->steps++);
  unit_keep_states(w->bound, w->net->name, &r->states);
  print_outputs(w);
}

static void repl_step(Repl *r, const char *rest) {
  Kept given = {0};
  if (make_step(r) && read_arguments(r, rest, &given)) take_step(r, &given);
  kept_clear(&given);
}

static void repl_reset(Repl *r, const char *rest) {
  (void)rest;
  kept_clear(&r->states);
  kept_clear(&r->before);
  kept_clear(&r->inputs);
  r->steps = 0;
  repl_forget_code(r);
}

/* --- expressions ------------------------------------------------------------------------------------------------------------------- */

/* The name under which the expression is an equation of the net. */
static const char *free_name(Repl *r) {
  const char *name = "it";
  while (entries_define(&r->program, name)) name = arena_printf(r->arena, "%s_", name);
  return name;
}

static const Symbol *check_expression(Repl *r, const char *expression, Work **w) {
  const char *name = free_name(r);
  *w = work_check(r, &r->program, arena_printf(r->arena, "%s = %s", name, expression), true, EMIT_NOTHING);
  return *w ? scope_find(scope_of((*w)->net->decl), intern((*w)->session, name)) : NULL;
}

static bool is_name_letter(char c) { return c == '_' || (unsigned char)c >= 0x80 || strchr("0123456789", c) || ((c | 32) >= 'a' && (c | 32) <= 'z'); }

static bool mentions(const char *text, const char *name) {
  size_t n = strlen(name);
  for (const char *at = text; (at = strstr(at, name)); at++)
    if ((at == text || !is_name_letter(at[-1])) && (!at[n] || !is_name_letter(at[n]))) return true;
  return false;
}

/* Does the expression need a name whose equation is still to come? */
static bool lacks_equation(Repl *r, const char *expression) {
  const char *lacking = entries_lacking(&r->program);
  if (!lacking || !mentions(expression, lacking)) return false;
  repl_complain(r, E0104, "type its equation first", "`%s` has no equation yet", lacking);
  return true;
}

/* The last step is taken once more with the expression as its only output; what is kept stays as it is. */
void repl_evaluate(Repl *r, const char *expression) {
  Work *w = NULL;
  const Symbol *it = lacks_equation(r, expression) ? NULL : check_expression(r, expression, &w);
  if (it && AXES_CLOCKS(it->type.axes) && !r->steps)
    repl_complain(r, E0802, "take a step first: `:step`; `:help` says more", "`%s` has no value before the first step", expression);
  else if (it && work_plan(r, w, it->name) && work_bind(r, w)) {
    unit_restore_states(w->bound, &r->before);
    rnn_unit_step(w->bound, r->steps ? r->steps - 1 : 0);
    unit_print(w->bound, 0, cJSON_GetArrayItem(cJSON_GetObjectItem(w->unit, "outputs"), 0), false, stdout);
  }
  work_free(w);
}

static const char *type_words(Session *s, const Program *p, const Type *t) {
  const char *text = t->kind == TYPE_INDEX    ? arena_printf(s->arena, "index(%s)", dim_text(s, t->below))
                     : t->kind == TYPE_STRING ? "a string"
                                              : shape_text(s, t->shape);
  const char *join = " on ";
  for (int i = 0; i < p->clocks.len; i++)
    if (t->axes & AXIS_CLOCK(i)) text = arena_printf(s->arena, "%s%s%s", text, join, p->clocks.at[i].name), join = ", ";
  return AXES_CLOCKS(t->axes) || !(t->axes & AXIS_SEQUENCE) ? text : arena_printf(s->arena, "%s per sequence", text);
}

static void repl_type(Repl *r, const char *rest) {
  Work *w = NULL;
  const Symbol *it = NULL;
  if (!*rest) repl_complain(r, E0802, "as in `:type W @ x`", "`:type` wants an expression");
  else it = check_expression(r, rest, &w);
  if (it) puts(type_words(w->session, w->compilation->program, &it->type));
  work_free(w);
}

/* --- :train -------------------------------------------------------------------------------------------------------------------------- */

/* Train stages that can run: those that the options' words name, or all. */
static bool is_wanted(const Compilation *c, const Decl *stage) {
  bool named = !c->options->words.len;
  for (int i = 0; i < c->program->unsupported.len; i++)
    if (!c->program->unsupported.at[i].stage || c->program->unsupported.at[i].stage == stage) return false;
  for (int i = 0; i < c->options->words.len; i++) named |= !strcmp(c->options->words.at[i], stage->name);
  return stage->kind == DECL_TRAIN && named;
}

static void read_words(Work *w, const char *text) {
  while (*text) {
    size_t length = strcspn(text, " \t,");
    if (length) vec_push(w->session->arena, w->options.words, arena_strndup(w->session->arena, text, length));
    text += length + strspn(text + length, " \t,");
  }
}

static void train(Repl *r, Work *w) {
  RnnError error = {0};
  RnnOptions options = options_runtime(&w->options);
  char *manifest = cJSON_PrintUnformatted(w->compilation->manifest);
  if (!kept_train(&r->params, manifest, compile_lookup, w->compilation, &options, &error))
    repl_complain(r, diag_find(error.code), NULL, "%s", error.message);
  free(manifest);
  repl_forget_code(r);
}

static void repl_train(Repl *r, const char *rest) {
  const char *lacking = entries_lacking(&r->program);
  if (lacking) {
    repl_complain(r, E0104, "type its equation, then train", "`%s` has no equation yet", lacking);
    return;
  }
  Work *w = work_check(r, &r->program, NULL, false, EMIT_NOTHING);
  if (w) read_words(w, rest);
  bool ready = w && compile_stages(w->compilation, r->path, is_wanted);
  if (w) repl_print_diags(r, w->session);
  if (ready && !cJSON_GetArraySize(cJSON_GetObjectItem(w->compilation->manifest, "stages")))
    repl_complain(r, E0804, arena_printf(r->arena, "declare one: `train %s { data … }`", r->program.net), "there is no such stage to train");
  else if (ready) train(r, w);
  work_free(w);
}

void repl_read_weights(Repl *r, const char *path) {
  RnnError error = {0};
  char found[4096];
  Work *w = work_check(r, &r->program, NULL, true, EMIT_NOTHING);
  if (w && compile_stages(w->compilation, path, is_wanted)) {
    char *manifest = cJSON_PrintUnformatted(w->compilation->manifest);
    bool fine = kept_read(&r->params, manifest, found, sizeof found, &error);
    if (fine && *found) printf("weights of %s\n", found);
    if (!fine) repl_complain(r, diag_find(error.code), "the params are drawn anew", "%s", error.message);
    free(manifest);
  }
  work_free(w);
}

/* --- :emit ----------------------------------------------------------------------------------------------------------------------------- */

static EmitKind emit_kind(const char *name) {
  for (int i = EMIT_TOKENS; i <= EMIT_ASM; i++)
    if (!strcmp(emit_name((EmitKind)i), name)) return (EmitKind)i;
  return EMIT_NOTHING;
}

static bool emit_step(Repl *r, Work *w, EmitKind kind) {
  if (!work_plan(r, w, NULL)) return false;
  if (kind == EMIT_GRAPH) graph_print(w->plan->graph, stdout);
  if (kind == EMIT_PLAN) plan_print(w->plan, stdout);
  if (kind == EMIT_LLVM) llvm_print(w->session, w->plan, LLVM_TEXT_IR, stdout);
  if (kind == EMIT_ASM) llvm_print(w->session, w->plan, LLVM_TEXT_ASSEMBLY, stdout);
  return true;
}

static void repl_emit(Repl *r, const char *rest) {
  EmitKind kind = emit_kind(rest);
  if (kind == EMIT_NOTHING) {
    const char *names[EMIT_ASM], *near;
    for (int i = EMIT_TOKENS; i <= EMIT_ASM; i++) names[i - 1] = emit_name((EmitKind)i);
    near = did_you_mean(rest, names, EMIT_ASM);
    repl_complain(r, E0802, near ? arena_printf(r->arena, "did you mean `:emit %s`?", near) : "`:help` lists what there is", "`:emit` has no `%s`", rest);
    return;
  }
  Work *w = work_check(r, &r->program, NULL, true, kind <= EMIT_TYPES || kind == EMIT_GRAD ? kind : EMIT_NOTHING);
  if (w && kind == EMIT_GRAD) compile_stages(w->compilation, r->path, is_wanted);
  else if (w && kind > EMIT_TYPES) emit_step(r, w, kind);
  if (w) repl_print_diags(r, w->session);
  work_free(w);
}

/* --- :list, :save, :help, :quit --------------------------------------------------------------------------------------------------------- */

static void repl_list(Repl *r, const char *rest) {
  (void)rest;
  char *text = entries_text(&r->program, NULL, false);
  fputs(text, stdout);
  free(text);
}

/* Never over a file that is there. */
static void repl_save(Repl *r, const char *rest) {
  if (!*rest) {
    repl_complain(r, E0802, "as in `:save mine.rnn`", "`:save` wants the name of a new file");
    return;
  }
  char *text = entries_text(&r->program, NULL, false);
  FILE *out = fopen(rest, "wx");
  bool fine = out && fputs(text, out) >= 0;
  if (out) fine &= fclose(out) == 0;
  if (!fine) repl_complain(r, E0603, NULL, "cannot write `%s`: %s", rest, strerror(errno));
  else printf("saved %s\n", rest);
  free(text);
}

static void repl_help(Repl *r, const char *rest) {
  (void)r, (void)rest;
  puts("declarations and equations join the program; an expression is evaluated (after a step: with its values)");
  for (int i = 0; i < COMMANDS; i++) printf("  :%s%s%s\n      %s\n", commands[i].name, *commands[i].arguments ? " " : "", commands[i].arguments, commands[i].help);
}

static void repl_quit(Repl *r, const char *rest) {
  (void)rest;
  r->done = true;
}

/* --- which one ----------------------------------------------------------------------------------------------------------------------------- */

static void unknown_command(Repl *r, const char *name) {
  const char *names[COMMANDS], *near;
  for (int i = 0; i < COMMANDS; i++) names[i] = commands[i].name;
  near = did_you_mean(name, names, COMMANDS);
  repl_complain(r, E0802, near ? arena_printf(r->arena, "did you mean `:%s`?", near) : "`:help` lists what there is", "there is no command `:%s`", name);
}

void repl_command(Repl *r, const char *line) {
  line += 1 + strspn(line + 1, " \t");
  size_t length = strcspn(line, " \t");
  const char *name = arena_strndup(r->arena, line, length), *rest = line + length + strspn(line + length, " \t");
  for (int i = 0; i < COMMANDS; i++)
    if (!strcmp(commands[i].name, name)) {
      commands[i].run(r, rest);
      return;
    }
  unknown_command(r, name);
}
