#include <errno.h>
#include <string.h>

#include "session.h"

static const int64_t LIMIT_NS = 10000000000;

static void answer_change(struct session *session) {
  struct change *change = &session->change;
  // A device that was set back may have taken something else, as another rate.
  say_changed_device(session);
  if (!session->capture.streaming) release_capture(&session->capture);
  const bool hands_on = !session->encoder;
  struct json json = {0};
  json_open(&json, '{');
  json_key_integer(&json, "answer", change->number);
  json_key_bool(&json, "ok", !change->failed);
  if (change->failed) {
    json_key(&json, "error");
    json_open(&json, '{');
    describe_failure(&change->failure, &json);
    if (change->offered.fourcc) describe_format("offers", &change->offered, hands_on, &json);
    json_close(&json, '}');
  }
  describe_format("format", &session->capture.format, hands_on, &json);
  json_key(&json, "away_ms");
  if (change->away_ms < 0) {
    json_literal(&json, "null");
  } else {
    json_decimal(&json, change->away_ms);
  }
  json_close(&json, '}');
  say(&session->output, 'A', &json);
  change->stage = NO_CHANGE;
}

static void note_failure(struct change *change, const struct failure *failure) {
  // The first reason is the one that helps.
  if (!change->failed) change->failure = *failure;
  change->failed = true;
}

void fail_change(struct session *session, const struct failure *failure) { note_failure(&session->change, failure); }

static struct change *begin_change(struct session *session, const struct command *command) {
  session->change = (struct change){
      .number = command->number,
      .was_streaming = session->capture.streaming,
      .before = session->capture.format,
      .skip = command->skip,
      .left_ns = session->last_frame_ns,
      .deadline_ns = monotonic_ns() + LIMIT_NS,
      .away_ms = session->capture.streaming ? 0 : -1,
  };
  return &session->change;
}

/** Ends streaming, sets `format`, and streams again if `streaming`. */
static bool change_over(struct session *session, struct frame_format format, bool streaming, struct failure *failure) {
  session->change.interrupted = true;
  session->change.away_ms = -1;
  stop_streaming(session);
  if (!set_format(&session->device, &format, failure)) return false;
  session->capture.format = format;
  return !streaming || start_streaming(session, failure);
}

/** Goes back to the mode of before. If that fails, too, the program ends where it streamed: nothing would stream any more. */
static void change_back(struct session *session) {
  struct change *change = &session->change;
  struct failure failure;
  const bool done = change_over(session, change->before, change->was_streaming, &failure);
  change->deadline_ns = monotonic_ns() + LIMIT_NS;
  change->stage = change->was_streaming ? BACK : ANSWERING;
  if (done) return;
  note_failure(change, &failure);
  // Another program has the device: its mode is not ours to set back.
  if (!change->was_streaming && !is_gone(&failure) && read_format(&session->device, &session->capture.format, &failure)) return;
  answer_change(session);
  end_by(session, &failure);
}

static bool same_picture(const struct frame_format *a, const struct frame_format *b) {
  return a->fourcc == b->fourcc && a->width == b->width && a->height == b->height;
}

/** Asks without interrupting whether the device would take this format and size as they are. */
static bool is_offered(struct session *session, const struct frame_format *wanted) {
  struct change *change = &session->change;
  struct frame_format offered = *wanted;
  struct failure failure;
  if (!try_format(&session->device, &offered, &failure)) {
    note_failure(change, &failure);
  } else if (!same_picture(&offered, wanted)) {
    fail(&failure, "VIDIOC_TRY_FMT", EINVAL, "The device would make it %s %ux%u.", fourcc_text(offered.fourcc).text,
         offered.width, offered.height);
    change->offered = offered;
    note_failure(change, &failure);
  }
  return !change->failed;
}

static struct frame_format wanted_format(const struct session *session, const struct mode *mode) {
  struct frame_format wanted = session->capture.format;
  if (mode->fourcc) wanted.fourcc = mode->fourcc, wanted.width = mode->width, wanted.height = mode->height;
  if (mode->fourcc) wanted.interval = mode->interval;
  if (mode->interval.denominator) wanted.interval = mode->interval;
  return wanted;
}

