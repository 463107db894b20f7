import { writeFile } from "node:fs/promises";
import { toDateTime, wallTime } from "../base/clock.ts";
import { reasonOf, ThingError } from "../base/errors.ts";
import { didYouMean } from "../base/nearest.ts";
import {
  ClientError,
  type Credentials,
  type JsonObject,
  type LogLine,
  RemoteBlob,
  type SubscribeOptions,
  ThingClient,
  typesOf,
} from "../client/index.ts";
import { objectOf } from "../client/json.ts";
import {
  type ClientIo,
  isForPeople,
  jsonLine,
  printable,
  visible,
  writeValue,
} from "./client-output.ts";
import { ProgressBar } from "./progress-bar.ts";
import { serverAddress } from "./server-address.ts";
import { inputFromWords, valueFromText } from "./value-text.ts";

/** Which Thing, and as whom. */
export interface Target {
  /** Of its description; `http://` may be left out. */
  readonly url: string;
  readonly credentials: Credentials | undefined;
}

/** `get`: one property's value, or an object of several; without names, of all. */
export async function get(io: ClientIo, target: Target, names: readonly string[]): Promise<void> {
  const client = await connect(io, target);
  const { signal } = io;
  if (names.length === 0) return getAll(io, client);
  const values = await Promise.all(names.map((name) => client.read(name, { signal })));
  const isOne = names.length === 1;
  writeValue(io, isOne ? values[0] : Object.fromEntries(names.map((name, n) => [name, values[n]])));
}

/** Those that can be read, and then why others cannot. */
async function getAll(io: ClientIo, client: ThingClient): Promise<void> {
  const failures = new Map<string, ClientError>();
  const onFailure = (name: string, error: ClientError) => failures.set(name, error);
  writeValue(io, await client.readAll({ signal: io.signal, onFailure }));
  const [first] = failures.values();
  if (!first) return;
  const sentences = [...failures].map(([name, { message }]) => `'${name}': ${message}`);
  const { code, status } = first;
  throw new ClientError(code, `Not all properties could be read. ${sentences.join(" ")}`, {
    status,
  });
}

/** `set`: writes a property. */
export async function set(io: ClientIo, target: Target, name: string, text: string): Promise<void> {
  const client = await connect(io, target);
  const value = valueFromText(text, client.properties[name]?.description);
  await client.write(name, value, { signal: io.signal });
}

/** `run`: an action to its end, with its progress and log on the way. */
export async function run(
  io: ClientIo,
  target: Target,
  action: string,
  words: readonly string[],
  { output }: { output?: string },
): Promise<void> {
  const client = await connect(io, target);
  const input = inputFromWords(words, describedInput(client.td, action));
  const teller = isForPeople(io) ? barTeller(io) : lineTeller(io);
  try {
    const result = await client.invoke(action, input, { signal: io.signal, ...teller });
    teller.end();
    if (output !== undefined) await save(result, output, io.signal);
    else if (isForPeople(io)) writeValue(io, result);
    else writeValue(io, { output: result ?? null });
  } finally {
    teller.end();
  }
}

/** `watch`: events, properties that can be observed, which begin with their present value, and streams; one line each time. */
export async function watch(
  io: ClientIo,
  target: Target,
  names: readonly string[],
  { count = Number.POSITIVE_INFINITY }: { count?: number },
): Promise<void> {
  const client = await connect(io, target);
  const ending = new AbortController();
  const end = () => ending.abort();
  io.signal.addEventListener("abort", end);
  let left = count;
  const onProblem = (problem: string, { message }: ClientError) =>
    io.err.write(`${problem}: ${printable(message)}\n`);
  const follow = async (name: string) => {
    const options = { signal: ending.signal, onProblem };
    for await (const data of followed(client, name, options)) {
      if (left > 0) writeNotification(io, name, data);
      left -= 1;
      if (left <= 0) return end();
    }
  };
  try {
    await Promise.all(names.map(follow));
  } finally {
    end();
    io.signal.removeEventListener("abort", end);
  }
}

