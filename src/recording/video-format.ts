/** What ffmpeg makes of a recording. Browsers play both, and not the MKV. */
export type VideoFormat = "mp4" | "webm";

/** Frames are neither doubled nor dropped to make their rate even. */
const ANY = "-an -fps_mode passthrough -pix_fmt yuv420p";

/**
 * ffmpeg's options for each: H.264 without frames that refer to later ones, and VP8 without hidden ones. Without a time base
 * for the encoder, times would be rounded to the rate that ffmpeg takes the recording to have.
 */
const CODECS: Readonly<Record<VideoFormat, string>> = {
  mp4: `${ANY} -c:v libx264 -preset veryfast -crf 20 -bf 0 -enc_time_base 1:90000 -video_track_timescale 90000 -movflags +faststart`,
  webm: `${ANY} -c:v libvpx -enc_time_base 1:1000 -deadline realtime -cpu-used 8 -crf 10 -b:v 8M -auto-alt-ref 0`,
};

/**
 * How ffmpeg makes a film of a recording whose first frame has this size, in pixels. A film has one size, made even for the
 * codecs: frames of another are fitted into it, with black about them, none is left out.
 */
export function encodingOf(
  format: VideoFormat,
  { width, height }: { readonly width: number; readonly height: number },
): string[] {
  const [evenWidth, evenHeight] = [width, height].map((pixels) => pixels + (pixels % 2));
  const fitted = `scale=${width}:${height}:force_original_aspect_ratio=decrease`;
  const filter = `${fitted},pad=${evenWidth}:${evenHeight}:(ow-iw)/2:(oh-ih)/2,setsar=1`;
  return ["-vf", filter, ...CODECS[format].split(" ")];
}

/** What a format's own clock can tell apart, ms. */
export const TOLERANCE_MS: Readonly<Record<VideoFormat, number>> = { mp4: 0.1, webm: 1 };

/** The format that a file's name asks for; undefined for a recording's own, MKV, and for any other. */
export function formatOf(path: string): VideoFormat | undefined {
  const end = path.slice(path.lastIndexOf(".") + 1);
  return end === "mp4" || end === "webm" ? end : undefined;
}
