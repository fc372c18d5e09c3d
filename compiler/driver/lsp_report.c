/* lsp_report.c — diagnostics as an editor shows them, and their repairs as quick fixes. */
#include "base/diag.h"
#include "driver/lsp.h"

/* The headline, what the underlined place says, then notes and helps, each on a line. */
static const char *message_of(Session *s, const Diag *d) {
  const char *text = d->headline;
  if (*d->labels.at[0].text) text = arena_printf(s->arena, "%s\n%s", text, d->labels.at[0].text);
  if (d->drawing) text = arena_printf(s->arena, "%s\n%s", text, d->drawing);
  for (int i = 0; i < d->notes.len; i++) text = arena_printf(s->arena, "%s\nnote: %s", text, d->notes.at[i]);
  for (int i = 0; i < d->helps.len; i++) text = arena_printf(s->arena, "%s\nhelp: %s", text, d->helps.at[i]);
  return text;
}

/* A mistake in a file that this one uses is shown at its first line, and says where it is. */
static Span place_of(const Document *doc, const Diag *d) {
  Span span = d->labels.at[0].span;
  return span.file == doc->file ? span : (Span){doc->file, 0, 0};
}

static cJSON *related_places(const Document *doc, const Diag *d) {
  bool elsewhere = d->labels.at[0].span.file != doc->file;
  cJSON *list = cJSON_CreateArray();
  for (int i = elsewhere ? 0 : 1; i < d->labels.len; i++) {
    cJSON *location = lsp_location(doc, d->labels.at[i].span);
    if (!location) continue;
    cJSON *related = cJSON_CreateObject();
    cJSON_AddItemToObject(related, "location", location);
    cJSON_AddStringToObject(related, "message", *d->labels.at[i].text ? d->labels.at[i].text : d->headline);
    cJSON_AddItemToArray(list, related);
  }
  return list;
}

static cJSON *diagnostic_of(const Document *doc, const Diag *d) {
  cJSON *out = cJSON_CreateObject();
  cJSON_AddItemToObject(out, "range", lsp_range(doc->session, place_of(doc, d)));
  cJSON_AddNumberToObject(out, "severity", d->severity == SEVERITY_ERROR ? 1 : 2);
  cJSON_AddStringToObject(out, "code", diag_name(d->code));
  cJSON_AddStringToObject(out, "source", "rnn");
  cJSON_AddStringToObject(out, "message", message_of(doc->session, d));
  cJSON_AddItemToObject(out, "relatedInformation", related_places(doc, d));
  return out;
}

void lsp_report(Server *server, const Document *doc) {
  int n;
  Diag **sorted = diag_sorted(doc->session, &n);
  cJSON *message = cJSON_CreateObject(), *params = cJSON_AddObjectToObject(message, "params");
  cJSON_AddStringToObject(message, "method", "textDocument/publishDiagnostics");
  cJSON_AddStringToObject(params, "uri", doc->uri);
  cJSON *list = cJSON_AddArrayToObject(params, "diagnostics");
  for (int i = 0; i < n; i++) cJSON_AddItemToArray(list, diagnostic_of(doc, sorted[i]));
  wire_write(server->out, message);
}

/* --- quick fixes ------------------------------------------------------------------------------------------------------ */

static cJSON *quick_fix(const Document *doc, const Diag *d, const DiagSuggestion *suggestion) {
  cJSON *action = cJSON_CreateObject(), *edit = cJSON_CreateObject();
  cJSON_AddStringToObject(action, "title", suggestion->help);
  cJSON_AddStringToObject(action, "kind", "quickfix");
  cJSON *diagnostics = cJSON_AddArrayToObject(action, "diagnostics");
  cJSON_AddItemToArray(diagnostics, diagnostic_of(doc, d));
  cJSON *changes = cJSON_AddObjectToObject(cJSON_AddObjectToObject(action, "edit"), "changes");
  cJSON_AddItemToArray(cJSON_AddArrayToObject(changes, doc->uri), edit);
  cJSON_AddItemToObject(edit, "range", lsp_range(doc->session, suggestion->place));
  cJSON_AddStringToObject(edit, "newText", suggestion->text);
  return action;
}

static bool touches(Span a, Span b) { return a.file == b.file && a.begin <= b.end && b.begin <= a.end; }

cJSON *lsp_code_action(Server *server, const cJSON *params) {
  const Document *doc = document_find(server, params);
  if (!doc) return NULL;
  const Source *source = doc->session->sources.at[doc->file];
  const cJSON *range = cJSON_GetObjectItemCaseSensitive(params, "range");
  Span asked = {doc->file, lsp_offset(source, cJSON_GetObjectItemCaseSensitive(range, "start")),
                lsp_offset(source, cJSON_GetObjectItemCaseSensitive(range, "end"))};
  int n;
  Diag **sorted = diag_sorted(doc->session, &n);
  cJSON *actions = cJSON_CreateArray();
  for (int i = 0; i < n; i++)
    for (int k = 0; k < sorted[i]->suggestions.len; k++) {
      const DiagSuggestion *suggestion = &sorted[i]->suggestions.at[k];
      bool here = touches(asked, place_of(doc, sorted[i])) || touches(asked, suggestion->place);
      if (here && suggestion->place.file == doc->file) cJSON_AddItemToArray(actions, quick_fix(doc, sorted[i], suggestion));
    }
  return actions;
}
