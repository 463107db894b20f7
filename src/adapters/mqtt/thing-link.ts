import { delay, ignoreAbort, isAbort } from "../../base/abort.ts";
import { wallTime } from "../../base/clock.ts";
import { messageOf } from "../../base/errors.ts";
import { countedLimit } from "../../base/limit-hits.ts";
import type { Log } from "../../base/log.ts";
import type { HostedThing } from "../../core/hosted-thing.ts";
import type { NotificationLogs } from "../../server/notifications/notification-log.ts";
import { NotificationReader } from "../../server/notifications/notification-reader.ts";
import type { JoiningServer } from "../../server/server-options.ts";
import { Complaints } from "../complaints.ts";
import type { OwnAnswer, OwnRequest } from "../own-routes.ts";
import { type Device, deviceOf, discoveryOf, MOST_ENTITIES, platformsIn } from "./device.ts";
import { EventPace } from "./event-pace.ts";
import type { Outbox } from "./outbox.ts";
import type { Topics } from "./topics.ts";

/** End of the names of events that tell each frame of a stream: too many for a house. */
const NEW_FRAME = /_new_frame$/;

/** A Thing whose description changes again and again is told anew no more often, ms. */
const RETELL_MS = 1000;

/** Topics that are looked at for something that is gone. */
const MOST_KEPT = 1000;

const entitiesLimit = countedLimit("mqtt_entities");
const missedLimit = countedLimit("mqtt_notifications");

/** What links a Thing with the broker. */
export interface Linking {
  readonly server: JoiningServer;
  readonly topics: Topics;
  readonly outbox: Outbox;
  /** Reads, as a viewer. */
  readonly request: (request: OwnRequest) => Promise<OwnAnswer>;
  /** Where the server begins for Home Assistant. */
  readonly root: string;
  readonly mayCommand: boolean;
  /** Aborts when the connection has ended. */
  readonly signal: AbortSignal;
  readonly log: Log;
}

/** One Thing at the broker: a device of Home Assistant, its values, its pictures' addresses, and its events. */
export class ThingLink {
  readonly #hosted: HostedThing;
  readonly #linking: Linking;
  readonly #complaints: Complaints;
  readonly #pace = new EventPace();
  #device: Device = { entities: new Map(), shown: new Set(), leftOut: 0 };
  /** Platforms of the entities that the broker has of this Thing, by key. */
  #platforms = new Map<string, string>();
  /** Topics of this Thing that the broker keeps. */
  readonly #told = new Set<string>();
  /** Those that it kept before, which may be of something that is there no longer. */
  readonly #kept = new Set<string>();
  #isDescribed = false;
  /** What is told does not have all that was to be told since. */
  #isStale = false;
  #describing: Promise<void> | undefined;
  /** Properties that are being read; true: once more after that. */
  readonly #reading = new Map<string, boolean>();

  constructor(hosted: HostedThing, linking: Linking) {
    this.#hosted = hosted;
    this.#linking = linking;
    this.#complaints = new Complaints(linking.log);
  }

  /** Tells what changes until `signal` aborts. */
  async run(signal: AbortSignal): Promise<void> {
    const { server } = this.#linking;
    const notifications = server.notifications.of(this.#hosted);
    const reader = new NotificationReader<"properties" | "events">("view");
    const { present } = notifications;
    reader.followAll(notifications.allProperties(), present, "properties");
    reader.followAll(withoutFrames(notifications.allEvents("view")), present, "events");
    const stop = this.#hosted.onModel(() => void this.tellAll());
    try {
      for (;;) {
        const { notification, about, missed } = await reader.nextToCome(signal);
        if (missed > 0) missedLimit.hit(missed);
        const { name, data } = notification;
        if (data === undefined && about === "properties") continue; // a problem: the value is as it was
        if (about === "properties") this.#tellValue(name, data!);
        else if (this.#pace.admits(name)) await this.#tellEvent(name, data ?? "null");
        else this.#complain("events", `'${name}' is emitted too often, so some are left out.`);
      }
    } catch (error) {
      ignoreAbort(error);
    } finally {
      stop();
      reader.leaveAll();
    }
  }

  /** Tells the device, its state, and all its values. What changes meanwhile is told together after that. */
  async tellAll(): Promise<void> {
    this.#isStale = true;
    this.#describing ??= this.#describeWhileStale().finally(() => {
      this.#describing = undefined;
    });
    await this.#describing;
    await this.refresh();
  }

  tellStatus(): void {
    const { name, state } = this.#hosted;
    this.#set(this.#linking.topics.statusOf(name), state === "open" ? "online" : "offline");
  }