/** Whether the interval could be changed while it streams, as few drivers allow. */
static bool changed_in_passing(struct session *session, const struct frame_format *wanted) {
  struct frame_format format = *wanted;
  struct failure busy;
  if (!same_picture(wanted, &session->capture.format)) return false;
  if (wanted->interval.denominator && !set_interval(&session->device, &format, &busy)) return false;
  if (wanted->interval.denominator) session->capture.format.interval = format.interval;
  return true;
}

void begin_mode(struct session *session, const struct command *command) {
  struct change *change = begin_change(session, command);
  const struct frame_format wanted = wanted_format(session, &command->mode);
  if (!is_offered(session, &wanted)) {
    answer_change(session);
    return;
  }
  if (!changed_in_passing(session, &wanted)) {
    struct failure failure;
    change->stage = change->was_streaming ? BACK : ANSWERING;
    if (!change_over(session, wanted, change->was_streaming, &failure)) {
      note_failure(change, &failure);
      change_back(session);
      if (session->ended) return;
    }
  }
  say_device(session);
  if (change->stage != BACK) answer_change(session);
}

void begin_still(struct session *session, const struct command *command) {
  struct change *change = begin_change(session, command);
  struct failure failure;
  const struct frame_format wanted = wanted_format(session, &command->mode);
  if (!is_offered(session, &wanted)) {
    answer_change(session);
  } else if (same_picture(&wanted, &session->capture.format) && change->was_streaming) {
    change->stage = STILL_HERE;
  } else if (change_over(session, wanted, true, &failure)) {
    change->stage = STILL_AWAY;
  } else {
    note_failure(change, &failure);
    change_back(session);
  }
}

bool frame_for_change(struct session *session, struct taken_frame *frame, bool *is_still) {
  struct change *change = &session->change;
  switch (change->stage) {
    case STILL_AWAY:
      if (change->skip > 0) {
        change->skip--;
        return false;
      }
      // fall through
    case STILL_HERE:
      if (frame->damaged) return change->stage == STILL_HERE;
      *is_still = true;
      change->stage = STILL_READY;
      return true;
    case STILL_READY:
      return !change->interrupted;
    case BACK:
      change->away_ms = change->left_ns ? (double)(frame->received_ns - change->left_ns) / 1e6 : -1;
      change->stage = ANSWERING;
      return true;
    default:
      return true;
  }
}

/** Of a still that waits or is being written, nothing more is to be expected. */
static void time_out(struct session *session) {
  struct change *change = &session->change;
  struct failure failure;
  if (change->stage == BACK) {
    change->stage = ANSWERING;
    return;
  }
  fail(&failure, "timeout", ETIMEDOUT, "No picture came, or was taken, within 10 s.");
  note_failure(change, &failure);
  session->next.is_still = false;
  if (change->interrupted) {
    change_back(session);
  } else {
    change->stage = ANSWERING;
  }
}

void advance_change(struct session *session) {
  struct change *change = &session->change;
  if (change->stage == NO_CHANGE) return;
  const bool begun = change->stage == STILL_READY && !session->next.is_still;
  if (begun && change->interrupted) {
    change_back(session);
  } else if (begun) {
    change->stage = ANSWERING;
  }
  if (change->stage != NO_CHANGE && change->stage != ANSWERING && monotonic_ns() > change->deadline_ns) time_out(session);
  if (change->stage == ANSWERING && !session->sending_still) answer_change(session);
}

void retake_still(struct session *session) {
  session->change.stage = session->change.interrupted ? STILL_AWAY : STILL_HERE;
}

void cancel_change(struct session *session) {
  struct change *change = &session->change;
  struct failure failure;
  if (change->stage == NO_CHANGE) return;
  fail(&failure, "command", ECANCELED, "Streaming was ended by the command pause.");
  note_failure(change, &failure);
  if (change->interrupted && change->stage != BACK) {
    stop_streaming(session);
    struct failure unset;
    if (set_format(&session->device, &change->before, &unset)) session->capture.format = change->before;
  }
  change->away_ms = -1;
  answer_change(session);
}
