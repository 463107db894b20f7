import { isRecord } from "../base/values.ts";
import { ClientError } from "./client-error.ts";
import type { Http } from "./http.ts";
import { invocationHref, RemoteInvocation } from "./invocation.ts";
import { type JsonObject, listOf, objectOf } from "./json.ts";
import { notifications } from "./notifications.ts";
import type { RemoteBlob } from "./remote-blob.ts";
import { type ListenOptions, listen, type SubscribeOptions, Subscription } from "./subscription.ts";
import { type Affordance, type Form, formsFor } from "./thing-description.ts";
import type { ClientAction, InvokeOptions } from "./thing-types.ts";

/** Options of one request. */
export interface RequestOptions {
  readonly signal?: AbortSignal;
  readonly uriVariables?: Readonly<Record<string, unknown>>;
}

/** A property that can be read. */
export interface ReadableProperty<V> {
  readonly name: string;
  /** The Thing Description's words on it: schema, unit, title. */
  readonly description: JsonObject;
  /** @throws {ClientError} with the server's sentence. */
  read(options?: RequestOptions): Promise<V>;
  /** The value in a form of another type, e.g. `image/jpeg`. @throws {ClientError} `UNSUPPORTED` when there is none. */
  readAs(mediaType: string, options?: RequestOptions): Promise<RemoteBlob>;
  /** Each new value; what cannot be told goes to `onProblem`. @throws {ClientError} `UNSUPPORTED` when the Thing offers no way. */
  observe(how?: AbortSignal | SubscribeOptions): Subscription<V>;
  /** Calls `listener` with each new value; returns how to end that. */
  onChange(listener: (value: V) => void, options?: ListenOptions): () => void;
}

/** A property of a Thing. */
export class ClientProperty<V> implements ReadableProperty<V> {
  readonly name: string;
  readonly description: JsonObject;
  readonly #http: Http;
  readonly #affordance: Affordance;

  constructor(http: Http, affordance: Affordance) {
    this.#http = http;
    this.#affordance = affordance;
    this.name = affordance.name;
    this.description = affordance.raw;
  }

  async read({ signal, uriVariables }: RequestOptions = {}): Promise<V> {
    const form = formOf(this.#affordance, "readproperty");
    const response = await send(this.#http, form, "GET", { signal, uriVariables });
    return this.#http.content<V>(response, {
      schema: this.description,
      expected: form.responseType,
    });
  }

