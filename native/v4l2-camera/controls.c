#include "controls.h"

#include <string.h>

const struct control *find_control(const struct controls *controls, uint32_t id) {
  for (unsigned i = 0; i < controls->count; i++) {
    if (controls->list[i].id == id) return &controls->list[i];
  }
  return NULL;
}

bool has_payload(const struct control *control) {
  return control->type == V4L2_CTRL_TYPE_STRING || control->type == V4L2_CTRL_TYPE_AREA || control->elements > 1 ||
         (control->flags & V4L2_CTRL_FLAG_HAS_PAYLOAD);
}

void subscribe(const struct device *device, struct controls *controls) {
  struct failure none;
  controls->have_events = false;
  for (unsigned i = 0; i < controls->count; i++) {
    struct v4l2_event_subscription wanted = {
        .type = V4L2_EVENT_CTRL, .id = controls->list[i].id, .flags = V4L2_EVENT_SUB_FL_ALLOW_FEEDBACK};
    if (IOCTL(device->fd, VIDIOC_SUBSCRIBE_EVENT, &wanted, &none)) controls->have_events = true;
  }
  struct v4l2_event_subscription source = {.type = V4L2_EVENT_SOURCE_CHANGE};
  struct v4l2_event_subscription end = {.type = V4L2_EVENT_EOS};
  IOCTL(device->fd, VIDIOC_SUBSCRIBE_EVENT, &source, &none);
  IOCTL(device->fd, VIDIOC_SUBSCRIBE_EVENT, &end, &none);
}

/** One number of an array that the driver has filled in. */
static int64_t element(const struct control *control, const uint8_t *memory, uint32_t index) {
  const uint8_t *at = memory + (size_t)index * control->element_bytes;
  uint16_t u16;
  uint32_t u32;
  int32_t s32;
  int64_t s64;
  switch (control->type) {
    case V4L2_CTRL_TYPE_U8:
      return *at;
    case V4L2_CTRL_TYPE_U16:
      memcpy(&u16, at, sizeof u16);
      return u16;
    case V4L2_CTRL_TYPE_U32:
      memcpy(&u32, at, sizeof u32);
      return u32;
    case V4L2_CTRL_TYPE_INTEGER64:
      memcpy(&s64, at, sizeof s64);
      return s64;
    default:
      memcpy(&s32, at, sizeof s32);
      return s32;
  }
}

/** Bytes of one element as this program reads it; 0 for a type that it does not. */
static uint32_t bytes_of_type(uint32_t type) {
  switch (type) {
    case V4L2_CTRL_TYPE_U8:
      return 1;
    case V4L2_CTRL_TYPE_U16:
      return 2;
    case V4L2_CTRL_TYPE_INTEGER64:
      return 8;
    case V4L2_CTRL_TYPE_U32:
    case V4L2_CTRL_TYPE_INTEGER:
    case V4L2_CTRL_TYPE_BOOLEAN:
    case V4L2_CTRL_TYPE_MENU:
    case V4L2_CTRL_TYPE_BITMASK:
    case V4L2_CTRL_TYPE_INTEGER_MENU:
      return 4;
    default:
      return 0;
  }
}

static void read_payload(const struct control *control, const uint8_t *memory, uint32_t bytes, struct json *json) {
  if (control->type == V4L2_CTRL_TYPE_STRING) {
    json_bytes(json, memory, bytes);
  } else if (control->type == V4L2_CTRL_TYPE_AREA && bytes >= sizeof(struct v4l2_area)) {
    struct v4l2_area area;
    memcpy(&area, memory, sizeof area);
    json_open(json, '{');
    json_key_integer(json, "width", area.width);
    json_key_integer(json, "height", area.height);
    json_close(json, '}');
  } else if (bytes_of_type(control->type) && bytes_of_type(control->type) == control->element_bytes) {
    json_open(json, '[');
    for (uint32_t i = 0; i < bytes / control->element_bytes; i++) json_integer(json, element(control, memory, i));
    json_close(json, ']');
  } else {
    json_literal(json, "null");
  }
}

static void read_number(const struct control *control, const struct v4l2_ext_control *value, struct json *json) {
  if (control->type == V4L2_CTRL_TYPE_BOOLEAN) {
    json_bool(json, value->value);
  } else if (control->type == V4L2_CTRL_TYPE_INTEGER64) {
    json_integer(json, value->value64);
  } else if (control->type == V4L2_CTRL_TYPE_BITMASK || bytes_of_type(control->type) < 4) {
    json_integer(json, (uint32_t)value->value);
  } else {
    json_integer(json, value->value);
  }
}

void read_value(const struct device *device, const struct control *control, struct json *json) {
  uint8_t memory[MAX_VALUE_BYTES] = {0};
  struct v4l2_ext_control value = {.id = control->id};
  struct v4l2_ext_controls request = {.which = V4L2_CTRL_WHICH_CUR_VAL, .count = 1, .controls = &value};
  struct failure unreadable;
  const uint64_t bytes = (uint64_t)control->elements * control->element_bytes;
  const bool readable = control->type != V4L2_CTRL_TYPE_BUTTON && !(control->flags & V4L2_CTRL_FLAG_WRITE_ONLY);
  const bool pointed = has_payload(control);
  if (pointed) value.ptr = memory, value.size = (uint32_t)bytes;
  if (!readable || (pointed && (bytes == 0 || bytes > sizeof memory)) ||
      !IOCTL(device->fd, VIDIOC_G_EXT_CTRLS, &request, &unreadable)) {
    json_literal(json, "null");
  } else if (pointed) {
    // A dynamic array may have fewer elements than it has room for.
    read_payload(control, memory, value.size < bytes ? value.size : (uint32_t)bytes, json);
  } else {
    read_number(control, &value, json);
  }
}
