#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "device.h"

enum { MAX_INPUTS = 32 };

static void describe_capabilities(uint32_t capabilities, struct json *json) {
  static const struct {
    uint32_t bit;
    const char *name;
  } NAMES[] = {
      {V4L2_CAP_VIDEO_CAPTURE, "video-capture"},
      {V4L2_CAP_VIDEO_CAPTURE_MPLANE, "video-capture-multiplanar"},
      {V4L2_CAP_VIDEO_OUTPUT, "video-output"},
      {V4L2_CAP_VIDEO_M2M, "memory-to-memory"},
      {V4L2_CAP_META_CAPTURE, "metadata-capture"},
      {V4L2_CAP_TUNER, "tuner"},
      {V4L2_CAP_AUDIO, "audio"},
      {V4L2_CAP_READWRITE, "read-write"},
      {V4L2_CAP_STREAMING, "streaming"},
      {V4L2_CAP_EXT_PIX_FORMAT, "ext-pix-format"},
      {V4L2_CAP_IO_MC, "media-controller"},
      {V4L2_CAP_TOUCH, "touch"},
  };
  json_key(json, "capabilities");
  json_open(json, '[');
  for (size_t i = 0; i < sizeof NAMES / sizeof *NAMES; i++) {
    if (capabilities & NAMES[i].bit) json_string(json, NAMES[i].name);
  }
  json_close(json, ']');
  json_key_integer(json, "device_caps", capabilities);
}

/** Where sysfs has the device: what identifies it, whatever its number. */
static void describe_sysfs(const char *node, struct json *json) {
  const char *name = strrchr(node, '/');
  char link[PATH_MAX], resolved[PATH_MAX];
  snprintf(link, sizeof link, "/sys/class/video4linux/%s/device", name ? name + 1 : node);
  json_key(json, "sysfs");
  if (realpath(link, resolved)) {
    json_string(json, resolved);
  } else {
    json_literal(json, "null");
  }
}

static void describe_inputs(const struct device *device, struct json *json, struct json *truncated) {
  struct failure end;
  json_key(json, "inputs");
  json_open(json, '[');
  for (uint32_t index = 0;; index++) {
    struct v4l2_input input = {.index = index};
    if (!IOCTL(device->fd, VIDIOC_ENUMINPUT, &input, &end)) break;
    if (index >= MAX_INPUTS) {
      json_string(truncated, "inputs");
      break;
    }
    json_open(json, '{');
    json_key_integer(json, "index", index);
    json_key(json, "name");
    json_bytes(json, input.name, sizeof input.name);
    json_key_string(json, "type", input.type == V4L2_INPUT_TYPE_CAMERA ? "camera" : "other");
    json_close(json, '}');
  }
  json_close(json, ']');
  int selected = 0;
  json_key(json, "input");
  if (IOCTL(device->fd, VIDIOC_G_INPUT, &selected, &end)) {
    json_integer(json, selected);
  } else {
    json_literal(json, "null");
  }
}

void describe_device(const struct device *device, struct json *json, struct json *truncated) {
  const struct v4l2_capability *capability = &device->capability;
  char version[32];
  snprintf(version, sizeof version, "%u.%u.%u", capability->version >> 16, (capability->version >> 8) & 0xff,
           capability->version & 0xff);
  json_key_string(json, "node", device->node);
  json_key(json, "driver");
  json_bytes(json, capability->driver, sizeof capability->driver);
  json_key(json, "card");
  json_bytes(json, capability->card, sizeof capability->card);
  json_key(json, "bus_info");
  json_bytes(json, capability->bus_info, sizeof capability->bus_info);
  json_key_string(json, "version", version);
  describe_sysfs(device->node, json);
  describe_capabilities(device->capabilities, json);
  json_key_bool(json, "multiplanar", device->multiplanar);
  describe_inputs(device, json, truncated);
}

static const char *field_name(uint32_t field) {
  static const char *const NAMES[] = {"any",           "none",       "top",        "bottom",       "interlaced",
                                      "seq-tb",        "seq-bt",     "alternate",  "interlaced-tb", "interlaced-bt"};
  return field < sizeof NAMES / sizeof *NAMES ? NAMES[field] : "unknown";
}

void describe_format(const char *key, const struct frame_format *format, bool raw, struct json *json) {
  json_key(json, key);
  json_open(json, '{');
  json_key_string(json, "fourcc", fourcc_text(format->fourcc).text);
  json_key_integer(json, "width", format->width);
  json_key_integer(json, "height", format->height);
  json_key_integer(json, "stride", format->stride[0]);
  json_key_integer(json, "size_image", format->size[0]);
  json_key_string(json, "field", field_name(format->field));
  json_key_integer(json, "colorspace", format->colorspace);
  json_key_bool(json, "full_range", format->full_range);
  json_key(json, "interval");
  if (format->interval.denominator) {
    json_fraction(json, format->interval.numerator, format->interval.denominator);
  } else {
    json_literal(json, "null");
  }
  json_key_string(json, "payload", payload_name(format->fourcc, raw));
  json_close(json, '}');
}
