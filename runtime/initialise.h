/* initialise.h — inside the initialisers: what is being drawn, and what the files share. initialise.c has the table and the options,
 * initialise_draws.c what draws or reads each number by itself, initialise_matrices.c what a matrix is made of. */
#ifndef RNN_RUNTIME_INITIALISE_H
#define RNN_RUNTIME_INITIALISE_H
#include "runtime/data/data.h"
#include "runtime/error.h"
#include "runtime/random.h"
#include "runtime/value.h"

enum { OPTIONS = 5 };

typedef struct Draw Draw;
typedef struct Initialiser {
  const char *name;
  int positional;
  const char *option[OPTIONS];
  bool (*run)(Draw *d);
} Initialiser;

struct Draw {
  const char *name, *directory;
  const cJSON *call;
  const Initialiser *initialiser;
  const int64_t *shape;
  int rank;
  int64_t elements, rows, columns; /* rows: the first dim; columns: all the others */
  bool first;                      /* the first stage of a chain: `out` holds nothing yet */
  Random random;
  double *out;
  RnnError *error;
};

#define INITIALISER(name, positional, ...) bool init_##name(Draw *d);
#include "runtime/initialisers.def"
#undef INITIALISER

/* Options of the initialiser at hand; each sets E0422 where it is not what it should be. A fallback of NaN: there is none. */
const cJSON *initialise_option(const Draw *d, const char *name); /* NULL */
bool initialise_bad_option(Draw *d, const char *name, const char *wanted);
bool initialise_number(Draw *d, const char *name, double fallback, double *out);
bool initialise_whole(Draw *d, const char *name, double least, double most, int64_t *out);
/* E0421 with the shape that there is and the one that is wanted. */
bool initialise_wrong_shape(Draw *d, const char *wanted);
/* All numbers at once. */
bool initialise_fill_uniform(Draw *d, double low, double high);
bool initialise_fill_normal(Draw *d, double mean, double std);
bool initialise_fill_constant(Draw *d, double x);

#endif
