/* scans.h — the loops over steps of a graph: which there are, which lies inside which, and what belongs to each. */
#ifndef RNN_PLAN_SCANS_H
#define RNN_PLAN_SCANS_H
#include "plan/internal.h"

enum { TOP = -1 }; /* the region outside every scan */

typedef Vec(Ref) Refs;

typedef struct Scan {
  int parent;    /* the scan around it; TOP */
  int clock;
  int direction; /* +1 forward in time, -1 backward */
  Refs members;  /* nodes in it and in the scans inside it */
} Scan;

typedef struct Scans {
  int len, cap;
  Scan *at;
  int *of;         /* [node] the innermost scan; TOP */
  int *carried_by; /* [node] the scan whose steps its delayed edge joins; TOP: the edge orders like any other */
} Scans;

Scans scans_of(Session *s, const Graph *g);
/* One step has no loops: everything is outside. */
Scans scans_of_step(Session *s, const Graph *g);
/* Is region `inner` the region `outer`, or somewhere inside it? */
bool scan_holds(const Scans *s, int outer, int inner);
/* The innermost region that holds both. */
int scans_meet(const Scans *s, int a, int b);
/* The scan directly in `region` that holds `inner`, which lies deeper than the region. */
int scan_towards(const Scans *s, int region, int inner);
/* The clocks that values live on, as they should lie in memory: a clock that is scanned around values of another one before
 * it, clocks of fixed length last. Returns how many. */
int scans_order(const Scans *s, const Graph *g, int *order);

/* Finds sums of products that may be computed as one, and says in Plan.absorbed_by what they absorb. [node] is it such a sum? */
bool *plan_find_sums(Plan *p, const Scans *scans);

#endif
