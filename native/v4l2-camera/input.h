#ifndef INPUT_H
#define INPUT_H

#include <stdbool.h>
#include <stddef.h>

#include "command.h"

/** Lines of stdin. What is longer than MAX_LINE is discarded up to its end. */
struct input {
  int fd;
  bool ended;
  bool too_long;
  size_t length;
  size_t taken;  // by next_line
  char bytes[MAX_LINE + 2];
};

/** Reads what is there, without waiting. */
void read_input(struct input *input);

/** Whether next_line() would return one. */
bool has_line(const struct input *input);

/** The next line, ended by 0, or NULL. It lasts until the next call of a function here. */
char *next_line(struct input *input, size_t *length, bool *too_long);

#endif
