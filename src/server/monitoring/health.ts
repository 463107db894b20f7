import { toDateTime, wallTime } from "../../base/clock.ts";
import { type HungFolder, hungFolders, hungSentence } from "../../base/disk-lane.ts";
import { asSentence } from "../../base/errors.ts";
import type { HostedThing } from "../../core/hosted-thing.ts";
import type { ThingHost } from "../../core/thing-host.ts";
import type { ThingState } from "../../core/thing-state.ts";
import { type FaultPhase, isFault } from "../../streams/source-state.ts";
import {
  type HostedStream,
  hostedStreams,
  type StreamHealth,
  streamHealthOf,
} from "../streams/health.ts";
import { type ClockHealth, clockHealth } from "./clock-health.ts";
import { byOthers, type EventLoopDelay } from "./event-loop.ts";
import { type FleetHealth, fleetReasons } from "./fleet-health.ts";

/** What `/health` answers. */
export interface Health {
  readonly status: "ok" | "degraded";
  /** Why it is degraded, a sentence each. */
  readonly reasons: readonly string[];
  /** Since the process began, seconds. */
  readonly uptime: number;
  readonly things: Readonly<Record<string, ThingHealth>>;
  readonly eventLoopDelay: EventLoopDelay;
  readonly clock: ClockHealth;
  /** Where the server belongs to one. */
  readonly fleet?: FleetHealth;
  /** Bytes. */
  readonly memory: { readonly rss: number; readonly heapUsed: number; readonly external: number };
}

interface ThingHealth {
  /** As its life is; of one that is open and whose source gives no frames, what that source does. */
  readonly state: ThingState | FaultPhase;
  /** Why it could not open, is disconnected, or gives no frames. */
  readonly reason?: string;
  /** Since when its life is in its state, RFC 3339. */
  readonly since: string;
  /** When it is opened again, while it is disconnected. */
  readonly nextTry?: string;
  /** What is wrong though it is open, a sentence each. */
  readonly troubles?: readonly string[];
  readonly streams: Readonly<Record<string, StreamHealth>>;
}

/** A loop that is later than this, ms, again and again, serves pictures late. */
const LATE_LOOP_MS = 250;

/** How the Things of a host, their streams and the process do, now. */
export function healthOf(
  host: ThingHost,
  eventLoopDelay: EventLoopDelay,
  fleet?: FleetHealth,
): Health {
  const streams = hostedStreams(host).map((hosted) => ({
    ...hosted,
    health: streamHealthOf(hosted.stream, hosted.life),
  }));
  const things = [...host.things.values()].map((hosted) => {
    const { name, state, reason, since, nextTryAt } = hosted;
    const own = streams.filter(({ thing }) => thing === name);
    const troubles = troublesOf(hosted, own);
    const health: ThingHealth = {
      ...statusOfThing({ state, ...(reason !== undefined && { reason }) }, own),
      since: toDateTime(wallTime(since)),
      ...(nextTryAt !== undefined && { nextTry: toDateTime(wallTime(nextTryAt)) }),
      ...(troubles.length > 0 && { troubles }),
      streams: Object.fromEntries(own.map((stream) => [stream.name, rounded(stream.health)])),
    };
    return [name, health] as const;
  });
  const lives = new Map([...host.things.values()].map(({ name, state }) => [name, state]));
  const troubles = new Set(things.flatMap(([, health]) => health.troubles ?? [])); // Things may share a disk
  const reasons = [
    ...things.filter(([name]) => lives.get(name) === "failed").map(couldNotOpen),
    ...things.filter(([name]) => lives.get(name) === "disconnected").map(isDisconnected),
    ...things.flatMap(([name, health]) => withoutFrames(name, health, lives.get(name))),
    ...streams.filter(({ health }) => waitsInVain(health)).map(waiting),
    ...troubles,
    ...hungFolders().flatMap((hung) => hangs(hung, troubles)),
    ...(fleet ? fleetReasons(fleet) : []),
    ...(eventLoopDelay.p99 > LATE_LOOP_MS ? [lateLoop(eventLoopDelay)] : []),
  ];
  const { rss, heapUsed, external } = process.memoryUsage();
  return {
    status: reasons.length > 0 ? "degraded" : "ok",
    reasons,
    uptime: Math.round(process.uptime()),
    things: Object.fromEntries(things),
    eventLoopDelay: rounded(eventLoopDelay),
    clock: clockHealth(),
    ...(fleet && { fleet }),
    memory: { rss, heapUsed, external },
  };
}

function couldNotOpen([name, { reason }]: readonly [string, ThingHealth]): string {
  return `Thing '${name}' could not open: ${reason}`;
}

function isDisconnected([name, { reason }]: readonly [string, ThingHealth]): string {
  return `Thing '${name}' is disconnected: ${asSentence(reason ?? "it gave no reason")} It is reopened automatically, after a pause.`;
}

/** A Thing that is open is no better than its sources. */
function statusOfThing(
  life: Pick<ThingHealth, "state" | "reason">,
  streams: readonly { readonly health: StreamHealth }[],
): Pick<ThingHealth, "state" | "reason"> {
  const { state, reason } = streams.find(({ health }) => health.reason !== undefined)?.health ?? {};
  return life.state === "open" && isFault(state) ? { state, reason: reason ?? "" } : life;
}

function withoutFrames(name: string, { state, reason }: ThingHealth, life?: ThingState): string[] {
  if (life !== "open" || !isFault(state)) return [];
  return [`Thing '${name}' delivers no frames: ${reason}`];
}

function troublesOf(
  hosted: HostedThing,
  streams: readonly (HostedStream & { health: StreamHealth })[],
): string[] {
  const { trouble } = hosted;
  const own = trouble === undefined ? [] : [trouble];
  return [...own, ...streams.flatMap(withoutSmaller), ...withUnsavedSettings(hosted)];
}

function withoutSmaller({ thing, name, health }: HostedStream & { health: StreamHealth }) {
  const { encodeFault } = health;
  if (encodeFault === undefined) return [];
  return [`Stream '${name}' of Thing '${thing}' cannot deliver smaller pictures: ${encodeFault}`];
}

function withUnsavedSettings({ name, settings: { fault } }: HostedThing): string[] {
  return fault === undefined ? [] : [`The settings of Thing '${name}' are not saved: ${fault}`];
}

/** A stream without a source of its own, of which frames are wanted. */
function waitsInVain({ state, running, demand, age }: StreamHealth): boolean {
  return demand > 0 && !running && state === "opening" && age === null;
}

function waiting({ thing, name }: HostedStream): string {
  return `Stream '${name}' of Thing '${thing}' should deliver frames but has not yet.`;
}

/** A Thing that has the folder open says so itself. */
function hangs(hung: HungFolder, troubles: ReadonlySet<string>): string[] {
  const isTold = [...troubles].some((one) => one.startsWith(`The disk of ${hung.folder} has not`));
  return isTold ? [] : [hungSentence(hung)];
}

function lateLoop({ p99, max, starved }: EventLoopDelay): string {
  const late = `The event loop is up to ${Math.round(p99)} ms late`;
  return byOthers({ ms: max, starvedMs: starved })
    ? `${late}: other programs have the processor. Stop them, or give this server a processor of its own.`
    : `${late}: a computation takes too long. The log says which.`;
}

/** To three decimals, so that people can read it. */
function rounded<T extends object>(numbers: T): T {
  const entries = Object.entries(numbers).map(([name, value]) => [
    name,
    typeof value === "number" ? Math.round(value * 1000) / 1000 : value,
  ]);
  return { ...numbers, ...Object.fromEntries(entries) };
}
