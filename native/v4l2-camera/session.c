#include "session.h"

#include <errno.h>
#include <poll.h>
#include <signal.h>
#include <string.h>
#include <unistd.h>

#include "modes.h"

enum { OUTPUT_ROOM = 64 * 1024, IDLE_CHECK_MS = 1000, LAST_WORDS_MS = 1000, EXIT_FAILED = 1, EXIT_GONE = 3 };

void describe_failure(const struct failure *failure, struct json *json) {
  json_key_string(json, "ioctl", failure->call);
  json_key_string(json, "errno", errno_name(failure->number));
  json_key_integer(json, "number", failure->number);
  json_key_string(json, "message", failure->message);
}

void say_failure(struct session *session, const struct failure *failure, bool fatal) {
  struct json json = {0};
  json_open(&json, '{');
  describe_failure(failure, &json);
  json_key_bool(&json, "fatal", fatal);
  json_close(&json, '}');
  say(&session->output, 'E', &json);
}

void end_by(struct session *session, const struct failure *failure) {
  if (session->ended) return;
  say_failure(session, failure, true);
  session->ended = true;
  session->exit_code = is_gone(failure) ? EXIT_GONE : EXIT_FAILED;
}

/** Once: of what the camera does not say. */
static void say_missing_controls(struct session *session) {
  struct failure failure;
  if (session->misses_controls) return;
  session->misses_controls = true;
  fail(&failure, "VIDIOC_QUERY_EXT_CTRL", EIO, "The camera does not say what some of its controls are: they are left out.");
  say_failure(session, &failure, false);
}

void say_device(struct session *session) {
  session->described = session->capture.format;
  struct json json = {0}, truncated = {0};
  json_open(&truncated, '[');
  json_open(&json, '{');
  describe_device(&session->device, &json, &truncated);
  describe_format("format", &session->capture.format, !session->encoder, &json);
  describe_modes(&session->device, !session->encoder, &json, &truncated);
  const bool has_all = describe_controls(&session->device, &session->controls, &json, &truncated);
  subscribe(&session->device, &session->controls);
  json_close(&truncated, ']');
  json_key_bool(&json, "events", session->controls.have_events);
  json_key_bool(&json, "streaming", session->capture.streaming);
  json_key(&json, "truncated");
  json_literal(&json, truncated.text);
  json_close(&json, '}');
  json_free(&truncated);
  say(&session->output, 'D', &json);
  if (!has_all) say_missing_controls(session);
}

void say_changed_device(struct session *session) {
  if (memcmp(&session->described, &session->capture.format, sizeof session->described) != 0) say_device(session);
}

/** Whether the device has taken the mode as it is. */
static bool take_mode(struct session *session, const struct mode *mode, struct failure *failure) {
  struct frame_format *format = &session->capture.format;
  format->fourcc = mode->fourcc, format->width = mode->width, format->height = mode->height;
  format->interval = mode->interval;
  if (!set_format(&session->device, format, failure)) return false;
  if (format->fourcc == mode->fourcc && format->width == mode->width && format->height == mode->height) return true;
  return fail(failure, "VIDIOC_S_FMT", EINVAL, "The device made it %s %ux%u.", fourcc_text(format->fourcc).text,
              format->width, format->height);
}

/** Sets what the options ask for, and streams unless they say idle. An idle device that refuses the mode is described as it is. */
static bool prepare(struct session *session, const struct stream_options *options, struct failure *failure) {
  struct device *device = &session->device;
  struct frame_format *format = &session->capture.format;
  if (!open_device(device, options->node, failure)) return false;
  if (!captures_video(device)) return fail(failure, "VIDIOC_QUERYCAP", ENOTTY, "This node does not capture video by streaming.");
  if (options->input >= 0 && !select_input(device, (uint32_t)options->input, failure)) return false;
  if (!read_format(device, format, failure)) return false;
  if (options->mode.fourcc && !take_mode(session, &options->mode, failure)) {
    if (!options->idle || is_gone(failure) || !read_format(device, format, failure)) return false;
  }
  if (options->idle && options->mode.fourcc) release_capture(&session->capture);
  return options->idle || start_capture(&session->capture, failure);
}

