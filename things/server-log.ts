import {
  event,
  FileCollection,
  files,
  messageOf,
  property,
  type StoredFile,
  storedFileSchema,
  Thing,
  ThingError,
  ThingEvent,
} from "thingscope";
import { type Static, Type } from "typebox";

const LogFile = storedFileSchema();
const LogLine = Type.Object({
  file: Type.String({ description: "Name of the file that contains it" }),
  line: Type.String({ description: "Time, level and message" }),
  missed: Type.Integer({
    description: "Lines since the previous event for which no event was sent",
  }),
});

const LOOK_EVERY_MS = 1000;
const LINES_TOLD_PER_SECOND = 50;
const TEXT = "text/plain; charset=utf-8";

/** The server's log files: one for each Thing, one for each program that a Thing runs, and one for the server itself. */
export class ServerLog extends Thing {
  static override readonly title: string = "Server log";
  static override readonly description: string =
    "The log files of this server, and each new line as it is logged.";
  #logs: Thing["context"]["logFiles"];
  #looking: ReturnType<typeof setInterval> | undefined;
  #endTail: () => void = () => {};
  #isLooking = false;
  #second = 0;
  #told = 0;
  #missed = 0;

  @files("Log files", { name: "files", role: "operate" })
  readonly collection = new FileCollection(() => this.changed("files"));

  @event("A line was logged", LogLine, { role: "operate" })
  readonly line = new ThingEvent<Static<typeof LogLine>>();

  @property("The files, by name; an older one of the same name ends in .1", Type.Array(LogFile), {
    readOnly: true,
    observable: true,
  })
  get files(): StoredFile[] {
    return this.collection.list.sort((a, b) => (a.name < b.name ? -1 : 1));
  }

  @property(
    "Lines that were not written to a file because the disk was slow or failed",
    Type.Integer(),
    {
      readOnly: true,
    },
  )
  get lost(): number {
    return this.#logs?.lost ?? 0;
  }

  override async open(): Promise<void> {
    const { logFiles } = this.context;
    if (!logFiles) {
      throw new ThingError(
        "NOT_READY",
        "This server does not keep log files. Start it with `thingscope serve`, or set the logFolder of its ThingHost.",
      );
    }
    this.#logs = logFiles;
    this.collection.path = `/${this.name}/files`;
    await logFiles.written(); // what was said until now is listed at once
    await this.#look(logFiles);
    this.#looking = setInterval(() => void this.#look(logFiles), LOOK_EVERY_MS);
    this.#endTail = logFiles.onLine(
      ({ file, line }) => this.#tell(file, line),
      () => {
        this.#missed++;
      },
    );
  }

  override close(): void {
    clearInterval(this.#looking);
    this.#endTail();
  }

  /** Lines that tell of lines must not go on for ever: there are so many a second. */
  #tell(file: string, line: string): void {
    const second = Math.floor(performance.now() / 1000);
    if (second !== this.#second) {
      this.#second = second;
      this.#told = 0;
    }
    if (this.#told >= LINES_TOLD_PER_SECOND) {
      this.#missed++;
      return;
    }
    this.#told++;
    this.line.emit({ file, line, missed: this.#missed });
    this.#missed = 0;
  }

  async #look(logs: NonNullable<Thing["context"]["logFiles"]>): Promise<void> {
    if (this.#isLooking) return;
    this.#isLooking = true;
    try {
      const found = await logs.files();
      const paths = new Set(found.map(({ path }) => path));
      for (const { path } of this.collection.list) {
        if (!paths.has(path)) this.collection.forget(path);
      }
      for (const file of found) {
        if (this.collection.at(file.path)?.size !== file.size) {
          this.collection.put({ ...file, mediaType: TEXT });
        }
      }
    } catch (error) {
      this.log.warn(`The log files cannot be listed: ${messageOf(error)}`);
    } finally {
      this.#isLooking = false;
    }
  }
}
