#include "capture.h"

#include <errno.h>
#include <inttypes.h>
#include <string.h>
#include <sys/mman.h>

static struct v4l2_buffer buffer_request(const struct capture *capture, unsigned index, struct v4l2_plane *planes) {
  struct v4l2_buffer request = {.type = capture->device->type, .memory = V4L2_MEMORY_MMAP, .index = index};
  memset(planes, 0, sizeof *planes * VIDEO_MAX_PLANES);
  if (capture->device->multiplanar) {
    request.m.planes = planes;
    request.length = VIDEO_MAX_PLANES;
  }
  return request;
}

static bool map_plane(struct capture *capture, struct buffer *buffer, size_t length, uint32_t offset, struct failure *failure) {
  const struct pixel_format *known = find_pixel_format(capture->format.fourcc);
  const uint64_t needed = plane_bytes(known, &capture->format, buffer->planes);
  if (length == 0 || length > MAX_FRAME_BYTES || length < needed) {
    return fail(failure, "buffer", EINVAL, "The driver's buffer has %zu bytes, and the format needs %" PRIu64 ".", length, needed);
  }
  void *memory = mmap(NULL, length, PROT_READ | PROT_WRITE, MAP_SHARED, capture->device->fd, offset);
  if (memory == MAP_FAILED) return fail(failure, "mmap", errno, "%s", strerror(errno));
  buffer->memory[buffer->planes] = memory;
  buffer->length[buffer->planes++] = length;
  return true;
}

static bool map_buffer(struct capture *capture, unsigned index, struct failure *failure) {
  struct v4l2_plane planes[VIDEO_MAX_PLANES];
  struct v4l2_buffer request = buffer_request(capture, index, planes);
  struct buffer *buffer = &capture->buffers[index];
  *buffer = (struct buffer){.planes = 0};
  capture->count = index + 1;
  if (!IOCTL(capture->device->fd, VIDIOC_QUERYBUF, &request, failure)) return false;
  if (!capture->device->multiplanar) return map_plane(capture, buffer, request.length, request.m.offset, failure);
  if (request.length < 1 || request.length > MAX_PLANES) {
    return fail(failure, "buffer", EINVAL, "The driver's buffer has %u planes.", request.length);
  }
  for (unsigned i = 0; i < request.length; i++) {
    if (!map_plane(capture, buffer, planes[i].length, planes[i].m.mem_offset, failure)) return false;
  }
  return true;
}

static bool request_buffers(struct capture *capture, struct failure *failure) {
  struct v4l2_requestbuffers request = {
      .type = capture->device->type, .memory = V4L2_MEMORY_MMAP, .count = capture->wanted};
  if (!IOCTL(capture->device->fd, VIDIOC_REQBUFS, &request, failure)) return false;
  if (request.count == 0) return fail(failure, "VIDIOC_REQBUFS", ENOMEM, "The driver gives no buffers.");
  // Another program may have set another format meanwhile. While there are buffers it cannot.
  if (!read_format(capture->device, &capture->format, failure)) return false;
  const unsigned count = request.count < MAX_BUFFERS ? request.count : MAX_BUFFERS;
  for (unsigned i = 0; i < count; i++) {
    if (!map_buffer(capture, i, failure) || !give_back(capture, i, failure)) return false;
  }
  return true;
}

bool start_capture(struct capture *capture, struct failure *failure) {
  int type = (int)capture->device->type;
  capture->count = capture->with_driver = 0;
  capture->numbered = false;
  capture->streaming = request_buffers(capture, failure) && IOCTL(capture->device->fd, VIDIOC_STREAMON, &type, failure);
  if (!capture->streaming) stop_capture(capture);
  return capture->streaming;
}

void stop_capture(struct capture *capture) {
  int type = (int)capture->device->type;
  struct failure ignored;
  IOCTL(capture->device->fd, VIDIOC_STREAMOFF, &type, &ignored);
  for (unsigned i = 0; i < capture->count; i++) {
    struct buffer *buffer = &capture->buffers[i];
    for (unsigned plane = 0; plane < buffer->planes; plane++) munmap(buffer->memory[plane], buffer->length[plane]);
  }
  release_capture(capture);
  capture->count = capture->with_driver = 0;
  capture->streaming = false;
}

