import type { ByteReader } from "../base/byte-reader.ts";

/** Who sent a request. */
export interface EndpointClient {
  /** Of its account or token, where there is a login. */
  readonly name?: string;
  /** Of the machine, as far as proxies tell it. */
  readonly address: string;
}

/** What a Thing's own route is called with. */
export interface EndpointRequest {
  /** The `:name` segments of the path. */
  readonly params: Readonly<Record<string, string>>;
  readonly query: URLSearchParams;
  /** By name in lower case, without logins and cookies. */
  readonly headers: Readonly<Record<string, string>>;
  readonly client: EndpointClient;
  /** The JSON body, if there was one. */
  readonly body?: unknown;
  /** Aborts when the client goes away. */
  readonly signal: AbortSignal;
  /**
   * Gives the body to `reader` as it comes, for an endpoint of `bytes`. Resolves when it has ended, or the reader has.
   * @throws {ThingError} `BODY_TOO_SLOW` when nothing comes for 30 s; what the reader throws. {DOMException} `AbortError` when the client goes away.
   */
  readBytes(reader: ByteReader): Promise<void>;
  /**
   * Opens the WebSocket of an endpoint of `messages`, and gives each message to `onMessage`. Resolves when the client has closed it. What
   * the endpoint throws before that refuses the request, and afterwards closes the WebSocket with the sentence.
   * @param maxBytes - Of one message.
   */
  readMessages(onMessage: (message: Uint8Array | string) => void, maxBytes: number): Promise<void>;
}

/** What it answers. */
export interface EndpointResponse {
  /** 200 when absent. */
  readonly status?: number;
  readonly contentType: string;
  /** Bytes and strings go out as they are, anything else as JSON. */
  readonly body: unknown;
  readonly headers?: Readonly<Record<string, string>>;
}
