import { didYouMean } from "./nearest.ts";
import { cut, preview } from "./preview.ts";
import { redactText } from "./redact-text.ts";
import { systemReason } from "./system-reasons.ts";

/**
 * Every code that this package fails with, and the HTTP status that goes with it. Codes are stable;
 * the sentences are free to improve. `docs/errors.md` explains each (a test compares the two).
 */
export const ERROR_STATUS = {
  ACTION_CANCELLED: 500,
  ACTION_FAILED: 500,
  BAD_ARGUMENT: 400,
  BAD_CONFIG: 400,
  BAD_CREDENTIALS: 401,
  BAD_FRAME: 422,
  BAD_MESSAGE: 422,
  BAD_RANGE: 416,
  BAD_RECORDING: 422,
  BAD_SHAPE: 500,
  BODY_TOO_LARGE: 413,
  BODY_TOO_SLOW: 408,
  CALLBACK_REFUSED: 403,
  CLASS_NOT_LOADED: 500,
  CROSS_ORIGIN: 403,
  DISCONNECTED: 503,
  EXPECTATION_FAILED: 417,
  FORBIDDEN: 403,
  FRAME_NOT_HELD: 404,
  HEADERS_TOO_LARGE: 431,
  HOST_NOT_ALLOWED: 421,
  INTERNAL: 500,
  INVALID_INPUT: 422,
  INVALID_OUTPUT: 500,
  LOCK_BUSY: 409,
  LOGIN_REQUIRED: 401,
  MALFORMED_REQUEST: 400,
  METHOD_NOT_ALLOWED: 405,
  NOT_CALIBRATED: 503,
  NOT_CANCELLABLE: 503,
  NOT_FOUND: 404,
  NOT_READY: 503,
  NOT_SAVED: 500,
  NOT_SUPPORTED: 501,
  NO_FOCUS: 500,
  NO_FRAME: 503,
  NO_OUTPUT: 503,
  NO_ROOM: 507,
  PICTURE_FAILED: 500,
  PORT_IN_USE: 500,
  PRECONDITION_FAILED: 412,
  PROGRAM_MISSING: 503,
  PROGRAM_REFUSED: 503,
  PROPERTY_FAILED: 500,
  READ_ONLY: 405,
  RECORDING_FAILED: 500,
  SETTINGS_IN_USE: 500,
  SLOT_NOT_CONNECTED: 500,
  SOURCE_FAILED: 503,
  STREAM_STOPPED: 503,
  TARGET_TOO_LONG: 414,
  TOO_BUSY: 503,
  TOO_MANY_ATTEMPTS: 429,
  TOO_MANY_CONNECTIONS: 503,
  TOO_MANY_INVOCATIONS: 503,
  TOO_MANY_SUBSCRIPTIONS: 503,
  TOO_MANY_VIEWERS: 503,
  UNKNOWN_AFFORDANCE: 404,
  UNSUPPORTED_MEDIA_TYPE: 415,
  UPGRADE_REQUIRED: 426,
} as const;

/** What went wrong, in one stable word. */
export type ErrorCode = keyof typeof ERROR_STATUS;

/** One thing that is wrong with an input: where (a path such as `["body", "dz"]`), what, and the rule that it breaks. */
export interface InputFault {
  readonly type: string;
  readonly loc: readonly (string | number)[];
  readonly msg: string;
  readonly input?: unknown;
  readonly ctx?: Record<string, unknown>;
}

/**
 * Every error that this package throws on purpose. Its message is one sentence (or two) that says what
 * happened, to what, why, and what to do next: the same text goes to the log, the HTTP problem body and the page.
 */
export class ThingError extends Error {
  readonly code: ErrorCode;
  /** The HTTP status that a client sees. */
  readonly status: number;
  /** For invalid input: each fault on its own, the first 20 of them. */
  readonly faults: readonly InputFault[];
  /** How many more faults there are than `faults` has. */
  readonly moreFaults: number;

