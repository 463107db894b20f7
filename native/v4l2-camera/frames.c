#include <errno.h>
#include <string.h>

#include "session.h"

enum { MAX_RESTARTS = 3, FIRST_RECHECK_MS = 1, LAST_RECHECK_MS = 16 };

static const int64_t RESTART_WINDOW_NS = 10000000000;

bool start_streaming(struct session *session, struct failure *failure) {
  return session->capture.streaming || start_capture(&session->capture, failure);
}

void stop_streaming(struct session *session) {
  // The buffers go away: what is being written is copied, and what waits is dropped.
  keep_frame(&session->output);
  session->sending = -1;
  session->in_trouble = false;
  if (session->next.held) session->replaced++;
  session->next.held = session->next.is_still = false;
  if (session->capture.streaming) stop_capture(&session->capture);
}

static void return_buffer(struct session *session, unsigned index) {
  // The buffers are still in use here, so the stream is restarted later.
  if (!give_back(&session->capture, index, &session->trouble)) session->in_trouble = true;
}

void restart_in_trouble(struct session *session) {
  if (!session->in_trouble || !session->capture.streaming) return;
  const struct failure *why = &session->trouble;
  session->in_trouble = false;
  const int64_t now = monotonic_ns();
  if (now - session->first_restart_ns > RESTART_WINDOW_NS) {
    session->first_restart_ns = now;
    session->restarts = 0;
  }
  if (is_gone(why) || session->restarts++ >= MAX_RESTARTS) {
    end_by(session, why);
    return;
  }
  say_failure(session, why, false);
  struct failure failure;
  if (session->next.is_still) retake_still(session);
  stop_streaming(session);
  if (!start_streaming(session, &failure)) {
    end_by(session, &failure);
    return;
  }
  say_changed_device(session);
}

/** Keeps the newest frame. A still is not replaced. */
static void offer(struct session *session, const struct taken_frame *frame, bool is_still) {
  if (session->next.held) {
    session->replaced++;
    const bool keeps = session->next.is_still;
    return_buffer(session, keeps ? frame->index : session->next.frame.index);
    if (keeps) return;
  }
  session->next = (struct next_frame){.held = true, .is_still = is_still, .frame = *frame};
}

void receive_frames(struct session *session, bool signals_error) {
  struct taken_frame frame;
  enum take_result result = TAKEN;
  unsigned taken = 0;
  // A driver that always has one more would keep commands from being read.
  for (; taken < MAX_BUFFERS; taken++) {
    result = take_frame(&session->capture, &frame, &session->trouble);
    if (result != TAKEN) break;
    bool is_still = false;
    session->lost += frame.lost;
    session->last_frame_ns = frame.received_ns;
    if (frame_for_change(session, &frame, &is_still)) {
      offer(session, &frame, is_still);
    } else {
      return_buffer(session, frame.index);
    }
    if (session->in_trouble || session->ended) return;
  }
  if (result == NOTHING && taken == 0 && signals_error) {
    fail(&session->trouble, "poll", EIO, "The driver signals an error and has no frame.");
    result = FAILED;
  }
  if (result == FAILED) session->in_trouble = true;
}

static uint32_t flags_of(const struct taken_frame *frame, bool is_still) {
  const uint32_t clock = frame->flags & V4L2_BUF_FLAG_TIMESTAMP_MASK;
  const bool at_start = (frame->flags & V4L2_BUF_FLAG_TSTAMP_SRC_MASK) == V4L2_BUF_FLAG_TSTAMP_SRC_SOE;
  return (clock == V4L2_BUF_FLAG_TIMESTAMP_MONOTONIC ? HEAD_MONOTONIC : clock == V4L2_BUF_FLAG_TIMESTAMP_COPY ? HEAD_COPY : 0) |
         (at_start ? 0 : HEAD_TAKEN_END) | (frame->damaged ? HEAD_ERROR : 0) | (is_still ? HEAD_STILL : 0);
}

static struct frame_head head_of(const struct session *session, bool is_raw) {
  const struct frame_format *format = &session->capture.format;
  const struct taken_frame *frame = &session->next.frame;
  return (struct frame_head){
      .time_ns = frame->time_ns,
      .received_ns = frame->received_ns,
      .sequence = frame->sequence,
      .lost = session->lost,
      .replaced = session->replaced,
      .flags = flags_of(frame, session->next.is_still),
      .fourcc = is_raw ? format->fourcc : V4L2_PIX_FMT_JPEG,
      .from = format->fourcc,
      .width = format->width,
      .height = format->height,
      .stride = is_raw ? format->stride[0] : 0,
      .still = session->next.is_still ? session->change.number : 0,
  };
}

static bool encode_next(struct session *session, struct payload *payload, struct failure *failure) {
  const struct taken_frame *frame = &session->next.frame;
  const uint8_t *memory[MAX_PLANES] = {0};
  size_t length[MAX_PLANES] = {0};
  struct picture picture;
  for (unsigned i = 0; i < frame->plane_count; i++) {
    memory[i] = frame->planes[i].bytes;
    length[i] = frame->planes[i].room;
  }
  return lay_picture(&picture, &session->capture.format, memory, length, failure) &&
         encode(session->encoder, &picture, session->quality, &payload->bytes, &payload->length, failure);
}

/** Begins the message, and returns whether it is written from the driver's buffer. */
static bool begin(struct session *session, const char *kind) {
  const struct taken_frame *frame = &session->next.frame;
  struct payload payloads[MAX_PAYLOADS];
  unsigned count = frame->plane_count;
  struct failure failure;
  for (unsigned i = 0; i < count; i++) payloads[i] = (struct payload){frame->planes[i].bytes, frame->planes[i].length};
  const bool encoded = strcmp(kind, "encoded") == 0;
  if (encoded) {
    count = 1;
    if (!encode_next(session, &payloads[0], &failure)) {
      session->replaced++;
      // Once, and not for every frame of a format that cannot be encoded.
      if (!session->encoding_failed) say_failure(session, &failure, false);
      session->encoding_failed = true;
      if (session->next.is_still) fail_change(session, &failure);
      return false;
    }
  }
  session->encoding_failed = false;
  const struct frame_head head = head_of(session, strcmp(kind, "raw") == 0);
  begin_frame(&session->output, &head, payloads, count);
  session->lost = session->replaced = 0;
  session->sending_still = session->next.is_still;
  return !encoded;
}

void send_next(struct session *session) {
  if (!session->next.held || is_waiting(&session->output)) return;
  if (!can_take_frame(&session->output)) {
    // Nothing tells when the reader has taken all: that is asked, ever more seldom.
    const unsigned longer = session->recheck_ms * 2;
    session->recheck_ms = longer == 0 ? FIRST_RECHECK_MS : longer < LAST_RECHECK_MS ? longer : LAST_RECHECK_MS;
    return;
  }
  session->recheck_ms = 0;
  const unsigned index = session->next.frame.index;
  const bool from_buffer =
      begin(session, payload_name(session->capture.format.fourcc, !session->encoder));
  session->next.held = session->next.is_still = false;
  session->sending = from_buffer ? (int)index : -1;
  if (!from_buffer) return_buffer(session, index);
  flush_output(&session->output);
  release_sent(session);
}

void release_sent(struct session *session) {
  if (session->output.has_frame) return;
  if (session->sending != -1) return_buffer(session, (unsigned)session->sending);
  session->sending = -1;
  session->sending_still = false;
}
