import { ThingError } from "../base/errors.ts";

/** For a body without a whole picture; `fault` says why, in a few words. */
export function noPicture(fault: string | undefined): ThingError {
  const why = fault === undefined ? "" : `: ${fault}`;
  return new ThingError(
    "BAD_FRAME",
    `The body has no whole JPEG${why}. Send JPEG files, or multipart.`,
  );
}

/** What reads pictures takes them for a camera's: here it is the request that is wrong. */
export function badBody(error: unknown): unknown {
  if (!(error instanceof ThingError) || error.code !== "SOURCE_FAILED") return error;
  const [what] = error.message.split(/\. Check /);
  const sentence = `The body cannot be read: ${what}. Send JPEG files one after another, or multipart.`;
  return new ThingError("BAD_FRAME", sentence, { cause: error });
}

/** The error for a picture that is no frame, with what the program does about it. */
export function badPicture(error: unknown): unknown {
  if (!(error instanceof ThingError) || error.code !== "BAD_FRAME") return error;
  return new ThingError("BAD_FRAME", `${error.message} Send JPEG files.`, { cause: error });
}
