import { createHash, randomBytes } from "node:crypto";
import { type IncomingMessage, request } from "node:http";
import { ThingError } from "../base/errors.ts";
import type { LoginData } from "./http-login.ts";
import { answerTo } from "./login-answer.ts";
import { connectTrusted } from "./rtsp-connection.ts";

/** A call of a SOAP service that wants a WS-UsernameToken. */
export interface SoapCall {
  readonly url: URL;
  /** What stands in the body: its author wrote it, and values in it are escaped. */
  readonly body: string;
  readonly login?: LoginData | undefined;
  /** Of the certificate that an https device is trusted with. */
  readonly fingerprint?: string | undefined;
  /** How far the device's clock is ahead of ours, ms: it refuses tokens of another time. */
  readonly aheadMs?: number;
  readonly signal: AbortSignal;
}

interface Answer {
  readonly status: number;
  readonly challenges: readonly string[];
  readonly text: string;
}

const LONGEST_ANSWER = 512 * 1024; // bytes
const SECURITY = "http://docs.oasis-open.org/wss/2004/01/oasis-200401-wss";

/**
 * Calls a SOAP 1.2 service. A device that wants the login by HTTP, too, gets it.
 * @returns The XML of its answer, faults included, without the prefixes of its elements.
 * @throws {ThingError} `SOURCE_FAILED` when it is refused or answers something else; errors of the network as they are.
 */
export async function callSoap(call: SoapCall): Promise<string> {
  const first = await post(call);
  const { login, url } = call;
  const request = { method: "POST", uri: `${url.pathname}${url.search}` };
  const authorization = login && answerTo(first.challenges, login, request);
  const { status, text } =
    first.status === 401 && authorization !== undefined ? await post(call, authorization) : first;
  const isRefused = /NotAuthorized|FailedAuthentication|not authorized/i.test(text);
  const shown = `${url.origin}${url.pathname}`;
  if (status === 401 || status === 403 || isRefused)
    throw new ThingError(
      "SOURCE_FAILED",
      login
        ? `${shown} refuses this login. Many cameras have users of their own for ONVIF: add one on the camera's page, and put it into the options username and password.`
        : `${shown} requires a login. Put it into the options username and password.`,
    );
  if (/Envelope/.test(text)) return text.replace(/<(\/?)[\w.-]+:/g, "<$1");
  throw new ThingError(
    "SOURCE_FAILED",
    `${shown} answered ${status} and nothing that is ONVIF. Check the port, and that ONVIF is switched on in the camera.`,
  );
}

/** An element of an answer. */
interface XmlElement {
  /** Its attributes, as they stand in its start tag. */
  readonly attributes: string;
  readonly content: string;
}

/** Elements of this name, `most` at most, each as far as to the next end tag of the name. Reads each character once. */
export function elementsIn(xml: string, name: string, most: number): XmlElement[] {
  const found: XmlElement[] = [];
  for (let at = 0; found.length < most; ) {
    const begin = xml.indexOf(`<${name}`, at);
    if (begin < 0) break;
    at = begin + 1 + name.length;
    if (!/[\s>]/.test(xml[at] ?? "")) continue; // a longer name, or empty
    const open = xml.indexOf(">", at);
    const close = open < 0 ? -1 : xml.indexOf(`</${name}>`, open);
    if (close < 0) break;
    found.push({ attributes: xml.slice(at, open), content: xml.slice(open + 1, close) });
    at = close;
  }
  return found;
}

/** What the first element of this name contains; empty where there is none. */
export function elementIn(xml: string, name: string): string {
  return elementsIn(xml, name, 1)[0]?.content ?? "";
}

/** The text of the first element of this name; undefined where it has other elements in it, or is not there. */
export function textIn(xml: string, name: string): string | undefined {
  const [element] = elementsIn(xml, name, 1);
  if (!element || element.content.includes("<")) return undefined;
  return unescaped(element.content.trim());
}

/** Text as it may stand in XML. */
export function escapedXml(text: string): string {
  return text.replace(/[&<>"']/g, (character) => `&#${character.charCodeAt(0)};`);
}

function unescaped(text: string): string {
  const names: Readonly<Record<string, string>> = { lt: "<", gt: ">", quot: '"', apos: "'" };
  return text
    .replace(/&(lt|gt|quot|apos);/g, (_, name: string) => names[name] ?? "")
    .replace(/&#(\d{1,6});/g, (_, code: string) => String.fromCodePoint(Number(code)))
    .replaceAll("&amp;", "&");
}

async function post(call: SoapCall, authorization?: string): Promise<Answer> {
  const { url, body, login, aheadMs = 0, signal, fingerprint } = call;
  const head = login ? `<s:Header>${usernameToken(login, aheadMs)}</s:Header>` : "";
  const xml = `<?xml version="1.0" encoding="utf-8"?><s:Envelope xmlns:s="http://www.w3.org/2003/05/soap-envelope">${head}<s:Body>${body}</s:Body></s:Envelope>`;
  const headers = {
    "Content-Type": "application/soap+xml; charset=utf-8",
    "Content-Length": Buffer.byteLength(xml),
    Connection: "close",
    ...(authorization !== undefined && { Authorization: authorization }),
  };
  const isSecure = url.protocol === "https:";
  const port = Number(url.port || (isSecure ? 443 : 80));
  const host = url.hostname.replace(/^\[|\]$/g, "");
  const socket = await connectTrusted({ host, port, isSecure, fingerprint }, signal);
  return new Promise<Answer>((resolve, reject) => {
    const there = { host, port, path: `${url.pathname}${url.search}` };
    const options = { ...there, method: "POST", headers, signal, createConnection: () => socket };
    const sent = request(options, (response) => {
      textOf(response).then(
        (text) =>
          resolve({
            status: response.statusCode ?? 0,
            challenges: [response.headers["www-authenticate"] ?? ""].flat(),
            text,
          }),
        reject,
      );
    });
    sent.on("error", reject);
    sent.end(xml);
  });
}

async function textOf(response: IncomingMessage): Promise<string> {
  const chunks: Buffer[] = [];
  let bytes = 0;
  for await (const chunk of response) {
    bytes += chunk.length;
    if (bytes > LONGEST_ANSWER)
      throw new Error(`its answer is longer than ${LONGEST_ANSWER} bytes`);
    chunks.push(chunk);
  }
  return Buffer.concat(chunks).toString("utf8");
}

/** WS-Security's UsernameToken with a digest of the password (UsernameToken Profile 1.0). */
function usernameToken({ username, password }: LoginData, aheadMs: number): string {
  const nonce = randomBytes(16);
  const created = new Date(Date.now() + aheadMs).toISOString();
  const digest = createHash("sha1").update(nonce).update(created).update(password).digest("base64");
  return `<Security s:mustUnderstand="1" xmlns="${SECURITY}-wssecurity-secext-1.0.xsd"><UsernameToken><Username>${escapedXml(username)}</Username><Password Type="${SECURITY}-username-token-profile-1.0#PasswordDigest">${digest}</Password><Nonce EncodingType="${SECURITY}-soap-message-security-1.0#Base64Binary">${nonce.toString("base64")}</Nonce><Created xmlns="${SECURITY}-wssecurity-utility-1.0.xsd">${created}</Created></UsernameToken></Security>`;
}
