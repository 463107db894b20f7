import type { LiveThing } from "../things/live-thing.ts";

/** An MP4 or a WebM that is being made of a recording, or could not be. */
export interface Making {
  readonly format: string;
  readonly state: string;
  readonly reason?: string;
}

/** A recording, or a still, as a Recorder lists it. */
export interface Recording {
  readonly id: string;
  readonly name: string;
  /** What it is called for people. */
  readonly title: string;
  readonly href: string;
  readonly size: number;
  /** Epoch ms, of its first frame if that is known. */
  readonly createdAt: number;
  /** s */
  readonly duration: number | undefined;
  readonly frames: number | undefined;
  /** Frames that were lost. */
  readonly dropped: number | undefined;
  readonly camera: string;
  readonly reason: string;
  readonly isGrowing: boolean;
  /** How it ended. */
  readonly ended: string;
  /** URLs of what belongs to it, by name. */
  readonly parts: Readonly<Record<string, string>>;
  readonly making: readonly Making[];
  readonly kind: "mkv" | "video" | "still";
  /** Whose list it is in. */
  readonly recorder: LiveThing;
}

/** Made once: to make it takes longer than to use it a thousand times. */
const WHEN = new Intl.DateTimeFormat(undefined, {
  ...{ day: "numeric", month: "short", hour: "2-digit", minute: "2-digit", second: "2-digit" },
});

/** A file as a Recorder lists it; undefined for what is none. */
export function recordingIn(file: unknown, recorder: LiveThing): Recording | undefined {
  const { id, name, href, size, created, first, parts, exports, ...about } = Object(file);
  if (typeof id !== "string" || typeof name !== "string" || typeof href !== "string")
    return undefined;
  const url = (path: unknown) => new URL(String(path), recorder.url).href;
  const createdAt = Number(first ?? Date.parse(created)) || 0;
  const camera = textOf(about.camera);
  return {
    ...{ id, name, camera, createdAt, recorder },
    title: titleOf(name, createdAt),
    href: url(href),
    size: Number(size) || 0,
    duration: numberOf(about.duration),
    frames: numberOf(about.frames),
    dropped: numberOf(about.dropped),
    reason: textOf(about.reason),
    isGrowing: about.growing === true,
    ended: textOf(about.ended),
    parts: Object.fromEntries(
      Object.entries(Object(parts)).map(([part, path]) => [part, url(path)]),
    ),
    making: (Array.isArray(exports) ? exports : []).map((one) => ({ ...Object(one) })),
    kind: /\.mkv$/i.test(name) ? "mkv" : /\.jpe?g$/i.test(name) ? "still" : "video",
  };
}

/** `camera_20261125T190603Z.mkv` is the camera and the time of the place where it is looked at; another name stands as it is. */
function titleOf(name: string, createdAt: number): string {
  const [, given, end = ""] = /^(.+)_\d{8}T\d{6}Z(.*?)\.\w+$/.exec(name) ?? [];
  if (given === undefined || createdAt === 0) return name.replace(/\.\w{2,4}$/, "");
  const when = WHEN.format(createdAt);
  return `${given.replaceAll(/[_-]+/g, " ")}, ${when}${end.replaceAll("_", " ")}`;
}

function textOf(value: unknown): string {
  return typeof value === "string" ? value : "";
}

function numberOf(value: unknown): number | undefined {
  return typeof value === "number" && Number.isFinite(value) ? value : undefined;
}
