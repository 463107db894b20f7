import { delay, withDeadline } from "../base/abort.ts";
import { messageOf } from "../base/errors.ts";
import { pauseAfter } from "../base/pauses.ts";
import { serverSentEvents } from "./event-stream.ts";
import type { Http } from "./http.ts";
import { objectOf, textOf } from "./json.ts";
import { RECONNECT_PAUSES } from "./reconnects.ts";
import { formsFor, type ThingDescription } from "./thing-description.ts";
import { followEvents } from "./thing-events.ts";
import { socketUrlIn, thingSocket } from "./thing-socket.ts";

/** What is told of a Thing as a whole. */
export interface ThingListener {
  /** A property has this value now: each once at the beginning, and after each loss of the connection. */
  onProperty(name: string, value: unknown): void;
  /** A property cannot be read, and why. */
  onPropertyProblem?(name: string, sentence: string): void;
  /** An event has happened. */
  onEvent?(name: string, data: unknown): void;
  /** An event has happened whose data cannot be sent, and why. */
  onEventProblem?(name: string, sentence: string): void;
  /** Whether what was told still holds: false from when the connection is lost, and why, in a sentence. */
  onConnected?(isConnected: boolean, reason?: string): void;
}

/** A Thing, its place, and what can be asked of it. */
interface Followed {
  readonly http: Http;
  /** As it is now. */
  described(): ThingDescription;
  readAll(onFailure: (name: string, error: Error) => void, signal: AbortSignal): Promise<object>;
  /** Fetches the description again. */
  refresh(signal: AbortSignal): Promise<unknown>;
}

/** What this server calls the message that tells why there is no value. */
const PROBLEM_EVENT = "problem";
/** Without a way to be told, values are asked for, ms. */
const POLL_MS = 2000;
/** Values that take long to come, or to be read, are asked for less often: so many times as long is waited. */
const POLL_SHARE = 5;
const LONGEST_POLL_MS = 60_000;
/** Longest wait for all values, and for the description, ms. */
const ANSWER_MS = 20_000;
/** A WebSocket that never opens though the Thing answers, so often, is kept away by something between. */
const MOST_DEAD_SOCKETS = 2;
/** Browsers open six connections to an HTTP/1.1 server: so many may be held, of all Things together. */
const MOST_HELD_STREAMS = 4;
const heldStreams = new Map<string, number>();

/**
 * Follows all properties and events of a Thing over one connection, until the signal aborts: a WebSocket where the Thing offers one
 * (browsers open six connections to a server for everything else), else server-sent events, else its values are polled.
 */
export async function followThing(
  followed: Followed,
  listener: ThingListener,
  signal: AbortSignal,
): Promise<void> {
  let deadSockets = 0;
  for (let failures = 0; !signal.aborted; ) {
    const feed = new Feed(followed, listener, signal);
    const usesSocket = deadSockets < MOST_DEAD_SOCKETS;
    const error = await feed.run(usesSocket).catch((reason: unknown) => reason);
    if (signal.aborted) return;
    const lost = await whyLost(followed, error, signal);
    if (signal.aborted) return;
    listener.onConnected?.(false, lost.reason);
    if (lost.isThere && !feed.wasConnected && feed.usedSocket) deadSockets += 1;
    failures = feed.wasConnected ? 1 : failures + 1;
    await delay(pauseAfter(failures, RECONNECT_PAUSES), signal).catch(() => {});
  }
}

/** Asks for the description: that says what is wrong, if anything is, and it may be another by now. */
async function whyLost(followed: Followed, error: unknown, signal: AbortSignal) {
  try {
    await withDeadline(ANSWER_MS, signal, (either) => followed.refresh(either));
    const reason = error === undefined ? "The connection was lost." : messageOf(error);
    return { isThere: true, reason };
  } catch (failure) {
    return { isThere: false, reason: messageOf(failure) };
  }
}

/** One connection. */
class Feed {
  readonly #followed: Followed;
  readonly #listener: ThingListener;
  readonly #signal: AbortSignal;
  /** Properties that were told since all were asked for: the answer is older. */
  readonly #newer = new Set<string>();
  #isConnected = false;
  wasConnected = false;
  usedSocket = false;

  constructor(followed: Followed, listener: ThingListener, signal: AbortSignal) {
    this.#followed = followed;
    this.#listener = listener;
    this.#signal = signal;
  }

