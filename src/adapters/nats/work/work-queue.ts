import { type Static, Type } from "typebox";
import { wallTime } from "../../../base/clock.ts";
import { asSentence, messageOf, ThingError } from "../../../base/errors.ts";
import { endpoint, event, slot } from "../../../core/decorators.ts";
import type { EndpointRequest, EndpointResponse } from "../../../core/endpoint.ts";
import { ThingEvent } from "../../../core/event.ts";
import { property, setting } from "../../../core/property-decorators.ts";
import { Thing } from "../../../core/thing.ts";
import type { Frame } from "../../../frames/frame.ts";
import type { StoredFrame } from "../../../frames/stored-picture.ts";
import { Camera } from "../../../instruments/camera.ts";
import { RecordingsFolder } from "../../../recording/folder/recordings-folder.ts";
import type { MJPEGStream } from "../../../streams/mjpeg-stream.ts";
import type { Outcome } from "../../../work/ticket.ts";
import { TicketCounts } from "../../../work/ticket-counts.ts";
import type { OpenTicket } from "../../../work/tickets.ts";
import { settingsOf, type WorkQueueOptions, type WorkQueueSettings } from "./options.ts";
import { QueueWork } from "./queue-work.ts";
import { MOST_NAME } from "./reports.ts";
import { WantedFrames } from "./wanted-frames.ts";

/** Observers hear of the sums so often, ms. */
const TELL_EVERY_MS = 500;

const Count = Type.Integer({ minimum: 0 });
const Sums = Type.Object({
  wanted: Count,
  done: Count,
  failed: Count,
  dropped: Count,
  open: Count,
  missed: Type.Integer({ minimum: 0, description: "Frames that never became tickets" }),
});
const TicketName = {
  run: Type.String(),
  index: Count,
  captured_at: Type.Number({ unit: "ms", description: "Since 1970" }),
};
const Result = Type.Object({
  ...TicketName,
  worker: Type.String(),
  result: Type.Unknown({ description: "What the worker found" }),
});
const NotDone = Type.Object({
  ...TicketName,
  state: Type.Enum(["failed", "dropped"]),
  worker: Type.Optional(Type.String()),
  cause: Type.Optional(Type.String()),
  why: Type.String(),
});

/**
 * Frames of a camera as work for other machines: each wanted frame becomes a ticket, which any worker of the fleet may take, and
 * ends once, as done, failed or dropped, in a ledger.
 */
export class WorkQueue extends Thing {
  static override readonly title: string = "Work queue";
  static override readonly types: readonly string[] = ["WorkQueue"];
  static override readonly description: string =
    "Gives frames of a camera to workers on any machine, and accounts for each.";
  readonly #settings: WorkQueueSettings;
  readonly #options: WorkQueueOptions;
  readonly #folder: RecordingsFolder;
  readonly #frames: WantedFrames;
  readonly #counts = new TicketCounts(this);
  #work: QueueWork | undefined;
  #isActive = true;
  #trouble: string | undefined = NO_FLEET;
  #stopWanting = () => {};
  #telling: ReturnType<typeof setTimeout> | undefined;

  @slot("The camera whose frames are the work", Camera, { optional: true })
  accessor camera!: Camera | undefined;

  @event("A worker is done with a frame", Result)
  readonly result = new ThingEvent<Static<typeof Result>>();

  @event("A ticket has failed, or was dropped", NotDone)
  readonly not_done = new ThingEvent<Static<typeof NotDone>>();

  /** @throws {ThingError} `BAD_ARGUMENT` for an option that there is not, or out of range. */
  constructor(options: WorkQueueOptions = {}) {
    super();
    const { stream: _, filter, ...limits } = options;
    if (filter !== undefined && typeof filter !== "function")
      throw new ThingError("BAD_ARGUMENT", "Option 'filter' of a work queue must be a function.");
    this.#options = options;
    this.#settings = settingsOf(limits);
    this.#folder = new RecordingsFolder(this.#settings.folder);
    this.#frames = new WantedFrames(() => this.#stream, this.#folder, this.#settings.hold_mb * 1e6);
  }

  /** Its tickets, while it is open. */
  get work(): QueueWork | undefined {
    return this.#work;
  }

  /** A worker that has not been heard of for so long has lost its ticket to another, ms. */
  get silenceMs(): number {
    return this.#settings.silence_s * 1000;
  }

  /** How often its sums are compared with those of NATS, ms. */
  get lookMs(): number {
    return this.#settings.look_s * 1000;
  }

  @property("Tickets: wanted is done + failed + dropped + open", Sums, {
    readOnly: true,
    observable: true,
  })
  get sums(): Static<typeof Sums> {
    const { wanted, done, failed, dropped, open, missed } = this.#counts;
    return { wanted, done, failed, dropped, open, missed };
  }

  @property("The file in which each ticket and its end is listed", Type.String(), {
    readOnly: true,
  })
  get ledger(): string {
    return this.#work?.ledger.path ?? "";
  }

  @property("Why workers get no tickets, or nothing where they do", Type.String(), {
    readOnly: true,
    observable: true,
  })
  get trouble(): string {
    return this.#work?.ledger.failure ?? this.#trouble ?? "";
  }

  @setting("Whether frames are wanted; the camera runs then", Type.Boolean())
  get active(): boolean {
    return this.#isActive;
  }

