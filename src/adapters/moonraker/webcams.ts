import { isRecord } from "../../base/values.ts";

/** The field of a webcam's `extra_data` that says whose it is. */
export const OWNER = "thingscope";

/** A webcam that Moonraker has. */
export interface Webcam {
  readonly stream_url: string;
  readonly snapshot_url: string;
  /** What programs keep with it. */
  readonly extra_data: Readonly<Record<string, unknown>>;
}

/**
 * The webcams of Moonraker's answer, by name.
 * @see https://moonraker.readthedocs.io/en/latest/external_api/webcams/
 */
export function webcamsIn(answer: string): ReadonlyMap<string, Webcam> {
  const found = new Map<string, Webcam>();
  for (const webcam of listIn(answer)) {
    if (!isRecord(webcam)) continue;
    const { name, stream_url = "", snapshot_url = "", extra_data } = webcam;
    found.set(String(name), {
      stream_url: String(stream_url),
      snapshot_url: String(snapshot_url),
      extra_data: isRecord(extra_data) ? extra_data : {},
    });
  }
  return found;
}

/**
 * Whether this server may change a webcam: it has entered it, or it shows the same stream at another address, as after a move.
 * @param id - This server's.
 * @param path - The stream's, at this server.
 */
export function isOwn({ extra_data, stream_url }: Webcam, id: string, path: string): boolean {
  return (
    extra_data[OWNER] === id || stream_url.replace(/^\w+:\/\/[^/]+/, "").split("?")[0] === path
  );
}

function listIn(answer: string): readonly unknown[] {
  try {
    const { result }: { result?: unknown } = JSON.parse(answer);
    const webcams = isRecord(result) ? result.webcams : undefined;
    return Array.isArray(webcams) ? webcams : [];
  } catch {
    return []; // what answers is no Moonraker, which entering a webcam shows
  }
}