  async readAs(
    mediaType: string,
    { signal, uriVariables }: RequestOptions = {},
  ): Promise<RemoteBlob> {
    const forms = formsFor(this.#affordance.forms, "readproperty");
    const form = forms.find(({ responseType }) => responseType.split(";")[0] === mediaType);
    if (!form) throw noForm(this.#affordance, `'readproperty' in ${mediaType}`);
    return this.#http.blob(await send(this.#http, form, "GET", { signal, uriVariables }));
  }

  /** @throws {ClientError} with the sentence of why the value is refused. */
  async write(value: V, { signal, uriVariables }: RequestOptions = {}): Promise<void> {
    const form = formOf(this.#affordance, "writeproperty");
    const response = await send(this.#http, form, "PUT", { signal, uriVariables, body: value });
    await response.body?.cancel();
  }

  observe(how?: AbortSignal | SubscribeOptions): Subscription<V> {
    const options = optionsOf(how);
    return new Subscription(
      notifications<V>(this.#http, this.#affordance, options),
      options.signal,
    );
  }

  onChange(listener: (value: V) => void, options: ListenOptions = {}): () => void {
    return listen(this.observe(options), listener, options);
  }
}

/** An event of a Thing. */
export class ClientEvent<D> {
  readonly name: string;
  readonly description: JsonObject;
  readonly #http: Http;
  readonly #affordance: Affordance;

  constructor(http: Http, affordance: Affordance) {
    this.#http = http;
    this.#affordance = affordance;
    this.name = affordance.name;
    this.description = affordance.raw;
  }

  /** The data of each time that it happens; what cannot be told goes to `onProblem`. @throws {ClientError} `UNSUPPORTED` when the Thing offers no way. */
  subscribe(how?: AbortSignal | SubscribeOptions): Subscription<D> {
    const options = optionsOf(how);
    return new Subscription(
      notifications<D>(this.#http, this.#affordance, options),
      options.signal,
    );
  }

  /** Calls `listener` each time that it happens; returns how to end that. */
  on(listener: (data: D) => void, options: ListenOptions = {}): () => void {
    return listen(this.subscribe(options), listener, options);
  }
}

function optionsOf(how: AbortSignal | SubscribeOptions = {}): SubscribeOptions {
  return how instanceof AbortSignal ? { signal: how } : how;
}

/** An action of a Thing. */
export function clientAction<O>(http: Http, affordance: Affordance): ClientAction<unknown, O> {
  const start = (input?: unknown, options: InvokeOptions = {}) =>
    RemoteInvocation.unlessAborted(
      startAction<O>(http, affordance, input, options),
      options.signal,
    );
  const run = async (input?: unknown, options: InvokeOptions = {}) =>
    (await start(input, options)).result(options);
  return Object.assign(run, { start });
}

async function startAction<O>(
  http: Http,
  affordance: Affordance,
  input: unknown,
  { signal, uriVariables }: InvokeOptions,
): Promise<RemoteInvocation<O>> {
  signal?.throwIfAborted();
  const { name, raw } = affordance;
  const form = formOf(affordance, "invokeaction");
  const response = await send(http, form, "POST", {
    uriVariables,
    body: input === undefined ? emptyInput(raw.input) : input,
    // A request that may have started something is not left alone: its run is cancelled by name.
    signal: raw.synchronous === true ? signal : undefined,
  });
  const isSynchronous = raw.synchronous === true || response.status === 204;
  const content = await http.content<O>(response, {
    schema: raw.output,
    expected: form.responseType,
  });
  const href = isSynchronous ? undefined : runHref(response, content, raw);
  if (href === undefined) return RemoteInvocation.done(http, name, content);
  const isState = isRecord(content) && typeof content.status === "string";
  const state = isState ? content : { status: "running" };
  return RemoteInvocation.at(http, name, href, { state, answer: response });
}

/** 200 is an output, unless the Thing says that its answers are not. */
function runHref(response: Response, content: unknown, { synchronous }: JsonObject) {
  if (response.status === 200 && synchronous !== false) return undefined;
  return invocationHref(response, content);
}

/** What stands for "no input" where the Thing wants an object. */
function emptyInput(schema: unknown): object | undefined {
  const { type, oneOf } = objectOf(schema);
  const types = [type, ...listOf(oneOf).map((choice) => objectOf(choice).type)];
  return types.includes("object") ? {} : undefined;
}

/** @throws {ClientError} `UNSUPPORTED` when the Thing does not offer it. */
function formOf(affordance: Affordance, op: string): Form {
  const [form] = formsFor(affordance.forms, op).filter(
    ({ contentType }) => !contentType.startsWith("multipart/"),
  );
  const { readOnly, writeOnly } = affordance.raw;
  const isBarred =
    (op === "writeproperty" && readOnly === true) || (op === "readproperty" && writeOnly === true);
  if (!form || isBarred) throw noForm(affordance, `'${op}'`);
  return form;
}

async function send(
  http: Http,
  form: Form,
  method: string,
  request: {
    body?: unknown;
    signal?: AbortSignal | undefined;
    uriVariables?: Readonly<Record<string, unknown>> | undefined;
  },
): Promise<Response> {
  const { body, signal, uriVariables } = request;
  return http.request(form.url(uriVariables), {
    method: form.method ?? method,
    accept: form.responseType,
    contentType: form.contentType,
    headers: form.headers,
    body,
    signal,
  });
}

function noForm({ kind, name, raw }: Affordance, what: string): ClientError {
  const hint = raw.readOnly === true && what.includes("write") ? " It is read-only." : "";
  return new ClientError(
    "UNSUPPORTED",
    `The ${kind} '${name}' has no form for ${what} over HTTP.${hint}`,
  );
}
