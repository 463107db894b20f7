import { toDateTime } from "../../base/clock.ts";
import type { Orientation } from "../../frames/jpeg/exif-orientation.ts";
import { extensionOf } from "./video-names.ts";

/** What ffmpeg makes of a recording. Browsers play both, and not the MKV. */
export type VideoFormat = "mp4" | "webm";

/**
 * Ticks a second of what is encoded, and of an MP4: a whole number of them for each of a recording's own, and the unit of all three
 * clocks of an MP4. The one of its edit list is 1/1000 s when nobody says so, which moves a video that does not begin at 0.
 */
const RATE = 90_000;

/** Codecs take no two frames of one time: the later is moved by a tick, 0.011 ms. */
const DISTINCT = `settb=1/${RATE},setpts='if(isnan(PREV_OUTPTS),PTS,max(PTS,PREV_OUTPTS+1))'`;

/** Frames are neither doubled nor dropped to make their rate even. */
const ANY = `-an -fps_mode passthrough -pix_fmt yuv420p -enc_time_base 1:${RATE}`;

/**
 * ffmpeg's options for each: H.264 without frames that refer to later ones, and VP8 without hidden ones. Without a time base
 * for the encoder, times would be rounded to the rate that ffmpeg takes the recording to have.
 */
const CODECS: Readonly<Record<VideoFormat, string>> = {
  mp4: `${ANY} -c:v libx264 -preset veryfast -crf 20 -bf 0 -video_track_timescale ${RATE} -movie_timescale ${RATE} -movflags +faststart+use_metadata_tags`,
  webm: `${ANY} -c:v libvpx -deadline realtime -cpu-used 8 -crf 10 -b:v 8M -auto-alt-ref 0`,
};

/** What makes a picture upright that lies as EXIF tells. Different ffmpegs heed different tags, and some lose frames when they change. */
const UPRIGHT: Readonly<Record<Orientation, string>> = {
  1: "",
  2: "hflip,",
  3: "hflip,vflip,",
  4: "vflip,",
  5: "transpose=cclock_flip,",
  6: "transpose=clock,",
  7: "transpose=clock_flip,",
  8: "transpose=cclock,",
};

/**
 * How ffmpeg makes a video of a recording whose first frame has this size, in pixels as it is shown. All its frames lie as
 * `orientation` says. A video has one size, made even for the
 * codecs: frames of another are fitted into it, with black about them, none is left out.
 */
export function encodingOf(
  format: VideoFormat,
  { width, height }: { readonly width: number; readonly height: number },
  orientation: Orientation,
): string[] {
  const [evenWidth, evenHeight] = [width, height].map((pixels) => pixels + (pixels % 2));
  const fitted = `${UPRIGHT[orientation]}scale=${width}:${height}:force_original_aspect_ratio=decrease`;
  const filter = `${fitted},pad=${evenWidth}:${evenHeight}:(ow-iw)/2:(oh-ih)/2,setsar=1,${DISTINCT}`;
  return ["-vf", filter, ...CODECS[format].split(" ")];
}

/** The tag of a video that says when its first frame was, in s of the time of the recording that it was made of. */
const STREAM_START = "STREAM_START";

/**
 * ffmpeg's options for what a video says of itself. Its date is, as Matroska has it, that of its time 0.
 * @param times - `timeZero` of the recording, epoch ms; when its first frame was, ms from there.
 */
export function tagsOf(times: {
  readonly timeZero: number;
  readonly startMs: number;
  readonly keepStart: boolean;
}): string[] {
  const { timeZero, startMs, keepStart } = times;
  const date = toDateTime(keepStart ? timeZero : timeZero + startMs);
  const start = `${STREAM_START}=${(startMs / 1000).toFixed(4)}`;
  return ["-metadata", `creation_time=${date}`, "-metadata", start];
}

/** What a format's own clock can tell apart, ms. */
export const TOLERANCE_MS: Readonly<Record<VideoFormat, number>> = { mp4: 0.1, webm: 1 };

/** The format that a file's name asks for; undefined for a recording's own, MKV, and for any other. */
export function formatOf(path: string): VideoFormat | undefined {
  const end = extensionOf(path);
  return end === "mp4" || end === "webm" ? end : undefined;
}
