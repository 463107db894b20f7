#define _GNU_SOURCE
#include "output.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/sockios.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/uio.h>
#include <unistd.h>

#include "failure.h"

/** What the kernel may take at once of a message; the reader's wake-ups are the cost of less. */
enum { KERNEL_BYTES = 1024 * 1024 };

void open_output(struct output *output, int fd) {
  struct stat status;
  const int bytes = KERNEL_BYTES;
  *output = (struct output){.fd = fd};
  output->is_socket = fstat(fd, &status) == 0 && S_ISSOCK(status.st_mode);
  if (output->is_socket) {
    setsockopt(fd, SOL_SOCKET, SO_SNDBUF, &bytes, sizeof bytes);
  } else {
    fcntl(fd, F_SETPIPE_SZ, bytes);
  }
  fcntl(fd, F_SETFL, fcntl(fd, F_GETFL) | O_NONBLOCK);
}

static uint8_t *put(uint8_t *to, unsigned bytes, uint64_t number) {
  for (unsigned i = 0; i < bytes; i++) *to++ = (uint8_t)(number >> (8 * i));
  return to;
}

static void put_header(uint8_t *to, char type, size_t json_length, size_t payload_length) {
  memcpy(to, "V4L", 3);
  to[3] = (uint8_t)type;
  put(to + 4, 4, json_length);
  put(to + 8, 4, payload_length);
  put(to + 12, 4, 0);
}

static void put_frame_head(uint8_t *to, const struct frame_head *head) {
  const uint32_t numbers[] = {head->sequence, head->lost, head->replaced, head->flags, head->fourcc,
                              head->from, head->width, head->height, head->stride, head->still};
  to = put(put(to, 8, (uint64_t)head->time_ns), 8, (uint64_t)head->received_ns);
  for (unsigned i = 0; i < sizeof numbers / sizeof *numbers; i++) to = put(to, 4, numbers[i]);
}

static void append(struct json *waiting, const void *bytes, size_t length) {
  if (waiting->length + length > waiting->capacity) {
    waiting->capacity = (waiting->length + length) * 2;
    waiting->text = realloc(waiting->text, waiting->capacity);
    if (!waiting->text) abort();
  }
  memcpy(waiting->text + waiting->length, bytes, length);
  waiting->length += length;
}

void say(struct output *output, char type, struct json *json) {
  uint8_t header[HEADER_BYTES];
  put_header(header, type, json->length, 0);
  append(&output->waiting, header, sizeof header);
  append(&output->waiting, json->text, json->length);
  json_free(json);
}

bool is_waiting(const struct output *output) { return output->has_frame || output->waiting.length > 0; }

/** Bytes that the reader has not taken from the kernel. */
static int unread(const struct output *output) {
  int bytes = 0;
  return ioctl(output->fd, output->is_socket ? SIOCOUTQ : FIONREAD, &bytes) == 0 ? bytes : 0;
}

bool can_take_frame(const struct output *output) { return !is_waiting(output) && unread(output) == 0; }

void begin_frame(struct output *output, const struct frame_head *head, const struct payload *payloads, unsigned count) {
  size_t total = 0;
  for (unsigned i = 0; i < count; i++) {
    output->payloads[i] = payloads[i];
    total += payloads[i].length;
  }
  put_header(output->head, 'F', FRAME_HEAD_BYTES, total);
  put_frame_head(output->head + HEADER_BYTES, head);
  output->head_length = sizeof output->head;
  output->payload_count = count;
  output->frame_written = 0;
  output->has_frame = true;
}

/** What is left of a frame, as pieces. */
static unsigned rest_of_frame(const struct output *output, struct iovec *pieces) {
  size_t skip = output->frame_written;
  unsigned count = 0;
  for (unsigned i = 0; i <= output->payload_count; i++) {
    const uint8_t *bytes = i == 0 ? output->head : output->payloads[i - 1].bytes;
    const size_t length = i == 0 ? output->head_length : output->payloads[i - 1].length;
    const size_t past = skip < length ? skip : length;
    skip -= past;
    if (past < length) pieces[count++] = (struct iovec){(void *)(bytes + past), length - past};
  }
  return count;
}

static void end_frame(struct output *output) {
  free(output->copy);
  output->copy = NULL;
  output->has_frame = false;
}

void keep_frame(struct output *output) {
  struct iovec pieces[MAX_PAYLOADS + 1];
  if (!output->has_frame || output->copy) return;
  const unsigned count = rest_of_frame(output, pieces);
  size_t total = 0;
  for (unsigned i = 0; i < count; i++) total += pieces[i].iov_len;
  uint8_t *copy = malloc(total + 1);
  if (!copy) abort();
  for (unsigned i = 0, at = 0; i < count; at += (unsigned)pieces[i++].iov_len) {
    memcpy(copy + at, pieces[i].iov_base, pieces[i].iov_len);
  }
  output->copy = copy;
  output->head_length = 0;
  output->payloads[0] = (struct payload){copy, total};
  output->payload_count = 1;
  output->frame_written = 0;
}

/** Whether the reader took something. */
static bool write_pieces(struct output *output, const struct iovec *pieces, unsigned count, size_t *written) {
  const ssize_t length = writev(output->fd, pieces, (int)count);
  if (length > 0) *written += (size_t)length;
  if (length == -1 && errno != EAGAIN && errno != EINTR) output->closed = true;
  return length > 0;
}

static bool write_frame(struct output *output) {
  struct iovec pieces[MAX_PAYLOADS + 1];
  const unsigned count = rest_of_frame(output, pieces);
  const bool moved = count > 0 && write_pieces(output, pieces, count, &output->frame_written);
  if (rest_of_frame(output, pieces) == 0) end_frame(output);
  return moved;
}

static bool write_waiting(struct output *output) {
  const struct iovec piece = {output->waiting.text + output->written, output->waiting.length - output->written};
  const bool moved = write_pieces(output, &piece, 1, &output->written);
  if (output->written == output->waiting.length) {
    // The memory of a large message is not kept.
    json_free(&output->waiting);
    output->written = 0;
  }
  return moved;
}

void flush_output(struct output *output) {
  bool moved = true;
  while (moved && !output->closed && is_waiting(output)) {
    // A message that has begun is completed; otherwise small ones go first.
    const bool small_first = output->written > 0 || (output->waiting.length > 0 && output->frame_written == 0 && !output->copy);
    moved = output->has_frame && !small_first ? write_frame(output) : write_waiting(output);
  }
}

void finish_output(struct output *output, int limit_ms) {
  const int64_t end = monotonic_ns() + (int64_t)limit_ms * 1000000;
  flush_output(output);
  while (is_waiting(output) && !output->closed) {
    const int64_t left_ms = (end - monotonic_ns()) / 1000000;
    struct pollfd ready = {.fd = output->fd, .events = POLLOUT};
    if (left_ms <= 0 || poll(&ready, 1, (int)left_ms) < 0) return;
    flush_output(output);
  }
}
