import type { AddOptions } from "../core/host-options.ts";
import type { Thing } from "../core/thing.ts";
import { loadClass } from "./load-class.ts";

/** A camera's address, in place of a pipeline: the class that reads it, and the option that takes it. */
interface AddressKind {
  readonly is: RegExp;
  readonly camera: string;
  readonly option: string;
}

const KINDS: readonly AddressKind[] = [
  { is: /^\/dev\/(video\d+$|v4l\/)/, camera: "V4L2Camera", option: "device" },
  { is: /^(rtsps?|onvif):\/\//i, camera: "RtspCamera", option: "url" },
  { is: /^https?:\/\//i, camera: "HttpCamera", option: "url" },
];

/** The kind of camera that one word names, and nothing else was given; undefined for a pipeline. */
export function addressKind(parts: readonly string[] = []): AddressKind | undefined {
  const [only, ...others] = parts;
  if (only === undefined || others.length > 0) return undefined;
  return KINDS.find(({ is }) => is.test(only));
}

/** The camera at an address, as it is added to a host. @throws {ThingError} `BAD_CONFIG` for an address that its kind refuses. */
export async function cameraAt(
  address: string,
  { camera, option }: AddressKind,
): Promise<readonly [name: string, thing: Thing, options: AddOptions]> {
  const CameraClass = await loadClass(`thingscope/things:${camera}`, process.cwd());
  return ["camera", new CameraClass({ [option]: address }), {}];
}
