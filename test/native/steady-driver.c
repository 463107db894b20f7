// Takes the place of ioctl.c: a driver of a camera that gives the same bytes for a JPEG again and again, on /dev/zero, which can be opened,
// mapped and polled as a device can. FAILS_AT: which of its frames, counted from 1, cannot be fetched, which it says on stderr. ENDLESS_INPUTS: it never says that
// there are no more inputs, and counts them from 0 each time. For program-recovery.test.ts.
#include <errno.h>
#include <linux/videodev2.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "../../native/v4l2-camera/failure.h"

/** More than a reader that was told nothing takes by itself. */
enum { BUFFERS = 4, BUFFER_BYTES = 2 << 20, JPEG_BYTES = 2000000, FRAME_US = 2000 };

static uint32_t fetched, next_buffer;

static void say_format(struct v4l2_pix_format *pix) {
  pix->pixelformat = V4L2_PIX_FMT_MJPEG;
  pix->width = 64;
  pix->height = 48;
  pix->sizeimage = BUFFER_BYTES;
}

static bool fetch(struct v4l2_buffer *buffer) {
  const char *fails_at = getenv("FAILS_AT");
  usleep(FRAME_US);
  if (fails_at && strtoul(fails_at, NULL, 10) == ++fetched) return write(STDERR_FILENO, "failed\n", 7) < 0;
  buffer->index = next_buffer++ % BUFFERS;
  buffer->sequence = next_buffer;
  buffer->bytesused = JPEG_BYTES;
  return true;
}

static bool answer(unsigned long request, void *argument) {
  struct v4l2_capability *capability = argument;
  struct v4l2_buffer *buffer = argument;
  switch (request) {
    case VIDIOC_QUERYCAP:
      capability->capabilities = V4L2_CAP_DEVICE_CAPS;
      capability->device_caps = V4L2_CAP_STREAMING | V4L2_CAP_VIDEO_CAPTURE;
      return true;
    case VIDIOC_G_FMT:
    case VIDIOC_TRY_FMT:
    case VIDIOC_S_FMT:
      say_format(&((struct v4l2_format *)argument)->fmt.pix);
      return true;
    case VIDIOC_REQBUFS:
      ((struct v4l2_requestbuffers *)argument)->count = BUFFERS;
      return true;
    case VIDIOC_QUERYBUF:
      buffer->length = BUFFER_BYTES;
      return true;
    case VIDIOC_ENUMINPUT:
      ((struct v4l2_input *)argument)->index = 0;
      return getenv("ENDLESS_INPUTS") != NULL;
    case VIDIOC_STREAMON:
      next_buffer = 0;
      return true;
    case VIDIOC_STREAMOFF:
    case VIDIOC_QBUF:
      return true;
    default:
      return false;
  }
}

bool named_ioctl(int fd, unsigned long request, const char *name, void *argument, struct failure *failure) {
  (void)fd;
  if (request == VIDIOC_DQBUF) return fetch(argument) || fail(failure, name, EIO, "refused");
  return answer(request, argument) || fail(failure, name, ENOTTY, "refused");
}
