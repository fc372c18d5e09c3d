/* threads.h — a few threads that do the items of a job together.
 *
 * Which thread does an item says nothing about the result: items are independent, and whoever asked for them adds up what
 * they gave in the order of their numbers. So a program computes the same bits on any number of threads. */
#ifndef RNN_RUNTIME_THREADS_H
#define RNN_RUNTIME_THREADS_H
#include <stdbool.h>

enum { THREADS_ITEMS = 8 }; /* of a job at most; more threads than that have nothing to do */

typedef struct Threads Threads;
typedef void ThreadWork(void *context, int item);

/* At most `count` threads, the caller's own among them; 0: as many as there are cores that this process may use. Starts none yet. */
Threads *threads_new(int count);
void threads_free(Threads *t);
/* Starts as many threads as jobs of `items` items can use. Call before the first threads_run, which allocates nothing. */
void threads_reserve(Threads *t, int items);
/* Does work(context, item) for every item 0 … items − 1, the caller taking part, and returns when all are done. Without
 * threads the caller does all, in order. */
void threads_run(Threads *t, int items, ThreadWork *work, void *context);
int threads_started(const Threads *t); /* the caller's own not counted */

#endif
