import { messageOf, ThingError } from "../../base/errors.ts";
import { countedLimit } from "../../base/limit-hits.ts";
import type { ThingClient } from "../../client/index.ts";
import { RemoteBlob } from "../../client/remote-blob.ts";
import type { Affordance } from "../../core/affordances.ts";
import type { ThingEvent } from "../../core/event.ts";
import type { MirrorHop } from "../../core/mirror-hop.ts";
import type { Invocation } from "../../core/running.ts";
import { Thing } from "../../core/thing.ts";
import { Blob } from "../../files/blob.ts";
import { relayFiles } from "../../files/relayed-files.ts";
import { passes } from "../../frames/wire/mirror-path.ts";
import { type MjpegHttpOptions, MjpegHttpSource } from "../../sources/mjpeg-http.ts";
import { MJPEGStream } from "../../streams/mjpeg-stream.ts";
import { noFramesPicture } from "../../streams/no-frames-picture.ts";
import { feed, type SourceRunner } from "../../streams/source-runner.ts";
import { MAX_FRAME_BYTES } from "../../streams/stream-options.ts";
import type { DescribedAction, DescribedThing } from "./described.ts";
import type { OriginFiles } from "./origin-files.ts";
import { OriginValues, rethrown } from "./origin-values.ts";

/** How a Thing is mirrored. */
export interface MirroringOptions {
  /** How pictures are asked for: as whom, and whose certificate is trusted. */
  readonly pictures: Pick<MjpegHttpOptions, "authorization" | "login" | "trust">;
  /** Viewers of each stream at once. */
  readonly maxViewers: number;
  /** Whether values are written, and actions run, at the origin for who may operate here. */
  readonly passesCommands: boolean;
}

/** The server that it is at. */
export interface MirrorPlace {
  /** The id of a Thing there, by its name. */
  idOf(name: string): string;
  /** The ids of all. */
  ids(): ReadonlySet<string>;
}

const loops = countedLimit("mirror_loops");
/** Networks falter: as of an HttpCamera. */
const PATIENCE = { startMs: 15_000, silenceMs: 5000, longestBackOffMs: 1000 };
const STALL_MS = 75_000;
const WELL_AGAIN = "At the origin it works again.";
/** Longer than the origin takes to answer, or to say that its device does not. */
const WITHIN_MS = 30_000;

/**
 * A Thing of another server, with its streams, properties, actions and events. Each stream is pulled once, while somebody wants its
 * frames, and values are followed once, however many watch here.
 */
export class MirroredThing extends Thing {
  override readonly mirrorOf: readonly MirrorHop[];
  #described: DescribedThing;
  #client: ThingClient;
  readonly #options: MirroringOptions;
  readonly #place: MirrorPlace;
  readonly #files: OriginFiles;
  readonly #streams: ReadonlyMap<string, MJPEGStream>;
  #values: OriginValues;
  #feeds: SourceRunner[] = [];
  #isOpen = false;
  /** Of the connection for values, that was logged last. */
  #toldReason: string | undefined;
  /** Why its values are not followed, a sentence. */
  #unfollowed: string | undefined;
  /** What is wrong with it at its origin, a sentence. */
  #atOrigin: string | undefined;
  readonly #events = new Map<string, ThingEvent<unknown>>();
  /** What it could not add this time, in sentences without their beginning, and what was told of it. */
  readonly #leftOut: string[] = [];
  #toldLeftOut: string | undefined;
  /** What it has added, and how each is removed. */
  readonly #offered = new Map<string, () => void>();

  constructor(
    described: DescribedThing,
    client: ThingClient,
    mirrorOf: readonly MirrorHop[],
    options: MirroringOptions,
    place: MirrorPlace,
    files: OriginFiles,
  ) {
    super();
    this.#files = files;
    files.follow({ name: () => this.name, described, url: client.url });
    relayFiles(this, files);
    this.#place = place;
    this.mirrorOf = mirrorOf;
    this.#described = described;
    this.#client = client;
    this.#options = options;
    const { maxViewers } = options;
    this.#streams = new Map(
      described.streams.map(({ name }) => [name, new MJPEGStream({ maxViewers })]),
    );
    for (const [name, stream] of this.#streams) Reflect.set(this, memberOf(name), stream);
    this.#values = this.#valuesOf(client);
  }

