/* repl_compile.c — one compilation of the prompt's program: check, plan, machine code, memory. Each has a Session of its own, so that
 * what is not needed any more goes as a whole. */
#include "driver/repl.h"
#include "base/diag.h"
#include "pass/pass.h"
#include <stdlib.h>
#include <string.h>

static const Symbol *find_net(const Program *p, const char *name) {
  for (int i = 0; i < p->nets.len; i++)
    if (!strcmp(p->nets.at[i]->name, name)) return p->nets.at[i];
  return NULL;
}

/* --- check -------------------------------------------------------------------------------------------------------------------- */

static Work *work_new(Repl *r, EmitKind emit) {
  Work *w = calloc(1, sizeof *w);
  if (!w) abort();
  w->session = repl_session(r);
  w->options = *r->options;
  w->options.emit = emit;
  w->options.words.len = w->options.words.cap = 0; /* the command line's; :train has words of its own */
  w->options.words.at = NULL;
  return w;
}

static Work *failed(Repl *r, Work *w) {
  repl_print_diags(r, w->session);
  work_free(w);
  return NULL;
}

Work *work_check(Repl *r, const Entries *e, const char *extra, bool fill, EmitKind emit) {
  Work *w = work_new(r, emit);
  char *text = entries_text(e, extra, fill);
  int file = source_add(w->session, r->path, text, strlen(text));
  free(text);
  w->compilation = compile_check_source(w->session, file, &w->options);
  w->net = w->compilation ? find_net(w->compilation->program, e->net) : NULL;
  return w->net ? w : failed(r, w);
}

void work_free(Work *w) {
  if (!w) return;
  rnn_unit_free(w->bound);
  jit_free(w->jit);
  cJSON_Delete(w->unit);
  cJSON_Delete(w->manifest);
  compilation_free(w->compilation);
  session_free(w->session);
  free(w);
}

/* --- plan --------------------------------------------------------------------------------------------------------------------- */

static void keep_output(Graph *g, const char *only) {
  int kept = 0;
  for (int i = 0; i < g->outputs.len; i++)
    if (!strcmp(g->outputs.at[i].name, only)) g->outputs.at[kept++] = g->outputs.at[i];
  g->outputs.len = kept;
}

static bool lower(Work *w) {
  Compilation *c = w->compilation;
  if (!c->model) c->model = lower_model(w->session, c->program, w->session->sources.at[c->ast->file]->path);
  return c->model != NULL;
}

bool work_plan(Repl *r, Work *w, const char *only) {
  const char *help = "`:train` and `:emit` work on whole sequences";
  Graph *g = lower(w) ? lower_unit(w->compilation->model, NULL, w->net, UNIT_STEP) : NULL;
  if (g && only) keep_output(g, only);
  if (g) g = pass_run_all(w->session, g, NULL, NULL);
  if (!g) return repl_print_diags(r, w->session), false;
  if (!step_is_possible(w->session, w->compilation->program, w->net, g, help)) return repl_print_diags(r, w->session), false;
  w->plan = plan_make_step(w->session, g, "rnn_step", true, false);
  w->plan->hasty = true; /* somebody waits, for a few steps */
  return true;
}

/* Loops without delay are seen in the graph. */
static bool is_causal(Work *w) {
  Graph *g = lower(w) ? lower_unit(w->compilation->model, NULL, w->net, UNIT_STEP) : NULL;
  return g && pass_run_all(w->session, g, NULL, NULL);
}

bool entries_fit(Repl *r, const Entries *e) {
  Work *w = work_check(r, e, NULL, true, EMIT_NOTHING);
  bool fine = w && (w->compilation->program->clocks.len > 1 || w->compilation->program->clocks.at[0].tree || is_causal(w));
  if (w) repl_print_diags(r, w->session);
  work_free(w);
  return fine;
}

/* --- code and memory ------------------------------------------------------------------------------------------------------------- */

static RnnFunction *find_function(void *jit, const char *symbol) { return jit_find(jit, symbol); }

static bool generate(Work *w) {
  w->jit = jit_new(w->session, cache_open(w->session));
  return w->jit && jit_add(w->jit, w->plan);
}

static const char *folder_of(Session *s, const char *path) {
  const char *slash = strrchr(path, '/');
  return slash ? arena_strndup(s->arena, path, slash == path ? 1 : (size_t)(slash - path)) : ".";
}

static bool bind_memory(Repl *r, Work *w) {
  RnnError error = {0};
  uint64_t seed = w->compilation->program->seed;
  w->manifest = lower_manifest(w->compilation->model);
  w->unit = describe_unit(w->plan, w->plan->graph->name);
  w->bound = rnn_unit_step_open(w->unit, cJSON_GetObjectItem(w->manifest, "params"), find_function, w->jit, &error);
  if (w->bound && unit_params(w->bound, &r->params, seed, folder_of(w->session, r->path), &error)) {
    rnn_unit_prepare(w->bound);
    unit_inputs(w->bound, &r->inputs);
    rnn_unit_begin(w->bound, seed);
    return true;
  }
  repl_complain(r, diag_find(error.code), NULL, "%s", error.message);
  return false;
}

bool work_bind(Repl *r, Work *w) {
  if (generate(w)) return bind_memory(r, w);
  repl_print_diags(r, w->session);
  return false;
}