void release_capture(const struct capture *capture) {
  struct failure ignored;
  struct v4l2_requestbuffers none = {.type = capture->device->type, .memory = V4L2_MEMORY_MMAP, .count = 0};
  IOCTL(capture->device->fd, VIDIOC_REQBUFS, &none, &ignored);
}

bool give_back(struct capture *capture, unsigned index, struct failure *failure) {
  struct v4l2_plane planes[VIDEO_MAX_PLANES];
  struct v4l2_buffer request = buffer_request(capture, index, planes);
  if (capture->device->multiplanar) request.length = capture->buffers[index].planes;
  if (!IOCTL(capture->device->fd, VIDIOC_QBUF, &request, failure)) return false;
  capture->with_driver++;
  return true;
}

/** Frames missing before this one. A number that goes backward is a new beginning, or rubbish. */
static uint32_t count_lost(struct capture *capture, uint32_t sequence) {
  const uint32_t step = sequence - capture->sequence;
  const bool forward = capture->numbered && step >= 1 && step < UINT32_MAX / 2;
  capture->numbered = true;
  capture->sequence = sequence;
  return forward ? step - 1 : 0;
}

static int64_t time_of(const struct v4l2_buffer *filled) {
  const int64_t seconds = filled->timestamp.tv_sec, microseconds = filled->timestamp.tv_usec;
  const bool none = seconds == 0 && microseconds == 0;
  const bool sound = seconds >= 0 && seconds < INT64_MAX / 1000000000 - 1 && microseconds >= 0 && microseconds < 1000000;
  return none || !sound ? -1 : seconds * 1000000000 + microseconds * 1000;
}

/** One plane, as far as it is filled and within its memory. */
static void add_plane(struct taken_frame *frame, const struct buffer *buffer, unsigned plane, size_t used, size_t offset) {
  const size_t length = buffer->length[plane];
  if (used > length || offset > used) frame->damaged = true;
  const size_t end = used < length ? used : length;
  const size_t begin = offset < end ? offset : end;
  frame->planes[plane].bytes = buffer->memory[plane] + begin;
  frame->planes[plane].length = end - begin;
  frame->planes[plane].room = length - begin;
  frame->bytes += end - begin;
}

static void describe_taken(struct capture *capture, struct taken_frame *frame, const struct v4l2_buffer *filled,
                           const struct v4l2_plane *planes) {
  const struct buffer *buffer = &capture->buffers[filled->index];
  *frame = (struct taken_frame){
      .index = filled->index,
      .plane_count = buffer->planes,
      .sequence = filled->sequence,
      .lost = count_lost(capture, filled->sequence),
      .flags = filled->flags,
      .time_ns = time_of(filled),
      .received_ns = monotonic_ns(),
      .damaged = filled->flags & V4L2_BUF_FLAG_ERROR,
  };
  if (!capture->device->multiplanar) {
    add_plane(frame, buffer, 0, filled->bytesused, 0);
  } else {
    for (unsigned i = 0; i < buffer->planes; i++) {
      add_plane(frame, buffer, i, planes[i].bytesused, planes[i].data_offset);
    }
  }
  const struct pixel_format *known = find_pixel_format(capture->format.fourcc);
  for (unsigned i = 0; i < buffer->planes; i++) {
    if (frame->planes[i].length < plane_bytes(known, &capture->format, i)) frame->damaged = true;
  }
  if (frame->bytes == 0) frame->damaged = true;
}

enum take_result take_frame(struct capture *capture, struct taken_frame *frame, struct failure *failure) {
  struct v4l2_plane planes[VIDEO_MAX_PLANES];
  struct v4l2_buffer filled = buffer_request(capture, 0, planes);
  if (!IOCTL(capture->device->fd, VIDIOC_DQBUF, &filled, failure)) {
    return failure->number == EAGAIN ? NOTHING : FAILED;
  }
  if (filled.index >= capture->count) {
    fail(failure, "VIDIOC_DQBUF", EPROTO, "The driver returned buffer %u of %u.", filled.index, capture->count);
    return FAILED;
  }
  if (capture->with_driver > 0) capture->with_driver--;
  describe_taken(capture, frame, &filled, planes);
  return TAKEN;
}
