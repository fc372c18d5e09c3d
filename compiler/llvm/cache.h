/* cache.h — machine code kept on disk: a second start of the same model generates nothing.
 *
 * One file a unit, named by a hash of its key. The key says all that the code depends on (key.c) and stands in the file in full, so that
 * a hash that two keys share costs a miss and never the wrong code. Files are written beside and renamed: any number of processes may
 * read and write at once. What is damaged, cut short or of another key is a miss, and is replaced. A folder that cannot be used is no
 * error: then there is no cache. */
#ifndef RNN_LLVM_CACHE_H
#define RNN_LLVM_CACHE_H
#include "base/session.h"
#include <stdint.h>

typedef struct CodeCache CodeCache;

/* The folder that the environment names: RNN_CACHE, or $XDG_CACHE_HOME/rnn, or ~/.cache/rnn; made where it is not there. NULL with
 * RNN_CACHE=off, without a home, and where the folder is not this user's alone to write: what lies in it is run. */
CodeCache *cache_open(Session *s);
const char *cache_folder(const CodeCache *c);

/* The object of this key, in malloc'ed memory; NULL: there is none. Marks it as used now. */
char *cache_find(const CodeCache *c, const char *key, size_t key_size, size_t *size);
/* Keeps an object. Over 256 MiB in all, those that were not used for longest go. */
void cache_keep(const CodeCache *c, const char *key, size_t key_size, const char *object, size_t size);

typedef struct CacheSize {
  int files;
  int64_t bytes;
} CacheSize;
CacheSize cache_size(const CodeCache *c);
/* Removes what the cache has written; says what it was. */
CacheSize cache_clear(const CodeCache *c);

#endif
