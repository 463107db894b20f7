import { messageOf, ThingError } from "../../base/errors.ts";
import { runProgram } from "../../processes/run-program.ts";
import type { FoundCamera } from "../found-camera.ts";
import { MOST_FOUND, type SearchOptions, type SearchResult } from "../search.ts";

const PROGRAM = "arv-tool-0.8";
const WHAT = "machine vision cameras (GenICam)";
const MOST_BYTES = 1 << 20;

/** The GigE Vision and USB3 Vision cameras that Aravis finds. */
export async function listGenicam({ ms }: Pick<SearchOptions, "ms">): Promise<SearchResult> {
  try {
    const limits = { timeoutMs: ms + 3000, mostBytes: MOST_BYTES }; // it takes a second by itself
    const { output } = await runProgram({ program: PROGRAM, args: [] }, limits);
    return { what: WHAT, cameras: camerasIn(output.toString()) };
  } catch (error) {
    const isMissing = error instanceof ThingError && error.code === "PROGRAM_MISSING";
    const note = isMissing
      ? `${PROGRAM} is not installed, so they are not looked for: apt-get install aravis-tools-cli`
      : messageOf(error);
    return { what: WHAT, cameras: [], note };
  }
}

/** Lines such as `Basler-21237813 (192.168.1.7)`. */
export function camerasIn(text: string): FoundCamera[] {
  const lines = [...text.matchAll(/^([\w][\w .:()-]{0,199}?) \(([\w.:%-]{1,100})\)$/gm)];
  return lines.slice(0, MOST_FOUND).map(([, name = "", address = ""]) => ({
    ...{ id: `genicam-${name}`, kind: "genicam", title: name, address, modes: [] },
    config: { class: "thingscope/things:GenicamCamera", kwargs: { camera: name } },
  }));
}
