#ifndef SESSION_H
#define SESSION_H

#include "capture.h"
#include "controls.h"
#include "encode.h"
#include "input.h"
#include "output.h"

struct stream_options {
  const char *node;
  struct mode mode;  // fourcc 0: as the device is
  int input;  // -1: as the device is
  unsigned buffers;
  int quality;
  bool raw, idle;
};

/** The newest frame that waits for the reader, in the driver's buffer. */
struct next_frame {
  bool held;
  bool is_still;
  struct taken_frame frame;
};

enum stage {
  NO_CHANGE,
  STILL_HERE,  // waits for a frame of the streaming mode
  STILL_AWAY,  // streams in the mode of the still
  STILL_READY,  // has the picture, not yet begun to write it
  BACK,  // waits for the first frame after a change
  ANSWERING,  // waits until the still is written
};

/** A command `mode`, `rate` or `still` that is not answered yet. */
struct change {
  enum stage stage;
  uint32_t number;
  bool was_streaming, interrupted;
  struct frame_format before;
  unsigned skip;
  int64_t left_ns, deadline_ns;
  double away_ms;  // -1: unknown
  bool failed;
  struct failure failure;
  struct frame_format offered;  // fourcc 0: not told
};

/** Everything about one camera that streams. */
struct session {
  struct device device;
  struct controls controls;
  struct capture capture;
  struct output output;
  struct input input;
  struct encoder *encoder;  // NULL: raw formats are handed on
  int quality;
  struct next_frame next;
  int sending;  // index of the buffer that is being written from, or -1
  bool sending_still;
  uint32_t lost, replaced;  // since the last frame that was sent
  int64_t last_frame_ns;  // when one was received last, or 0
  unsigned recheck_ms;  // until it is asked again whether the reader has taken everything
  struct change change;
  struct frame_format described;  // as the message device said last
  bool misses_controls;  // which was told
  bool encoding_failed;  // of the last frame
  bool in_trouble;  // the stream failed, for this reason
  struct failure trouble;
  unsigned restarts;
  int64_t first_restart_ns;
  bool ended;
  int exit_code;
};

/** Opens the device and serves it until it ends. The result is the exit code. */
int run_stream(const struct stream_options *options);

/** The message device. */
void say_device(struct session *session);
/** The same, if the device has another format than it said last. */
void say_changed_device(struct session *session);

/** Members ioctl, errno, number and message. */
void describe_failure(const struct failure *failure, struct json *json);

/** The message error. */
void say_failure(struct session *session, const struct failure *failure, bool fatal);

/** Sends a fatal error and ends. */
void end_by(struct session *session, const struct failure *failure);

/** frames.c */
/** Takes what the driver has. `signals_error`: poll() said so, and it is believed if there is no frame. */
void receive_frames(struct session *session, bool signals_error);
void send_next(struct session *session);
/** Gives back the buffer of a frame that has been written. */
void release_sent(struct session *session);
/** A stream that failed is begun anew, since some drivers recover; not for ever. */
void restart_in_trouble(struct session *session);
bool start_streaming(struct session *session, struct failure *failure);
void stop_streaming(struct session *session);

/** change.c */
void begin_mode(struct session *session, const struct command *command);
void begin_still(struct session *session, const struct command *command);
/** What a received frame is for a change: false if it is to be thrown away. */
bool frame_for_change(struct session *session, struct taken_frame *frame, bool *is_still);
/** Goes on with a change: when the still has begun, when time is over, when it can be answered. */
void advance_change(struct session *session);
void cancel_change(struct session *session);
/** The still that waits for the reader is lost with its buffer: the next frame is one instead. */
void retake_still(struct session *session);
/** The still could not be made. */
void fail_change(struct session *session, const struct failure *failure);

/** events.c */
void receive_events(struct session *session);

/** execute.c */
void execute_line(struct session *session, char *line, size_t length, bool too_long);
void answer_failure(struct session *session, const uint32_t *number, const struct failure *failure);

#endif
