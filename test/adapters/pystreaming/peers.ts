import type { Socket } from "zeromq";
import { Streamer } from "../../../src/adapters/pystreaming/streamer.ts";
import { type ZeroMQ, zeroMQ } from "../../../src/adapters/pystreaming/zeromq.ts";
import { WAIT_MS } from "../../limits.ts";

/** A test, or part of one, that clears up behind itself. */
export interface Cleared {
  after(clear: () => unknown): void;
}

/** What is started, and stopped when the test is over. */
interface Startable {
  start(): Promise<void>;
  stop(): Promise<void>;
}

/** Starts things one after another; they are stopped in reverse when the test ends. */
export async function started<T extends Startable>(t: Cleared, part: T): Promise<T> {
  await part.start();
  t.after(() => part.stop());
  return part;
}

/** A socket as another program has it, closed when the test ends. */
export function socketOf<S extends Socket>(t: Cleared, make: (zmq: ZeroMQ) => S): S {
  const socket = make(zeroMQ());
  t.after(() => socket.close());
  return socket;
}

/** Does something again and again until the test ends; what comes after the end of its partner is nobody's. */
export function again(t: Cleared, everyMs: number, work: () => Promise<unknown>): void {
  const tried = async () => work();
  const timer = setInterval(() => tried().catch(() => {}), everyMs);
  t.after(() => clearInterval(timer));
}

/** Waits until something is so. @throws after `WAIT_MS`, with its name. */
export async function until(what: string, isSo: () => boolean): Promise<void> {
  const end = performance.now() + WAIT_MS;
  while (!isSo()) {
    if (performance.now() > end) throw new Error(`It is still not so: ${what}.`);
    await new Promise((resolve) => setTimeout(resolve, 5));
  }
}

/** The first so many that come. */
export async function take<T>(count: number, from: AsyncIterable<T>): Promise<T[]> {
  const taken: T[] = [];
  for await (const one of from) {
    taken.push(one);
    if (taken.length === count) break;
  }
  return taken;
}

/** Text, bytes and parts in hexadecimal, to be compared. */
export function hexOf(parts: readonly Uint8Array[]): string[] {
  return parts.map((part) => Buffer.from(part).toString("hex"));
}

/** A free endpoint of this machine, for programs that cannot say which they took. */
export async function freeEndpoint(): Promise<string> {
  const streamer = new Streamer("tcp://127.0.0.1:*");
  await streamer.start();
  const { endpoint } = streamer;
  await streamer.stop();
  return endpoint;
}
