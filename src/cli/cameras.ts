import { Document } from "yaml";
import { findLocalCameras, findNetworkCameras, SEARCH_MS } from "../discovery/find-cameras.ts";
import type { FoundCamera, FoundMode } from "../discovery/found-camera.ts";
import type { SearchResult } from "../discovery/search.ts";
import { nameFor } from "./camera-names.ts";
import { visible } from "./client-output.ts";

export interface CamerasFlags {
  readonly json: boolean;
  /** Whether the network is left out. */
  readonly local: boolean;
}

/** Prints the cameras of this computer and of its network, each with an entry for a configuration. */
export async function printCameras({ json, local }: CamerasFlags): Promise<void> {
  const over = new AbortController();
  const options = { ms: SEARCH_MS, signal: over.signal };
  const [here, there] = await Promise.all([
    findLocalCameras(),
    local ? [] : findNetworkCameras(options),
  ]);
  const results = [...here, ...there];
  if (json) console.log(visible(JSON.stringify(asJson(results), undefined, 2)));
  else for (const line of camerasAsText(results)) console.log(visible(line));
}

function asJson(results: readonly SearchResult[]) {
  return {
    cameras: results.flatMap(({ cameras }) => cameras.map(plainCamera)),
    searches: results.map(({ what, cameras, note }) => ({ what, found: cameras.length, note })),
  };
}

function plainCamera({ id, kind, title, address, modes, config, problem }: FoundCamera) {
  return { id, kind, title, address, modes, config, ...(problem !== undefined && { problem }) };
}

/** What a person reads: the cameras, then what was looked for without success, and why. */
export function camerasAsText(results: readonly SearchResult[]): string[] {
  const cameras = results.flatMap((result) => result.cameras);
  const notes = results.flatMap(({ what, cameras: found, note }) =>
    found.length === 0 || note
      ? [`  ${what}: ${found.length === 0 ? "none" : found.length}. ${note ?? ""}`.trimEnd()]
      : [],
  );
  const first = cameras.length === 0 ? ["No camera was found."] : [];
  const looked = cameras.length === 0 ? "Looked for:" : "Looked for, too:";
  return [
    ...first,
    ...cameras.flatMap(linesOf),
    ...(cameras.length > 0 ? configLines(cameras) : []),
    ...(notes.length > 0 ? [looked, ...notes] : []),
  ];
}

function linesOf({ id, title, address, modes, problem }: FoundCamera): string[] {
  return [
    `${title}  ${address}`,
    `  id     ${id}`,
    ...(modes.length > 0 ? modeLines(modes) : []),
    ...(problem !== undefined ? [`  problem  ${problem}`] : []),
    "",
  ];
}

const MOST_SIZES = 6;

/** A line for each format: `MJPG  1920x1080 at 30, 1280x720 at 30`. */
function modeLines(modes: readonly FoundMode[]): string[] {
  const formats = [...new Set(modes.map(({ format }) => format))];
  return formats.map((format) => {
    const sizes = modes
      .filter((mode) => mode.format === format)
      .sort((a, b) => b.width * b.height - a.width * a.height)
      .map(({ width, height, rates }) => `${width}x${height}${rates[0] ? ` at ${rates[0]}` : ""}`);
    const more = sizes.length > MOST_SIZES ? `, and ${sizes.length - MOST_SIZES} more` : "";
    return `  ${format.padEnd(5)}  ${sizes.slice(0, MOST_SIZES).join(", ")}${more}`;
  });
}

/** A configuration of all of them, to paste. */
function configLines(cameras: readonly FoundCamera[]): string[] {
  const things: Record<string, FoundCamera["config"]> = {};
  for (const { title, config } of cameras) things[nameFor(title, Object.keys(things))] = config;
  const yaml = new Document({ things }).toString({ lineWidth: 0 }).trimEnd();
  return ["Configuration:", "", ...yaml.split("\n"), ""];
}
