import { type InputFault, messageOf } from "../base/errors.ts";
import { redactText } from "../base/redact-text.ts";
import { isRecord } from "../base/values.ts";
import { type JsonObject, listOf, textOf } from "./json.ts";

/** What a client error is made of, beside its sentence. */
interface ClientErrorOptions extends ErrorOptions {
  /** The HTTP status of the answer, 0 when there was none. */
  readonly status?: number;
  readonly url?: string;
  /** The problem body of the answer. */
  readonly problem?: JsonObject;
}

/**
 * Everything that fails in this client on purpose. Its message is the sentence of the server's problem, or says what
 * is wrong on this side. What an AbortSignal ended rejects with the signal's reason instead.
 */
export class ClientError extends Error {
  /**
   * The server's code, e.g. `INVALID_INPUT`, else `HTTP_404` and the like. Codes of this side: `UNREACHABLE`,
   * `UNKNOWN_AFFORDANCE`, `UNSUPPORTED` (by the Thing), `BAD_ANSWER`, `ACTION_FAILED`, `ACTION_CANCELLED`.
   */
  readonly code: string;
  /** HTTP status; 0 when there was no answer. */
  readonly status: number;
  readonly url: string | undefined;
  /** RFC 9457 problem details, as the server sent them. */
  readonly problem: JsonObject | undefined;
  /** For refused input: each fault on its own. */
  readonly faults: readonly InputFault[];

  constructor(code: string, message: string, options: ClientErrorOptions = {}) {
    super(redactText(message), options);
    this.name = "ClientError";
    this.code = code;
    this.status = options.status ?? 0;
    this.url = options.url;
    this.problem = options.problem;
    this.faults = faultsIn(options.problem);
  }
}

/** The error that a problem body stands for, in an answer or in an invocation. */
export function problemError(
  problem: JsonObject,
  { status, url, fallback }: { status?: number; url?: string; fallback: string },
): ClientError {
  const known = status ?? (typeof problem.status === "number" ? problem.status : 0);
  return new ClientError(
    textOf(problem.code) ?? codeOfType(problem) ?? (known ? `HTTP_${known}` : "ACTION_FAILED"),
    sentenceIn(problem) ?? fallback,
    { status: known, problem, ...(url !== undefined && { url }) },
  );
}

/** The error for a server that gave no answer at all. */
export function unreachable(url: string, error: unknown): ClientError {
  const advice = certificateAdvice(deepestOf(error));
  if (advice) return new ClientError("UNREACHABLE", `${url} ${advice}`, { cause: error, url });
  const page = otherPageOf(url);
  if (page) {
    const what = `${url} gave no answer that ${page} may read. A browser does not tell more: is the server running, and does it let pages of ${page} use it (CORS)?`;
    return new ClientError("UNREACHABLE", what, { cause: error, url });
  }
  const why = causesOf(error).replace(/\.$/, "");
  return new ClientError(
    "UNREACHABLE",
    `${url} cannot be reached: ${why}. Is the server running, and is the address right?`,
    { cause: error, url },
  );
}

/** The origin of the page that this is part of, if it is another one than that of an address. */
function otherPageOf(url: string): string | undefined {
  const { document, location } = globalThis as {
    document?: unknown;
    location?: { origin: string };
  };
  const isOther =
    document !== undefined && URL.canParse(url) && new URL(url).origin !== location?.origin;
  return isOther ? location?.origin : undefined;
}

/** The error for a stream that its server has ended. */
export function endedByServer(url: string): ClientError {
  return new ClientError("UNREACHABLE", `${url} ended the stream.`, { url });
}

const PASSING: readonly number[] = [408, 429, 502, 503, 504];

/** True for a failure that may pass: no answer, or one that asks to come back. */
export function mayPass(error: unknown): boolean {
  if (!(error instanceof ClientError)) return false;
  return error.code === "UNREACHABLE" || PASSING.includes(error.status);
}

/** `detail` is a sentence; LabThings' is a list of faults where input was refused. */
function sentenceIn(problem: JsonObject): string | undefined {
  const faults = listOf(problem.detail).filter(isRecord);
  if (faults.length === 0) return textOf(problem.detail) || textOf(problem.title);
  return `${faults.map(faultSentence).join("; ")}.`;
}

function faultSentence({ loc, msg }: JsonObject): string {
  const where = listOf(loc).slice(1).join(".");
  return where ? `'${where}': ${textOf(msg)}` : `${textOf(msg)}`;
}

/** LabThings names its errors by the end of `type`. */
function codeOfType({ type }: JsonObject): string | undefined {
  const [, name] = /exceptions\.(\w+)$/.exec(textOf(type) ?? "") ?? [];
  if (name === "InvocationCancelledError") return "ACTION_CANCELLED";
  return name === "GlobalLockBusyError" ? "LOCK_BUSY" : undefined;
}

function faultsIn(problem: JsonObject | undefined): InputFault[] {
  const listed = [...listOf(problem?.errors), ...listOf(problem?.detail)];
  return listed.filter(isRecord).map(({ type, loc, msg, input, ctx }) => ({
    type: textOf(type) ?? "",
    loc: listOf(loc).map((part) => (typeof part === "number" ? part : String(part))),
    msg: textOf(msg) ?? "",
    input,
    ...(isRecord(ctx) && { ctx }),
  }));
}

function deepestOf(error: unknown): unknown {
  let deepest = error;
  while (deepest instanceof Error && deepest.cause !== undefined) deepest = deepest.cause;
  return deepest;
}

/** Codes of Node for certificates that it does not trust. */
const DISTRUST =
  /^(?:DEPTH_ZERO_SELF_SIGNED_CERT|SELF_SIGNED_CERT_IN_CHAIN|UNABLE_TO_(?:VERIFY|GET)_\w+|CERT_\w+|ERR_TLS_CERT_ALTNAME_INVALID)$/;

/** What to do about a server whose certificate is not trusted: it runs, and the address may be right. */
function certificateAdvice(error: unknown): string | undefined {
  if (!(error instanceof Error)) return undefined;
  if (error.name === "TlsFault") return `cannot be read: ${error.message}`; // it says what to do
  const code = textOf(Reflect.get(error, "code"));
  if (!code || !DISTRUST.test(code)) return undefined;
  return `cannot be read: its certificate is not trusted (${error.message}). Give Node the certificate, or that of its authority, as a PEM file in NODE_EXTRA_CA_CERTS.`;
}

/** Node says "fetch failed" and hides why in the causes; browsers say no more than that. */
function causesOf(error: unknown): string {
  const deepest = deepestOf(error);
  const code = isRecord(deepest) ? textOf(deepest.code) : undefined;
  const words: Record<string, string> = {
    ECONNREFUSED: "nothing is listening there",
    ECONNRESET: "the connection was cut",
    EAI_AGAIN: "the name of the host cannot be looked up",
    ENOTFOUND: "the host is unknown",
    UND_ERR_SOCKET: "the connection was cut",
  };
  return (code && words[code]) || messageOf(deepest) || code || "there was no answer";
}