  /** Resolves or rejects when the connection has ended. */
  async run(usesSocket: boolean): Promise<void> {
    const { http } = this.#followed;
    const { raw, forms } = this.#followed.described();
    const socket = usesSocket ? socketUrlIn(raw.forms, http.origin) : undefined;
    this.usedSocket = socket !== undefined;
    if (socket) return thingSocket(http, socket, this, this.#signal);
    const urlOf = (op: string) =>
      formsFor(forms, op)
        .find(({ subprotocol }) => subprotocol === "sse")
        ?.url();
    const [values, events] = [urlOf("observeallproperties"), urlOf("subscribeallevents")];
    const urls = [values, events].filter((url) => url !== undefined);
    const held = holdStreams(http.origin, urls.length) ? urls : [];
    try {
      await this.#overHttp(held, {
        hasValues: held.includes(values ?? ""),
        hasEvents: held.includes(events ?? ""),
      });
    } finally {
      holdStreams(http.origin, -held.length);
    }
  }

  /** The connection stands: what was told before may be old, so all is told. */
  async opened(): Promise<void> {
    this.#newer.clear();
    const failures: [name: string, error: Error][] = [];
    const onFailure = (name: string, error: Error) => void failures.push([name, error]);
    const values = await withDeadline(ANSWER_MS, this.#signal, (either) =>
      this.#followed.readAll(onFailure, either),
    );
    if (this.#signal.aborted) return;
    if (failures.length > 0 && Object.keys(values).length === 0) {
      const end = failures.find(([, error]) => this.#isEnd(error));
      if (end) throw end[1];
    }
    for (const [name, error] of failures) this.problem(name, false, messageOf(error));
    for (const [name, value] of Object.entries(values))
      if (!this.#newer.has(name)) this.#listener.onProperty(name, value);
    if (!this.#isConnected) this.#listener.onConnected?.(true);
    this.#isConnected = true;
    this.wasConnected = true;
  }

  /** Whether the Thing is gone, and not a property that is elsewhere. */
  #isEnd(error: Error): boolean {
    const { code, status, url } = Object(error);
    const isHere = typeof url !== "string" || new URL(url).origin === this.#followed.http.origin;
    return isHere && (code === "UNREACHABLE" || status === 404);
  }

  value(name: string, value: unknown): void {
    this.#newer.add(name);
    if (!this.#signal.aborted) this.#listener.onProperty(name, value);
  }

  event(name: string, data: unknown): void {
    if (!this.#signal.aborted) this.#listener.onEvent?.(name, data);
  }

  problem(name: string, isEvent: boolean, sentence: string | undefined): void {
    if (this.#signal.aborted) return;
    if (isEvent) this.#listener.onEventProblem?.(name, sentence ?? "Its data cannot be sent.");
    else this.#listener.onPropertyProblem?.(name, sentence ?? "It cannot be read.");
  }

  /**
   * By server-sent events as far as the Thing offers them; else values are polled, and events followed one by one. What ends takes the
   * rest with it: all is made again together.
   */
  async #overHttp(
    urls: readonly string[],
    { hasValues, hasEvents }: { readonly hasValues: boolean; readonly hasEvents: boolean },
  ): Promise<void> {
    const end = new AbortController();
    const onAbort = () => end.abort();
    this.#signal.addEventListener("abort", onAbort);
    try {
      if (!hasEvents) this.#followEvents(end.signal);
      const streams = urls.length > 0 ? [this.#overEvents(urls, end)] : [];
      await Promise.race([...streams, ...(hasValues ? [] : [this.#poll(end.signal)])]);
    } finally {
      this.#signal.removeEventListener("abort", onAbort);
      end.abort();
    }
  }

  #followEvents(signal: AbortSignal): void {
    const { http } = this.#followed;
    let held = 0;
    const mayHold = () => {
      const may = holdStreams(http.origin, 1);
      if (may) held += 1;
      return may;
    };
    followEvents(http, this.#followed.described().events.values(), this, { signal, mayHold });
    signal.addEventListener("abort", () => holdStreams(http.origin, -held));
  }

  async #overEvents(urls: readonly string[], end: AbortController): Promise<void> {
    let standing = 0;
    const failed = new Promise<never>((_, reject) => {
      const onOpen = () => {
        standing += 1;
        if (standing === urls.length) this.opened().catch(reject);
      };
      const onLost = () => reject(new Error("The connection was lost."));
      const options = { signal: end.signal, onOpen, onLost };
      for (const url of urls) this.#read(url, options).then(onLost, reject);
    });
    await failed;
  }

  async #read(url: string, options: Parameters<typeof serverSentEvents>[2]): Promise<void> {
    const { http } = this.#followed;
    for await (const { event, data } of serverSentEvents(http, url, options)) {
      const { properties, events } = this.#followed.described();
      const isProperty = properties.has(event);
      const isEvent = events.has(event);
      if (event === PROBLEM_EVENT && !isProperty && !isEvent) {
        const { name, detail } = objectOf(http.parse(data, url));
        const about = textOf(name) ?? "";
        this.problem(about, events.has(about), textOf(detail));
      } else if (isProperty) this.value(event, http.parse(data, url));
      else if (isEvent) this.event(event, http.parse(data, url));
    }
  }

  async #poll(signal: AbortSignal): Promise<void> {
    while (!signal.aborted) {
      const asked = performance.now();
      await this.opened();
      const pause = Math.min(LONGEST_POLL_MS, POLL_SHARE * (performance.now() - asked));
      await delay(Math.max(POLL_MS, pause), signal).catch(() => {});
    }
  }
}

/** @returns Whether there was room for so many more. Only browsers limit connections. */
function holdStreams(origin: string, count: number): boolean {
  const held = (heldStreams.get(origin) ?? 0) + count;
  if (count > 0 && held > MOST_HELD_STREAMS && "document" in globalThis) return false;
  heldStreams.set(origin, held);
  return true;
}
