/* vec.h — a growing array in an arena: `Vec(Expr *) args; vec_push(arena, args, e); args.at[i]; args.len`. */
#ifndef RNN_BASE_VEC_H
#define RNN_BASE_VEC_H
#include "arena.h"
#include <string.h>

#define Vec(T)                                                                                                         \
  struct {                                                                                                             \
    T *at;                                                                                                             \
    int len, cap;                                                                                                      \
  }

#define vec_push(arena, v, item)                                                                                       \
  do {                                                                                                                 \
    if ((v).len == (v).cap) {                                                                                          \
      int cap_ = (v).cap ? 2 * (v).cap : 8;                                                                            \
      void *new_ = arena_alloc((arena), sizeof(*(v).at) * (size_t)cap_);                                               \
      if ((v).len) memcpy(new_, (v).at, sizeof(*(v).at) * (size_t)(v).len);                                            \
      (v).at = new_;                                                                                                   \
      (v).cap = cap_;                                                                                                  \
    }                                                                                                                  \
    (v).at[(v).len++] = (item);                                                                                        \
  } while (0)

#endif
