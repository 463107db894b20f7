import type { Socket } from "node:net";
import { abortable, isAbort, withDeadline } from "../base/abort.ts";
import { ThingError } from "../base/errors.ts";
import { thrownError } from "../base/thrown.ts";
import { HttpLogin } from "./http-login.ts";
import { type RtspAddress, rtspAddress } from "./rtsp-address.ts";
import { connectTrusted } from "./rtsp-connection.ts";
import { refusalOf, refused } from "./rtsp-refusal.ts";
import { TlsFault } from "./tls-trust.ts";

/** What a server says of a stream's pictures. */
export interface RtspVideo {
  /** Where it is, after redirects. */
  readonly at: RtspAddress;
  /** As the server wants the login; it has accepted it. */
  readonly login: HttpLogin | undefined;
  /** As RTP calls it: `H264`, `H265`, `JPEG`, `MP4V-ES`. */
  readonly codec: string;
  readonly framerate: number | undefined;
}

interface Answer {
  readonly status: number;
  readonly reason: string;
  readonly challenges: readonly string[];
  /** Of a redirect. */
  readonly location: string;
  readonly body: string;
}

const WITHIN_MS = 8000;
const MOST_REDIRECTS = 3;
const LONGEST_ANSWER = 64 * 1024; // characters
/** Of payload types that need no `rtpmap` (RFC 3551). */
const STATIC_CODECS: Readonly<Record<string, string>> = { "26": "JPEG", "32": "MPV" };

/**
 * Asks a server what its stream is (DESCRIBE), with the login if it wants one: so its refusal is known in its own words, whatever
 * program reads the stream then.
 * @throws {ThingError} `DISCONNECTED` if it cannot be reached; `SOURCE_FAILED` if it refuses.
 */
export async function describeRtsp(address: RtspAddress, signal: AbortSignal): Promise<RtspVideo> {
  try {
    const { answer, at, login } = await withDeadline(WITHIN_MS, signal, (either) =>
      followed(address, either),
    );
    return { ...videoIn(answer, at), at, login };
  } catch (thrown) {
    if (signal.aborted || thrown instanceof ThingError) throw thrown;
    throw unreachable(address, thrown);
  }
}

/** Redirects are followed on the same host, where the login belongs. */
async function followed(address: RtspAddress, signal: AbortSignal) {
  let at = address;
  for (let redirects = 0; redirects <= MOST_REDIRECTS; redirects++) {
    const login = at.login && new HttpLogin(at.login);
    const answer = await asked(at, login, signal);
    if (answer.status < 300 || answer.status >= 400) return { answer, at, login };
    const { fingerprint } = address;
    const to = { ...rtspAddress(answer.location, address.login ?? {}), fingerprint };
    if (to.host !== address.host)
      throw refused(
        address.shown,
        `redirects to another host, ${to.shown}. Use that address if it is correct.`,
      );
    at = to;
  }
  throw refused(address.shown, `redirects more than ${MOST_REDIRECTS} times. Check the address.`);
}

/** With a login on the connection that was refused, whose nonce it may be; on another if the server has closed that one. */
async function asked(
  address: RtspAddress,
  login: HttpLogin | undefined,
  signal: AbortSignal,
): Promise<Answer> {
  const socket = await connectTrusted(address, signal);
  try {
    const first = await describe(socket, address, { number: 1 }, signal);
    if (first.status !== 401 || !login?.refused(first.challenges.join(", "), false)) return first;
    const authorization = login.authorizationFor(address.url, "DESCRIBE");
    const second = describe(socket, address, { number: 2, authorization }, signal);
    return await second.catch((error) => {
      if (signal.aborted) throw error;
      return askedAnew(address, authorization, signal);
    });
  } finally {
    socket.destroy();
  }
}

async function askedAnew(
  address: RtspAddress,
  authorization: string | undefined,
  signal: AbortSignal,
): Promise<Answer> {
  const socket = await connectTrusted(address, signal);
  try {
    return await describe(socket, address, { number: 1, authorization }, signal);
  } finally {
    socket.destroy();
  }
}

