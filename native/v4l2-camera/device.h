#ifndef DEVICE_H
#define DEVICE_H

#include "json.h"
#include "pixel-format.h"

/** An open V4L2 device that captures video. */
struct device {
  int fd;
  const char *node;
  struct v4l2_capability capability;
  uint32_t capabilities;  // of this node
  bool multiplanar;
  enum v4l2_buf_type type;
};

/** Opens `node`, without waiting, and asks what it is. The descriptor is -1 after a failure. */
bool open_device(struct device *device, const char *node, struct failure *failure);

/** Whether it captures video by streaming; memory-to-memory devices do not count. */
bool captures_video(const struct device *device);

/** Fails if the device has been removed. */
bool is_present(const struct device *device, struct failure *failure);

bool select_input(const struct device *device, uint32_t input, struct failure *failure);

/** The present format and interval. */
bool read_format(const struct device *device, struct frame_format *format, struct failure *failure);

/** The format that the device would choose for `fourcc`, `width` and `height`, without changing anything. */
bool try_format(const struct device *device, struct frame_format *format, struct failure *failure);

/** Sets `format` and its interval, if that is not 0; `format` becomes what the device chose. */
bool set_format(const struct device *device, struct frame_format *format, struct failure *failure);

/** Sets the interval alone; `format->interval` becomes what the device chose. */
bool set_interval(const struct device *device, struct frame_format *format, struct failure *failure);

/** Members of the message device that tell which device it is: node to input. */
void describe_device(const struct device *device, struct json *json, struct json *truncated);

/** The member `key`: fourcc, size, stride, interval. */
void describe_format(const char *key, const struct frame_format *format, bool raw, struct json *json);

#endif
