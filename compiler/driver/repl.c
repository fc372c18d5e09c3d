#include "driver/commands.h"

int command_repl(Session *s, Options *o) {
  (void)s, (void)o;
  return EXIT_ERROR;
}