static int lesser(int a, int b) { return a < b ? a : b; }

/** When poll() has to return at the latest. */
static int poll_limit(const struct session *session) {
  int limit = session->capture.streaming ? 60000 : IDLE_CHECK_MS;
  if (session->next.held && !is_waiting(&session->output) && session->recheck_ms) limit = (int)session->recheck_ms;
  if (session->change.stage != NO_CHANGE) limit = lesser(limit, 100);
  return limit;
}

static void serve_device(struct session *session, short ready) {
  struct failure failure;
  if (ready & POLLPRI) receive_events(session);
  if (session->capture.streaming) {
    if (ready & (POLLIN | POLLERR | POLLHUP)) receive_frames(session, ready & (POLLERR | POLLHUP));
  } else if (!is_present(&session->device, &failure)) {
    end_by(session, &failure);
  }
}

/** Commands, as long as there is room for their answers. */
static void serve_commands(struct session *session) {
  while (!session->ended && session->output.waiting.length < OUTPUT_ROOM) {
    size_t length;
    bool too_long;
    char *line = next_line(&session->input, &length, &too_long);
    if (!line) return;
    execute_line(session, line, length, too_long);
    flush_output(&session->output);
  }
}

/** Waits for something to happen, and receives it. */
static void wait_and_receive(struct session *session) {
  // What has no room stays where it is: commands in the pipe, events in the kernel, which keeps the newest.
  const bool room = session->output.waiting.length < OUTPUT_ROOM;
  const bool wants_frames = session->capture.streaming && session->capture.with_driver > 0;
  struct pollfd ready[] = {
      {.fd = session->device.fd, .events = (short)((wants_frames ? POLLIN : 0) | (room ? POLLPRI : 0))},
      {.fd = room ? session->input.fd : -1, .events = POLLIN},
      {.fd = session->output.fd, .events = is_waiting(&session->output) ? POLLOUT : 0},
  };
  const int count = poll(ready, 3, poll_limit(session));
  if (count < 0) return;
  if (ready[2].revents & (POLLERR | POLLHUP | POLLNVAL)) session->output.closed = true;
  if (ready[2].revents & POLLOUT) flush_output(&session->output);
  if (ready[0].revents || !session->capture.streaming) serve_device(session, ready[0].revents);
  if (ready[1].revents) read_input(&session->input);
}

static void serve(struct session *session) {
  while (!session->ended && !session->output.closed) {
    if (!has_line(&session->input) || session->output.waiting.length >= OUTPUT_ROOM) wait_and_receive(session);
    // A command that came before the end of stdin is still executed.
    serve_commands(session);
    if (session->input.ended && !has_line(&session->input)) session->ended = true;
    release_sent(session);
    advance_change(session);
    flush_output(&session->output);
    release_sent(session);
    send_next(session);
    restart_in_trouble(session);
    advance_change(session);
  }
}

int run_stream(const struct stream_options *options) {
  // Beside its lines of input it has no memory of size.
  static struct session session;
  struct failure failure;
  signal(SIGPIPE, SIG_IGN);
  session.sending = -1;
  session.quality = options->quality;
  session.capture.device = &session.device;
  session.capture.wanted = options->buffers;
  session.input.fd = STDIN_FILENO;
  session.encoder = options->raw ? NULL : open_encoder();
  open_output(&session.output, STDOUT_FILENO);
  if (prepare(&session, options, &failure)) {
    say_device(&session);
    serve(&session);
  } else {
    end_by(&session, &failure);
  }
  if (!session.input.ended || session.exit_code) finish_output(&session.output, LAST_WORDS_MS);
  return session.exit_code;
}
