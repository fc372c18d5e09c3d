/* report.h — what `report` asks for in a train stage, on one of its parts. */
#ifndef RNN_RUNTIME_REPORT_H
#define RNN_RUNTIME_REPORT_H
#include "runtime/model.h"

/* A part of the data with its losses, which can be reported by name. NaN: unknown. */
typedef struct ReportPart {
  const Dataset *data;
  int64_t from; /* steps before it do not count */
  double loss, validation;
  bool others; /* only the other values: these two are said by whoever asks */
} ReportPart;

typedef void ReportTake(void *context, const char *text, double value);

/* The validation part, or without one the training part. */
ReportPart report_part(const Stage *stage, double loss, double validation);
/* Runs the net over the part if any `report` needs that, with the weights as they are, and gives each value in the order of the clauses. */
bool report_each(Stage *stage, const ReportPart *part, ReportTake *take, void *context, RnnError *error);
/* The names of the other values (ReportPart.others), without computing them. */
void report_names(const Stage *stage, ReportTake *take, void *context);

#endif
