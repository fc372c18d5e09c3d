/* show.h — what a stage says: reports, expectations, plots in text, files written. */
#ifndef RNN_RUNTIME_SHOW_H
#define RNN_RUNTIME_SHOW_H
#include "runtime/metrics.h"
#include "runtime/runtime.h"

void show_json_string(FILE *out, const char *text);
enum { SHOW_DIGITS = 32 };
const char *show_digits(double value, char text[SHOW_DIGITS]); /* as few as read the same back: 1.2, not 1.20000005 */
void show_json_number(FILE *out, double value); /* null where it is not finite */

/* "  fraction(abs(y - z) > 0.04) = 0.0012", or a JSON record. Not with --quiet. */
void show_report(const RnnOptions *options, const char *stage, const char *text, double value);
/* "  test loss = 0.0012": of the `test` part. As above. */
void show_test(const RnnOptions *options, const char *stage, const char *text, double value);
/* "✓ rmse(y, data.y) < 0.1   found 0.03" or ✗, with --quiet only ✗. `found` NULL: the expression is no comparison with a number. */
void show_expect(const RnnOptions *options, const char *stage, const char *text, bool holds, const double *found);
/* The first sequence's values, one curve a series (the first component of each), the last `last` steps (0: all), in Braille dots; what
 * lives on several clocks as a map of its own (map.c). */
void show_plot(const RnnOptions *options, const char *stage, const char *text, const Series *const *series, const char *const *names,
               int count, int64_t last);
/* A value on two clocks: the first sequence's first component, the first clock to the right, the second downwards, the last `last` steps of
 * each (0: all). */
void show_map(const RnnOptions *options, const char *stage, const Series *s, const char *name, int64_t last);

/* A table: sequence, step, then one column for each component of each series; the stepped ones' lengths decide the rows. With a value on several
 * clocks there is a step column for each of them, and a row for each of its values. Written to
 * PATH.tmp, then renamed. E0603 with the path and the system's reason. */
bool write_table(const char *path, const Series *const *series, const char *const *names, int count, RnnError *error);
/* NumPy's archive: an array [steps of all sequences][elements] for each series by its name, and `offset`, where the sequences start; on
 * several clocks of the data [sequence][s][t][elements], NaN behind the ends, and `s.length`, `t.length`. E0603 as above. */
bool write_archive(const char *path, const Series *const *series, const char *const *names, int count, RnnError *error);
/* The table to a stream. */
void write_rows(FILE *out, const Series *const *series, const char *const *names, int count);

#endif
