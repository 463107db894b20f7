import { ThingError } from "../base/errors.ts";
import type { Framing } from "./framing.ts";
import { type GstItem, plain, readGstText, toArguments } from "./gst-text.ts";

/** Where one camera's frames leave a program. */
export interface Output {
  /** The tee's name, or that of the sink, or `camera`. */
  readonly camera: string;
  /** The file descriptor that they are written to. */
  readonly fd: number;
  readonly framing: Framing;
}

interface TappedPipeline {
  /** The arguments of `gst-launch-1.0`. */
  readonly args: readonly string[];
  /** The elements that it needs. */
  readonly elements: readonly string[];
  readonly outputs: readonly Output[];
}

/** How a pipeline is tapped. */
interface TapOptions {
  readonly framing?: Framing | undefined;
  readonly convert?: string | undefined;
}

/**
 * Sinks that open a window or screen, which a server lacks, or wait for an application that takes pictures: they are replaced
 * and need not be installed.
 */
const DISPLAY_SINKS = new Set(
  `aasink appsink autovideosink cacasink d3d11videosink fbdevsink fpsdisplaysink glimagesink glsinkbin gtk4paintablesink gtkglsink
  gtksink kmssink nv3dsink nvdrmvideosink nveglglessink nvoverlaysink osxvideosink qmlglsink sdlvideosink vaapisink
  waylandsink ximagesink xvimagesink`.split(/\s+/),
);
const FIRST_FD = 3;
const PASSES_ON = new Set(["queue", "queue2", "identity", "valve", "tee", "capsfilter"]);
const GIVES_JPEG = new Set(["jpegenc", "jpegparse", "nvjpegenc", "vaapijpegenc"]);
const OWN_STDOUT = new Set(["/dev/stdout", "/dev/fd/1", "/proc/self/fd/1"]);

/** An element with its place among the items: [start, end) covers its properties too. */
interface Placed {
  readonly name: string;
  readonly start: number;
  readonly end: number;
  readonly properties: ReadonlyMap<string, string>;
}

/**
 * Adds the outputs that we read to a GStreamer pipeline: a tap for each named tee or, without any, in place of its last display
 * sink. A pipeline that writes pictures to a descriptor itself is left unchanged.
 * @param options - `framing`: how the pictures lie in an output of its own, where the text does not tell; `convert`: the
 * elements that bring a tee's pictures to where `jpegenc` takes them, for instance out of a GPU's memory.
 * @throws {ThingError} `BAD_CONFIG` when there is nothing to tap.
 */
export function tapPipeline(
  words: readonly string[],
  { framing, convert = "videoconvert" }: TapOptions = {},
): TappedPipeline {
  const items = readGstText(words);
  const placed = elementsOf(items);
  const own = ownOutputs(items, placed, framing);
  if (own.length > 0) return finished(items, own);
  const tees = placed.filter(isNamedTee);
  return tees.length > 0
    ? tapTees(items, placed, tees, convert)
    : tapLastSink(items, placed, convert);
}

/** The same pipeline with nothing tapped: only its display sinks are replaced, so that it runs where there is no display. */
export function withoutDisplays(words: readonly string[]): TappedPipeline {
  const items = readGstText(words);
  return finished(replaced(items, elementsOf(items).filter(isDisplay), headlessSink), []);
}

/** Whether a pipeline has an output that can be tapped, or one of its own. */
export function hasPictures(words: readonly string[]): boolean {
  const items = readGstText(words);
  return elementsOf(items).some(
    (element) =>
      isDisplay(element) ||
      element.name === "fakesink" ||
      isNamedTee(element) ||
      ownDescriptor(element) !== undefined,
  );
}

function tapTees(
  items: GstItem[],
  placed: readonly Placed[],
  tees: readonly Placed[],
  convert: string,
): TappedPipeline {
  const outputs: Output[] = [];
  const taps: GstItem[] = [];
  for (const tee of tees) {
    const camera = plain(tee.properties.get("name") ?? "");
    assertRefersTo(camera);
    if (outputs.some((output) => output.camera === camera)) {
      throw new ThingError("BAD_CONFIG", `Two tees are named '${camera}'. Give each its own name.`);
    }
    const fd = FIRST_FD + outputs.length;
    outputs.push({ camera, fd, framing: "gdp" });
    taps.push(
      ...readGstText([`${camera}.`, "!"]),
      ...tap(fd, carriesJpeg(items, tee.start), convert),
    );
  }
  return finished([...replaced(items, placed.filter(isDisplay), headlessSink), ...taps], outputs);
}

/** A tee is tapped by its name, which GStreamer does not read where it has other characters. */
function assertRefersTo(camera: string): void {
  const [first, ...rest] = readGstText([`${camera}.`]);
  const isRead = first?.kind === "reference" && first.name === `${camera}.` && rest.length === 0;
  if (isRead && camera !== "") return;
  const why = `'${camera}' is not a valid camera name: use only letters (a to z), digits, _ and -, not starting with -. Give that tee another name.`;
  throw new ThingError("BAD_CONFIG", why);
}

