import { ThingError } from "../base/errors.ts";
import { addressKind } from "./launch-camera.ts";

const HTTP = /^https?:/i;

/**
 * The http address that a word on the command line means: `http://` may be left out.
 * @throws {ThingError} `BAD_ARGUMENT` for a camera that no server serves yet, and for a path.
 */
export function serverAddress(word: string): string {
  if (HTTP.test(word)) return word;
  if (addressKind([word])) {
    throw new ThingError(
      "BAD_ARGUMENT",
      `'${word}' is a camera, not a server. Serve it first: thingscope launch ${word}. Its address is then http://127.0.0.1:5000/camera/.`,
    );
  }
  if (/^[./\\]/.test(word)) {
    throw new ThingError(
      "BAD_ARGUMENT",
      `'${word}' is a path, not the address of a server, such as http://127.0.0.1:5000/camera/.`,
    );
  }
  return word.includes("://") ? word : `http://${word}`;
}
