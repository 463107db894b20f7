import { fetchJson } from "../things/fetch-json.ts";
import type { LiveThing } from "../things/live-thing.ts";
import { server } from "../things/server.ts";
import { affordancesOf } from "../things/td.ts";

/** Kinds of Things that move something. */
export const MOVING = ["Stage", "Autofocus", "Scan", "CameraStageMapping"];

/** A stage that does not answer for so long does not keep the others from being stopped. */
const STOP_MS = 4000;

/** Stops the stages, then cancels all that moves the instrument: nothing moves back. @returns What was stopped, as a sentence. @throws {Error} when it could not be. */
export async function stopAll(): Promise<string> {
  const stops = await Promise.allSettled([...server.things.values()].map(stopStage));
  const runs: unknown = await fetchJson("action_invocations");
  const known = (Array.isArray(runs) ? runs : []).map(Object).filter(moves);
  const moving = known.filter(({ status }) => /^(pending|running)$/.test(String(status)));
  const cancels = await Promise.allSettled(moving.map(({ href }) => cancel(String(href))));
  const failed = [...stops, ...cancels].find(({ status }) => status === "rejected");
  if (failed?.status === "rejected") throw failed.reason; // when all has been tried
  const stopped = moving.length + known.filter(endedSince(newestStop(known))).length;
  if (stopped === 0) return "Nothing was moving.";
  return stopped === 1 ? "Stopped." : `Stopped ${stopped} actions.`;
}

/** When the newest stop of a stage began, on the clock of the server; before all time where there was none. */
function newestStop(runs: readonly Record<string, unknown>[]): number {
  return Math.max(...runs.filter(isStop).map(({ timeStarted }) => Date.parse(String(timeStarted))));
}

/** Of runs: those that a stop ended, before they could be cancelled. */
function endedSince(stop: number) {
  return (run: Record<string, unknown>) =>
    !isStop(run) &&
    Date.parse(String(run.timeStarted)) < stop &&
    Date.parse(String(run.timeEnded)) >= stop;
}

function isStop({ action }: Record<string, unknown>): boolean {
  return String(action).endsWith("/stop");
}

async function stopStage(thing: LiveThing): Promise<void> {
  if (thing.is("Stage") && affordancesOf(thing.td).actions.has("stop"))
    await thing.client?.invoke("stop", {}, { signal: AbortSignal.timeout(STOP_MS) });
}

async function cancel(href: string): Promise<void> {
  const response = await fetch(href, { method: "DELETE", signal: AbortSignal.timeout(STOP_MS) });
  if (response.ok || /^(404|409|410)$/.test(String(response.status))) return; // it has ended meanwhile
  const { code, detail } = Object(await response.json());
  if (code !== "NOT_CANCELLABLE") throw new Error(String(detail));
}

/** Whether it is an action of a Thing that moves something. */
function moves({ action }: Record<string, unknown>): boolean {
  const { pathname } = new URL(String(action), document.baseURI);
  const thing = decodeURIComponent(pathname.split("/").at(-2) ?? "");
  const found = server.things.get(thing);
  return MOVING.some((type) => found?.is(type));
}
