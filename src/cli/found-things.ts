import { messageOf, ThingError } from "../base/errors.ts";
import type { Log } from "../base/log.ts";
import type { CameraIdentities } from "../discovery/camera-identities.ts";
import type { CameraNews, CameraRegister, ListedCamera } from "../discovery/camera-register.ts";
import type { CameraChange, CameraWatch, LocalCamera } from "../discovery/camera-watch.ts";
import type { ThingServer } from "../server/thing-server.ts";
import { CameraNames, MOST_NAMES, type NamedCamera } from "./camera-names.ts";
import { RECORDER } from "./config.ts";
import type { ThingEntry } from "./config-schema.ts";
import { addThing } from "./host-from-config.ts";

/** The Thing that lists the cameras. */
export const LIST = "cameras";

/** How the cameras of this machine become Things. */
export interface FoundThingsOptions {
  readonly settingsFolder: string;
  readonly watch: CameraWatch;
  /** Names that no camera gets. */
  readonly taken: Iterable<string>;
  /** Those that the watch knows its cameras by. */
  readonly identities: CameraIdentities;
  readonly log: Log;
}

/**
 * The Things of a server without a configuration: each camera of this machine is one, with a Recorder, while the server runs, too. The Thing
 * of a camera that is unplugged stays, and is the same when the camera is back.
 */
export class FoundThings implements CameraRegister {
  readonly #watch: CameraWatch;
  readonly #names: CameraNames;
  readonly #log: Log;
  readonly #listeners = new Set<(news: CameraNews) => void>();
  #server: ThingServer | undefined;
  #turn: Promise<void> = Promise.resolve();
  /** After its end nothing is added: the host is being closed. */
  #isStopped = false;

  constructor({ settingsFolder, watch, taken, log, identities }: FoundThingsOptions) {
    this.#watch = watch;
    this.#names = new CameraNames(settingsFolder, { taken: [...taken, LIST], identities, log });
    this.#log = log;
    watch.onChange((change) => this.#changed(change));
  }

  /** Looks for cameras for the first time. @returns The entries of a configuration for those that are there, or were in an earlier run. */
  async look(): Promise<Record<string, ThingEntry>> {
    await this.#names.load();
    await this.#watch.start();
    const there = new Set(this.#watch.cameras.map(({ id }) => id));
    const isAway = ({ id }: NamedCamera) => Number(!there.has(id));
    const cameras = this.#names.all.sort((a, b) => isAway(a) - isAway(b)); // what is opened first has pictures
    return Object.fromEntries(cameras.flatMap(entriesOf));
  }

  /** The Thing that lists them, as an entry of a configuration. */
  get list(): ThingEntry {
    return { class: "thingscope/things:Cameras", kwargs: { register: this } };
  }

  /** From now on cameras that come are added to `server`, which serves what `look` gave. */
  async follow(server: ThingServer): Promise<void> {
    this.#server = server;
    await this.#save();
    this.#inTurn(() => this.#add());
    await this.#turn;
  }

  get cameras(): ListedCamera[] {
    const there = new Map(this.#watch.cameras.map((camera) => [camera.id, camera]));
    const away = this.#names.all.filter(({ id }) => !there.has(id));
    return [
      ...[...there.values()].map((camera) => this.#listed(camera, true)),
      ...away.map((camera) => this.#listed({ ...camera, modes: [] }, false)),
    ];
  }

  onChange(listener: (news: CameraNews) => void): () => void {
    this.#listeners.add(listener);
    return () => void this.#listeners.delete(listener);
  }

  start(): Promise<void> {
    this.#isStopped = false;
    return this.#watch.start();
  }

  stop(): void {
    this.#isStopped = true;
    this.#watch.stop();
  }

  async scan(): Promise<void> {
    await this.#watch.scan();
    await this.#turn;
  }

  async forget(thing: string): Promise<void> {
    const away = this.cameras.filter(({ connected }) => !connected);
    const camera = away.find((one) => one.thing === thing);
    if (!camera) {
      const names = away.map((one) => one.thing).join(", ") || "none";
      const sentence = `No camera that is not plugged in is the Thing '${thing}'. These are: ${names}.`;
      throw new ThingError("BAD_ARGUMENT", sentence);
    }
    this.#names.forget(camera.id);
    this.#inTurn(async () => {
      await this.#save();
      await this.#exchange([recorderOf(thing), thing], []);
    });
    await this.#turn;
  }

  #listed(camera: Omit<ListedCamera, "connected" | "thing">, connected: boolean): ListedCamera {
    const name = this.#names.of(camera.id);
    return { ...camera, connected, thing: name ?? null };
  }

  #changed({ found, lost }: CameraChange): void {
    for (const camera of found) this.#names.give(camera);
    this.#inTurn(async () => {
      if (!this.#server) return;
      for (const { title, id } of lost) this.#log.warn(`${title} (${id}) was unplugged.`);
      await this.#add();
      this.#tell({
        found: found.map((camera) => this.#listed(camera, true)),
        lost: lost.map((camera) => this.#listed(camera, false)),
      });
      for (const camera of found) void this.#welcome(camera);
      await this.#save();
    });
  }

