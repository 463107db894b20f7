import { type Static, type TSchema, Type } from "typebox";
import { isAbort, withDeadline } from "../../base/abort.ts";
import { messageOf, ThingError } from "../../base/errors.ts";
import { parseExactly } from "../../base/exact-numbers.ts";
import { errorsIn } from "../../core/schema.ts";
import { Capability } from "./capability.ts";

/** A camera as a server lists it. */
export interface ThorVisionCameraEntry {
  readonly id: number;
  readonly name: string;
  readonly capabilities: readonly Capability[];
}

const Cameras = Type.Array(
  Type.Object({
    ...{ id: Type.Integer(), name: Type.String() },
    caps: Type.Optional(Type.Array(Capability)),
  }),
);
const RESPONSE_MS = 5000;
const forever = new AbortController().signal;

/** Where a ThorVision server is. */
export interface ThorVisionAddress {
  /** Default `192.168.177.100`, the address of an XDAQ. */
  readonly host?: string;
  /** HTTP port. Default 8000. */
  readonly port?: number;
}

/** Sends requests to a ThorVision server. Each must be answered within 5 s. */
export class ThorVisionHttpClient {
  readonly host: string;
  readonly port: number;

  constructor({ host = "192.168.177.100", port = 8000 }: ThorVisionAddress = {}) {
    this.host = host;
    this.port = port;
  }

  /** The host as it stands in a URL. */
  get hostInUrl(): string {
    return this.host.includes(":") ? `[${this.host}]` : this.host;
  }

  /** @throws {ThingError} `SOURCE_FAILED`, like all of these methods. */
  async cameras(): Promise<ThorVisionCameraEntry[]> {
    const listed = await this.#list(Cameras, "/cameras");
    return listed.map(({ id, name, caps = [] }) => ({ id, name, capabilities: caps }));
  }

  async start(id: number, port: number, capability: string): Promise<void> {
    await this.#request("/jpeg", { id, port, capability });
  }

  async stop(id: number): Promise<void> {
    await this.#request("/stop", { id });
  }

  logs(): Promise<string[]> {
    return this.#list(Type.Array(Type.String()), "/logs");
  }

  log(name: string): Promise<string> {
    return this.#request(`/logs/${encodeURIComponent(name)}`);
  }

  async #list<S extends TSchema>(schema: S, path: string): Promise<Static<S>> {
    const text = await this.#request(path);
    const value = parsed(text);
    if (errorsIn(schema, value).length === 0) return value as Static<S>;
    throw new ThingError(
      "SOURCE_FAILED",
      `${this.host}:${this.port}${path} did not answer like a ThorVision server: ${text.slice(0, 80)}`,
    );
  }

  /** @param body - Sent by POST if given. */
  async #request(path: string, body?: object): Promise<string> {
    const url = `http://${this.hostInUrl}:${this.port}${path}`;
    const sent = body && {
      ...{ method: "POST", body: JSON.stringify(body) },
      headers: { "Content-Type": "application/json" },
    };
    try {
      return await withDeadline(RESPONSE_MS, forever, async (signal) => {
        const response = await fetch(url, { ...sent, signal });
        const text = await response.text();
        if (!response.ok) throw refused(url, response.status, text);
        return text;
      });
    } catch (error) {
      if (error instanceof ThingError) throw error;
      throw this.#unreachable(error);
    }
  }

  #unreachable(error: unknown): ThingError {
    const cause = error instanceof Error && error.cause !== undefined ? error.cause : error;
    const why = isAbort(error)
      ? `the request timed out after ${RESPONSE_MS / 1000} s`
      : messageOf(cause);
    return new ThingError(
      "SOURCE_FAILED",
      `ThorVision is not reachable at ${this.host}:${this.port}: ${why}. Check the connection.`,
      { cause: error },
    );
  }
}

function refused(url: string, status: number, text: string): ThingError {
  const body = parsed(text);
  const detail: unknown = typeof body === "object" && body !== null && Reflect.get(body, "detail");
  const reason = typeof detail === "string" ? detail : text.slice(0, 200);
  return new ThingError("SOURCE_FAILED", `${url} answered ${status}: ${reason}`);
}

function parsed(text: string): unknown {
  try {
    return parseExactly(text);
  } catch {
    return undefined;
  }
}
