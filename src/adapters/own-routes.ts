import type { RequestListener, ServerResponse } from "node:http";
import type { Readable } from "node:stream";
import inject, { type InjectOptions, type Response } from "light-my-request";
import { within } from "../base/abort.ts";
import { ThingError } from "../base/errors.ts";
import { countedLimit } from "../base/limit-hits.ts";
import type { Role } from "../core/affordances.ts";
import type { JoiningServer } from "../server/server-options.ts";
import { Turns } from "./turns.ts";

/** A request to a server's own routes, from a program of this process. */
export interface OwnRequest {
  readonly method: "GET" | "PUT" | "POST";
  /** Behind the server's prefix, as in a URL, with its escapes. */
  readonly path: string;
  /** JSON, as it came: the routes check it. */
  readonly body?: Uint8Array | string | undefined;
  readonly accept?: string;
}

/** What the routes answered. */
export interface OwnAnswer {
  readonly status: number;
  readonly text: string;
}

/** How long an answer may take, ms. */
const LONGEST_MS = 30_000;
/** Bytes of an answer that is read as a text. */
const LARGEST_TEXT = 4 * 2 ** 20;
const turns = new Turns();
const lateLimit = countedLimit("relayed_answers_late");
const sizeLimit = countedLimit("relayed_answer_bytes");

/**
 * Sends requests to a server's own routes, with their validation, roles and errors, as a client who is known already.
 * @param client.name - What its refusals call it.
 * @param root - Where the server begins for other machines: links in its answers begin there.
 * @returns Rejects with `NOT_READY` after 30 s, and `NOT_SUPPORTED` for an answer of more than 4 MiB.
 */
export function ownRoutes(
  server: JoiningServer,
  { name, role }: { readonly name: string; readonly role: Role },
  root: string,
): (request: OwnRequest) => Promise<OwnAnswer> {
  const account = { id: `server.${role}`, name, role };
  const listener = server.listenerFor({ account, role, via: "token" });
  const { host } = new URL(root);
  return ({ method, path, body, accept = "application/json" }) => {
    const url = root + server.prefix + path;
    const headers = { host, accept, "content-type": "application/json" };
    return askRoutes(listener, { method, url, headers, body }, async (response) => ({
      status: response.statusCode,
      text: await textOf(response.stream(), url),
    }));
  };
}

/** A request as it comes to a server's routes. */
interface RoutedRequest {
  readonly method: NonNullable<InjectOptions["method"]>;
  readonly url: string;
  readonly headers: Readonly<Record<string, string>> & { readonly host: string };
  readonly body?: Uint8Array | string | undefined;
}

/**
 * Gives a request to routes, and reads their answer. Whatever comes of it, their work for the request is over then.
 * @throws {ThingError} `NOT_READY` after 30 s, and what `read` throws.
 */
export async function askRoutes<T>(
  listener: RequestListener,
  { method, url, headers, body }: RoutedRequest,
  read: (response: Response) => Promise<T>,
): Promise<T> {
  let under: ServerResponse | undefined;
  const listen: RequestListener = (request, response) => {
    under = response;
    listener(request, response);
  };
  await turns.next();
  const answered = inject(listen, {
    ...{ method, url, headers, authority: headers.host },
    ...(body && body.length > 0 && { payload: Buffer.from(body) }),
    payloadAsStream: true,
  }).then(read);
  try {
    return await within(answered, LONGEST_MS, () => late(url));
  } finally {
    under?.destroy(); // as when an HTTP client hangs up: whatever waits for it ends
  }
}

async function textOf(body: Readable, url: string): Promise<string> {
  const bytes = await bytesWithin(body, LARGEST_TEXT);
  if (bytes) return bytes.toString("utf8");
  sizeLimit.hit();
  throw new ThingError(
    "NOT_SUPPORTED",
    `The answer of ${url} has more than ${LARGEST_TEXT} bytes, which is too much here. Read it over HTTP.`,
  );
}

/** All bytes of an answer; undefined when there are more than `most`: the rest is not read then. */
export async function bytesWithin(body: Readable, most: number): Promise<Buffer | undefined> {
  const chunks: Buffer[] = [];
  let size = 0;
  for await (const chunk of body) {
    size += chunk.length;
    if (size > most) return undefined; // the loop's end destroys it
    chunks.push(chunk);
  }
  return Buffer.concat(chunks);
}

function late(url: string): ThingError {
  lateLimit.hit();
  return new ThingError(
    "NOT_READY",
    `${url} did not answer within ${LONGEST_MS / 1000} s. Ask again, or start it as an action that is not synchronous.`,
  );
}
