/** What a Thing's own route is called with. */
export interface EndpointRequest {
  /** The `:name` segments of the path. */
  readonly params: Readonly<Record<string, string>>;
  readonly query: URLSearchParams;
  /** The JSON body, if there was one. */
  readonly body?: unknown;
  /** Aborts when the client goes away. */
  readonly signal: AbortSignal;
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
