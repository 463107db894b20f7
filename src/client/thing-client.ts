import type { FrameGap } from "../frames/frame.ts";
import {
  ClientEvent,
  ClientProperty,
  clientAction,
  type ReadableProperty,
  type RequestOptions,
} from "./client-affordances.ts";
import { ClientError } from "./client-error.ts";
import { descriptionChanges } from "./description-changes.ts";
import { fetchDescription } from "./fetch-description.ts";
import { type FrameSize, type FrameSizesOptions, frameSizesAt } from "./frame-sizes.ts";
import { bareUrl, type ConnectionOptions, Http } from "./http.ts";
import { RemoteInvocation } from "./invocation.ts";
import { listInvocations } from "./invocation-list.ts";
import type { JsonObject } from "./json.ts";
import { MJPEGReader, type ReaderOptions } from "./mjpeg-reader.ts";
import { affordanceNamed, namedMembers } from "./named-members.ts";
import { describedAt, nearestDescription } from "./nearest.ts";
import { type ReadAllOptions, readAllProperties } from "./read-all.ts";
import { Subscription } from "./subscription.ts";
import {
  type Affordance,
  readThingDescription,
  type ThingDescription,
} from "./thing-description.ts";
import { followThing, type ThingListener } from "./thing-feed.ts";
import type {
  AnyThing,
  ClientAction,
  InputOf,
  InvokeArguments,
  OutputOf,
  ThingTypes,
  WritableKeys,
} from "./thing-types.ts";

/** How to connect. */
export interface ConnectOptions extends ConnectionOptions {
  /** Ends the attempt to connect. */
  readonly signal?: AbortSignal;
  /**
   * Connects to whichever answers first: the Thing, or one of its mirrors that the directory of its server lists. `url` says which.
   * Credentials are sent to the server of the URL alone.
   */
  readonly nearest?: boolean;
}

type PropertiesOf<P> = {
  readonly [K in keyof P]: K extends WritableKeys<P>
    ? ClientProperty<P[K]>
    : ReadableProperty<P[K]>;
};
type ActionsOf<A> = { readonly [K in keyof A]: ClientAction<InputOf<A[K]>, OutputOf<A[K]>> };
type EventsOf<E> = { readonly [K in keyof E]: ClientEvent<E[K]> };

/** What a Thing has, by name. */
interface Members<T extends ThingTypes> {
  readonly properties: PropertiesOf<T["properties"]>;
  readonly actions: ActionsOf<T["actions"]>;
  readonly events: EventsOf<T["events"]>;
}

/**
 * A Thing at a server, of this package or any other. Everything it does is found in the Thing Description's forms.
 *
 * `T` says what the Thing has: `thingscope types URL` writes it. Without it every name is allowed, and values are
 * unknown; a name that the Thing does not have is an error that lists those that it has.
 */
export class ThingClient<T extends ThingTypes = AnyThing> {
  /** Where the Thing Description came from. */
  readonly url: string;
  readonly #http: Http;
  #described: ThingDescription;
  #members: Members<T>;

  private constructor(http: Http, described: ThingDescription, url: string) {
    this.#http = http;
    this.#described = described;
    this.url = url;
    this.#members = this.#membersOf(described);
  }

  get title(): string {
    return this.#described.title;
  }

  /** The Thing Description as the server sent it last. */
  get td(): JsonObject {
    return this.#described.raw;
  }

  /** `await camera.properties.exposure.read()`; the names are `Object.keys(camera.properties)`. */
  get properties(): Members<T>["properties"] {
    return this.#members.properties;
  }

  /** `await camera.actions.capture({ width: 800 }, { signal, onProgress })`. */
  get actions(): Members<T>["actions"] {
    return this.#members.actions;
  }

  /** `for await (const { x } of camera.events.moved.subscribe(signal))`. */
  get events(): Members<T>["events"] {
    return this.#members.events;
  }

