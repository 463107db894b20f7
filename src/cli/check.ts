import { silentLog } from "../base/log.ts";
import { loadConfig } from "./config.ts";
import { hostFromConfig } from "./host-from-config.ts";

/**
 * Loads a configuration and its classes, creates the Things and connects their slots, without opening them.
 * @returns A line that lists what would be served.
 * @throws {ThingError} `BAD_CONFIG` or `CLASS_NOT_LOADED` with the line of every problem.
 */
export async function check(file: string): Promise<string> {
  const config = await loadConfig(file);
  process.chdir(config.folder); // as `serve` does
  const host = await hostFromConfig(config, { log: silentLog, isStrict: true });
  const things = [...host.things.values()].map(({ name, model }) => `${name} (${model.className})`);
  return `${file}: OK: ${things.join(", ")}`;
}
