import { withComment } from "../../frames/jpeg-comment.ts";
import type { SavedPicture } from "../../frames/messages.ts";

/**
 * Downloads the JPEG that is shown. Its name says which frame it is, and a comment in the file, as JSON, what is known of it; the
 * picture itself is as it came.
 * @param stream - URL.
 */
export function downloadPicture({ jpeg, report }: SavedPicture, stream: string): void {
  const { run, index, capturedAt, width, height, fullWidth, fullHeight } = report;
  const time = capturedAt === undefined ? undefined : new Date(capturedAt).toISOString();
  const about = {
    stream: new URL(stream, document.baseURI).href,
    run,
    index,
    capturedAt: time,
    width,
    height,
    fullWidth,
    fullHeight,
  };
  const bytes = withComment(jpeg, JSON.stringify(about));
  const link = document.createElement("a");
  link.href = URL.createObjectURL(new Blob([bytes], { type: "image/jpeg" }));
  link.download = `${[nameOf(stream), run, index, time?.replaceAll(":", "-")].filter((part) => part !== undefined).join("_")}.jpg`;
  link.click();
  setTimeout(() => URL.revokeObjectURL(link.href), 10_000);
}

/** Thing and stream: `camera-live`. */
function nameOf(stream: string): string {
  const [name = "picture", thing] = new URL(stream, document.baseURI).pathname
    .split("/")
    .map(decodeURIComponent)
    .reverse();
  return [thing, name]
    .filter(Boolean)
    .join("-")
    .replaceAll(/[^\p{L}\p{N}._-]+/gu, "-");
}
