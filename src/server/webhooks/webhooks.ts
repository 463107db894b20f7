import { randomUUID } from "node:crypto";
import { ignoreAbort } from "../../base/abort.ts";
import type { Attempt } from "../../base/attempt.ts";
import { wallTime } from "../../base/clock.ts";
import { messageOf, ThingError } from "../../base/errors.ts";
import { countedLimit } from "../../base/limit-hits.ts";
import type { Log } from "../../base/log.ts";
import { slowReaders } from "../../base/slow-readers.ts";
import { Supervisor } from "../../base/supervise.ts";
import type { Role } from "../../core/affordances.ts";
import { ClientShares } from "../http/identity.ts";
import { JSON_TYPE, PROBLEM_TYPE } from "../http/route.ts";
import type { Notification, NotificationLogs } from "../notifications/notification-log.ts";
import { NotificationReader } from "../notifications/notification-reader.ts";
import { CallbackPolicy, deliver } from "./callback.ts";

const MAX_SUBSCRIPTIONS = 100;
/** Of one account, or of one address where nobody logs in. */
const MOST_OF_ONE = 50;
const refused = countedLimit("webhook_subscriptions");
const lateWebhooks = slowReaders("webhook", "gap");

/** After so many failures in a row a subscription ends. */
const MAX_FAILURES = 10;
/** What was not delivered is lost, and the next notification is not held up. */
const NO_PAUSE = { firstMs: 0, longestMs: 0 };

export interface WebhookOptions {
  /** Hosts that may be called, as in a URL: `hooks.lab.example`, or with a port. */
  readonly allowedHosts: readonly string[];
}

interface Subscribing {
  readonly logs: NotificationLogs;
  /** Of whom it was subscribed by: what is for others it is not told. */
  readonly role: Role;
  /** What it follows the notifications from: the stamp of the last that it is not told. */
  readonly after: number;
  readonly callbackURL: unknown;
  /** Who it counts for. */
  readonly client: string;
  /** Calls back when there will be nothing more to tell; until the returned function is called. */
  onOver(listener: () => void): () => void;
  /** Names what was subscribed to: a subscription is cancelled there and nowhere else. */
  readonly at: string;
  /** The URL of the property or event of a name. */
  selfOf(name: string): string;
}

type Served = Pick<Subscribing, "logs" | "role" | "after" | "selfOf"> & {
  readonly url: URL;
  readonly signal: AbortSignal;
};

/** Calls other programs when something happens. Each is called with one notification at a time, and loses what it does not take. */
export class Webhooks {
  /** Notifications delivered, and not, ever; those that were gone before they could be. */
  readonly counts = { delivered: 0, failed: 0, skipped: 0 };
  readonly #policy: CallbackPolicy;
  readonly #log: Log;
  readonly #subscriptions = new Map<string, { at: string; end(): void }>();
  readonly #shares = new ClientShares();
  readonly #closed = new AbortController();

  /** @throws {ThingError} `BAD_CONFIG`. */
  constructor({ allowedHosts }: WebhookOptions, log: Log) {
    this.#policy = new CallbackPolicy(allowedHosts);
    this.#log = log;
  }

  get subscriptions(): number {
    return this.#subscriptions.size;
  }

  /** @returns The id of the subscription. @throws {ThingError} `INVALID_INPUT`, `CALLBACK_REFUSED`, `TOO_MANY_SUBSCRIPTIONS`. */
  subscribe({ callbackURL, at, client, onOver, ...subscribing }: Subscribing): string {
    const url = this.#policy.accept(callbackURL);
    if (this.#subscriptions.size >= MAX_SUBSCRIPTIONS) throw tooMany(MAX_SUBSCRIPTIONS, "in total");
    if (this.#shares.countOf(client) >= MOST_OF_ONE) throw tooMany(MOST_OF_ONE, "of this client");
    const leave = this.#shares.take(client);
    const id = randomUUID();
    const ended = new AbortController();
    this.#subscriptions.set(id, { at, end: () => ended.abort() });
    const signal = AbortSignal.any([ended.signal, this.#closed.signal]);
    const stop = onOver(() => {
      this.#log.info(`${url.host} is no longer called about ${at}: its Thing was removed.`);
      ended.abort();
    });
    void this.#serve({ ...subscribing, url, signal }).finally(() => {
      stop();
      this.#subscriptions.delete(id);
      leave();
    });
    return id;
  }

  /** @throws {ThingError} `NOT_FOUND`. */
  cancel(id: string, at: string): void {
    const subscription = this.#subscriptions.get(id);
    if (subscription?.at !== at)
      throw new ThingError(
        "NOT_FOUND",
        `There is no subscription ${id}: it never existed or has ended.`,
      );
    this.#subscriptions.delete(id);
    subscription.end();
  }

  close(): void {
    this.#closed.abort();
  }

  /** One notification after the other, until the subscription ends or nothing gets there any more. */
  async #serve({ logs, role, after, signal, url, selfOf }: Served): Promise<void> {
    const reader = new NotificationReader(role);
    reader.followAll(logs, after, undefined);
    signal.addEventListener("abort", () => reader.leaveAll());
    const deliverAll = async (attempt: Attempt) => {
      for (;;) {
        const due = await reader.nextToCome(signal).catch(ignoreAbort);
        if (!due) return;
        if (due.missed > 0) {
          this.counts.skipped += 1;
          lateWebhooks();
        }
        await this.#deliver(due.notification, { signal, url, selfOf });
        attempt.heartbeat();
      }
    };
    const supervisor = new Supervisor(deliverAll, {
      ...{ pauses: NO_PAUSE, mostFailures: MAX_FAILURES, mayEnd: true, signal },
      onFailure: ({ reason }) => {
        this.counts.failed += 1;
        this.#log.warn(reason);
      },
    });
    supervisor.start();
    await supervisor.finished;
    reader.leaveAll();
    if (signal.aborted) return;
    this.#log.warn(
      `${url.host} is no longer called: ${MAX_FAILURES} notifications in a row failed.`,
    );
  }

  async #deliver(
    { name, at, data, problem }: Notification,
    { signal, url, selfOf }: Pick<Served, "signal" | "url" | "selfOf">,
  ): Promise<void> {
    try {
      const address = await this.#policy.addressOf(url);
      const content = problem
        ? { data: JSON.stringify(problem), contentType: PROBLEM_TYPE }
        : { data, contentType: JSON_TYPE };
      await deliver({ url, address, self: selfOf(name), at: wallTime(at), ...content, signal });
      this.counts.delivered += 1;
    } catch (cause) {
      throw new Error(`'${name}' was not delivered to ${url.host}: ${messageOf(cause)}`, { cause });
    }
  }
}

function tooMany(limit: number, whose: string): ThingError {
  refused.hit();
  return new ThingError(
    "TOO_MANY_SUBSCRIPTIONS",
    `There are ${limit} subscriptions ${whose} already, which is the limit. Cancel one first.`,
  );
}