  /**
   * @param message - Shown without passwords of the addresses that it quotes. Cut after 4000 characters, and each run without a blank after 200: what it quotes may be as long as a
   *   client likes, and what to do stands behind it.
   * @param options.moreFaults - How many there are beside `faults`.
   */
  constructor(
    code: ErrorCode,
    message: string,
    options: ErrorOptions & { faults?: readonly InputFault[]; moreFaults?: number } = {},
  ) {
    super(cut(withoutLongRuns(redactText(message)), LONGEST_SENTENCE), options);
    this.name = "ThingError";
    this.code = code;
    this.status = ERROR_STATUS[code];
    const { faults = [], moreFaults = 0 } = options;
    this.faults = faults.slice(0, MOST_FAULTS).map(bounded);
    this.moreFaults = moreFaults + faults.length - this.faults.length;
  }
}

const LONGEST_SENTENCE = 4000; // characters
/** How many faults an error lists. */
export const MOST_FAULTS = 20;
const LONGEST_PIECE = 200; // characters, of each part of a fault
const MOST_MEMBERS = 8; // of what the rule of a fault says
const LONGEST_PATH = 500; // characters, of all segments together

function withoutLongRuns(sentence: string): string {
  if (sentence.length <= LONGEST_PIECE) return sentence;
  return sentence.replace(/\S+/g, (run) => cut(run, LONGEST_PIECE));
}

/** A fault that is small whatever the input was: scalars alone are shown, and long text is cut. */
function bounded({ type, loc, msg, input, ctx }: InputFault): InputFault {
  return {
    type: cut(type, LONGEST_PIECE),
    loc: boundedPath(loc),
    msg: cut(redactText(msg), LONGEST_PIECE),
    ...(isSmall(input) && { input }),
    ...(ctx && { ctx: smallMembers(ctx) }),
  };
}

function boundedPath(loc: InputFault["loc"]): InputFault["loc"] {
  let left = LONGEST_PATH;
  const path = loc.map((part) => (typeof part === "string" ? cut(part, LONGEST_PIECE) : part));
  const fitting = path.findIndex((part) => {
    left -= String(part).length + 1;
    return left < 0;
  });
  return fitting < 0 ? path : [...path.slice(0, fitting), "..."];
}

function smallMembers(ctx: Record<string, unknown>): Record<string, unknown> {
  const entries = Object.entries(ctx).slice(0, MOST_MEMBERS);
  const small = entries.map(([name, value]) => [
    cut(name, LONGEST_PIECE),
    isSmall(value) ? value : preview(value, LONGEST_PIECE),
  ]);
  return Object.fromEntries(small);
}

/** What a client recognises as its own and costs nothing to repeat. */
function isSmall(value: unknown): boolean {
  if (typeof value === "string") return value.length <= LONGEST_PIECE;
  return value === null || ["number", "boolean"].includes(typeof value);
}

/** The sentence of anything that was thrown, for a log line or a problem body, of 4000 characters at most. It never throws itself. */
export function messageOf(error: unknown): string {
  try {
    return cut(error instanceof Error ? String(error.message) : String(error), LONGEST_SENTENCE);
  } catch {
    return "an error without a message was thrown";
  }
}

/** The same for the middle of a sentence, whose full stop comes after it; what the system says of a file is in words. */
export function reasonOf(error: unknown): string {
  return systemReason(error) ?? messageOf(error).replace(/\.$/, "");
}

/** The same with a full stop, where another sentence follows. */
export function asSentence(text: string): string {
  return /[.!?]$/.test(text) ? text : `${text}.`;
}

/** The error for a name that is not there, with the names that are. */
export function unknownAffordance(
  thing: string,
  kind: string,
  name: string,
  known: Iterable<string>,
): ThingError {
  const names = [...known].sort();
  const has = names.length > 0 ? `It has: ${names.join(", ")}.` : `It has none.`;
  const text = String(name); // JavaScript may give anything
  const asked = cut(text, LONGEST_PIECE);
  return new ThingError(
    "UNKNOWN_AFFORDANCE",
    `Thing '${thing}' has no ${kind} '${asked}'. ${has}${didYouMean(text, names)}`,
  );
}

/** For `.catch()`: a file that is not there is no error; anything else is thrown on. */
export function ignoreMissing(error: unknown): undefined {
  if (codeOf(error) !== "ENOENT") throw error;
}

/** What the system calls an error, e.g. `ENOENT`; empty for what is none of the system's. */
export function codeOf(error: unknown): string {
  return error instanceof Error && "code" in error ? String(error.code) : "";
}
