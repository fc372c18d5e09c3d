/* log.h — the log of a training: a line an epoch, as comma-separated values or as JSON, by the file's name. */
#ifndef RNN_RUNTIME_LOG_H
#define RNN_RUNTIME_LOG_H
#include "runtime/runtime.h"

typedef struct LogField {
  const char *name;
  double value; /* NaN: there is none */
  bool whole;   /* a count */
} LogField;

typedef struct Log {
  char *path;
  FILE *file; /* NULL: closed, or it could not be written to any more */
  bool json;
} Log;

/* What stood at `path` before becomes PATH~ (a symbolic link stays: what it leads to is moved). `fields` are the columns. Each line is with the
 * system as soon as it is said, so what a killed training has logged is there. E0603 with the path and the system's reason. */
bool log_open(Log *log, const char *path, const LogField *fields, int count, RnnError *error);
/* False, with errno, where it cannot be written; the log is closed then, and what it holds stays. */
bool log_line(Log *log, const LogField *fields, int count);
void log_close(Log *log);

#endif
