import { isRecord } from "../base/values.ts";
import { bytesOfAnswer } from "./answer-body.ts";

/** What a blob needs to fetch its bytes. */
interface Fetcher {
  request(
    url: string,
    request: { accept: string; signal: AbortSignal | undefined },
  ): Promise<Response>;
}

/** Bytes that stay at the server until they are wanted, e.g. a picture that an action returned. */
export class RemoteBlob {
  /** Absolute URL. */
  readonly href: string;
  readonly mediaType: string;
  readonly description: string | undefined;
  readonly #http: Fetcher;
  readonly #held: Uint8Array | undefined;

  constructor(
    http: Fetcher,
    link: { href: string; mediaType: string; description?: string | undefined },
    held?: Uint8Array,
  ) {
    this.#http = http;
    this.href = link.href;
    this.mediaType = link.mediaType;
    this.description = link.description;
    this.#held = held;
  }

  /** Bytes that came with the answer of `href`. */
  static ofBytes(http: Fetcher, href: string, mediaType: string, bytes: Uint8Array): RemoteBlob {
    return new RemoteBlob(http, { href, mediaType }, bytes);
  }

  /** @throws {ClientError} when the server has let the bytes go. */
  async bytes(signal?: AbortSignal): Promise<Uint8Array> {
    if (this.#held) return this.#held;
    return bytesOfAnswer(await this.#fetch(signal));
  }

  async text(signal?: AbortSignal): Promise<string> {
    return new TextDecoder().decode(await this.bytes(signal));
  }

  /** The bytes as they come. @throws {ClientError} as `bytes`. */
  async stream(signal?: AbortSignal): Promise<ReadableStream<Uint8Array>> {
    const held = this.#held;
    const body = held ? undefined : (await this.#fetch(signal)).body;
    return body ?? streamOf(held ?? new Uint8Array(0));
  }

  /** How a blob is handed to an action: as the link. */
  toJSON(): Record<string, string> {
    const { href, mediaType, description = "" } = this;
    return { href, media_type: mediaType, rel: "output", description };
  }

  #fetch(signal?: AbortSignal): Promise<Response> {
    return this.#http.request(this.href, { accept: this.mediaType, signal });
  }
}

/** For `JSON.parse`: makes each link to a blob one. LabThings and this package write them alike. */
export function blobReviver(http: Fetcher, base: string): (key: string, value: unknown) => unknown {
  return (_, value) => {
    if (!isRecord(value)) return value;
    const { href, media_type: mediaType, description } = value;
    if (typeof href !== "string" || typeof mediaType !== "string") return value;
    return new RemoteBlob(http, {
      href: URL.canParse(href, base) ? new URL(href, base).href : href,
      mediaType,
      ...(typeof description === "string" && { description }),
    });
  };
}

function streamOf(bytes: Uint8Array): ReadableStream<Uint8Array> {
  return new ReadableStream<Uint8Array>({
    start(controller) {
      controller.enqueue(bytes);
      controller.close();
    },
  });
}
