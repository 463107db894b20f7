import type { Origin } from "./frame.ts";

/** What the headers of a part say of its frame: its identity in the stream that sent it, and where it was captured first. */
export interface PartIdentity {
  readonly run: string;
  readonly index: number;
  /** Epoch ms on the sender's clock. */
  readonly capturedAt: number;
  readonly origin?: Origin;
}

/**
 * Reads `X-Stream-Run`, `X-Frame-Index`, `X-Timestamp` and `X-Origin`.
 *
 * @param headers - Names in lower case.
 * @returns Undefined when the sender gives its frames no identity: a camera of another make.
 */
export function identityOfPart(headers: ReadonlyMap<string, string>): PartIdentity | undefined {
  const identity = readIdentity(
    headers.get("x-stream-run"),
    headers.get("x-frame-index"),
    headers.get("x-timestamp"),
  );
  const origin = readOrigin(headers.get("x-origin") ?? "");
  return identity && origin ? { ...identity, origin } : identity;
}

function readOrigin(text: string): Origin | undefined {
  const fields = new Map(
    text.split(";").map((field) => {
      const [name = "", value = ""] = field.split("=", 2);
      return [name.trim(), decoded(value.trim())];
    }),
  );
  const stream = fields.get("stream");
  const identity = readIdentity(fields.get("run"), fields.get("index"), fields.get("timestamp"));
  return stream && identity ? { stream, ...identity } : undefined;
}

function readIdentity(
  run?: string,
  index?: string,
  seconds?: string,
): Omit<Origin, "stream"> | undefined {
  if (!run || !index || !/^\d+$/.test(index) || !seconds || !/^\d+(\.\d+)?$/.test(seconds))
    return undefined;
  return { run, index: Number(index), capturedAt: Number(seconds) * 1000 };
}

function decoded(text: string): string {
  try {
    return decodeURIComponent(text);
  } catch {
    return text;
  }
}
