import { concatBytes } from "../../src/base/bytes.ts";
import { Http } from "../../src/client/http.ts";
import { invocationHref, RemoteInvocation } from "../../src/client/invocation.ts";
import { RemoteBlob } from "../../src/client/remote-blob.ts";
import { isJson, type Request } from "./operation.ts";

/** What is read of an answer: it may be a recording of hours, or have no end. */
export const MOST_BYTES = 16 * 2 ** 20;
/** Of the headers these say something about the answer; the rest is the same everywhere. */
const TELLING =
  /^(allow|content-(?:type|length|range|disposition|encoding)|etag|last-modified|link|location|retry-after|x-frame|x-stream|x-timestamp|x-origin|x-unread)/;

/** What has come of a request. */
export interface Answer {
  readonly status: number;
  readonly text: string;
  readonly ms: number;
  readonly headers: readonly (readonly [string, string])[];
  readonly type: string;
  readonly body?: unknown;
  readonly raw?: string;
  readonly run?: RemoteInvocation;
  readonly events?: ReadableStream<Uint8Array>;
  /** Whether it was longer than what is read. */
  readonly isCut?: boolean;
}

/** Sends a request. @throws {TypeError} when nobody answers, and an `AbortError` at an abort. */
export async function answerTo(request: Request, signal: AbortSignal): Promise<Answer> {
  const { method, url, accept, contentType, body } = request;
  const began = performance.now();
  const headers: Record<string, string> = {};
  if (accept !== undefined) headers.Accept = accept;
  if (contentType !== undefined) headers["Content-Type"] = contentType;
  const response = await fetch(url, {
    ...{ method, headers, body: body ?? null },
    ...{ signal, cache: "no-store" },
  });
  const type = response.headers.get("content-type") ?? "";
  const head = {
    status: response.status,
    text: response.statusText,
    ms: performance.now() - began,
    headers: [...response.headers].filter(([name]) => TELLING.test(name)),
    type,
  };
  if (response.ok && response.body && type.startsWith("text/event-stream"))
    return { ...head, events: response.body };
  const { bytes, isCut } = await beginningOf(response);
  const isText = /^(text\/|application\/(link-format|xml|javascript))/.test(type) || type === "";
  const text = isText || isJson(type) ? new TextDecoder().decode(bytes) : undefined;
  if (isCut) return { ...head, isCut, ...(text !== undefined && { raw: text }) };
  const http = new Http(location.href);
  if (text === undefined) return { ...head, body: RemoteBlob.ofBytes(http, url, type, bytes) };
  if (isText) return { ...head, raw: text };
  const value = http.parse<object>(text, response.url);
  const pretty = JSON.stringify(JSON.parse(text), undefined, 1);
  const href = method === "POST" ? invocationHref(response, value) : undefined;
  if (href === undefined) return { ...head, body: value, raw: pretty };
  const action = new URL(url).pathname.split("/").at(-1) ?? "";
  const state = { ...value };
  const run = RemoteInvocation.at(http, action, href, { state, answer: response });
  return { ...head, run, raw: pretty };
}

async function beginningOf(response: Response): Promise<{ bytes: Uint8Array; isCut: boolean }> {
  const chunks: Uint8Array[] = [];
  const reader = response.body?.getReader();
  let length = 0;
  for (;;) {
    const { done = true, value } = (await reader?.read()) ?? {};
    if (done || !value) return { bytes: concatBytes(chunks), isCut: false };
    chunks.push(value);
    length += value.length;
    if (length <= MOST_BYTES) continue;
    await reader?.cancel();
    return { bytes: concatBytes(chunks), isCut: true };
  }
}
