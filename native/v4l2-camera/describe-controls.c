#include <string.h>

#include "controls.h"

enum { MAX_MENU = 256, MAX_JSON = 400 * 1024 };
/** Classes of controls, each with its first number but one that names the class, and how many numbers are tried after one. */
enum { FIRST_CLASS = V4L2_CTRL_CLASS_USER >> 16, LAST_CLASS = 0xa5, FIRST_OF_CLASS = 0x900, NEARBY = 64 };

static const char *type_name(uint32_t type) {
  switch (type) {
    case V4L2_CTRL_TYPE_INTEGER:
      return "integer";
    case V4L2_CTRL_TYPE_BOOLEAN:
      return "boolean";
    case V4L2_CTRL_TYPE_MENU:
      return "menu";
    case V4L2_CTRL_TYPE_INTEGER_MENU:
      return "integer-menu";
    case V4L2_CTRL_TYPE_BITMASK:
      return "bitmask";
    case V4L2_CTRL_TYPE_BUTTON:
      return "button";
    case V4L2_CTRL_TYPE_INTEGER64:
      return "integer64";
    case V4L2_CTRL_TYPE_STRING:
      return "string";
    case V4L2_CTRL_TYPE_U8:
      return "u8";
    case V4L2_CTRL_TYPE_U16:
      return "u16";
    case V4L2_CTRL_TYPE_U32:
      return "u32";
    case V4L2_CTRL_TYPE_AREA:
      return "area";
    default:
      return "compound";
  }
}

void describe_flags(uint32_t flags, struct json *json) {
  static const struct {
    uint32_t bit;
    const char *name;
  } NAMES[] = {
      {V4L2_CTRL_FLAG_DISABLED, "disabled"},
      {V4L2_CTRL_FLAG_GRABBED, "grabbed"},
      {V4L2_CTRL_FLAG_READ_ONLY, "read-only"},
      {V4L2_CTRL_FLAG_UPDATE, "update"},
      {V4L2_CTRL_FLAG_INACTIVE, "inactive"},
      {V4L2_CTRL_FLAG_SLIDER, "slider"},
      {V4L2_CTRL_FLAG_WRITE_ONLY, "write-only"},
      {V4L2_CTRL_FLAG_VOLATILE, "volatile"},
      {V4L2_CTRL_FLAG_HAS_PAYLOAD, "has-payload"},
      {V4L2_CTRL_FLAG_EXECUTE_ON_WRITE, "execute-on-write"},
      {V4L2_CTRL_FLAG_MODIFY_LAYOUT, "modify-layout"},
      {CONTROL_IS_DYNAMIC_ARRAY, "dynamic-array"},
  };
  json_key(json, "flags");
  json_open(json, '[');
  for (size_t i = 0; i < sizeof NAMES / sizeof *NAMES; i++) {
    if (flags & NAMES[i].bit) json_string(json, NAMES[i].name);
  }
  json_close(json, ']');
}

/** Indices that the driver does not have are left out. */
static bool describe_menu(const struct device *device, const struct v4l2_query_ext_ctrl *query, struct json *json) {
  const bool integers = query->type == V4L2_CTRL_TYPE_INTEGER_MENU;
  unsigned asked = 0;
  struct failure hole;
  json_key(json, "menu");
  json_open(json, '[');
  int64_t index = query->minimum < 0 ? 0 : query->minimum;
  const int64_t last = query->maximum < UINT32_MAX ? query->maximum : UINT32_MAX;
  for (; index <= last && asked < MAX_MENU; index++, asked++) {
    struct v4l2_querymenu entry = {.id = query->id, .index = (uint32_t)index};
    if (!IOCTL(device->fd, VIDIOC_QUERYMENU, &entry, &hole)) continue;
    json_open(json, '{');
    json_key_integer(json, "index", index);
    json_key(json, integers ? "value" : "name");
    if (integers) {
      json_integer(json, entry.value);
    } else {
      json_bytes(json, entry.name, sizeof entry.name);
    }
    json_close(json, '}');
  }
  json_close(json, ']');
  return index > last;
}

static void describe_dimensions(const struct v4l2_query_ext_ctrl *query, struct json *json) {
  if (query->nr_of_dims == 0) return;
  json_key(json, "dims");
  json_open(json, '[');
  for (uint32_t i = 0; i < query->nr_of_dims && i < V4L2_CTRL_MAX_DIMS; i++) json_integer(json, query->dims[i]);
  json_close(json, ']');
  json_key_integer(json, "elems", query->elems);
}