  /** Serves those that are there and not served yet, in place of those that have been away for longest if there are too many. */
  async #add(): Promise<void> {
    const { host } = this.#server!;
    const there = new Set(this.#watch.cameras.map(({ id }) => id));
    const wanted = this.#names.all.filter(
      ({ id, name }) => there.has(id) && !host.things.has(name),
    );
    const away = this.#names.all.filter(({ id }) => !there.has(id));
    const surplus = away.slice(0, Math.max(0, this.#names.all.length - MOST_NAMES));
    for (const { id } of surplus) this.#names.forget(id);
    const gone = namesOf(surplus).filter((name) => host.things.has(name));
    if (wanted.length + gone.length > 0) await this.#exchange(gone, wanted);
  }

  async #exchange(gone: readonly string[], wanted: readonly NamedCamera[]): Promise<void> {
    const { host } = this.#server!;
    const added: string[] = [];
    // Opening may take a device half a minute, for which the next change does not wait.
    await new Promise<void>((resolve, reject) => {
      const add = async () => {
        for (const camera of wanted) added.push(...(await this.#addOne(camera)));
        await this.#server!.thingsChanged();
        resolve();
      };
      host.exchange([...gone], add).then(() => resolve(), reject);
    });
    for (const name of added)
      this.#log.info(`${name} is served: ${host.things.get(name)?.model.className}.`);
  }

  /** @returns the names of what was added. */
  async #addOne(camera: NamedCamera): Promise<string[]> {
    const options = { folder: process.cwd(), isStrict: false, keepsUnmade: true };
    const added: string[] = [];
    try {
      for (const [name, entry] of entriesOf(camera)) {
        await addThing(this.#server!.host, name, entry, options);
        added.push(name);
      }
    } catch (error) {
      this.#log.error(`The camera ${camera.title} cannot be served: ${messageOf(error)}`);
    }
    return added;
  }

  /** A camera that is back: its Thing does not wait for its next attempt. */
  async #welcome({ id, title, address, problem }: LocalCamera): Promise<void> {
    const name = this.#names.of(id);
    const hosted = name === undefined ? undefined : this.#server?.host.things.get(name);
    if (problem) this.#log.warn(`${title} (${id}) was found, but cannot be used: ${problem}`);
    else this.#log.info(`${title} (${id}) was found at ${address}.`);
    if (hosted && ["failed", "disconnected"].includes(hosted.state)) {
      await this.#server?.host.openThing(hosted.name);
    }
  }

  #inTurn(step: () => Promise<void>): void {
    const unlessStopped = () => (this.#isStopped ? undefined : step());
    this.#turn = this.#turn.then(unlessStopped).catch((error) => {
      this.#log.error(`A change of the cameras was not taken in: ${messageOf(error)}`);
    });
  }

  async #save(): Promise<void> {
    await this.#names.save().catch((error) => this.#log.warn(messageOf(error)));
  }

  #tell(news: CameraNews): void {
    for (const listener of [...this.#listeners]) listener(news);
  }
}

/** A camera, and what records it. */
function entriesOf({ name, title, config }: NamedCamera): [name: string, entry: ThingEntry][] {
  const recorder = {
    ...RECORDER,
    thing_slots: { camera: name },
    title: `Recorder of ${title || name}`,
  };
  return [
    [name, { class: config.class, kwargs: { ...config.kwargs } }],
    [recorderOf(name), recorder],
  ];
}

function namesOf(cameras: readonly NamedCamera[]): string[] {
  return cameras.flatMap(({ name }) => [recorderOf(name), name]);
}

function recorderOf(camera: string): string {
  return `${camera}-recorder`;
}
