import type { IncomingMessage } from "node:http";
import { Readable } from "node:stream";
import { pipeline } from "node:stream/promises";
import { within } from "../../base/abort.ts";
import { ThingError } from "../../base/errors.ts";
import { countedLimit } from "../../base/limit-hits.ts";
import type { HostedThing } from "../../core/hosted-thing.ts";
import { type RelayedFiles, relayedFilesOf } from "../../files/relayed-files.ts";
import { clientOf } from "../http/identity.ts";
import type { Exchange, Route } from "../http/route.ts";
import { RelayTurns } from "./relay-turns.ts";

/** After so long without a byte the other server is given up, ms. */
const SILENT_MS = 30_000;
const silent = countedLimit("relayed_file_silence");

/** What of a request the other server is asked with: ranges and conditions. */
const ASKED = ["range", "if-range", "if-match", "if-none-match", "if-modified-since"] as const;
/** What of its answer the client is told. */
const TOLD = "content-length content-range content-disposition etag last-modified".split(" ");
/** What a browser never runs. Everything else is only saved. */
const HARMLESS =
  /^(?:video\/[\w.+-]+|image\/(?:jpeg|png|webp|avif|gif)|text\/(?:plain|csv|vtt)|application\/(?:json|jsonl|x-ndjson|octet-stream|vnd\.apache\.parquet))\s*(?:;|$)/i;
const BYTES = "application/octet-stream";

/** The files of another server that a Thing passes on, below the properties that list them. */
export function relayedFileRoutes(hosted: HostedThing, base: string): Route[] {
  const relayed = relayedFilesOf(hosted.thing);
  if (!relayed) return [];
  const turns = turnsOf(relayed);
  const listing = [...hosted.model.properties.keys()].filter((name) => relayed.lists(name));
  return listing.flatMap((name) =>
    ["/:id", "/:id/:part"].map(
      (end): Route => ({
        method: "GET",
        path: `${base}/${name}${end}`,
        role: "view",
        summary: `Fetch a file, or a part of it, of '${name}' of ${hosted.name} from its origin`,
        response: { status: 200, contentType: "*/*" },
        errors: ["NOT_FOUND", "BAD_RANGE", "DISCONNECTED", "TOO_BUSY"],
        hasETag: true,
        hasRanges: true,
        handle: async (exchange) => {
          const { request, identity, signal } = exchange;
          const end = await turns.turn(clientOf(identity, request), signal);
          try {
            await relay(relayed, name, exchange);
          } finally {
            end();
          }
          return undefined;
        },
      }),
    ),
  );
}

/** Those of a Thing, whose table of routes is made anew. */
const allTurns = new WeakMap<RelayedFiles, RelayTurns>();

function turnsOf(relayed: RelayedFiles): RelayTurns {
  const turns = allTurns.get(relayed) ?? new RelayTurns();
  allTurns.set(relayed, turns);
  return turns;
}

async function relay(
  relayed: RelayedFiles,
  name: string,
  { request, response, params, signal }: Exchange,
): Promise<void> {
  const { id = "", part } = params;
  const method = request.method === "HEAD" ? "HEAD" : "GET";
  const path = part === undefined ? [id] : [id, part];
  const answer = await relayed.fetch(name, path, { method, headers: askedIn(request), signal });
  response.statusCode = answer.status;
  const type = answer.headers.get("content-type") ?? BYTES;
  response.setHeader("Content-Type", HARMLESS.test(type) ? type : BYTES);
  response.setHeader("Cache-Control", "no-cache");
  response.setHeader("Accept-Ranges", "bytes");
  const isCoded = answer.headers.has("content-encoding"); // its length is that of other bytes
  for (const told of TOLD) {
    const value = answer.headers.get(told);
    if (value !== null && !(isCoded && told === "content-length")) response.setHeader(told, value);
  }
  if (!HARMLESS.test(type)) response.setHeader("Content-Disposition", "attachment");
  if (method === "HEAD" || !answer.body || signal.aborted) {
    await answer.body?.cancel();
    response.end();
    return;
  }
  // Its end is missing where it broke off, which tells the client.
  const chunks = Readable.from(chunksOf(answer.body, signal), { objectMode: false });
  await pipeline(chunks, response).catch(() => {});
}

function askedIn({ headers }: IncomingMessage): Record<string, string> {
  const asked = ASKED.flatMap((name) => {
    const value = headers[name];
    return value === undefined ? [] : [[name, String(value)] as const];
  });
  return Object.fromEntries(asked);
}

/** One that the client has taken is followed by the next. */
async function* chunksOf(
  body: ReadableStream<Uint8Array>,
  signal: AbortSignal,
): AsyncGenerator<Uint8Array> {
  const reader = body.getReader();
  const drop = () => void reader.cancel().catch(() => {}); // it may have broken already
  signal.addEventListener("abort", drop); // who leaves while nothing comes does not wait for more
  try {
    for (;;) {
      const next = await within(reader.read(), SILENT_MS, () => {
        silent.hit();
        return new ThingError("DISCONNECTED", "The origin has stopped sending the file.");
      });
      if (next.done) return;
      yield next.value;
    }
  } finally {
    signal.removeEventListener("abort", drop);
    drop();
  }
}
