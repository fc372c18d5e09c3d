/* threads.c — a few threads that do the items of a job together.
 *
 * A job is offered by writing its number beside each of its items; who swaps that number for 0 has taken the item. A thread
 * that wakes late thus finds either items of the job it woke for or nothing: a later job has another number. Threads wait for
 * a job turning over a short while (batches follow one another at once) and then asleep; so does the caller for the last
 * items. Every thread begins with items of its own, so that a slice's memory stays with one core, and then helps the others. */
#define _GNU_SOURCE
#include "runtime/threads.h"
#include <pthread.h>
#include <sched.h>
#include <stdatomic.h>
#include <stdint.h>
#include <stdlib.h>
#include <unistd.h>

enum { SPINS = 2000 }; /* some ten microseconds: what lies between two batches of a small net */

typedef struct Worker {
  Threads *pool;
  int number; /* from 1; the caller is 0 */
  uint64_t seen; /* the last job looked at */
  pthread_t thread;
} Worker;

struct Threads {
  int most;
  atomic_int workers;
  Worker worker[THREADS_ITEMS];
  pthread_mutex_t mutex;
  pthread_cond_t wake, finished;
  ThreadWork *work;                       /* of the job, as its context: read only by who has taken an item */
  void *context;
  _Atomic uint64_t job;                   /* the last one offered */
  _Atomic uint64_t offered[THREADS_ITEMS]; /* the job whose item waits to be taken; 0: none does */
  atomic_int left;                        /* items not yet done */
  atomic_bool stop;
};

static int cores(void) {
  cpu_set_t set;
  if (!sched_getaffinity(0, sizeof set, &set)) return CPU_COUNT(&set);
  long count = sysconf(_SC_NPROCESSORS_ONLN);
  return count > 0 ? (int)count : 1;
}

static void pause_briefly(void) {
#if defined(__x86_64__)
  __builtin_ia32_pause();
#elif defined(__aarch64__)
  __asm__ volatile("yield");
#endif
}

/* --- taking items --------------------------------------------------------------------------------------------------------- */

static void one_is_done(Threads *t) {
  if (atomic_fetch_sub(&t->left, 1) > 1) return;
  pthread_mutex_lock(&t->mutex);
  pthread_cond_signal(&t->finished);
  pthread_mutex_unlock(&t->mutex);
}

static void try_item(Threads *t, uint64_t job, int item) {
  if (!atomic_compare_exchange_strong(&t->offered[item], &job, 0)) return;
  t->work(t->context, item);
  one_is_done(t);
}

static void take_items(Threads *t, uint64_t job, int number) {
  for (int i = number; i < THREADS_ITEMS; i += atomic_load(&t->workers) + 1) try_item(t, job, i);
  for (int i = 0; i < THREADS_ITEMS; i++) try_item(t, job, i);
}

/* --- a worker's life ------------------------------------------------------------------------------------------------------ */

static uint64_t next_job(Threads *t, uint64_t seen) {
  for (int i = 0; i < SPINS; i++) {
    if (atomic_load(&t->job) != seen) return atomic_load(&t->job);
    pause_briefly();
  }
  pthread_mutex_lock(&t->mutex);
  while (atomic_load(&t->job) == seen) pthread_cond_wait(&t->wake, &t->mutex);
  pthread_mutex_unlock(&t->mutex);
  return atomic_load(&t->job);
}

static void *live(void *argument) {
  Worker *w = argument;
  for (;;) {
    w->seen = next_job(w->pool, w->seen);
    if (atomic_load(&w->pool->stop)) return NULL;
    take_items(w->pool, w->seen, w->number);
  }
}

static bool start(Threads *t, int number) {
  Worker *w = &t->worker[number - 1];
  *w = (Worker){.pool = t, .number = number, .seen = atomic_load(&t->job)};
  return pthread_create(&w->thread, NULL, live, w) == 0;
}

/* --- the caller's side ---------------------------------------------------------------------------------------------------- */

static int lesser(int a, int b) {
  return a < b ? a : b;
}

Threads *threads_new(int count) {
  Threads *t = calloc(1, sizeof *t);
  if (!t) abort(); /* out of memory: nothing sensible is left to do */
  t->most = lesser(count > 0 ? count : cores(), THREADS_ITEMS);
  pthread_mutex_init(&t->mutex, NULL);
  pthread_cond_init(&t->wake, NULL);
  pthread_cond_init(&t->finished, NULL);
  return t;
}

/* The number is written under the mutex, so that nobody falls asleep on the old one. */
static void announce(Threads *t, uint64_t job) {
  pthread_mutex_lock(&t->mutex);
  atomic_store(&t->job, job);
  pthread_cond_broadcast(&t->wake);
  pthread_mutex_unlock(&t->mutex);
}

void threads_free(Threads *t) {
  if (!t) return;
  atomic_store(&t->stop, true);
  announce(t, atomic_load(&t->job) + 1);
  for (int i = 0; i < atomic_load(&t->workers); i++) pthread_join(t->worker[i].thread, NULL);
  pthread_mutex_destroy(&t->mutex);
  pthread_cond_destroy(&t->wake);
  pthread_cond_destroy(&t->finished);
  free(t);
}

/* Fewer than wanted where the system gives no more: that is slower and nothing else. */
void threads_reserve(Threads *t, int items) {
  int wanted = lesser(t->most, items) - 1;
  for (int n = atomic_load(&t->workers) + 1; n <= wanted && start(t, n); n++) atomic_store(&t->workers, n);
}

int threads_started(const Threads *t) {
  return atomic_load(&t->workers);
}

static void wait_for_all(Threads *t) {
  for (int i = 0; i < SPINS; i++) {
    if (atomic_load(&t->left) == 0) return;
    pause_briefly();
  }
  pthread_mutex_lock(&t->mutex);
  while (atomic_load(&t->left) > 0) pthread_cond_wait(&t->finished, &t->mutex);
  pthread_mutex_unlock(&t->mutex);
}

static void share(Threads *t, int items, ThreadWork *work, void *context) {
  uint64_t job = atomic_load(&t->job) + 1;
  t->work = work;
  t->context = context;
  atomic_store(&t->left, items);
  for (int i = 0; i < items; i++) atomic_store(&t->offered[i], job);
  announce(t, job);
  take_items(t, job, 0);
  wait_for_all(t);
}

void threads_run(Threads *t, int items, ThreadWork *work, void *context) {
  if (threads_started(t) > 0 && items > 1) return share(t, items, work, context);
  for (int i = 0; i < items; i++) work(context, i);
}
