#include "device.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

bool open_device(struct device *device, const char *node, struct failure *failure) {
  *device = (struct device){.fd = open(node, O_RDWR | O_NONBLOCK | O_CLOEXEC), .node = node};
  if (device->fd == -1) return fail(failure, "open", errno, "%s", strerror(errno));
  if (!IOCTL(device->fd, VIDIOC_QUERYCAP, &device->capability, failure)) {
    close(device->fd);
    device->fd = -1;
    return false;
  }
  const struct v4l2_capability *capability = &device->capability;
  const bool per_node = capability->capabilities & V4L2_CAP_DEVICE_CAPS;
  device->capabilities = per_node ? capability->device_caps : capability->capabilities;
  device->multiplanar = !(device->capabilities & V4L2_CAP_VIDEO_CAPTURE);
  device->type = device->multiplanar ? V4L2_BUF_TYPE_VIDEO_CAPTURE_MPLANE : V4L2_BUF_TYPE_VIDEO_CAPTURE;
  return true;
}

bool captures_video(const struct device *device) {
  const uint32_t capture = V4L2_CAP_VIDEO_CAPTURE | V4L2_CAP_VIDEO_CAPTURE_MPLANE;
  return (device->capabilities & capture) && (device->capabilities & V4L2_CAP_STREAMING);
}

bool is_present(const struct device *device, struct failure *failure) {
  struct v4l2_capability capability;
  return IOCTL(device->fd, VIDIOC_QUERYCAP, &capability, failure);
}

bool select_input(const struct device *device, uint32_t input, struct failure *failure) {
  int number = (int)input;
  return IOCTL(device->fd, VIDIOC_S_INPUT, &number, failure);
}

static struct v4l2_format asked(const struct device *device, const struct frame_format *format) {
  struct v4l2_format wanted = {.type = device->type};
  if (device->multiplanar) {
    wanted.fmt.pix_mp = (struct v4l2_pix_format_mplane){
        .pixelformat = format->fourcc, .width = format->width, .height = format->height, .field = V4L2_FIELD_ANY};
  } else {
    wanted.fmt.pix = (struct v4l2_pix_format){
        .pixelformat = format->fourcc, .width = format->width, .height = format->height, .field = V4L2_FIELD_ANY};
  }
  return wanted;
}

static bool is_full_range(uint32_t quantization, uint32_t colorspace) {
  if (quantization == V4L2_QUANTIZATION_DEFAULT) return colorspace == V4L2_COLORSPACE_JPEG;
  return quantization == V4L2_QUANTIZATION_FULL_RANGE;
}

/** Takes over what a driver says, if it can be. */
static bool taken(struct frame_format *format, const struct v4l2_format *said, struct failure *failure) {
  if (said->type == V4L2_BUF_TYPE_VIDEO_CAPTURE_MPLANE) {
    const struct v4l2_pix_format_mplane *pix = &said->fmt.pix_mp;
    format->fourcc = pix->pixelformat, format->width = pix->width, format->height = pix->height;
    format->field = pix->field, format->colorspace = pix->colorspace, format->planes = pix->num_planes;
    format->full_range = is_full_range(pix->quantization, pix->colorspace);
    for (unsigned i = 0; i < MAX_PLANES; i++) {
      format->stride[i] = pix->plane_fmt[i].bytesperline, format->size[i] = pix->plane_fmt[i].sizeimage;
    }
  } else {
    const struct v4l2_pix_format *pix = &said->fmt.pix;
    format->fourcc = pix->pixelformat, format->width = pix->width, format->height = pix->height;
    format->field = pix->field, format->colorspace = pix->colorspace, format->planes = 1;
    format->full_range = is_full_range(pix->quantization, pix->colorspace);
    format->stride[0] = pix->bytesperline, format->size[0] = pix->sizeimage;
  }
  const bool sound = format->width >= 1 && format->width <= MAX_SIDE && format->height >= 1 &&
                     format->height <= MAX_SIDE && format->planes >= 1 && format->planes <= MAX_PLANES;
  if (sound) return true;
  return fail(failure, "VIDIOC_S_FMT", EOVERFLOW, "The driver says %ux%u pixels in %u planes, which cannot be.",
              format->width, format->height, format->planes);
}

static void read_interval(const struct device *device, struct frame_format *format) {
  struct v4l2_streamparm parameters = {.type = device->type};
  struct failure none;
  format->interval = (struct v4l2_fract){0, 0};
  if (!IOCTL(device->fd, VIDIOC_G_PARM, &parameters, &none)) return;
  const struct v4l2_captureparm *capture = &parameters.parm.capture;
  if (capture->timeperframe.denominator) format->interval = capture->timeperframe;
}

bool read_format(const struct device *device, struct frame_format *format, struct failure *failure) {
  struct v4l2_format present = {.type = device->type};
  if (!IOCTL(device->fd, VIDIOC_G_FMT, &present, failure) || !taken(format, &present, failure)) return false;
  read_interval(device, format);
  return true;
}

bool try_format(const struct device *device, struct frame_format *format, struct failure *failure) {
  struct v4l2_format wanted = asked(device, format);
  return IOCTL(device->fd, VIDIOC_TRY_FMT, &wanted, failure) && taken(format, &wanted, failure);
}

bool set_interval(const struct device *device, struct frame_format *format, struct failure *failure) {
  struct v4l2_streamparm parameters = {.type = device->type};
  parameters.parm.capture.timeperframe = format->interval;
  if (!IOCTL(device->fd, VIDIOC_S_PARM, &parameters, failure)) return false;
  format->interval = parameters.parm.capture.timeperframe;
  return true;
}

bool set_format(const struct device *device, struct frame_format *format, struct failure *failure) {
  struct v4l2_format wanted = asked(device, format);
  if (!IOCTL(device->fd, VIDIOC_S_FMT, &wanted, failure) || !taken(format, &wanted, failure)) return false;
  if (format->interval.denominator) return set_interval(device, format, failure);
  read_interval(device, format);
  return true;
}