  override get mirrorPath(): readonly string[] {
    return [...this.mirrorOf.map(({ id }) => id), this.#place.idOf(this.name)];
  }

  override open(): void {
    this.#isOpen = true;
    this.#offered.clear(); // what it does not add again goes by itself
    this.#offer();
    this.#feeds = this.#described.streams.map(({ name, url }) => {
      const stream = this.#streams.get(name)!;
      stream.name = `${this.name}/${name}`;
      const pictures = this.#picturesAt(url);
      const source = new MjpegHttpSource(url, {
        ...{
          ...pictures,
          stallMs: STALL_MS,
          maxFrameBytes: MAX_FRAME_BYTES,
          keepsTimes: true,
          log: this.log,
        },
        refuses: (headers) => (passes(headers, this.#place.ids()) ? loopOfPictures() : undefined),
      });
      return feed(stream, source, {
        ...PATIENCE,
        log: this.log,
        placeholder: (reason) =>
          noFramesPicture(reason, stream.newest, { name: this.name, ...stream.source.status }),
      });
    });
    this.#values.start();
  }

  override async close(): Promise<void> {
    this.#isOpen = false;
    this.#values.stop();
    await Promise.all(this.#feeds.map((one) => one.stop()));
    this.#feeds = [];
    for (const stream of this.#streams.values()) stream.stop();
  }

  /** The origin describes it anew, with the same streams. */
  update(described: DescribedThing, client: ThingClient): void {
    this.#described = described;
    this.#client = client;
    this.#files.follow({ name: () => this.name, described, url: client.url });
    this.#values.stop();
    this.#values = this.#valuesOf(client);
    if (!this.#isOpen) return;
    this.#offer();
    this.#values.start();
  }

  /** Whoever asks the origin how it does says what is wrong, a sentence, or that nothing is. */
  isAtOrigin(trouble: string | undefined): void {
    if (trouble !== undefined && trouble !== this.#atOrigin) this.log.warn(trouble);
    if (trouble === undefined && this.#atOrigin !== undefined) this.log.info(WELL_AGAIN);
    this.#atOrigin = trouble;
    this.#tellTrouble();
  }

  #tellTrouble(): void {
    this.context.troubled?.(this.#unfollowed ?? this.#atOrigin);
  }

  /** The login is for the server of the description: it may say that pictures are at another one, which is not to have it. */
  #picturesAt(url: string): MirroringOptions["pictures"] {
    const own = this.mirrorOf.at(-1)?.href;
    const isOwn = own !== undefined && new URL(url).origin === new URL(own).origin;
    return isOwn ? this.#options.pictures : {};
  }

  #offer(): void {
    const { title, description, properties, actions, events } = this.#described;
    this.describeAs({ title, description });
    const { passesCommands } = this.#options;
    const before = new Map(this.#offered);
    this.#offered.clear();
    for (const { isWritable, name, observable, ...about } of properties)
      this.#add("property", name, () =>
        this.addProperty({
          ...{ ...about, name, observable, withinMs: WITHIN_MS },
          read: async (signal) =>
            this.#files.linked(await this.#values.read(name, observable, signal)) as never,
          ...(passesCommands &&
            isWritable && {
              write: (value: unknown, signal: AbortSignal) =>
                this.#values.write(name, value, signal),
            }),
        }),
      );
    for (const { name, data, ...about } of events)
      this.#add("event", name, () =>
        this.#events.set(name, this.addEvent({ ...about, name, schema: data }) as never),
      );
    for (const action of passesCommands ? actions : [])
      this.#add("action", action.name, () => this.#addAction(action));
    for (const [what, remove] of before) if (!this.#offered.has(what)) remove();
    this.#tellLeftOut();
  }

  #addAction({ terms, ...action }: DescribedAction): void {
    this.addAction({
      ...action,
      ...terms,
      run: (input, run) => this.#run(action.name, input, run) as never,
    });
  }

  async #run(name: string, input: unknown, { signal, progress }: Invocation): Promise<unknown> {
    const onProgress = (fraction: number) => progress(fraction);
    const options = { signal, onProgress };
    const output: unknown = await this.#client.actions[name]!(input, options).catch(rethrown);
    if (!(output instanceof RemoteBlob)) return this.#files.linked(output);
    return Blob.fromBytes(await output.bytes(signal).catch(rethrown), output.mediaType);
  }

  /** One that this version cannot offer is left out. */
  #add(kind: "property" | "event" | "action", name: string, add: () => void): void {
    const what = `${kind} '${name}'`;
    try {
      add();
      this.#offered.set(what, () => this.#remove(kind, name));
    } catch (error) {
      if (!(error instanceof ThingError)) throw error;
      this.#leftOut.push(`${what} is not mirrored: ${messageOf(error)}`);
    }
  }

  /** A description may have thousands that cannot be offered: the first is told, and how many more there are. */
  #tellLeftOut(): void {
    const [first, ...more] = this.#leftOut.splice(0);
    const others = more.length > 0 ? ` Nor are ${more.length} more.` : "";
    const told = first && `The ${first}${others}`;
    if (told !== undefined && told !== this.#toldLeftOut) this.log.warn(told);
    this.#toldLeftOut = told;
  }

  #remove(kind: "property" | "event" | "action", name: string): void {
    if (kind === "property") this.removeProperty(name);
    else if (kind === "action") this.removeAction(name);
    else {
      this.#events.delete(name);
      this.removeEvent(name);
    }
  }

  #valuesOf(client: ThingClient): OriginValues {
    return new OriginValues(client, {
      onValue: (name) => this.changed(name),
      onEvent: (name, data) => this.#events.get(name)?.emit(this.#files.linked(data)),
      onConnected: (isConnected, reason) => {
        const trouble = isConnected ? undefined : `Its values are not followed: ${reason}`;
        if (reason !== this.#toldReason && trouble !== undefined) this.log.warn(trouble);
        this.#unfollowed = trouble;
        this.#tellTrouble();
        if (isConnected && this.#toldReason !== undefined)
          this.log.info("Its values are followed again.");
        this.#toldReason = isConnected ? undefined : reason;
      },
    });
  }
}

/** A mirror of the Thing that is described; its class has the name, the words and the streams of the one at the origin. */
export function mirroredThing(
  ...[described, ...rest]: ConstructorParameters<typeof MirroredThing>
): MirroredThing {
  const { className, title, description, types, streams } = described;
  const affordances = streams.map(
    ({ url: _, ...words }): Affordance => ({
      kind: "stream",
      member: memberOf(words.name),
      ...words,
    }),
  );
  const classes = {
    [className]: class extends MirroredThing {
      static override readonly title = title;
      static override readonly description = description;
      static override readonly types = types;
      static override readonly affordances = affordances;
    },
  };
  return new classes[className]!(described, ...rest);
}

function loopOfPictures(): string {
  loops.hit();
  return "has the pictures of this server, by another way: the mirrors form a loop. Mirror another server.";
}

function memberOf(stream: string): string {
  return `mirrored_${stream}`;
}