  /**
   * Fetches a Thing Description.
   * @param url - Of the description, e.g. `http://127.0.0.1:5000/camera/`. A name and password in it are credentials.
   * @throws {ClientError} `UNREACHABLE`; `BAD_ANSWER` when the address gives no Thing Description; the server's.
   */
  static async connect<T extends ThingTypes = AnyThing>(
    url: string,
    options: ConnectOptions = {},
  ): Promise<ThingClient<T>> {
    const { nearest, signal } = options;
    const find = nearest ? nearestDescription : describedAt;
    const { http, described, from } = await find(url, options, signal);
    return new ThingClient<T>(http, described, from);
  }

  /**
   * A Thing of which the Thing Description is known already, e.g. from the list of all.
   * @param url - Where it would be fetched from.
   * @throws {ClientError} `BAD_ANSWER` when it is none.
   */
  static of<T extends ThingTypes = AnyThing>(
    td: JsonObject,
    url: string,
    options: ConnectionOptions = {},
  ): ThingClient<T> {
    const http = new Http(url, options);
    return new ThingClient<T>(http, readThingDescription(td, bareUrl(url)), bareUrl(url));
  }

  /**
   * Fetches the Thing Description again: a Thing may have other properties, actions, events and limits than before.
   * @returns Whether it is another one; `td`, `properties`, `actions` and `events` are of the new one then.
   * @throws {ClientError} as `connect` does.
   */
  async refresh({ signal }: Pick<RequestOptions, "signal"> = {}): Promise<boolean> {
    const { raw } = this.#described;
    const { described } = await fetchDescription(this.#http, this.url, signal);
    if (JSON.stringify(described.raw) === JSON.stringify(raw)) return false;
    this.#described = described;
    this.#members = this.#membersOf(described);
    return true;
  }

  /**
   * Each new Thing Description, when the server's directory announces one: `for await (const td of camera.changes(signal))`. By then
   * `properties`, `actions` and `events` are of that one.
   * @throws {ClientError} `UNSUPPORTED` where no directory announces changes: call `refresh`.
   */
  changes(signal?: AbortSignal): Subscription<JsonObject> {
    const thing = this;
    const { url, td } = this;
    const refresh = (either: AbortSignal) => this.refresh({ signal: either });
    const followed = { http: this.#http, td, url, refresh };
    return new Subscription(async function* (following) {
      for await (const _ of descriptionChanges(followed, following)) yield thing.td;
    }, signal);
  }

  /** @throws {ClientError} `UNKNOWN_AFFORDANCE`; the server's. */
  async read<K extends keyof T["properties"] & string>(
    name: K,
    options?: RequestOptions,
  ): Promise<T["properties"][K]> {
    const property = this.#find("property", name);
    return new ClientProperty<T["properties"][K]>(this.#http, property).read(options);
  }

  /** @throws {ClientError} `UNKNOWN_AFFORDANCE`; the server's, e.g. `INVALID_INPUT`. */
  async write<K extends WritableKeys<T["properties"]> & string>(
    name: K,
    value: T["properties"][K],
    options?: RequestOptions,
  ): Promise<void> {
    await new ClientProperty(this.#http, this.#find("property", name)).write(value, options);
  }

  /** Runs an action by name; the same as `actions[name](...)`. */
  async invoke<K extends keyof T["actions"] & string>(
    name: K,
    ...args: InvokeArguments<InputOf<T["actions"][K]>>
  ): Promise<OutputOf<T["actions"][K]>> {
    return this.actions[name](...args);
  }

  /**
   * The invocations that the server knows, newest first: those that run, and the last that have ended. `result` of one that runs
   * follows it. They come without input and log. Synchronous actions are not among them.
   * @throws {ClientError} `UNSUPPORTED` where the Thing does not list them.
   */
  invocations({ signal }: Pick<RequestOptions, "signal"> = {}): Promise<RemoteInvocation[]> {
    return listInvocations(this.#http, this.#described, signal);
  }

  /**
   * One invocation by its URL, `href` of a `RemoteInvocation` of before.
   * @throws {ClientError} `NOT_FOUND` when the server has forgotten it.
   */
  async invocation<K extends keyof T["actions"] & string>(
    action: K,
    href: string,
    { signal }: Pick<RequestOptions, "signal"> = {},
  ): Promise<RemoteInvocation<OutputOf<T["actions"][K]>>> {
    this.#find("action", action);
    const state = { status: "running" };
    const url = new URL(href, this.url).href;
    const run = RemoteInvocation.at<OutputOf<T["actions"][K]>>(this.#http, action, url, { state });
    await run.refresh({ signal });
    return run;
  }

  /**
   * The values of all properties but pictures, in one request where the Thing offers that.
   * @throws {ClientError} when one cannot be read, unless `onFailure` takes it.
   */
  async readAll(options: ReadAllOptions = {}): Promise<Partial<T["properties"]>> {
    const values = await readAllProperties(this.#http, this.#described, options);
    return values as Partial<T["properties"]>; // what the Thing Description promises
  }

  /**
   * Tells the values of all properties, each change of one, and all events, over one connection, which is made again when it breaks.
   * Resolves when the signal aborts.
   */
  follow(listener: ThingListener, signal: AbortSignal): Promise<void> {
    const followed = {
      http: this.#http,
      described: () => this.#described,
      readAll: (onFailure: (name: string, error: ClientError) => void, either: AbortSignal) =>
        this.readAll({ onFailure, signal: either }),
      refresh: (either: AbortSignal) => this.refresh({ signal: either }),
    };
    return followThing(followed, listener, signal);
  }

  /**
   * The frames of a stream, as `MJPEGReader` reads them.
   * @param name - The stream's, e.g. `live`, or that of the property that stands for it.
   * @throws {ClientError} `UNKNOWN_AFFORDANCE`; `UNSUPPORTED` for a property that is no stream.
   */
  frames(name: string, options: Omit<ReaderOptions, keyof ConnectionOptions> = {}): MJPEGReader {
    const known = this.#described.properties.has(`${name}_frame`);
    const property = this.#find("property", known ? `${name}_frame` : name);
    const form = property.forms.find(({ contentType }) => contentType.startsWith("multipart/"));
    if (form) return new MJPEGReader(form.url(), options, this.#http);
    throw new ClientError(
      "UNSUPPORTED",
      `The property '${name}' is not a stream: it has no form in multipart/x-mixed-replace.`,
      { url: this.url },
    );
  }

  /**
   * The size of every frame of a stream, as `frameSizes` tells it.
   * @throws {ClientError} `UNKNOWN_AFFORDANCE`; `UNSUPPORTED` when the server does not tell sizes.
   */
  frameSizes(
    name: string,
    options: Omit<FrameSizesOptions, keyof ConnectionOptions> = {},
  ): Subscription<FrameSize | FrameGap> {
    const event = this.#find("event", `${name}_new_frame`);
    const form = event.forms.find(({ subprotocol }) => subprotocol === "sse");
    if (form) return frameSizesAt(this.#http, form.url(), options);
    throw new ClientError("UNSUPPORTED", `The sizes of '${name}' are not sent as events here.`, {
      url: this.url,
    });
  }

  #find(kind: Affordance["kind"], name: string): Affordance {
    return affordanceNamed(this.#described, kind, name, this.url);
  }

  #membersOf({ properties, actions, events }: ThingDescription): Members<T> {
    const http = this.#http;
    const find = (kind: Affordance["kind"]) => (name: string) => void this.#find(kind, name);
    return {
      properties: namedMembers(properties, (it) => new ClientProperty(http, it), find("property")),
      actions: namedMembers(actions, (it) => clientAction(http, it), find("action")),
      events: namedMembers(events, (it) => new ClientEvent(http, it), find("event")),
    };
  }
}
