/* target.h — where a file that is to be replaced really stands. */
#ifndef RNN_RUNTIME_SAVE_TARGET_H
#define RNN_RUNTIME_SAVE_TARGET_H

/* PATH; where it is a symbolic link, what it leads to, there or not yet: a rename over the link itself would cut it, and leave the old
 * contents where the link's owner looks for the new ones. To be freed. NULL, with errno, where links lead in a circle. */
char *write_target(const char *path);

#endif
