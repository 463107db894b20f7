import type { RequestListener } from "node:http";
import type { Msg, MsgHdrs, NatsConnection } from "@nats-io/transport-node";
import type { Response as InjectedResponse } from "light-my-request";
import { now } from "../../base/clock.ts";
import { messageOf, ThingError } from "../../base/errors.ts";
import { countedLimit } from "../../base/limit-hits.ts";
import type { Log } from "../../base/log.ts";
import type { Identity } from "../../server/http/identity.ts";
import { problemOf } from "../../server/http/problem.ts";
import { EVENT_STREAM_TYPE, PROBLEM_TYPE } from "../../server/http/route.ts";
import type { JoiningServer } from "../../server/server-options.ts";
import { askRoutes, bytesWithin } from "../own-routes.ts";
import { answerEvents } from "./answer-events.ts";
import { answerClock } from "./clock.ts";
import type { Nats } from "./library.ts";
import { pack } from "./packed.ts";
import { mayAnswer, noteRefused } from "./replies.ts";
import {
  isClock,
  type MemberName,
  requestIn,
  requestSubjects,
  type SubjectRole,
} from "./subjects.ts";

/** Requests of a role that are answered at a time; more are refused. */
const MOST_AT_ONCE = 64;
/** Bytes of an answer's head beside its body. */
const HEAD_BYTES = 4096;
/** Headers of a message that count. All else of HTTP has no meaning here. */
const HEADERS = new Set(["content-type", "accept", "if-match", "if-none-match"]);
/** Where two servers have one name, until the later has heard of the other: each request is answered by one of them. */
const ONE_OF_TWO = "thingscope";
/** Above its largest message an answer is packed, for clients that take that: to so many times of it. */
const PACKED_TIMES = 16;
const ROLES: readonly SubjectRole[] = ["view", "operate"];

const busyLimit = countedLimit("fleet_requests");
const sizeLimit = countedLimit("fleet_answer_bytes");

/** What requests by NATS are answered by, and how the server is called in their answers. */
interface Answering {
  readonly server: JoiningServer;
  readonly name: MemberName;
  /** Where this server begins for other machines. */
  readonly root: string;
  readonly log: Log;
}

/**
 * Answers requests by the server's own routes: a subject is a method and a path, a message's body the request's. The answer
 * has its status in the header `Status`.
 * @returns How to stop.
 */
export function answerRequests(
  connection: NatsConnection,
  library: Nats,
  answering: Answering,
): () => void {
  const { log } = answering;
  const subscriptions = ROLES.map((role) => {
    let running = 0; // viewers that wait must not keep a stage from being stopped
    const listener = answering.server.listenerFor(clientWith(role));
    const answer = async (message: Msg) => {
      if (isClock(message.subject)) return answerClock(message);
      const reply = (answer: Answer) => respond(message, library, answer);
      if (running >= MOST_AT_ONCE) {
        busyLimit.hit();
        reply(problem(tooMany()));
        return;
      }
      running += 1;
      try {
        reply(await answerTo(message, listener, answering, connection));
      } finally {
        running -= 1;
      }
    };
    return connection.subscribe(requestSubjects(answering.name, role), {
      queue: ONE_OF_TWO,
      callback(error, message) {
        if (error || !mayAnswer(message, log)) return;
        answer(message).catch((cause) => log.debug(messageOf(cause))); // the connection has ended
      },
    });
  });
  return () => {
    for (const subscription of subscriptions) subscription.unsubscribe();
  };
}

interface Answer {
  readonly status: number;
  readonly headers: Readonly<Record<string, string>>;
  readonly body: Uint8Array;
}

/** What the server answers, within its time. Whatever comes of it, its work for the request is over then. */
async function answerTo(
  message: Msg,
  listener: RequestListener,
  { server, name, root, log }: Answering,
  connection: NatsConnection,
): Promise<Answer> {
  const request = requestIn(message.subject);
  if (!request) return refuse(notARequest(message.subject), log);
  const lateMs = now() - deadlineIn(message.headers);
  if (Number.isNaN(lateMs)) return refuse(badDeadline(), log);
  if (lateMs > 0) return refuse(stale(lateMs), log);
  const query = message.headers?.get("Query");
  const url = root + request.path + (query ? `?${query}` : "");
  const { host } = new URL(root);
  const headers: Record<string, string> & { host: string } = {
    ...headersIn(message.headers),
    host,
  };
  const { method } = request;
  const most = (connection.info?.max_payload ?? 2 ** 20) - HEAD_BYTES;
  if (method === "GET" && headers.accept?.startsWith(EVENT_STREAM_TYPE)) {
    const after = headerIn(message.headers, "last-event-id");
    try {
      const events = answerEvents(server, name, { path: request.path, after, most });
      if (events) return { status: 200, ...events };
    } catch (error) {
      return problem(error);
    }
  }
  const mayPack = /\bgzip\b/.test(message.headers?.get("Accept-Encoding") ?? "");
  return askRoutes(listener, { method, url, headers, body: message.data }, (response) =>
    answerIn(response, url, { most, mayPack }),
  ).catch(problem);
}