/** `td`: the Thing Description as the server sent it. */
export async function td(io: ClientIo, target: Target): Promise<void> {
  writeValue(io, (await connect(io, target)).td);
}

/** `types`: its TypeScript types. */
export async function types(
  io: ClientIo,
  target: Target,
  { output }: { output?: string },
): Promise<void> {
  const text = visible(typesOf((await connect(io, target)).td));
  if (output === undefined) io.out.write(text);
  else await writeFile(output, text).catch(cannotWrite(output));
}

function connect(io: ClientIo, { url, credentials }: Target): Promise<ThingClient> {
  return ThingClient.connect(serverAddress(url), { credentials, signal: io.signal });
}

function describedInput({ actions }: JsonObject, action: string): unknown {
  return objectOf(objectOf(actions)[action]).input;
}

/** What has a name to watch: an event, else a property, else a stream. */
function followed(
  client: ThingClient,
  name: string,
  options: SubscribeOptions & { readonly signal: AbortSignal },
): AsyncIterable<unknown> {
  const { signal } = options;
  if (name in client.events) return client.events[name]!.subscribe(options);
  if (`${name}_new_frame` in client.events) return client.frameSizes(name, { signal });
  if (name in client.properties) return fromPresent(client.properties[name]!, options);
  const names = [...Object.keys(client.events), ...Object.keys(client.properties)].sort();
  throw new ThingError(
    "BAD_ARGUMENT",
    `Thing '${client.title}' has no event, property or stream '${name}'. It has: ${names.join(", ")}.${didYouMean(name, names)}`,
  );
}

/** The value that a property has, if it can be read, and then each new one: none between the two is missed. */
async function* fromPresent(
  property: NonNullable<ThingClient["properties"][string]>,
  options: SubscribeOptions & { readonly signal: AbortSignal },
): AsyncGenerator<unknown, void> {
  const changes = property.observe(options);
  const { name, description } = property;
  await changes.opened;
  if (description.writeOnly !== true) {
    try {
      yield await property.read({ signal: options.signal });
    } catch (error) {
      if (options.signal.aborted) return;
      if (!(error instanceof ClientError)) throw error;
      options.onProblem?.(name, error);
    }
  }
  yield* changes;
}

function writeNotification(io: ClientIo, name: string, data: unknown): void {
  const time = toDateTime(wallTime());
  const line = isForPeople(io)
    ? `${time.slice(11, 23)}  ${name}  ${printable(JSON.stringify(data ?? null))}`
    : visible(JSON.stringify({ time, name, data: data ?? null }));
  io.out.write(`${line}\n`);
}

interface Teller {
  onProgress(fraction: number, message?: string): void;
  onLog(line: LogLine): void;
  end(): void;
}

function barTeller({ err }: ClientIo): Teller {
  const bar = new ProgressBar(err);
  return {
    onProgress: (fraction, message = "") => bar.show(fraction, printable(message)),
    onLog: ({ level, message }) => bar.note(printable(`${level.toLowerCase()}: ${message}`)),
    end: () => bar.clear(),
  };
}

function lineTeller({ out }: ClientIo): Teller {
  return {
    onProgress: (progress, message) =>
      out.write(jsonLine({ progress, ...(message !== undefined && { message }) })),
    onLog: ({ level, message, created }) =>
      out.write(jsonLine({ log: message, level, time: created })),
    end: () => {},
  };
}

/** A file as it is, anything else as JSON. */
async function save(result: unknown, path: string, signal: AbortSignal): Promise<void> {
  const isFile = result instanceof RemoteBlob;
  const content = isFile ? await result.bytes(signal) : `${JSON.stringify(result ?? null)}\n`;
  await writeFile(path, content).catch(cannotWrite(path));
}

export function cannotWrite(path: string): (error: unknown) => never {
  return (cause) => {
    throw new ThingError("BAD_ARGUMENT", `${path} cannot be written: ${reasonOf(cause)}.`, {
      cause,
    });
  };
}
