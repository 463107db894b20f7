// Three parts of a recorder that can be replaced: the pipeline's conversion, the buffer of frames before a trigger, and the
// writer of a file. Run it with: npx tsx examples/custom-recorder.ts [FOLDER] [ELEMENTS]
//
// With DeepStream, decoders leave pictures in the GPU's memory. There ELEMENTS are
//   nvvideoconvert ! video/x-raw,format=I420
import { join } from "node:path";
import { delay, type Frame } from "thingscope";
import { Pipeline, pipelineCommand } from "thingscope/frames";
import {
  PreRollRing,
  type RecordingOptions,
  RecordingWriter,
  VideoRecorder,
} from "thingscope/recording";

const [folder = "recordings", convert = "videoconvert ! video/x-raw,format=I420"] =
  process.argv.slice(2);

/** Holds every second frame: twice the time in the same memory. The ledger lists the others. */
class SparseRing extends PreRollRing {
  override push(frame: Frame): void {
    if (frame.index % 2 === 0) super.push(frame);
  }
}

/** Logs what it writes. */
class TellingWriter extends RecordingWriter {
  constructor(options: RecordingOptions) {
    super(options);
    this.opened.then((path) => console.log(`${path} has been started: ${options.reason}.`));
  }
}

const pipeline = new Pipeline(
  await pipelineCommand({
    pipeline: "videotestsrc is-live=true ! video/x-raw,framerate=30/1 ! tee name=t1 t1. ! fakesink",
    convert, // between the tee and jpegenc
  }),
);
const recorder = new VideoRecorder({
  pipeline,
  srcTeeName: "t1",
  filenameGenerator: () => join(folder, "event.mkv"),
  windowSizeSec: 1,
  ringBufferClass: SparseRing,
  recordBinClass: TellingWriter,
});

while (recorder.busy) await delay(20); // until the first frame
await delay(1000);
await recorder.record({
  maxDelaySec: 5,
  reason: "the second second",
  onVideoFinished: (path, { written }) => console.log(`${path} has ${written} frames.`),
});
while (recorder.busy) await delay(50);
await recorder.stop();
