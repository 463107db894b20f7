#ifndef LIST_H
#define LIST_H

/** Prints the devices of these nodes, or of all that capture video. The result is the exit code. */
int list_devices(char **nodes, int count);

#endif
