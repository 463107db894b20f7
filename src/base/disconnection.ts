import { codeOf, ThingError } from "./errors.ts";

/** What the system answers for a device, or a server, that is not there. */
const GONE: ReadonlySet<string> = new Set([
  ...["ENODEV", "ENXIO", "ECONNREFUSED", "EHOSTUNREACH", "EHOSTDOWN"],
  ...["ENETUNREACH", "ENETDOWN", "ENOTFOUND", "EAI_AGAIN", "ETIMEDOUT"],
]);
/** The same as GStreamer and ffmpeg print it. */
const WORDS =
  /\b(?:No such device|Cannot identify device|ENODEV|Connection refused|No route to host|(?:Network|Host) is (?:unreachable|down)|Connection timed out|Could not resolve|Failed to resolve|Name or service not known|Could not connect)\b/i;
const NO_NODE = /\/dev\/.*No such file or directory|No such file or directory.*\/dev\//is;
/** An error may be its own cause. */
const MOST_CAUSES = 8;

/**
 * Whether an error means that its device, or its server, is not there, so that plugging it in or switching it on helps: a `ThingError` with
 * the code `DISCONNECTED`, or an error of the system (`ENODEV`, `ECONNREFUSED`, ...), also as the cause of another one.
 */
export function isDisconnection(error: unknown): boolean {
  let one = error;
  for (let n = 0; n < MOST_CAUSES && one instanceof Error; n++, one = one.cause) {
    const code = codeOf(one);
    if (code === "DISCONNECTED" || GONE.has(code)) return true;
    if (code === "ENOENT" && "path" in one && String(one.path).startsWith("/dev/")) return true;
  }
  return false;
}

/** The error for a source whose program ended with this sentence: its words tell whether the device is there. */
export function failureOfProgram(sentence: string): ThingError {
  const isGone = WORDS.test(sentence) || NO_NODE.test(sentence);
  return new ThingError(isGone ? "DISCONNECTED" : "SOURCE_FAILED", sentence);
}