/** The name of the class that the control belongs to, which is a control itself. */
static void describe_class(const struct device *device, uint32_t id, struct json *json) {
  struct v4l2_queryctrl query = {.id = V4L2_CTRL_ID2WHICH(id) | 1};
  struct failure none;
  json_key(json, "class");
  if (IOCTL(device->fd, VIDIOC_QUERYCTRL, &query, &none) && query.type == V4L2_CTRL_TYPE_CTRL_CLASS) {
    json_bytes(json, query.name, sizeof query.name);
  } else {
    json_literal(json, "null");
  }
}

/** Whether all of its menu is told. */
static bool describe_control(const struct device *device, const struct v4l2_query_ext_ctrl *query,
                             const struct control *control, struct json *json) {
  bool whole = true;
  json_open(json, '{');
  json_key_integer(json, "id", query->id);
  json_key(json, "name");
  json_bytes(json, query->name, sizeof query->name);
  describe_class(device, query->id, json);
  json_key_string(json, "type", type_name(query->type));
  json_key_integer(json, "min", query->minimum);
  json_key_integer(json, "max", query->maximum);
  json_key(json, "step");
  // Of a bitmask and the like it is unsigned and may be beyond what a signed number holds.
  json_integer(json, query->step > INT64_MAX ? INT64_MAX : (int64_t)query->step);
  json_key_integer(json, "default", query->default_value);
  json_key(json, "value");
  read_value(device, control, json);
  describe_flags(query->flags, json);
  describe_dimensions(query, json);
  if (query->type == V4L2_CTRL_TYPE_MENU || query->type == V4L2_CTRL_TYPE_INTEGER_MENU) {
    whole = describe_menu(device, query, json);
  }
  json_close(json, '}');
  return whole;
}

static bool query_control(const struct device *device, uint32_t id, struct v4l2_query_ext_ctrl *query) {
  struct failure none;
  *query = (struct v4l2_query_ext_ctrl){.id = id};
  return IOCTL(device->fd, VIDIOC_QUERY_EXT_CTRL, query, &none);
}

/**
 * The control after `last`. Where a camera does not answer for one, its driver gets no further, often with the same errno as at
 * the end: so the numbers that follow are tried, and the later classes. `skipped`: there was such a control.
 */
static bool next_control(const struct device *device, uint32_t last, struct v4l2_query_ext_ctrl *query, bool *skipped) {
  const uint32_t next = V4L2_CTRL_FLAG_NEXT_CTRL | V4L2_CTRL_FLAG_NEXT_COMPOUND;
  *skipped = false;
  if (query_control(device, last | next, query)) return query->id > last;
  *skipped = true;
  const uint32_t class = last >> 16 < FIRST_CLASS ? FIRST_CLASS : last >> 16;
  const uint32_t first = (class << 16) + FIRST_OF_CLASS;
  const uint32_t from = last < first ? first : last + 1;
  for (uint32_t id = from; id < from + NEARBY; id++) {
    if (query_control(device, id, query)) return true;
  }
  for (uint32_t later = class + 1; later <= LAST_CLASS; later++) {
    if (query_control(device, (later << 16) | next, query) && query->id > last) return true;
  }
  return false;
}

bool describe_controls(const struct device *device, struct controls *controls, struct json *json, struct json *truncated) {
  bool whole_menus = true, skipped;
  const size_t before = json->length;
  controls->count = 0;
  json_key(json, "controls");
  json_open(json, '[');
  struct v4l2_query_ext_ctrl query;
  uint32_t last = 0;
  unsigned left_out = 0;
  for (unsigned asked = 0; next_control(device, last, &query, &skipped); asked++) {
    left_out += skipped;
    if (asked == 2 * MAX_CONTROLS || controls->count == MAX_CONTROLS || json->length - before > MAX_JSON) {
      json_string(truncated, "controls");
      break;
    }
    last = query.id;
    if (query.type != V4L2_CTRL_TYPE_CTRL_CLASS) {
      struct control *control = &controls->list[controls->count++];
      const bool dynamic = query.flags & CONTROL_IS_DYNAMIC_ARRAY;
      *control = (struct control){query.id,        query.type,     query.flags, dynamic ? query.dims[0] : query.elems,
                                  query.elem_size, query.maximum};
      whole_menus &= describe_control(device, &query, control, json);
    }
  }
  json_close(json, ']');
  if (!whole_menus) json_string(truncated, "menu");
  return left_out == 0;
}