  set active(active: boolean) {
    this.#isActive = active;
    if (this.#work) this.#want();
  }

  override async open(): Promise<void> {
    if (!this.#options.stream && !this.camera) {
      const why = `'${this.name}' has no camera. Name one in its thing_slots.camera.`;
      throw new ThingError("BAD_CONFIG", why);
    }
    await this.#folder.open(this.log);
    this.#work = await QueueWork.open({
      folder: this.#folder.folder,
      queue: this.name,
      camera: this.camera?.name ?? this.#stream.name,
      deadlineMs: this.#settings.deadline_s * 1000,
      counts: this.#counts,
      log: this.log,
      onEnded: (ticket, outcome) => this.#ended(ticket, outcome),
    });
    this.#want();
    this.#tellTrouble();
  }

  override async close(): Promise<void> {
    const work = this.#work;
    this.#work = undefined;
    this.#stopWanting();
    clearTimeout(this.#telling);
    await work?.close();
    await this.#folder.close();
  }

  @endpoint("GET", "frame/:run/:index", "view", "The picture of an open ticket")
  async frame({ params, query, headers: asked }: EndpointRequest): Promise<EndpointResponse> {
    const id = `${params.run}:${params.index}`;
    const work = this.#work;
    const tickets = work?.tickets;
    const ticket = tickets?.open.get(id);
    if (!tickets || !ticket) return noLongerOpen(id, tickets?.endOf(id));
    const body = await this.#frames.find(ticket);
    const worker = query.get("key") === work.key ? nameIn(asked.worker) : ""; // others only look
    const isOpen = worker ? tickets.take(id, worker) : tickets.open.has(id);
    if (!isOpen) return noLongerOpen(id, tickets.endOf(id));
    const headers = { "ticket-remaining-ms": String(Math.floor(tickets.remainingMs(ticket))) };
    return { contentType: "image/jpeg", body, headers };
  }

  /** Says why NATS takes no tickets; undefined when it does. */
  noteTrouble(why: string | undefined): void {
    if (why === this.#trouble) return;
    this.#trouble = why;
    if (why) this.log.warn(noTickets(why));
    else this.log.info("Workers get tickets.");
    this.changed("trouble");
    this.#tellTrouble();
  }

  #tellTrouble(): void {
    this.context.troubled?.(this.trouble === "" ? undefined : noTickets(this.trouble));
  }

  get #stream(): MJPEGStream {
    return this.#options.stream ?? this.camera!.mjpeg_stream;
  }

  #want(): void {
    this.#stopWanting();
    if (!this.#isActive) return;
    const stream = this.#stream;
    const stops = [stream.demand.take(), stream.follow((frame) => this.#see(frame))];
    this.#stopWanting = () => {
      for (const stop of stops) stop();
      this.#stopWanting = () => {};
    };
  }

  #see(stored: StoredFrame): void {
    const { run, index } = stored;
    const work = this.#work;
    if (!work || index % this.#settings.every !== 0 || work.tickets.isKnown(stored)) return;
    try {
      if (!this.#passes(stored.frame)) return;
    } catch (error) {
      const why = messageOf(error);
      work.tickets.miss(stored, `the filter failed: ${why}`);
      throw new Error(`the filter of '${this.name}': ${why}`, { cause: error }); // the stream's log tells of it
    }
    const { failure } = work.ledger;
    if (failure !== undefined) work.tickets.miss(stored, failure);
    else {
      this.#frames.hold(stored.frame);
      work.tickets.want({ run, index, capturedAt: wallTime(stored.capturedAt) });
    }
    this.#tell();
  }

  #passes(frame: Frame): boolean {
    const { filter } = this.#options;
    const passes: unknown = !filter || filter(frame);
    if (!(passes instanceof Promise)) return Boolean(passes);
    passes.catch(() => {}); // nobody else looks
    throw new TypeError("it gives a Promise, and must say at once");
  }

  #ended(ticket: OpenTicket, { state, worker = "", result, cause, why = "" }: Outcome): void {
    const { id, run, index, capturedAt: captured_at } = ticket;
    const name = { run, index, captured_at };
    this.#frames.release(id);
    if (state === "done") this.result.emit({ ...name, worker, result });
    else
      this.not_done.emit({
        ...name,
        state,
        why,
        ...(worker && { worker }),
        ...(cause && { cause }),
      });
    this.#tell();
  }

  #tell(): void {
    this.#telling ??= setTimeout(() => {
      this.#telling = undefined;
      this.changed("sums");
    }, TELL_EVERY_MS).unref();
  }
}

/**
 * A work queue for a stream: put it into a host whose server belongs to a fleet.
 * @throws {ThingError} `BAD_ARGUMENT` for an option that there is not, or out of range.
 */
export function workQueue(options: WorkQueueOptions & { readonly stream: MJPEGStream }): WorkQueue {
  return new WorkQueue(options);
}

const NO_FLEET =
  "this server is not connected to NATS. Its configuration needs 'fleet'; where it has that, /health says why";

function noTickets(why: string): string {
  return asSentence(`Workers get no tickets: ${why}`);
}

/** Who asks for a picture: a worker says so, and has its name escaped; others do not. */
function nameIn(header = ""): string {
  try {
    return decodeURIComponent(header).slice(0, MOST_NAME);
  } catch {
    return header.slice(0, MOST_NAME);
  }
}

function noLongerOpen(id: string, state: string | undefined): EndpointResponse {
  const detail =
    state === undefined
      ? `No ticket ${id} is open.`
      : `Ticket ${id} has ended: it is ${state}. Take the next.`;
  return {
    status: 410,
    contentType: "application/problem+json",
    body: { title: "Gone", status: 410, detail },
  };
}
