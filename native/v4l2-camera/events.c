#include "session.h"

enum { MAX_EVENTS = 64 };

static void name_changes(uint32_t changes, struct json *json) {
  json_key(json, "changes");
  json_open(json, '[');
  if (changes & V4L2_EVENT_CTRL_CH_VALUE) json_string(json, "value");
  if (changes & V4L2_EVENT_CTRL_CH_FLAGS) json_string(json, "flags");
  if (changes & V4L2_EVENT_CTRL_CH_RANGE) json_string(json, "range");
  if (changes & 0x8) json_string(json, "dimensions");
  json_close(json, ']');
}

static void say_control(struct session *session, const struct v4l2_event *event) {
  const struct v4l2_event_ctrl *now = &event->u.ctrl;
  const struct control *control = find_control(&session->controls, event->id);
  struct json json = {0};
  if (!control) return;
  json_open(&json, '{');
  json_key_integer(&json, "id", event->id);
  name_changes(now->changes, &json);
  json_key(&json, "value");
  // Events lack strings and arrays; and what the device has now is newer than what the event says.
  read_value(&session->device, control, &json);
  describe_flags(now->flags, &json);
  json_key_integer(&json, "min", now->minimum);
  json_key_integer(&json, "max", now->maximum);
  json_key_integer(&json, "step", now->step);
  json_key_integer(&json, "default", now->default_value);
  json_close(&json, '}');
  say(&session->output, 'C', &json);
}

static void say_source(struct session *session, const char *change) {
  struct json json = {0};
  json_open(&json, '{');
  json_key(&json, "changes");
  json_open(&json, '[');
  if (change) json_string(&json, change);
  json_close(&json, ']');
  json_close(&json, '}');
  say(&session->output, 'S', &json);
}

void receive_events(struct session *session) {
  struct failure none;
  struct v4l2_event event;
  for (unsigned i = 0; i < MAX_EVENTS && IOCTL(session->device.fd, VIDIOC_DQEVENT, &event, &none); i++) {
    if (event.type == V4L2_EVENT_CTRL) say_control(session, &event);
    if (event.type == V4L2_EVENT_EOS) say_source(session, "end");
    if (event.type == V4L2_EVENT_SOURCE_CHANGE) {
      say_source(session, event.u.src_change.changes & V4L2_EVENT_SRC_CH_RESOLUTION ? "resolution" : NULL);
    }
  }
}
