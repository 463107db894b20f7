// What one lamp says of a Thing, and of the whole: never better than the worst that is known.
import type { ThingHealth } from "./health.ts";

/** `degraded`: it works, and something that belongs to it does not. */
export type LampState = "live" | "idle" | "starting" | "degraded" | "failed";

export interface Lamp {
  readonly state: LampState;
  /** One word or two: "Live", "Ready", "Unplugged". */
  readonly word: string;
  /** Why it is so, where that is worth a sentence. */
  readonly reason?: string;
}

/** Of one Thing. */
export function lampOf(health: ThingHealth | undefined): Lamp {
  if (!health) return { state: "starting", word: "Starting" };
  const { state, reason } = health;
  if (state === "open") return lampOfOpen(health);
  if (state === "opening" || state === "closing") return { state: "starting", word: "Starting" };
  const word = FAILED_WORDS.get(state) ?? "Failed";
  return { state: "failed", word, ...(reason !== undefined && { reason }) };
}

const FAILED_WORDS: ReadonlyMap<string, string> = new Map([
  ["disconnected", "Disconnected"],
  ["stalled", "Stalled"],
  ["closed", "Closed"],
]);

/** A Thing that is open is as its streams are, and what it says of itself; one without streams is ready. */
function lampOfOpen({ streams = {}, troubles = [] }: ThingHealth): Lamp {
  const all = Object.values(streams);
  const failed = all.find(({ state }) => /^(failed|disconnected|stalled)$/.test(state));
  if (failed) {
    const { state, reason } = failed;
    const word = FAILED_WORDS.get(state) ?? "Failed";
    return { state: "failed", word, ...(reason !== undefined && { reason }) };
  }
  if (troubles.length > 0)
    return { state: "degraded", word: "Degraded", reason: troubles.join(" ") };
  if (all.some(({ state }) => state === "streaming")) return { state: "live", word: "Live" };
  if (all.some(({ state }) => state === "opening")) return { state: "starting", word: "Starting" };
  return all.length > 0 ? { state: "idle", word: "Idle" } : { state: "live", word: "Ready" };
}

/** Of all Things together, with what the server says of itself. */
export function lampOfAll(
  things: Iterable<readonly [name: string, lamp: Lamp]>,
  reasons: readonly string[],
): Lamp {
  const all = [...things];
  const failed = all.filter(([, { state }]) => state === "failed");
  if (failed.length > 0) {
    const names = failed.map(([name]) => name);
    const word =
      failed.length === 1
        ? `${names[0]} has a problem`
        : `${failed.length} of ${all.length} Things have a problem`;
    return { state: "failed", word, reason: failed[0]![1].reason ?? names.join(", ") };
  }
  const starting = all.filter(([, { state }]) => state === "starting");
  if (starting.length > 0) return { state: "starting", word: `${starting[0]![0]} is starting` };
  const [first, ...more] = reasons;
  if (first !== undefined) {
    const others = more.length > 0 ? ` (and ${more.length} more)` : "";
    return { state: "degraded", word: "Degraded", reason: first + others };
  }
  if (all.length === 0) return { state: "idle", word: "No Things" };
  const live = all.filter(([, { word }]) => word === "Live").length;
  const ready = all.length === 1 ? "1 Thing ready" : `${all.length} Things ready`;
  return live > 0
    ? { state: "live", word: `${ready}, ${live} live` }
    : { state: "live", word: ready };
}
