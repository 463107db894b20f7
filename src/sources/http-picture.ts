import { now } from "../base/clock.ts";
import { ThingError } from "../base/errors.ts";
import { inspectJpeg } from "../frames/jpeg/jpeg.ts";
import { JpegSplitter } from "../frames/jpeg/jpeg-splitter.ts";
import type { StillPicture } from "../instruments/camera.ts";
import { type HttpGetOptions, openHttp, withoutSecrets } from "./http-get.ts";

const MOST_BYTES = 64 << 20;

/** Gets one JPEG. @throws {ThingError} `SOURCE_FAILED` if there is none at this address; errors of the network as they are. */
export async function pictureAt(
  url: URL,
  options: HttpGetOptions,
  signal: AbortSignal,
): Promise<StillPicture> {
  const answer = await openHttp(url, signal, options);
  const splitter = new JpegSplitter({ maxBytes: MOST_BYTES });
  let jpeg: Uint8Array | undefined;
  let bytes = 0;
  await answer.read(
    {
      isPaused: false,
      place: () => undefined,
      received: () => {},
      read(chunk) {
        bytes += chunk.length;
        const [found] = jpeg ? [] : splitter.push(new Uint8Array(chunk));
        if (found) jpeg = new Uint8Array(found);
        if (jpeg || bytes > MOST_BYTES) answer.destroy();
      },
    },
    () => false,
  );
  if (!jpeg)
    throw new ThingError(
      "SOURCE_FAILED",
      `${withoutSecrets(url)} answered with no JPEG. Check the camera's snapshot on its own page.`,
    );
  const { width, height } = inspectJpeg(jpeg);
  return { jpeg, width, height, capturedAt: now() };
}
