#ifndef OUTPUT_H
#define OUTPUT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "json.h"

enum { MAX_PAYLOADS = 3, HEADER_BYTES = 16, FRAME_HEAD_BYTES = 56 };

/** What is said of a frame. It is sent as binary numbers: docs/internals/v4l2-program.md has the table. */
struct frame_head {
  int64_t time_ns;  // -1: none
  int64_t received_ns;
  uint32_t sequence, lost, replaced;
  uint32_t flags;  // enum head_flags
  uint32_t fourcc, from;
  uint32_t width, height, stride;
  uint32_t still;  // with HEAD_STILL: the command's number
};

enum head_flags { HEAD_MONOTONIC = 1, HEAD_COPY = 2, HEAD_TAKEN_END = 4, HEAD_ERROR = 8, HEAD_STILL = 16 };

/** Memory that a frame is written from. */
struct payload {
  const uint8_t *bytes;
  size_t length;
};

/**
 * Writes messages without ever waiting: small ones wait in memory, and one frame is written from where it lies.
 * A frame begins only after the reader has taken all before it.
 */
struct output {
  int fd;
  bool is_socket;
  bool closed;  // nobody reads any more
  struct json waiting;  // whole messages
  size_t written;  // of waiting
  bool has_frame;
  uint8_t head[HEADER_BYTES + FRAME_HEAD_BYTES];
  size_t head_length;
  struct payload payloads[MAX_PAYLOADS];
  unsigned payload_count;
  size_t frame_written;
  void *copy;  // the rest of a frame whose memory went away
};

/** Takes over `fd`, which will not block from now on. */
void open_output(struct output *output, int fd);

/** Appends a message. `json` is emptied. */
void say(struct output *output, char type, struct json *json);

/** Whether a frame can begin: none is being written, and the reader has taken everything. */
bool can_take_frame(const struct output *output);

/** Begins a frame. Its memory has to last until `has_frame` is false, or keep_frame(). */
void begin_frame(struct output *output, const struct frame_head *head, const struct payload *payloads, unsigned count);

/** Copies what is still to be written of the frame, so that its memory may go. */
void keep_frame(struct output *output);

/** Writes as much as the reader takes now. */
void flush_output(struct output *output);

/** Whether something waits for the reader. */
bool is_waiting(const struct output *output);

/** Writes the rest, waiting at most `limit_ms`. */
void finish_output(struct output *output, int limit_ms);

#endif