async function describe(
  socket: Socket,
  { url }: RtspAddress,
  {
    number,
    authorization,
  }: { readonly number: number; readonly authorization?: string | undefined },
  signal: AbortSignal,
): Promise<Answer> {
  const lines = [
    `DESCRIBE ${url} RTSP/1.0`,
    `CSeq: ${number}`,
    "Accept: application/sdp",
    "User-Agent: thingscope",
    ...(authorization === undefined ? [] : [`Authorization: ${authorization}`]),
  ];
  const answer = answerFrom(socket);
  socket.write(`${lines.join("\r\n")}\r\n\r\n`);
  return abortable(answer, signal);
}

/** The next answer on a connection. */
function answerFrom(socket: Socket): Promise<Answer> {
  return new Promise((resolve, reject) => {
    let text = "";
    const onData = (bytes: Buffer) => {
      text += bytes.toString("latin1");
      if (!"RTSP/1.".startsWith(text.slice(0, 7)))
        end(() => reject(new NotRtsp("its answer does not begin with RTSP/1.")));
      else if (text.length > LONGEST_ANSWER)
        end(() => reject(new NotRtsp(`its answer is longer than ${LONGEST_ANSWER} bytes`)));
      const answer = answerIn(text);
      if (answer) end(() => resolve(answer));
    };
    const onError = (error: Error) => end(() => reject(error));
    const onClose = () =>
      end(() => reject(new Error("it closed the connection without an answer")));
    const end = (settle: () => void) => {
      socket.off("data", onData).off("error", onError).off("close", onClose);
      socket.on("error", () => {});
      settle();
    };
    socket.on("data", onData).on("error", onError).on("close", onClose);
  });
}

class NotRtsp extends Error {}

function answerIn(text: string): Answer | undefined {
  const end = /\r?\n\r?\n/.exec(text);
  if (!end) return undefined;
  const [first = "", ...lines] = text.slice(0, end.index).split(/\r?\n/);
  const values = (name: string) =>
    lines.flatMap((line) => {
      const [, key, value = ""] = /^([\w-]+)\s*:\s*(.*)$/.exec(line) ?? [];
      return key?.toLowerCase() === name ? [value.trim()] : [];
    });
  const body = text.slice(end.index + end[0].length);
  if (body.length < Number(values("content-length")[0] ?? 0)) return undefined;
  const [, status = "0", reason = ""] = /^RTSP\/1\.\d (\d{3}) ?(.*)$/.exec(first) ?? [];
  const [location = ""] = values("location");
  return { status: Number(status), reason, challenges: values("www-authenticate"), location, body };
}

function videoIn(
  { status, reason, body }: Answer,
  { shown, login }: RtspAddress,
): Pick<RtspVideo, "codec" | "framerate"> {
  if (status !== 200)
    throw refusalOf(shown, { method: "DESCRIBE", status, reason, hasLogin: login !== undefined });
  const [, payload, rest = ""] =
    /^m=video \S+ \S+ (\d+)[^\r\n]*\r?\n((?:(?!m=)[^\n]*\n?)*)/m.exec(body) ?? [];
  if (payload === undefined)
    throw refused(shown, "has no pictures, at most sound. Check the path.");
  const map = new RegExp(`^a=rtpmap:${payload} ([^/\\s]+)`, "m").exec(rest)?.[1];
  const codec = (map ?? STATIC_CODECS[payload] ?? "").toUpperCase();
  const framerate = Number(/^a=framerate:\s*([\d.]+)/m.exec(rest)?.[1]);
  return { codec, framerate: framerate > 0 ? framerate : undefined };
}

function unreachable({ shown, host, port, isSecure }: RtspAddress, thrown: unknown): ThingError {
  const error = thrownError(thrown);
  if (error instanceof NotRtsp)
    return refused(shown, `does not speak RTSP: ${error.message}. Check the port.`);
  if (error instanceof TlsFault) return refused(shown, `cannot be read: ${error.message}`);
  const code = "code" in error ? String(error.code) : "";
  if (isSecure && /^(EPROTO|ERR_SSL)/.test(code))
    return refused(
      shown,
      `does not speak TLS (${code}). Use rtsp:// in place of rtsps://, or check the port.`,
    );
  const why = isAbort(error)
    ? `it did not answer within ${WITHIN_MS / 1000} s`
    : code === "ECONNREFUSED"
      ? `nothing listens on port ${port}`
      : code === "ENOTFOUND" || code === "EAI_AGAIN"
        ? `the host name ${host} is unknown`
        : error.message;
  return new ThingError(
    "DISCONNECTED",
    `${shown} cannot be reached: ${why}. Switch the camera on, and check its network and address.`,
    { cause: thrown },
  );
}