  /** Tells the values that do not announce themselves, and the addresses of its pictures. What is being read is told anyway. */
  async refresh(): Promise<void> {
    if (this.#hosted.state !== "open") return;
    this.#tellPictures();
    for (const topic of this.#kept) if (!this.#told.has(topic)) this.#linking.outbox.clear(topic);
    this.#kept.clear();
    const others = [...this.#device.shown].filter((name) => !this.#reading.has(name));
    await Promise.all(others.map((name) => this.tellProperty(name)));
  }

  /** Reads one property, and tells it: one reading at a time, and one more if it was asked for meanwhile. */
  async tellProperty(name: string): Promise<void> {
    if (!this.#device.shown.has(name)) return;
    const isRead = this.#reading.has(name);
    this.#reading.set(name, isRead);
    if (isRead) return;
    try {
      do {
        this.#reading.set(name, false);
        await this.#readProperty(name);
      } while (this.#reading.get(name) && !this.#linking.signal.aborted);
    } catch (error) {
      if (!isAbort(error)) this.#complain("values", messageOf(error));
    } finally {
      this.#reading.delete(name);
    }
  }

  /** What the broker has kept of it: entities and values that are there no longer are removed. */
  keeps(topic: string, message: string): void {
    if (topic !== this.#linking.topics.config(this.#hosted.name)) {
      if (this.#kept.size < MOST_KEPT) this.#kept.add(topic);
      return;
    }
    const before = platformsIn(message);
    for (const key of this.#device.entities.keys()) before.delete(key);
    if (before.size === 0) return;
    this.#platforms = new Map([...before, ...this.#platforms]);
    if (this.#isDescribed) void this.tellAll();
  }

  /** It takes the place of another that had its name. */
  replace(before: ThingLink): void {
    this.#platforms = before.#platforms;
    for (const topic of before.#told) this.#kept.add(topic);
  }

  /** It is gone: nothing of it stays at the broker. */
  remove(): void {
    for (const topic of this.#told) this.#linking.outbox.clear(topic);
    this.#told.clear();
  }

  async #describeWhileStale(): Promise<void> {
    try {
      await Promise.resolve(); // what changes in this tick is told together
      for (;;) {
        this.#isStale = false;
        await this.#describe();
        this.tellStatus();
        if (!this.#isStale) return;
        await delay(RETELL_MS, this.#linking.signal);
      }
    } catch (error) {
      if (!isAbort(error)) this.#complain("description", messageOf(error));
    }
  }

  async #readProperty(name: string): Promise<void> {
    const path = `/${this.#hosted.name}/${name}`;
    const { status, text } = await this.#linking.request({ method: "GET", path });
    if (status === 200) this.#tellValue(name, text);
  }

  async #describe(): Promise<void> {
    const { topics, request, root, server, mayCommand, outbox } = this.#linking;
    const { name, model } = this.#hosted;
    const path = `/${encodeURIComponent(name)}/`;
    const { status, text } = await request({ method: "GET", path, accept: "application/td+json" });
    if (status !== 200) return this.#complain("description", text);
    const described = {
      description: JSON.parse(text),
      thing: name,
      model: model.className,
      streams: [...model.streams.keys()],
      page: `${root}${server.prefix}${path}`,
      mayCommand,
    };
    const largest = outbox.largest - topics.config(name).length;
    const device = deviceOf(described, topics, { largest, before: this.#platforms });
    const gone = new Map(this.#platforms);
    for (const key of device.entities.keys()) gone.delete(key);
    this.#device = device;
    this.#isDescribed = true;
    this.#platforms = new Map([...device.entities].map(([key, { platform }]) => [key, platform]));
    if (device.leftOut > 0) this.#tooMany(device.leftOut);
    this.#set(topics.config(name), discoveryOf(described, device, topics, gone));
  }

  #tellValue(name: string, json: string): void {
    if (this.#device.shown.has(name))
      this.#set(this.#linking.topics.property(this.#hosted.name, name), json);
  }

  async #tellEvent(name: string, json: string): Promise<void> {
    const { topics, outbox } = this.#linking;
    await outbox.send(topics.event(this.#hosted.name, name), json);
  }

  /** A new address each time, since Home Assistant fetches a picture again when its address is another. */
  #tellPictures(): void {
    const { server, topics, root } = this.#linking;
    const { name, model } = this.#hosted;
    for (const stream of model.streams.keys()) {
      const path = `${server.prefix}/${encodeURIComponent(name)}/${encodeURIComponent(stream)}`;
      const still = root + server.picturePath(`${path}/snapshot`);
      const time = `${still.includes("?") ? "&" : "?"}at=${Math.floor(wallTime() / 1000)}`;
      const addresses = { stream_url: root + server.picturePath(path), still_url: still };
      this.#set(topics.picture(name, stream), still + time);
      this.#set(topics.addresses(name, stream), JSON.stringify(addresses));
    }
  }

  #set(topic: string, payload: string): void {
    this.#told.add(topic);
    if (this.#linking.outbox.set(topic, payload)) return;
    this.#complain("size", `${topic} has ${payload.length} characters, more than a message may.`);
  }

  #tooMany(leftOut: number): void {
    entitiesLimit.hit(leftOut);
    const { largest } = this.#linking.outbox;
    this.#complain(
      "entities",
      `${leftOut} of its entities have no place, since a device has ${MOST_ENTITIES} at most, and its description ${largest} bytes. The largest are left out.`,
    );
  }

  #complain(kind: string, why: string): void {
    this.#complaints.add(kind, `MQTT: not all of '${this.#hosted.name}' is told: ${why}`);
  }
}

function withoutFrames({ all, ...more }: NotificationLogs): NotificationLogs {
  return { all: () => [...all()].filter(({ name }) => !NEW_FRAME.test(name)), ...more };
}
