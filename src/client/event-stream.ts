import type { Attempt } from "../base/attempt.ts";
import { supervisedValues } from "../base/supervised-values.ts";
import { chunksOf, SILENT_MS, silenceOf } from "./body-chunks.ts";
import { ClientError, endedByServer, mayPass } from "./client-error.ts";
import type { Http } from "./http.ts";
import { RECONNECT_PAUSES } from "./reconnects.ts";

/** One message of a stream of server-sent events. */
interface ServerSentEvent {
  /** `message` when the server gives no name. */
  readonly event: string;
  readonly data: string;
}

const MAX_MESSAGE_CHARACTERS = 16 << 20;
const PERIODS = 3;
const [BYTE_ORDER_MARK, LINE_FEED, NOTHING] = [/^\ufeff/, /^\n/, /^(?!)/];

/**
 * Takes a stream of server-sent events apart, however it is cut into pieces.
 * @see WHATWG HTML, 9.2.6 (Interpreting an event stream).
 */
export class EventStreamParser {
  /** The id of the last message that had one. */
  lastEventId = "";
  /** How many comments came: servers send them so that a connection is seen to stand. */
  comments = 0;
  /** How long the server asks to wait before connecting again, ms. */
  retryMs: number | undefined;
  /** Dropped from the start of the next text: a byte order mark, or the line feed of a CR LF that was cut in two. */
  #skipped = BYTE_ORDER_MARK;
  /** A line that has not ended yet, as it came. */
  #pieces: string[] = [];
  #waiting = 0;
  #event = "";
  #data: string[] = [];
  #size = 0;

  /** The messages that `text` completes. @throws {ClientError} `BAD_ANSWER` for a message without end. */
  push(text: string): ServerSentEvent[] {
    if (text === "") return [];
    const [first = "", ...lines] = text.replace(this.#skipped, "").split(/\r\n|\n|\r/);
    this.#skipped = text.endsWith("\r") ? LINE_FEED : NOTHING;
    this.#pieces.push(first);
    this.#waiting += first.length;
    const rest = lines.pop();
    if (rest !== undefined) {
      lines.unshift(this.#pieces.join(""));
      this.#pieces = [rest];
      this.#waiting = rest.length;
    }
    const messages = lines.flatMap((line) =>
      line === "" ? this.#finish() : this.#readField(line),
    );
    if (this.#size + this.#waiting > MAX_MESSAGE_CHARACTERS) throw endless();
    return messages;
  }

  #readField(line: string): [] {
    const colon = line.indexOf(":");
    const name = colon < 0 ? line : line.slice(0, colon);
    const value = colon < 0 ? "" : line.slice(colon + 1).replace(/^ /, "");
    if (colon === 0) this.comments += 1;
    else if (name === "event") this.#event = value;
    else if (name === "data") this.#data.push(value);
    else if (name === "id" && !value.includes("\0")) this.lastEventId = value;
    else if (name === "retry" && /^\d+$/.test(value)) this.retryMs = Number(value);
    this.#size += line.length;
    return [];
  }

  #finish(): ServerSentEvent[] {
    const message = { event: this.#event || "message", data: this.#data.join("\n") };
    const isEmpty = this.#data.length === 0;
    this.#event = "";
    this.#data = [];
    this.#size = 0;
    return isEmpty ? [] : [message];
  }
}

/** How a stream of notifications is followed. */
export interface Following {
  readonly signal: AbortSignal;
  /** Called each time that a connection stands. */
  readonly onOpen: () => void;
}

interface EventStreamOptions extends Following {
  readonly headers?: Readonly<Record<string, string>>;
  /** Called each time that a connection which stood is lost; it is made again. */
  readonly onLost?: () => void;
  /** A server that sends comments is gone when nothing comes for so long, ms, and for three of their periods; 9000. */
  readonly silenceMs?: number;
}

/**
 * Server-sent events from `url`, pulled as they are wanted. When the connection breaks it is made anew, and the
 * server is told the last message that came. It ends only when `signal` aborts or the server says so (204).
 *
 * @throws {ClientError} when the first connection cannot be made, or a later one is refused for good.
 */
export async function* serverSentEvents(
  http: Http,
  url: string,
  { signal, onOpen, onLost, headers = {}, silenceMs = SILENT_MS }: EventStreamOptions,
): AsyncGenerator<ServerSentEvent, void> {
  const pauses = { ...RECONNECT_PAUSES };
  let lastEventId = headers["Last-Event-ID"] ?? "";
  let opened = false;
  async function* read(attempt: Attempt): AsyncGenerator<ServerSentEvent, void> {
    const response = await http.request(url, {
      accept: "text/event-stream",
      headers: { ...headers, ...(lastEventId && { "Last-Event-ID": lastEventId }) },
      signal: attempt.signal,
    });
    if (response.status === 204) return;
    assertEventStream(response);
    opened = true;
    onOpen();
    const parser = new EventStreamParser();
    parser.lastEventId = lastEventId;
    const silence = silenceOf(url, { silenceMs, periods: PERIODS }, (error) => attempt.fail(error));
    try {
      for await (const text of textOfBody(response)) {
        const { comments } = parser;
        const messages = parser.push(text);
        if (parser.comments > comments) silence.beat();
        silence.pause(); // while messages are used nothing is waited for
        for (const message of messages) {
          lastEventId = parser.lastEventId;
          yield message;
        }
        silence.resume();
      }
    } finally {
      silence.stop();
      if (!signal.aborted) onLost?.();
    }
    const { retryMs } = parser;
    // No server hurries us.
    if (retryMs) Object.assign(pauses, { firstMs: Math.max(pauses.firstMs, retryMs), jitter: 0 });
    throw endedByServer(url);
  }
  const mayReconnect = (error: unknown) => opened && mayPass(error);
  yield* supervisedValues(read, { pauses, signal, mayEnd: true, mayPass: mayReconnect });
}

async function* textOfBody(response: Response): AsyncGenerator<string, void> {
  const decoder = new TextDecoder();
  for await (const chunk of chunksOf(response)) yield decoder.decode(chunk, { stream: true });
}

function assertEventStream({ url, headers, status }: Response): void {
  const contentType = headers.get("content-type") ?? "";
  if (contentType.startsWith("text/event-stream")) return;
  throw new ClientError(
    "BAD_ANSWER",
    `${url} should send server-sent events, but its content type is '${contentType}'.`,
    { url, status },
  );
}

function endless(): ClientError {
  return new ClientError(
    "BAD_ANSWER",
    `A server-sent event is longer than ${MAX_MESSAGE_CHARACTERS} characters, the limit.`,
  );
}
