import { delay, ignoreAbort, withDeadline } from "../../base/abort.ts";
import { decodePercent } from "../../base/percent.ts";
import { isRecord } from "../../base/values.ts";
import { type ConnectionOptions, Http } from "../../client/http.ts";
import { type JsonObject, listOf, objectOf, textOf } from "../../client/json.ts";

/** Between two questions to a server how its Things do, ms. */
const EVERY_MS = 5000;
const ANSWER_MS = 10_000;
const LONGEST = 1000; // characters of a sentence
const AT_ORIGIN = "At the origin";

/** A mirrored Thing, and who is told what is wrong with it at its origin: a sentence, or undefined. */
export interface AskedThing {
  /** Where its description is. */
  readonly url: string;
  readonly td: JsonObject;
  tell(trouble: string | undefined): void;
}

/** Asks the servers of mirrored Things how these do: no description says that a Thing could not open, or is disconnected. */
export class OriginHealth {
  readonly #connection: ConnectionOptions;
  readonly #everyMs: number;
  readonly #things: () => readonly AskedThing[];
  #asking: Promise<void> | undefined;

  constructor(
    connection: ConnectionOptions,
    things: () => readonly AskedThing[],
    everyMs = EVERY_MS,
  ) {
    this.#everyMs = everyMs;
    this.#connection = connection;
    this.#things = things;
  }

  /** Asks again and again until the signal aborts. */
  async follow(signal: AbortSignal): Promise<void> {
    while (!signal.aborted) {
      await this.ask(signal);
      await delay(this.#everyMs, signal).catch(ignoreAbort);
    }
  }

  /** Asks now, unless it is being asked. Never rejects: whether the origin answers at all is told by who follows its values. */
  ask(signal: AbortSignal): Promise<void> {
    this.#asking ??= this.#askAll(signal).finally(() => {
      this.#asking = undefined;
    });
    return this.#asking;
  }

  async #askAll(signal: AbortSignal): Promise<void> {
    const servers = new Map<string, AskedThing[]>();
    for (const thing of this.#things()) {
      const url = healthUrl(thing);
      if (url !== undefined) servers.set(url, [...(servers.get(url) ?? []), thing]);
    }
    await Promise.all([...servers].map(([url, things]) => this.#askOne(url, things, signal)));
  }

  async #askOne(url: string, things: readonly AskedThing[], signal: AbortSignal): Promise<void> {
    const http = new Http(url, this.#connection);
    const answer = await withDeadline(ANSWER_MS, signal, async (either) =>
      http.json(await http.request(url, { signal: either })),
    ).catch(() => undefined);
    if (signal.aborted || !isRecord(answer)) return;
    const all = objectOf(answer.things);
    for (const thing of things) thing.tell(troubleIn(objectOf(all[nameIn(thing.url)])));
  }
}

/** What the health of one Thing says, in the words that every mirror of it uses. */
export function troubleIn({ state, reason, troubles }: JsonObject): string | undefined {
  const why = textOf(reason);
  const [trouble] = listOf(troubles).map(textOf);
  if (trouble?.startsWith(AT_ORIGIN)) return trouble.slice(0, LONGEST);
  if (why) return `${AT_ORIGIN} it is ${textOf(state)}: ${why}`.slice(0, LONGEST);
  return trouble && `${AT_ORIGIN}: ${trouble}`.slice(0, LONGEST);
}

/** `/health` is where the server begins, which descriptions call `base`. Another server is not asked: it would be sent the login. */
function healthUrl({ td, url }: AskedThing): string | undefined {
  const base = textOf(td.base) ?? "";
  if (!URL.canParse(base, url)) return undefined;
  const health = new URL("health", new URL(base, url));
  return health.origin === new URL(url).origin ? health.href : undefined;
}

function nameIn(url: string): string {
  return decodePercent(/([^/]+)\/?$/.exec(new URL(url).pathname)?.[1] ?? "");
}
