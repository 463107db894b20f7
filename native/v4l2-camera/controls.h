#ifndef CONTROLS_H
#define CONTROLS_H

#include "device.h"

enum {
  MAX_CONTROLS = 512,
  MAX_VALUE_BYTES = 4096,
  CONTROL_IS_DYNAMIC_ARRAY = 0x0800,  // newer than the oldest headers that it is built with
};

/** What the program keeps of a control, to read and write it. */
struct control {
  uint32_t id, type, flags;
  uint32_t elements, element_bytes;  // the most, in a dynamic array
  int64_t maximum;
};

struct controls {
  unsigned count;
  bool have_events;  // the driver reports changes
  struct control list[MAX_CONTROLS];
};

/** The member `controls`, and its list. False if the camera does not say what some of them are: they are left out. */
bool describe_controls(const struct device *device, struct controls *controls, struct json *json, struct json *truncated);

/** NULL if the device has none of this number. */
const struct control *find_control(const struct controls *controls, uint32_t id);

/** Asks for the changes of every control, and of the source; sets `have_events`. */
void subscribe(const struct device *device, struct controls *controls);

/** The names of flags as a member `flags`. */
void describe_flags(uint32_t flags, struct json *json);

/** The value that the device has now, or null if it cannot be read. */
void read_value(const struct device *device, const struct control *control, struct json *json);

/** Whether a value of this control takes memory beside the ioctl: strings and arrays. */
bool has_payload(const struct control *control);

#endif
