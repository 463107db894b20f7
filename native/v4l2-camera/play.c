#ifndef _GNU_SOURCE
#define _GNU_SOURCE
#endif
#include <errno.h>
#include <fcntl.h>
#include <linux/videodev2.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "encode.h"
#include "output.h"
#include "self-test.h"

/** Anything but an end of stdin is ignored. */
static bool stdin_ended(void) {
  char ignored[256];
  struct pollfd ready = {.fd = STDIN_FILENO, .events = POLLIN};
  return poll(&ready, 1, 0) > 0 && read(STDIN_FILENO, ignored, sizeof ignored) == 0;
}

static uint8_t *read_file(const char *file, size_t *length) {
  struct stat status;
  FILE *opened = fopen(file, "rb");
  if (!opened || fstat(fileno(opened), &status) != 0 || status.st_size <= 0 || status.st_size > MAX_FRAME_BYTES) return NULL;
  uint8_t *bytes = malloc((size_t)status.st_size);
  *length = bytes ? fread(bytes, 1, (size_t)status.st_size, opened) : 0;
  fclose(opened);
  return bytes;
}

/** Width and height of a JPEG, by its SOF marker; 1 x 1 if it has none. */
static void find_size(const uint8_t *jpeg, size_t length, unsigned *width, unsigned *height) {
  *width = *height = 1;
  for (size_t at = 2; at + 9 < length && jpeg[at] == 0xff;) {
    const unsigned marker = jpeg[at + 1];
    if (marker >= 0xc0 && marker <= 0xc2) {
      *height = (unsigned)jpeg[at + 5] << 8 | jpeg[at + 6];
      *width = (unsigned)jpeg[at + 7] << 8 | jpeg[at + 8];
      return;
    }
    at += 2 + ((size_t)jpeg[at + 2] << 8 | jpeg[at + 3]);
  }
}

/** Until `time`, what the reader takes is written. */
static void wait_until(struct output *output, int64_t time) {
  for (int64_t left; !output->closed && (left = time - monotonic_ns()) > 0;) {
    struct pollfd ready = {.fd = output->fd, .events = is_waiting(output) ? POLLOUT : 0};
    const struct timespec limit = {left / 1000000000, left % 1000000000};
    if (ppoll(&ready, 1, &limit, NULL) > 0 && !(ready.revents & POLLOUT)) output->closed = true;
    flush_output(output);
  }
}

static void begin_play(struct output *output) {
  struct json json = {0};
  json_open(&json, '{');
  json_key_string(&json, "node", "play");
  json_key_string(&json, "driver", "play");
  json_key_string(&json, "card", "JPEG file");
  json_key_string(&json, "bus_info", "");
  json_key(&json, "format");
  json_literal(&json, "null");
  json_key(&json, "modes");
  json_literal(&json, "[]");
  json_key(&json, "controls");
  json_literal(&json, "[]");
  json_key_bool(&json, "events", false);
  json_close(&json, '}');
  say(output, 'D', &json);
}

int play(const char *file, long rate, long count) {
  static struct output output;
  size_t length = 0;
  uint8_t *bytes = read_file(file, &length);
  if (!bytes) {
    fprintf(stderr, "The file %s cannot be read: %s\n", file, strerror(errno));
    return 1;
  }
  signal(SIGPIPE, SIG_IGN);
  open_output(&output, STDOUT_FILENO);
  begin_play(&output);
  const struct payload payload = {bytes, length};
  const int64_t begin = monotonic_ns();
  uint32_t replaced = 0;
  unsigned width, height;
  find_size(bytes, length, &width, &height);
  for (long i = 0; !output.closed && (count == 0 || i < count) && !stdin_ended(); i++) {
    flush_output(&output);
    if (can_take_frame(&output)) {
      const int64_t now = monotonic_ns();
      const struct frame_head head = {
          .time_ns = now,
          .received_ns = now,
          .sequence = (uint32_t)i,
          .replaced = replaced,
          .flags = HEAD_MONOTONIC,
          .fourcc = V4L2_PIX_FMT_JPEG,
          .from = V4L2_PIX_FMT_MJPEG,
          .width = width,
          .height = height,
      };
      begin_frame(&output, &head, &payload, 1);
      flush_output(&output);
      replaced = 0;
    } else {
      replaced++;
    }
    wait_until(&output, begin + (i + 1) * (1000000000 / rate));
  }
  finish_output(&output, 1000);
  free(bytes);
  return 0;
}
