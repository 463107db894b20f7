import { readFileSync } from "node:fs";
import type { IncomingMessage, ServerResponse } from "node:http";
import type { TestContext } from "node:test";
import { packagePath } from "../../src/base/package-root.ts";
import { serverFor } from "../server/requests.ts";

type Json = Readonly<Record<string, unknown>>;
/** What is answered: a value in JSON, or with `answer` whatever the handler writes. */
type Handler = (input: unknown, request: IncomingMessage, response: ServerResponse) => unknown;

/** A server that this package has not written, with one Thing, and a page that shows it with `<thing-view>`. */
export interface ForeignServer {
  origin: string;
  /** Sent from now on. */
  td: Json;
  readonly values: Map<string, unknown>;
  /** Names and values of what was written. */
  readonly writes: [name: string, value: unknown][];
  /** By method and path: `GET properties/a`. What has none is a property that is read and written in JSON. */
  readonly handlers: Map<string, Handler>;
}

/** Properties with one form each, relative to the description, and `values` to be read. */
export async function foreignServer(
  t: TestContext,
  td: Json,
  values: Json = {},
): Promise<ForeignServer> {
  const script = readFileSync(packagePath("dist/public/bundled/elements.js"));
  const it: ForeignServer = {
    origin: "",
    td,
    values: new Map(Object.entries(values)),
    writes: [],
    handlers: new Map<string, Handler>([
      ["GET ", page],
      ["GET elements.js", (_, __, response) => send(response, "text/javascript", script)],
      ["GET td", (_, __, response) => send(response, "application/td+json", JSON.stringify(it.td))],
    ]),
  };
  const { port } = await serverFor(t, async (request, response) => {
    const path = decodeURIComponent((request.url ?? "").slice(1).split("?")[0] ?? "");
    const input = await bodyOf(request);
    const handler = it.handlers.get(`${request.method} ${path}`);
    const result = handler ? handler(input, request, response) : property(path, input, request);
    if (result !== ANSWERED) send(response, "application/json", JSON.stringify(await result));
  });
  it.origin = `http://127.0.0.1:${port}`;
  return it;

  function property(path: string, value: unknown, { method }: IncomingMessage): unknown {
    const name = path.replace(/^properties\//, "");
    if (method !== "PUT") return it.values.get(name) ?? null;
    it.writes.push([name, value]);
    it.values.set(name, value);
    return null;
  }
}

/** What a handler returns that has written the answer, or writes none. */
export const ANSWERED = Symbol("answered");

export function send(response: ServerResponse, type: string, body: string | Buffer): symbol {
  response.setHeader("Content-Type", type);
  response.end(body);
  return ANSWERED;
}

export function refuse(response: ServerResponse, status: number, detail: string): symbol {
  response.statusCode = status;
  return send(response, "application/problem+json", JSON.stringify({ status, detail }));
}

/** Schemas as properties of a Thing Description. */
export function described(schemas: Json, rest: Json = {}): Json {
  const properties = Object.fromEntries(
    Object.entries(schemas).map(([name, schema]) => [
      name,
      { forms: [{ href: `properties/${encodeURIComponent(name)}` }], ...Object(schema) },
    ]),
  );
  const context = "https://www.w3.org/2022/wot/td/v1.1";
  const security = { securityDefinitions: { none: { scheme: "nosec" } }, security: ["none"] };
  return { "@context": context, title: "Foreign", ...security, properties, ...rest };
}

function page(_: unknown, __: unknown, response: ServerResponse): symbol {
  const html = `<!doctype html><html lang="en"><title>mine</title><link rel="icon" href="data:,">
<script src="elements.js"></script><thing-view src="td"></thing-view></html>`;
  return send(response, "text/html", html);
}

async function bodyOf(request: IncomingMessage): Promise<unknown> {
  const parts: Buffer[] = [];
  for await (const part of request) parts.push(part);
  const text = Buffer.concat(parts).toString();
  try {
    return JSON.parse(text);
  } catch {
    return text;
  }
}
