// Takes the place of ioctl.c: a driver that mostly behaves, and now and then says what no driver should. It is played by
// HOSTILE_SEED on /dev/zero, which can be opened, mapped and polled as a device can. Compiled with the program's own files and
// sanitizers, by native-fuzz.test.ts.
#include <errno.h>
#include <linux/videodev2.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "../../native/v4l2-camera/failure.h"

static const uint32_t FOURCCS[] = {
    V4L2_PIX_FMT_MJPEG,  V4L2_PIX_FMT_YUYV,    V4L2_PIX_FMT_UYVY, V4L2_PIX_FMT_NV12, V4L2_PIX_FMT_YUV420, V4L2_PIX_FMT_GREY,
    V4L2_PIX_FMT_Y16,    V4L2_PIX_FMT_BGR24,   V4L2_PIX_FMT_NV12M, V4L2_PIX_FMT_SGRBG8, V4L2_PIX_FMT_SRGGB10, V4L2_PIX_FMT_H264,
    V4L2_PIX_FMT_YUV420M,
};

static uint64_t state;
static uint32_t frames;
static unsigned calls;

static uint32_t chance(uint32_t of) {
  state = state * 6364136223846793005u + 1442695040888963407u;
  return (uint32_t)(state >> 33) % of;
}

/** A number at an edge, or any. */
static uint32_t rubbish(void) {
  static const uint32_t EDGES[] = {0, 1, 2, 3, 255, 4096, 32768, 65536, INT32_MAX, UINT32_MAX, UINT32_MAX - 1};
  return chance(3) ? EDGES[chance(sizeof EDGES / sizeof *EDGES)] : (uint32_t)state;
}

/** `usual`, and one time in `of` something else. */
static uint32_t mostly(uint32_t usual, uint32_t of) { return chance(of) ? usual : rubbish(); }

static void scribble(void *bytes, size_t count) {
  for (size_t i = 0; i < count; i++) ((uint8_t *)bytes)[i] = (uint8_t)rubbish();
}

static bool refuse(struct failure *failure, const char *name, int number) { return fail(failure, name, number, "refused"); }

static void say_format(struct v4l2_format *format) {
  const uint32_t fourcc = FOURCCS[chance(sizeof FOURCCS / sizeof *FOURCCS)];
  if (format->type == V4L2_BUF_TYPE_VIDEO_CAPTURE) {
    struct v4l2_pix_format *pix = &format->fmt.pix;
    if (pix->pixelformat == 0 || chance(8) == 0) pix->pixelformat = fourcc;
    if (pix->width == 0 || chance(16) == 0) pix->width = mostly(64 + chance(70), 30);
    if (pix->height == 0 || chance(16) == 0) pix->height = mostly(48 + chance(20), 30);
    pix->bytesperline = mostly(pix->width * 4, 30);
    pix->sizeimage = mostly(pix->bytesperline * pix->height, 30);
    pix->quantization = chance(4);
  } else {
    struct v4l2_pix_format_mplane *pix = &format->fmt.pix_mp;
    if (pix->pixelformat == 0 || chance(8) == 0) pix->pixelformat = fourcc;
    pix->width = mostly(64 + chance(70), 30);
    pix->height = mostly(48 + chance(20), 30);
    pix->num_planes = (uint8_t)mostly(1 + chance(3), 30);
    for (unsigned i = 0; i < 3; i++) pix->plane_fmt[i].bytesperline = mostly(256, 30), pix->plane_fmt[i].sizeimage = mostly(65536, 30);
  }
}

static bool say_buffer(struct v4l2_buffer *buffer, bool filled) {
  const bool planes = buffer->type == V4L2_BUF_TYPE_VIDEO_CAPTURE_MPLANE;
  if (filled) {
    buffer->index = mostly(chance(4), 60);
    buffer->sequence = mostly(frames++, 10);
    buffer->timestamp.tv_sec = chance(8) ? (long)frames : (long)(int32_t)rubbish();
    buffer->timestamp.tv_usec = chance(8) ? 5 : (long)(int32_t)rubbish();
    buffer->flags = mostly(V4L2_BUF_FLAG_TIMESTAMP_MONOTONIC, 6);
  }
  buffer->bytesused = mostly(60000, 4);
  if (planes && buffer->m.planes) {
    if (!filled) buffer->length = mostly(1 + chance(3), 60);
    for (unsigned i = 0; i < VIDEO_MAX_PLANES; i++) {
      struct v4l2_plane *plane = &buffer->m.planes[i];
      plane->length = mostly(65536, 80), plane->bytesused = mostly(60000, 4), plane->data_offset = mostly(0, 4);
      if (!filled) plane->m.mem_offset = mostly(0, 80);
    }
  } else if (!planes) {
    buffer->length = mostly(131072, 60);
    if (!filled) buffer->m.offset = mostly(0, 60);
  }
  return true;
}