function tapLastSink(items: GstItem[], placed: readonly Placed[], convert: string): TappedPipeline {
  const displays = placed.filter(isDisplay);
  const last = displays.at(-1) ?? placed.findLast(({ name }) => name === "fakesink");
  if (!last) {
    throw new ThingError(
      "BAD_CONFIG",
      "The pipeline has no output for pictures. Give it a named tee (tee name=t1), or end it in autovideosink, or in jpegenc ! fdsink fd=1.",
    );
  }
  const tapped = replaced(items, [...displays.filter((sink) => sink !== last), last], (sink) =>
    sink === last
      ? named(tap(FIRST_FD, carriesJpeg(items, sink.start), convert), sink)
      : headlessSink(sink),
  );
  return finished(tapped, [{ camera: "camera", fd: FIRST_FD, framing: "gdp" }]);
}

/**
 * The end of a branch that gives frames. `identity sync=true` lets a source that is not live run at its own speed: without
 * it such a source floods the leaky queue, which then holds only pictures of a far future that the sink waits for. What is a
 * JPEG passes as it is: `jpegparse` would put bytes in the place of the driver's frame numbers, which tell what was lost.
 */
function tap(fd: number, jpeg: boolean, convert: string): GstItem[] {
  const encode = jpeg ? "" : `! ${convert} ! jpegenc `;
  return readGstText(
    `queue ! identity sync=true ! queue max-size-buffers=2 leaky=downstream ${encode}! gdppay ! fdsink fd=${fd} sync=true async=false`.split(
      /\s+/,
    ),
  );
}

/** The first item of a replacement takes over the name of what it replaces: the text may refer to it. */
function named(items: readonly GstItem[], sink: Placed): GstItem[] {
  const name = sink.properties.get("name");
  const [first, ...rest] = items;
  if (name === undefined || !first) return [...items];
  return [first, { kind: "property", name: "name", value: name }, ...rest];
}

function headlessSink(sink: Placed): GstItem[] {
  return named(readGstText(["fakesink", "sync=true"]), sink);
}

function replaced(
  items: readonly GstItem[],
  old: readonly Placed[],
  by: (sink: Placed) => GstItem[],
): GstItem[] {
  const result = [...items];
  for (const sink of [...old].sort((a, b) => b.start - a.start)) {
    result.splice(sink.start, sink.end - sink.start, ...by(sink));
  }
  return result;
}

function isNamedTee({ name, properties }: Placed): boolean {
  return name === "tee" && properties.has("name");
}

function isDisplay({ name }: Placed): boolean {
  return DISPLAY_SINKS.has(name);
}

function ownOutputs(
  items: readonly GstItem[],
  placed: readonly Placed[],
  framing?: Framing,
): Output[] {
  const sinks = placed.filter((element) => ownDescriptor(element) !== undefined);
  return sinks.map((sink) => {
    const fd = ownDescriptor(sink) ?? 1;
    const given = sink.properties.get("name");
    const camera = given ? plain(given) : sinks.length === 1 ? "camera" : `camera_${fd}`;
    return { camera, fd, framing: framing ?? framingBefore(items, sink.start) };
  });
}

/** The descriptor that an element writes pictures to, if it is such a sink. */
function ownDescriptor({ name, properties }: Placed): number | undefined {
  if (name === "filesink")
    return OWN_STDOUT.has(plain(properties.get("location") ?? "")) ? 1 : undefined;
  if (name !== "fdsink") return undefined;
  const fd = Number(plain(properties.get("fd") ?? "1"));
  return fd === 2 ? undefined : fd;
}

function framingBefore(items: readonly GstItem[], at: number): Framing {
  for (const { kind, name } of upstream(items, at)) {
    if (kind === "element" && name === "gdppay") return "gdp";
    if (kind === "element" && name === "multipartmux") return "multipart";
    if (kind === "element" && !PASSES_ON.has(name)) break;
  }
  return "jpeg";
}

function carriesJpeg(items: readonly GstItem[], at: number): boolean {
  for (const { kind, name, value } of upstream(items, at)) {
    if (kind === "link" && value) return value.startsWith("image/jpeg");
    if (kind === "element" && GIVES_JPEG.has(name)) return true;
    if (kind === "element" && !PASSES_ON.has(name)) return false;
  }
  return false;
}

/** The items before place `at`, nearest first, as far as they are linked to it. */
function* upstream(items: readonly GstItem[], at: number): Generator<GstItem> {
  let linked = false;
  for (let index = at - 1; index >= 0; index--) {
    const item = items[index]!;
    if (item.kind === "reference") return;
    if (item.kind === "link") linked = true;
    else if (item.kind === "element") {
      if (!linked) return;
      linked = false;
    }
    yield item;
  }
}

function elementsOf(items: readonly GstItem[]): Placed[] {
  return items.flatMap((item, start) => {
    if (item.kind !== "element") return [];
    let end = start + 1;
    const properties = new Map<string, string>();
    for (; items[end]?.kind === "property"; end++)
      properties.set(items[end]!.name, items[end]!.value);
    return [{ name: item.name, start, end, properties }];
  });
}

function finished(items: readonly GstItem[], outputs: readonly Output[]): TappedPipeline {
  const elements = items.filter(({ kind }) => kind === "element").map(({ name }) => name);
  return { args: toArguments(items), elements: [...new Set(elements)], outputs };
}
