/* lsp_document.c — the open documents. After every change the whole text is checked anew, as `rnn check` would: it takes a few
 * milliseconds, and there is no second way to be wrong. */
#include "base/diag.h"
#include "driver/lsp.h"
#include <stdlib.h>
#include <string.h>

/* --- which one ------------------------------------------------------------------------------------------------------------ */

static const char *uri_in(const cJSON *params) { return lsp_string(cJSON_GetObjectItemCaseSensitive(params, "textDocument"), "uri"); }

Document *document_find(const Server *server, const cJSON *params) {
  const char *uri = uri_in(params);
  for (Document *d = server->documents; d; d = d->next)
    if (!strcmp(d->uri, uri)) return d;
  return NULL;
}

static Document *document_open(Server *server, const cJSON *params) {
  Document *d = document_find(server, params);
  if (d || !*uri_in(params)) return d;
  d = calloc(1, sizeof *d);
  if (d) d->uri = strdup(uri_in(params)), d->next = server->documents, server->documents = d;
  return d;
}

void document_close(Server *server, Document *d) {
  Document **at = &server->documents;
  while (*at != d) at = &(*at)->next;
  *at = d->next;
  session_free(d->session);
  free(d->uri);
  free(d);
}

/* --- checking --------------------------------------------------------------------------------------------------------------- */

/* Lowering, causality and the rest: what the tree alone does not show. */
static void check_graphs(Document *d, const Options *o, const char *path, Program *program) {
  Compilation c = {.session = d->session, .options = o, .ast = d->ast, .program = program};
  compile_stages(&c, path, program->unsupported.len ? stage_is_supported : NULL);
  compilation_free(&c);
}

static void check_text(const Server *server, Document *d, const char *text) {
  static const Options options = {.threads = 1};
  session_free(d->session);
  Session *s = d->session = session_new();
  s->stdlib = server->stdlib;
  const char *path = lsp_path(s, d->uri);
  d->file = source_add(s, path, text, strlen(text));
  d->ast = ast_parse(s, d->file);
  Program *program = sema_check(s, d->ast);
  if (program && !s->errors) check_graphs(d, &options, path, program);
}

/* --- what the editor says about them ------------------------------------------------------------------------------------------ */

static void take_text(Server *server, const cJSON *params, const cJSON *holder) {
  const cJSON *text = cJSON_GetObjectItemCaseSensitive(holder, "text");
  Document *d = cJSON_IsString(text) ? document_open(server, params) : NULL;
  if (!d) return;
  check_text(server, d, text->valuestring);
  lsp_report(server, d);
}

cJSON *lsp_did_open(Server *server, const cJSON *params) {
  take_text(server, params, cJSON_GetObjectItemCaseSensitive(params, "textDocument"));
  return NULL;
}

/* Every change holds the whole text (initialize asked for that), so the last one is the text. */
cJSON *lsp_did_change(Server *server, const cJSON *params) {
  const cJSON *changes = cJSON_GetObjectItemCaseSensitive(params, "contentChanges");
  int n = cJSON_GetArraySize(changes);
  if (n) take_text(server, params, cJSON_GetArrayItem(changes, n - 1));
  return NULL;
}

cJSON *lsp_did_close(Server *server, const cJSON *params) {
  Document *d = document_find(server, params);
  if (!d) return NULL;
  session_free(d->session); /* an empty session has nothing to complain of: the editor's list becomes empty */
  d->session = session_new();
  lsp_report(server, d);
  document_close(server, d);
  return NULL;
}

/* --- formatting -------------------------------------------------------------------------------------------------------------------- */

static cJSON *whole_text_edit(const Document *d, const char *text) {
  const Source *source = d->session->sources.at[d->file];
  cJSON *edits = cJSON_CreateArray(), *edit = cJSON_CreateObject();
  if (!strcmp(text, source->text)) return cJSON_Delete(edit), edits;
  cJSON_AddItemToObject(edit, "range", lsp_range(d->session, (Span){d->file, 0, (uint32_t)source->size}));
  cJSON_AddStringToObject(edit, "newText", text);
  cJSON_AddItemToArray(edits, edit);
  return edits;
}

/* A text with syntax errors stays as it is: what could not be read would be lost. */
cJSON *lsp_formatting(Server *server, const cJSON *params) {
  const Document *d = document_find(server, params);
  if (!d || d->ast->broken) return NULL;
  char *text = NULL;
  size_t size;
  FILE *out = open_memstream(&text, &size);
  if (!out) return NULL;
  ast_format(d->session, d->ast, out);
  fclose(out);
  cJSON *edits = whole_text_edit(d, text);
  free(text);
  return edits;
}
