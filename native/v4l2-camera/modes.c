#include "modes.h"

enum { MAX_FORMATS = 64, MAX_SIZES = 128, MAX_INTERVALS = 64, MAX_JSON = 512 * 1024 };

struct listing {
  const struct device *device;
  struct json *json;
  struct json *truncated;
  bool cut_sizes, cut_intervals;
};

/** Also a driver that never says that it is at the end comes to one. */
static bool is_full(const struct listing *listing, uint32_t index, uint32_t most) {
  return index >= most || listing->json->length > MAX_JSON;
}

static void describe_interval(const struct v4l2_frmivalenum *interval, struct json *json) {
  json_open(json, '{');
  if (interval->type == V4L2_FRMIVAL_TYPE_DISCRETE) {
    json_key_string(json, "type", "discrete");
    json_key(json, "interval");
    json_fraction(json, interval->discrete.numerator, interval->discrete.denominator);
  } else {
    const struct v4l2_frmival_stepwise *steps = &interval->stepwise;
    json_key_string(json, "type", "stepwise");
    json_key(json, "min");
    json_fraction(json, steps->min.numerator, steps->min.denominator);
    json_key(json, "max");
    json_fraction(json, steps->max.numerator, steps->max.denominator);
    json_key(json, "step");
    json_fraction(json, steps->step.numerator, steps->step.denominator);
  }
  json_close(json, '}');
}

static void describe_intervals(struct listing *listing, uint32_t fourcc, uint32_t width, uint32_t height) {
  struct failure end;
  json_key(listing->json, "intervals");
  json_open(listing->json, '[');
  for (uint32_t index = 0;; index++) {
    struct v4l2_frmivalenum interval = {.index = index, .pixel_format = fourcc, .width = width, .height = height};
    if (!IOCTL(listing->device->fd, VIDIOC_ENUM_FRAMEINTERVALS, &interval, &end)) break;
    if (is_full(listing, index, MAX_INTERVALS)) {
      listing->cut_intervals = true;
      break;
    }
    describe_interval(&interval, listing->json);
    if (interval.type != V4L2_FRMIVAL_TYPE_DISCRETE) break;
  }
  json_close(listing->json, ']');
}

static void describe_range(struct json *json, const char *key, uint32_t least, uint32_t most, uint32_t step) {
  json_key(json, key);
  json_open(json, '[');
  json_integer(json, least);
  json_integer(json, most);
  json_integer(json, step);
  json_close(json, ']');
}

static void describe_size(struct listing *listing, uint32_t fourcc, const struct v4l2_frmsizeenum *size) {
  struct json *json = listing->json;
  json_open(json, '{');
  if (size->type == V4L2_FRMSIZE_TYPE_DISCRETE) {
    json_key_string(json, "type", "discrete");
    json_key_integer(json, "width", size->discrete.width);
    json_key_integer(json, "height", size->discrete.height);
    describe_intervals(listing, fourcc, size->discrete.width, size->discrete.height);
  } else {
    const struct v4l2_frmsize_stepwise *steps = &size->stepwise;
    json_key_string(json, "type", "stepwise");
    describe_range(json, "width", steps->min_width, steps->max_width, steps->step_width);
    describe_range(json, "height", steps->min_height, steps->max_height, steps->step_height);
    describe_intervals(listing, fourcc, steps->max_width, steps->max_height);
  }
  json_close(json, '}');
}

static void describe_sizes(struct listing *listing, uint32_t fourcc) {
  struct failure end;
  json_key(listing->json, "sizes");
  json_open(listing->json, '[');
  for (uint32_t index = 0;; index++) {
    struct v4l2_frmsizeenum size = {.index = index, .pixel_format = fourcc};
    if (!IOCTL(listing->device->fd, VIDIOC_ENUM_FRAMESIZES, &size, &end)) break;
    if (is_full(listing, index, MAX_SIZES)) {
      listing->cut_sizes = true;
      break;
    }
    describe_size(listing, fourcc, &size);
    if (size.type != V4L2_FRMSIZE_TYPE_DISCRETE) break;
  }
  json_close(listing->json, ']');
}

static void describe_mode(struct listing *listing, const struct v4l2_fmtdesc *format, bool raw) {
  struct json *json = listing->json;
  json_open(json, '{');
  json_key_string(json, "fourcc", fourcc_text(format->pixelformat).text);
  json_key(json, "description");
  json_bytes(json, format->description, sizeof format->description);
  json_key_bool(json, "compressed", format->flags & V4L2_FMT_FLAG_COMPRESSED);
  json_key_bool(json, "emulated", format->flags & V4L2_FMT_FLAG_EMULATED);
  json_key_string(json, "payload", payload_name(format->pixelformat, raw));
  describe_sizes(listing, format->pixelformat);
  json_close(json, '}');
}

void describe_modes(const struct device *device, bool raw, struct json *json, struct json *truncated) {
  struct listing listing = {.device = device, .json = json, .truncated = truncated};
  struct failure end;
  json_key(json, "modes");
  json_open(json, '[');
  for (uint32_t index = 0;; index++) {
    struct v4l2_fmtdesc format = {.index = index, .type = device->type};
    if (!IOCTL(device->fd, VIDIOC_ENUM_FMT, &format, &end)) break;
    if (is_full(&listing, index, MAX_FORMATS)) {
      json_string(truncated, "modes");
      break;
    }
    describe_mode(&listing, &format, raw);
  }
  json_close(json, ']');
  if (listing.cut_sizes) json_string(truncated, "sizes");
  if (listing.cut_intervals) json_string(truncated, "intervals");
}
