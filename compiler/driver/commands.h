/* commands.h — what `rnn COMMAND` does: commands.def has a row for each. Exit codes: 0 fine, 1 an error in the model, the data or
 * the files, 2 the command line is wrong, 3 an `expect` does not hold. */
#ifndef RNN_DRIVER_COMMANDS_H
#define RNN_DRIVER_COMMANDS_H
#include "driver/compile.h"

enum { EXIT_FINE = 0, EXIT_ERROR = 1, EXIT_USAGE = 2, EXIT_EXPECT = 3 };

#define COMMAND(name, arguments, help) int command_##name(Session *s, Options *o);
#include "driver/commands.def"
#undef COMMAND

/* `rnn --emit=STAGE FILE`. */
int command_emit(Session *s, Options *o);
/* Prints all diagnostics the way the options say; EXIT_ERROR if there were errors, else EXIT_FINE. */
int finish(Session *s, const Options *o);
/* The folder that this program stands in, for the library and the runtime beside it. */
const char *program_folder(Session *s);

#endif