static bool say_control(struct v4l2_query_ext_ctrl *query) {
  static const uint32_t TYPES[] = {1, 2, 3, 4, 5, 6, 7, 8, 9, 0x100, 0x101, 0x102, 0x106, 0x200};
  const uint32_t asked = query->id & 0x0fffffff;
  if ((asked & 0xff) > 40) return false;
  scribble(query, sizeof *query);
  query->id = mostly(asked + 1, 12);
  query->type = TYPES[chance(sizeof TYPES / sizeof *TYPES)];
  query->elems = mostly(1 + chance(4), 4);
  query->elem_size = mostly(4, 3);
  query->nr_of_dims = mostly(chance(4), 6);
  query->flags = mostly(0, 3);
  if (chance(2)) query->minimum = 0, query->maximum = 10;
  return true;
}

/** The driver writes no more than it was given room for; that much a kernel ensures. */
static bool say_values(struct v4l2_ext_controls *request) {
  request->error_idx = rubbish();
  for (uint32_t i = 0; i < request->count; i++) {
    struct v4l2_ext_control *value = &request->controls[i];
    if (value->size == 0) {
      value->value64 = (int64_t)state;
    } else {
      scribble(value->ptr, value->size);
      if (chance(4) == 0) value->size = rubbish();
    }
  }
  return true;
}

static bool say_any(void *argument, size_t bytes) {
  scribble(argument, bytes);
  return chance(4) != 0;
}

static bool answer(unsigned long request, void *argument) {
  struct v4l2_capability *capability = argument;
  switch (request) {
    case VIDIOC_QUERYCAP:
      scribble(capability, sizeof *capability);
      capability->capabilities |= V4L2_CAP_DEVICE_CAPS;
      capability->device_caps = V4L2_CAP_STREAMING;
      capability->device_caps |= getenv("HOSTILE_PLANES") ? V4L2_CAP_VIDEO_CAPTURE_MPLANE : V4L2_CAP_VIDEO_CAPTURE;
      return true;
    case VIDIOC_G_FMT:
    case VIDIOC_TRY_FMT:
    case VIDIOC_S_FMT:
      say_format(argument);
      return chance(40) != 0;
    case VIDIOC_QUERYBUF:
      return say_buffer(argument, false);
    case VIDIOC_DQBUF:
      return say_buffer(argument, true);
    case VIDIOC_REQBUFS:
      ((struct v4l2_requestbuffers *)argument)->count = mostly(4, 20);
      return true;
    case VIDIOC_QUERY_EXT_CTRL:
      return say_control(argument);
    case VIDIOC_G_EXT_CTRLS:
    case VIDIOC_S_EXT_CTRLS:
      return say_values(argument) && chance(4) != 0;
    case VIDIOC_DQEVENT:
      return say_any(argument, sizeof(struct v4l2_event));
    case VIDIOC_ENUM_FMT:
      return say_any(argument, sizeof(struct v4l2_fmtdesc));
    case VIDIOC_ENUM_FRAMESIZES:
      return say_any(argument, sizeof(struct v4l2_frmsizeenum));
    case VIDIOC_ENUM_FRAMEINTERVALS:
      return say_any(argument, sizeof(struct v4l2_frmivalenum));
    case VIDIOC_QUERYMENU:
      return say_any(argument, sizeof(struct v4l2_querymenu));
    case VIDIOC_QUERYCTRL:
      return say_any(argument, sizeof(struct v4l2_queryctrl));
    case VIDIOC_ENUMINPUT:
      return say_any(argument, sizeof(struct v4l2_input));
    case VIDIOC_G_PARM:
    case VIDIOC_S_PARM:
      return say_any(argument, sizeof(struct v4l2_streamparm));
    default:
      return chance(150) != 0;
  }
}

bool named_ioctl(int fd, unsigned long request, const char *name, void *argument, struct failure *failure) {
  static const int REFUSALS[] = {EINVAL, EIO, EBUSY, ENOSPC, ENODEV, EPIPE, ENOTTY, ERANGE};
  (void)fd;
  if (calls++ == 0) state = strtoull(getenv("HOSTILE_SEED"), NULL, 10) * 2654435761u + 1;
  // It ends in any case.
  if (calls > 5000) return refuse(failure, name, ENODEV);
  // Some patience is had with it at first, so that it comes to streaming.
  const bool settled = calls > 40 && request != VIDIOC_QUERYCAP;
  if (request == VIDIOC_DQBUF) usleep(300);  // the server gets to read
  if (request == VIDIOC_DQBUF && chance(3) != 0) return refuse(failure, name, EAGAIN);
  if (settled && chance(200) == 0) return refuse(failure, name, REFUSALS[chance(8)]);
  return answer(request, argument) || refuse(failure, name, settled ? REFUSALS[chance(4)] : EINVAL);
}
