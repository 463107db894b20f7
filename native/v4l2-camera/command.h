#ifndef COMMAND_H
#define COMMAND_H

#include <linux/videodev2.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum { MAX_LINE = 65536, MAX_ASSIGNMENTS = 64 };

enum verb { GET, SET, MODE, RATE, STILL, QUALITY, START, PAUSE, DESCRIBE, STOP };

struct assignment {
  uint32_t id;
  char *value;  // of a set, within the line, still percent-encoded
};

/** A pixel format, a size and perhaps an interval. */
struct mode {
  uint32_t fourcc, width, height;
  struct v4l2_fract interval;  // 0/0: not given
};

/** One line of stdin. */
struct command {
  bool has_number;
  uint32_t number;
  enum verb verb;
  unsigned count;
  struct assignment assignments[MAX_ASSIGNMENTS];
  struct mode mode;
  unsigned skip;
  int quality;
  const char *fault;  // a sentence that says what cannot be understood, or NULL
};

/** Reads a line without its end. It is cut into pieces, which `command` points into. `line[length]` must be 0. */
void parse_command(char *line, size_t length, struct command *command);

/** "FOURCC:WxH" or "FOURCC:WxH:N/D". The text is cut into pieces. */
bool parse_mode(char *text, struct mode *mode);

bool parse_size(const char *text, uint32_t *width, uint32_t *height);

/** A decimal or 0x number from `least` to `most`, and nothing after it. */
bool parse_number(const char *text, int64_t least, int64_t most, int64_t *number);

#endif
