#ifndef MODES_H
#define MODES_H

#include "device.h"

/** The member `modes`: every format with its sizes and intervals. What was cut at a bound goes into `truncated`. */
void describe_modes(const struct device *device, bool raw, struct json *json, struct json *truncated);

#endif