async function answerIn(
  response: InjectedResponse,
  url: string,
  { most, mayPack }: { most: number; mayPack: boolean },
): Promise<Answer> {
  const { statusCode: status } = response;
  const headers = headersOut(response.headers);
  const body = await bytesWithin(response.stream(), mayPack ? most * PACKED_TIMES : most);
  if (body && body.length <= most) return { status, headers, body };
  const packed = body && (await pack(body));
  if (packed && packed.length <= most)
    return { status, headers: { ...headers, "content-encoding": "gzip" }, body: packed };
  sizeLimit.hit();
  throw tooLarge(url, most);
}

function respond(message: Msg, library: Nats, { status, headers, body }: Answer): void {
  const answered = library.headers();
  answered.set("Status", String(status));
  for (const [name, value] of Object.entries(headers)) answered.set(name, value);
  if (status >= 400) answered.set("Nats-Service-Error-Code", String(status));
  message.respond(body, { headers: answered });
}

/** When the asker gives up, on the clock of `now()`: nothing is begun for it after that. */
function deadlineIn(headers: MsgHdrs | undefined): number {
  const deadline = headers?.get("Deadline");
  return deadline ? Number(deadline) : Number.POSITIVE_INFINITY;
}

function refuse(error: ThingError, log: Log): Answer {
  noteRefused(error.message, log);
  return problem(error);
}

function headersIn(headers: MsgHdrs | undefined): Record<string, string> {
  const given = [...(headers ?? [])].map(
    ([name, [value = ""]]) => [name.toLowerCase(), value] as const,
  );
  return {
    "content-type": "application/json",
    accept: "application/json",
    ...Object.fromEntries(given.filter(([name]) => HEADERS.has(name))),
  };
}

/** NATS tells capitals and small letters apart. */
function headerIn(headers: MsgHdrs | undefined, wanted: string): string | undefined {
  return [...(headers ?? [])].find(([name]) => name.toLowerCase() === wanted)?.[1][0];
}

function headersOut(headers: Readonly<Record<string, unknown>>): Record<string, string> {
  const names = ["content-type", "etag", "link", "location", "retry-after"];
  const there = names.filter((name) => headers[name] !== undefined);
  return Object.fromEntries(there.map((name) => [name, String(headers[name])]));
}

/** Whoever the broker lets use subjects of a role. */
export function clientWith(role: SubjectRole): Identity {
  const name = `a client of the fleet with the role ${role}`;
  return { account: { id: `fleet ${role}`, name, role }, role, via: "token" };
}

function problem(error: unknown): Answer {
  const body = problemOf(error);
  return {
    status: body.status,
    headers: { "content-type": PROBLEM_TYPE },
    body: Buffer.from(JSON.stringify(body)),
  };
}

function badDeadline(): ThingError {
  return new ThingError(
    "BAD_ARGUMENT",
    "The header Deadline is no time. Send milliseconds since 1970 on this server's clock, or leave it out.",
  );
}

function stale(lateMs: number): ThingError {
  const seconds = (lateMs / 1000).toFixed(1);
  return new ThingError(
    "NOT_READY",
    `The request came ${seconds} s after its deadline, and nothing was done. Check the connection to NATS, and ask again.`,
  );
}

function tooMany(): ThingError {
  return new ThingError(
    "TOO_BUSY",
    `This server already answers ${MOST_AT_ONCE} such requests of the fleet. Try again in a moment.`,
  );
}

function notARequest(subject: string): ThingError {
  return new ThingError(
    "BAD_ARGUMENT",
    `The subject ${subject} names no request. It ends with a method and a path, like view.GET.camera.exposure.`,
  );
}

function tooLarge(url: string, most: number): ThingError {
  return new ThingError(
    "NOT_SUPPORTED",
    `The answer has more than ${most} bytes, which is what a message of this NATS server holds. Read it over HTTP: ${url}`,
  );
}
