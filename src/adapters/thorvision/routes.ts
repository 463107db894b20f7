import type { IncomingMessage } from "node:http";
import { type Static, type TSchema, Type } from "typebox";
import { ThingError } from "../../base/errors.ts";
import { packageVersion } from "../../base/package-root.ts";
import { decodePercent } from "../../base/percent.ts";
import { faultsOf, sentenceOf } from "../../core/faults.ts";
import { errorsIn } from "../../core/schema.ts";
import { readJson } from "../../server/http/body.ts";
import { Capability } from "./capability.ts";
import type { ListedCamera } from "./served-camera.ts";

const CameraId = Type.Integer();
const StartRequest = Type.Object({
  id: CameraId,
  port: Type.Integer({ minimum: 1024, maximum: 65535, description: "UDP port to listen on" }),
  capability: Type.String({ description: "image/jpeg,width=1280,height=720,framerate=30/1" }),
});
const StopRequest = Type.Object({ id: CameraId });
const Camera = Type.Object({
  ...{ id: CameraId, name: Type.String(), device_id: Type.String() },
  caps: Type.Array(Capability),
});

/** What the routes operate on. */
export interface Gateway {
  cameras(): Promise<ListedCamera[]>;
  start(request: Static<typeof StartRequest>, address: string): Promise<void>;
  stop(id: number, address: string): Promise<void>;
  logs(): Promise<string[]>;
  log(name: string): Promise<string | undefined>;
}

/** A response body: a string as it is, anything else as JSON. */
type ResponseBody = string | object;

interface Route {
  readonly method: "GET" | "POST";
  /** `{name}` is one segment. */
  readonly path: string;
  readonly summary: string;
  readonly body?: TSchema;
  readonly answer: TSchema;
  handle(
    gateway: Gateway,
    body: unknown,
    name: string,
    address: string,
  ): Promise<ResponseBody> | ResponseBody;
}

const Status = Type.Object({ status: Type.String() });
const OK = { status: "ok" };
const BODY_LIMITS = { limit: 64 * 1024, timeoutMs: 5000 };

/** Every route of ThorVision's HTTP protocol. @see pythorvision 0.3.0, client.py; libxvc, server_api.cc */
const ROUTES: readonly Route[] = [
  {
    ...{ method: "GET", path: "/", summary: "Server status", answer: Status },
    handle: () => ({ ...OK, name: "Thingscope", version: packageVersion() }),
  },
  {
    ...{
      method: "GET",
      path: "/openapi.json",
      summary: "This description",
      answer: Type.Object({}),
    },
    handle: openApi,
  },
  {
    ...{ method: "GET", path: "/api_version", summary: "The server's version" },
    answer: Type.Object({ version: Type.String() }),
    handle: () => ({ version: packageVersion() }),
  },
  {
    ...{ method: "GET", path: "/cameras", summary: "The cameras, and what they offer" },
    answer: Type.Array(Camera),
    handle: (gateway) => gateway.cameras(),
  },
  {
    ...{
      method: "POST",
      path: "/jpeg",
      summary: "Send a camera's JPEG pictures on a port over SRT",
    },
    ...{ body: StartRequest, answer: Status },
    handle: async (gateway, body, _, address) => {
      await gateway.start(accepted(StartRequest, body), address);
      return OK;
    },
  },
  {
    ...{ method: "POST", path: "/stop", summary: "Withdraw one request for a camera" },
    ...{ body: StopRequest, answer: Status },
    handle: async (gateway, body, _, address) => {
      await gateway.stop(accepted(StopRequest, body).id, address);
      return OK;
    },
  },
  ...(["/h264", "/h265"] as const).map(
    (path): Route => ({
      ...{ method: "POST", path, summary: "Not offered: pictures are sent as JPEG only" },
      answer: Status,
      handle: () => {
        throw new ThingError("NOT_SUPPORTED", "This server sends JPEG only: POST /jpeg.");
      },
    }),
  ),
  {
    ...{ method: "GET", path: "/logs", summary: "Names of logs" },
    answer: Type.Array(Type.String()),
    handle: (gateway) => gateway.logs(),
  },
  {
    ...{ method: "GET", path: "/logs/{name}", summary: "A log" },
    answer: Type.String(),
    handle: async (gateway, _, name) => {
      const text = await gateway.log(name);
      if (text !== undefined) return text;
      throw new ThingError("NOT_FOUND", `There is no log '${name}'. GET /logs lists them.`);
    },
  },
];

/**
 * Handles a request.
 * @throws {ThingError} whose sentence is sent as `detail`.
 */
export async function responseTo(
  request: IncomingMessage,
  gateway: Gateway,
): Promise<ResponseBody> {
  const method = request.method === "HEAD" ? "GET" : request.method;
  const [, first = "", name, ...rest] = pathOf(request).split("/").map(decodePercent);
  const pattern = name === undefined ? `/${first}` : `/${first}/{name}`;
  const there = rest.length > 0 ? [] : ROUTES.filter(({ path }) => path === pattern);
  const route = there.find((one) => one.method === method);
  if (route) {
    const body = route.body && (await readJson(request, BODY_LIMITS));
    return route.handle(gateway, body, name ?? "", addressOf(request));
  }
  if (there.length > 0) {
    const allowed = there.map((one) => one.method).join(", ");
    throw new ThingError(
      "METHOD_NOT_ALLOWED",
      `${pathOf(request)} allows ${allowed}, not ${method}.`,
    );
  }
  const paths = ROUTES.map(({ path }) => path).join(" ");
  throw new ThingError(
    "NOT_FOUND",
    `${pathOf(request)} does not exist. The routes are: ${paths} /ws`,
  );
}

function addressOf({ socket }: IncomingMessage): string {
  return (socket.remoteAddress ?? "").replace(/^::ffff:/, "");
}

function accepted<S extends TSchema>(schema: S, body: unknown): Static<S> {
  const errors = errorsIn(schema, body);
  if (errors.length === 0) return body as Static<S>;
  const faults = faultsOf(errors, body);
  const why = `The request is invalid: ${sentenceOf(faults)}.`;
  throw new ThingError("INVALID_INPUT", why, { faults });
}

function openApi(): object {
  const paths: Record<string, Record<string, object>> = {};
  for (const { method, path, summary, body, answer } of ROUTES) {
    const content = (schema: TSchema) => ({ "application/json": { schema } });
    paths[path] = {
      ...paths[path],
      [method.toLowerCase()]: {
        summary,
        ...(path.includes("{") && {
          parameters: [{ name: "name", in: "path", required: true, schema: { type: "string" } }],
        }),
        ...(body && { requestBody: { required: true, content: content(body) } }),
        responses: {
          200: { description: "Done", content: content(answer) },
          default: { description: "Refused; `detail` says why" },
        },
      },
    };
  }
  const info = { title: "ThorVision's protocol, served by Thingscope", version: packageVersion() };
  return { openapi: "3.1.0", info, paths };
}

/** A path without its query. */
export function pathOf({ url = "" }: IncomingMessage): string {
  return url.split("?")[0]!;
}
