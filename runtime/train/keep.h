/* keep.h — what a stage writes while it trains: `log`, a line an epoch; `save`, weights of its own at some epochs or at its end. */
#ifndef RNN_RUNTIME_KEEP_H
#define RNN_RUNTIME_KEEP_H
#include "runtime/model.h"
#include "runtime/show/progress.h"

/* Opens the logs, and sees whether the files of `save` can be written later. Nothing where the stage says neither. E0603, E0404 where a file is
 * not there for it. */
bool keep_open(Stage *stage, RnnError *error);
/* After each epoch, with the weights as the epoch left them; `best`: it is the best so far. A file that cannot be written any more is told
 * once, and training goes on without it. Errors: those of the reports that are logged. */
bool keep_epoch(Stage *stage, const EpochRecord *epoch, double seconds, bool best, RnnError *error);
/* When the stage is trained and has given its weights to the program: `save "name.safetensors"`. */
bool keep_trained(Stage *stage, RnnError *error);
void keep_close(Stage *stage);

#endif
