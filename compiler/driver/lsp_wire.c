/* lsp_wire.c — frames: lines of headers, an empty line, then as many bytes of JSON as Content-Length said. */
#include "base/text.h"
#include "driver/lsp.h"
#include <stdlib.h>
#include <string.h>
#include <strings.h>

enum { LONGEST_HEADER = 1024, LARGEST_BODY = 64 << 20 };

/* A header without its end of line; what is too long is cut. False at the end of the input. */
static bool read_header(FILE *in, char *line) {
  int n = 0, c;
  while ((c = getc(in)) != EOF && c != '\n')
    if (n < LONGEST_HEADER - 1) line[n++] = (char)c;
  while (n && line[n - 1] == '\r') n--;
  line[n] = 0;
  return c != EOF;
}

/* The length that a header gives, or `before`; -1 where it is no length that a message may have. */
static long length_in(const char *line, long before) {
  static const char key[] = "Content-Length:";
  if (strncasecmp(line, key, sizeof key - 1)) return before;
  char *end;
  long length = strtol(line + sizeof key - 1, &end, 10);
  bool fine = end != line + sizeof key - 1 && !*end && length >= 0 && length <= LARGEST_BODY;
  return fine ? length : -1;
}

static void replace_broken_bytes(char *text, size_t size) {
  size_t bytes;
  for (size_t i = 0; i < size; i += bytes)
    if (text_decode(text + i, size - i, &bytes) == BROKEN_BYTE) text[i] = '?';
}

static WireState read_body(FILE *in, size_t length, cJSON **message) {
  char *body = malloc(length + 1);
  if (!body) return WIRE_END;
  WireState state = fread(body, 1, length, in) == length ? WIRE_BROKEN : WIRE_END;
  body[length] = 0;
  if (state == WIRE_BROKEN) {
    replace_broken_bytes(body, length);
    *message = cJSON_ParseWithLength(body, length);
    if (*message) state = WIRE_MESSAGE;
  }
  free(body);
  return state;
}

WireState wire_read(FILE *in, cJSON **message) {
  char line[LONGEST_HEADER];
  long length = -1;
  bool any = false;
  *message = NULL;
  while (read_header(in, line)) {
    if (!*line && any) return length < 0 ? WIRE_BROKEN : read_body(in, (size_t)length, message);
    any |= *line != 0;
    length = length_in(line, length);
  }
  return WIRE_END;
}

void wire_write(FILE *out, cJSON *message) {
  cJSON_AddStringToObject(message, "jsonrpc", "2.0");
  char *text = cJSON_PrintUnformatted(message);
  if (text) fprintf(out, "Content-Length: %zu\r\n\r\n%s", strlen(text), text);
  fflush(out);
  free(text);
  cJSON_Delete(message);
}
