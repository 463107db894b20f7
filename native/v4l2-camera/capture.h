#ifndef CAPTURE_H
#define CAPTURE_H

#include "device.h"

enum { MAX_BUFFERS = 32 };

/** One of the driver's buffers, mapped. */
struct buffer {
  uint8_t *memory[MAX_PLANES];
  size_t length[MAX_PLANES];
  unsigned planes;
};

/** Streaming by memory mapping. */
struct capture {
  const struct device *device;
  struct frame_format format;
  unsigned wanted;  // buffers
  unsigned count;
  struct buffer buffers[MAX_BUFFERS];
  unsigned with_driver;  // buffers that it fills
  bool streaming;
  bool numbered;  // `sequence` is that of a frame
  uint32_t sequence;  // of the last frame
};

/** A frame that the driver has filled. It stays in its buffer until give_back(). */
struct taken_frame {
  unsigned index;
  struct payload_span {
    const uint8_t *bytes;
    size_t length;  // filled
    size_t room;  // mapped, from `bytes`
  } planes[MAX_PLANES];
  unsigned plane_count;
  size_t bytes;
  uint32_t sequence, lost, flags;
  int64_t time_ns;  // -1: none
  int64_t received_ns;
  bool damaged;
};

enum take_result { TAKEN, NOTHING, FAILED };

bool start_capture(struct capture *capture, struct failure *failure);

/** Ends streaming and unmaps; what frames pointed to is gone. */
void stop_capture(struct capture *capture);

/**
 * Lets other programs have the device. Formats cannot be changed while there are buffers; and uvcvideo keeps a device for who has
 * set its format, until they ask for no buffers.
 */
void release_capture(const struct capture *capture);

/** Takes the next frame, if there is one. What the driver says of it is checked. */
enum take_result take_frame(struct capture *capture, struct taken_frame *frame, struct failure *failure);

bool give_back(struct capture *capture, unsigned index, struct failure *failure);

#endif
