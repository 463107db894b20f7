import type { TestContext } from "node:test";
import { packagePath } from "../../src/base/package-root.ts";
import { folderWith, type Served, serveCli } from "../cli/run-cli.ts";

export const INSTRUMENT = `${packagePath("dist", "test", "interop", "instrument.js")}:Instrument`;

/** The command line's server, as a process of its own: an instrument, and the simulated microscope. */
export async function serveInstrument(
  t: TestContext,
  configuration: Record<string, unknown> = {},
): Promise<Served> {
  const things = {
    instrument: INSTRUMENT,
    camera: "thingscope/things:SimulatedCamera",
    stage: "thingscope/things:SimulatedStage",
    autofocus: "thingscope/things:Autofocus",
  };
  const file = JSON.stringify({ things, settings_folder: "settings", ...configuration });
  return serveCli(t, await folderWith({ "config.json": file }), "config.json");
}
