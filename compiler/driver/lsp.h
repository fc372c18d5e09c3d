/* lsp.h — `rnn lsp`: what editors ask about a model while it is typed, by the Language Server Protocol.
 *
 *   lsp.c           messages: which function answers which (lsp.def)
 *   lsp_wire.c      frames of JSON on standard input and output
 *   lsp_text.c      lines and UTF-16 columns of the protocol ↔ bytes of a source; URIs ↔ paths
 *   lsp_document.c  open documents: checked after every change, in a session of their own
 *   lsp_report.c    diagnostics, and their repairs as quick fixes
 *   lsp_find.c      what stands under the cursor
 *   lsp_hover.c     hover, definition, completion
 *
 * Nothing that comes in may end or stop the server: what is not understood is answered with an error, or passed over. */
#ifndef RNN_DRIVER_LSP_H
#define RNN_DRIVER_LSP_H
#include "driver/compile.h"

/* A text as the editor has it. Its session holds all that was found out about it, until the next change. */
typedef struct Document {
  struct Document *next;
  char *uri;
  Session *session;
  int file;     /* of the session */
  Ast *ast;     /* checked as far as its mistakes allow */
} Document;

typedef struct Server {
  FILE *in, *out;
  const char *stdlib;
  Document *documents;
  bool initialized, shut_down, exited;
} Server;

/* --- lsp_wire.c ----------------------------------------------------------------------------------------------------- */
typedef enum WireState { WIRE_MESSAGE, WIRE_BROKEN, WIRE_END } WireState;
/* The next message; NULL unless WIRE_MESSAGE. What is not UTF-8 in it is replaced, so that all that is sent back is. */
WireState wire_read(FILE *in, cJSON **message);
/* Sends and deletes the message. */
void wire_write(FILE *out, cJSON *message);

/* --- lsp_text.c ----------------------------------------------------------------------------------------------------- */
cJSON *lsp_range(const Session *s, Span span);
/* The byte that a position stands at; what lies beyond a line or the text is its end. */
uint32_t lsp_offset(const Source *source, const cJSON *position);
cJSON *lsp_location(const Document *d, Span span); /* NULL: nowhere */
const char *lsp_path(Session *s, const char *uri);
const char *lsp_string(const cJSON *object, const char *key); /* "" where there is none */

/* --- lsp_document.c ------------------------------------------------------------------------------------------------- */
Document *document_find(const Server *server, const cJSON *params); /* by params.textDocument.uri; NULL */
void document_close(Server *server, Document *d);
void lsp_report(Server *server, const Document *d);

/* --- lsp_find.c ----------------------------------------------------------------------------------------------------- */
typedef struct Found {
  const Decl *decl;     /* the declaration around; NULL: none */
  const Expr *expr;     /* the innermost expression that says something; NULL */
  const Symbol *symbol; /* what the word names; NULL */
  Span span;            /* what the editor may underline */
} Found;

Found lsp_find(const Ast *ast, uint32_t offset);
const Scope *lsp_file_scope(const Ast *ast); /* NULL where the file has neither cell nor net */

/* --- what answers: a function for each row of lsp.def ----------------------------------------------------------------- */
#define METHOD(name, function) cJSON *lsp_##function(Server *server, const cJSON *params);
#include "driver/lsp.def"
#undef METHOD

#endif
