#include "input.h"

#include <errno.h>
#include <string.h>
#include <unistd.h>

static char *unread(struct input *input) { return input->bytes + input->taken; }

static void move_down(struct input *input) {
  if (input->taken == 0) return;
  input->length -= input->taken;
  memmove(input->bytes, unread(input), input->length);
  input->taken = 0;
}

void read_input(struct input *input) {
  move_down(input);
  if (input->length > MAX_LINE) {
    // The beginning says which command it is, and the rest of the line is not wanted.
    input->too_long = true;
    input->length = 64;
  }
  const ssize_t count = read(input->fd, input->bytes + input->length, MAX_LINE + 1 - input->length);
  if (count > 0) input->length += (size_t)count;
  if (count == 0 || (count == -1 && errno != EAGAIN && errno != EINTR)) input->ended = true;
}

bool has_line(const struct input *input) {
  return memchr(input->bytes + input->taken, '\n', input->length - input->taken) != NULL;
}

char *next_line(struct input *input, size_t *length, bool *too_long) {
  char *line = unread(input);
  char *end = memchr(line, '\n', input->length - input->taken);
  if (!end) return NULL;
  *end = '\0';
  *length = (size_t)(end - line);
  *too_long = input->too_long;
  input->too_long = false;
  input->taken += *length + 1;
  return line;
}
