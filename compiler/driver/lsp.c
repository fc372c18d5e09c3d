/* lsp.c — `rnn lsp`: reads a message, finds its function in lsp.def, answers. */
#include "driver/lsp.h"
#include "driver/commands.h"
#include <string.h>

/* Of JSON-RPC and the protocol. */
enum { PARSE_ERROR = -32700, INVALID_REQUEST = -32600, METHOD_NOT_FOUND = -32601, NOT_INITIALIZED = -32002 };

typedef cJSON *MethodFunction(Server *server, const cJSON *params);

static const struct {
  const char *name;
  MethodFunction *answer;
} methods[] = {
#define METHOD(name, function) {name, lsp_##function},
#include "driver/lsp.def"
#undef METHOD
};

static MethodFunction *method_named(const char *name) {
  for (size_t i = 0; i < sizeof methods / sizeof *methods; i++)
    if (!strcmp(methods[i].name, name)) return methods[i].answer;
  return NULL;
}

/* --- answers ------------------------------------------------------------------------------------------------------------ */

static cJSON *answer_to(const cJSON *id) {
  cJSON *answer = cJSON_CreateObject();
  bool usable = cJSON_IsNumber(id) || cJSON_IsString(id);
  cJSON_AddItemToObject(answer, "id", usable ? cJSON_Duplicate(id, false) : cJSON_CreateNull());
  return answer;
}

static void answer_error(Server *server, const cJSON *id, int code, const char *message) {
  cJSON *answer = answer_to(id), *error = cJSON_AddObjectToObject(answer, "error");
  cJSON_AddNumberToObject(error, "code", code);
  cJSON_AddStringToObject(error, "message", message);
  wire_write(server->out, answer);
}

static void answer_result(Server *server, const cJSON *id, cJSON *result) {
  cJSON *answer = answer_to(id);
  cJSON_AddItemToObject(answer, "result", result ? result : cJSON_CreateNull());
  wire_write(server->out, answer);
}

/* --- one message ---------------------------------------------------------------------------------------------------------- */

/* A message without an id is a notification: never answered, not even with an error. One without a method is an answer. */
static void handle(Server *server, const cJSON *message) {
  const cJSON *id = cJSON_GetObjectItemCaseSensitive(message, "id");
  const char *name = lsp_string(message, "method");
  MethodFunction *answer = method_named(name);
  bool early = !server->initialized && strcmp(name, "initialize") && strcmp(name, "exit");
  bool late = server->shut_down && strcmp(name, "exit");
  if (!cJSON_IsObject(message)) return answer_error(server, NULL, INVALID_REQUEST, "a message is an object");
  if (!*name && id && (cJSON_HasObjectItem(message, "result") || cJSON_HasObjectItem(message, "error"))) return;
  if (early || late) {
    if (id) answer_error(server, id, early ? NOT_INITIALIZED : INVALID_REQUEST, early ? "not initialized" : "already shut down");
    return;
  }
  cJSON *result = answer ? answer(server, cJSON_GetObjectItemCaseSensitive(message, "params")) : NULL;
  if (!id) cJSON_Delete(result);
  else if (!answer) answer_error(server, id, METHOD_NOT_FOUND, "this server has no such method");
  else answer_result(server, id, result);
}

/* --- the server's life ------------------------------------------------------------------------------------------------------ */

cJSON *lsp_initialize(Server *server, const cJSON *params) {
  (void)params;
  server->initialized = true;
  cJSON *result = cJSON_CreateObject(), *can = cJSON_AddObjectToObject(result, "capabilities");
  cJSON *sync = cJSON_AddObjectToObject(can, "textDocumentSync");
  cJSON_AddBoolToObject(sync, "openClose", true);
  cJSON_AddNumberToObject(sync, "change", 1); /* the whole text every time */
  cJSON_AddBoolToObject(can, "hoverProvider", true);
  cJSON_AddBoolToObject(can, "definitionProvider", true);
  cJSON_AddBoolToObject(can, "documentFormattingProvider", true);
  cJSON_AddObjectToObject(can, "completionProvider");
  cJSON *kinds = cJSON_AddArrayToObject(cJSON_AddObjectToObject(can, "codeActionProvider"), "codeActionKinds");
  cJSON_AddItemToArray(kinds, cJSON_CreateString("quickfix"));
  cJSON *info = cJSON_AddObjectToObject(result, "serverInfo");
  cJSON_AddStringToObject(info, "name", "rnn");
  return result;
}

cJSON *lsp_nothing(Server *server, const cJSON *params) {
  (void)server, (void)params;
  return NULL;
}

cJSON *lsp_shutdown(Server *server, const cJSON *params) {
  (void)params;
  server->shut_down = true;
  return NULL;
}

cJSON *lsp_exit(Server *server, const cJSON *params) {
  (void)params;
  server->exited = true;
  return NULL;
}

static void serve(Server *server) {
  cJSON *message;
  WireState state;
  while (!server->exited && (state = wire_read(server->in, &message)) != WIRE_END) {
    if (state == WIRE_MESSAGE) handle(server, message);
    else answer_error(server, NULL, PARSE_ERROR, "this is no message of the protocol");
    cJSON_Delete(message);
  }
}

int command_lsp(Session *s, Options *o) {
  (void)o;
  Server server = {.in = stdin, .out = stdout, .stdlib = s->stdlib};
  serve(&server);
  while (server.documents) document_close(&server, server.documents);
  return server.shut_down ? EXIT_FINE : EXIT_ERROR;
}
