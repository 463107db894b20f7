import type { Service } from "bonjour-service";
import { delay, ignoreAbort, withDeadline } from "../../base/abort.ts";
import { codeOf, messageOf } from "../../base/errors.ts";
import { isRecord } from "../../base/values.ts";
import { type FoundCamera, oneLine } from "../found-camera.ts";
import { MOST_FOUND, type SearchOptions, type SearchResult } from "../search.ts";
import { openBonjour } from "./bonjour.ts";

const WHAT = "cameras of other Thingscope servers (multicast DNS)";
/** A description that is longer is not read, bytes. */
export const LONGEST_DESCRIPTION = 1 << 20;
/** Descriptions that are fetched of one search. */
export const MOST_DESCRIPTIONS = 64;
const FETCH_MS = 1500;
const MIXED = "multipart/x-mixed-replace";

/**
 * The streams of the Things that other servers announce on the local network.
 * @param networkAddress - This machine's address on the network that is asked; the default network's if absent.
 */
export async function browseServers(
  { ms, signal }: SearchOptions,
  networkAddress?: string,
): Promise<SearchResult> {
  const found: Promise<FoundCamera[]>[] = [];
  const seen = new Set<string>();
  const notes = new Set<string>();
  try {
    const bonjour = await openBonjour((error) => {
      notes.add(`Multicast DNS does not work: ${messageOf(error)}`);
    }, networkAddress);
    const browser = bonjour.find({ type: "wot" }, (service: Service) => {
      const url = descriptionUrl(service);
      if (!url || seen.has(url)) return;
      if (seen.size >= MOST_DESCRIPTIONS) {
        notes.add(`Only the first ${MOST_DESCRIPTIONS} Things that were announced were looked at.`);
        return;
      }
      seen.add(url);
      found.push(streamsAt(url, signal).catch((error) => withoutStreams(url, error, notes)));
    });
    await delay(ms, signal).catch(ignoreAbort);
    browser.stop();
    await new Promise<void>((resolve) => bonjour.destroy(() => resolve()));
  } catch (error) {
    notes.add(`Multicast DNS does not work: ${messageOf(error)}`);
  }
  const all = (await Promise.all(found)).flat();
  const byId = new Map(all.reverse().map((camera) => [camera.id, camera])); // the first of an id: one server has several addresses
  const cameras = [...byId.values()].reverse().slice(0, MOST_FOUND);
  const note = [...notes].slice(0, MOST_NOTES).join(" ");
  return { what: WHAT, cameras, ...(note && { note }) };
}

const MOST_NOTES = 5;

/** Why a Thing that was announced is not listed, for people who have it in front of them. */
function withoutStreams(url: string, error: unknown, notes: Set<string>): [] {
  const { origin } = new URL(url);
  const code = codeOf(error instanceof Error ? error.cause : undefined);
  if (error === LOGIN) {
    notes.add(
      `${origin} requires a login: make a token there (thingscope tokens create --role view), and configure an HttpCamera (docs/cameras.md).`,
    );
  } else if (/CERT|SELF_SIGNED/.test(code)) {
    notes.add(
      `${origin} has a certificate of its own: configure an HttpCamera with trust (docs/cameras.md).`,
    );
  } else notes.add(`${origin} was announced and does not answer as a Thing does.`);
  return [];
}

const LOGIN = new Error("It requires a login.");

/** That of a Thing, at the address which the answer came from. */
function descriptionUrl({ txt, port, referer }: Service): string | undefined {
  if (!isRecord(txt) || txt.type !== "Thing" || typeof txt.td !== "string") return undefined;
  const { address = "" } = referer ?? {};
  const host = address.includes(":") ? `[${address}]` : address;
  const url = `${txt.scheme === "https" ? "https" : "http"}://${host}:${port}${txt.td}`;
  return txt.td.startsWith("/") && URL.canParse(url) ? url : undefined;
}

async function streamsAt(url: string, signal: AbortSignal): Promise<FoundCamera[]> {
  const text = await withDeadline(FETCH_MS, signal, async (either) => {
    const response = await fetch(url, { signal: either, redirect: "error" });
    if (response.status === 401 || response.status === 403) throw LOGIN;
    return response.ok ? await bodyOf(response) : "{}";
  });
  return streamsIn(JSON.parse(text), url);
}

async function bodyOf(response: Response): Promise<string> {
  const chunks: Uint8Array[] = [];
  let bytes = 0;
  for await (const chunk of response.body ?? []) {
    bytes += chunk.length;
    if (bytes > LONGEST_DESCRIPTION) throw new Error("It is too long.");
    chunks.push(chunk);
  }
  return Buffer.concat(chunks).toString("utf8");
}

/** The first MJPEG stream of a Thing Description: the others show the same, smaller. */
export function streamsIn(description: unknown, url: string): FoundCamera[] {
  if (!isRecord(description)) return [];
  const base = typeof description.base === "string" ? description.base : url;
  const affordances = isRecord(description.properties) ? Object.values(description.properties) : [];
  const forms = affordances.flatMap((one) =>
    isRecord(one) && Array.isArray(one.forms) ? one.forms : [],
  );
  const form = forms.find((one) => isRecord(one) && String(one.contentType).startsWith(MIXED));
  if (!isRecord(form) || typeof form.href !== "string" || !URL.canParse(form.href, base)) return [];
  const stream = new URL(form.href, base);
  const { host, port, protocol } = new URL(url);
  Object.assign(stream, { protocol, host, port, username: "", password: "" }); // the address that was asked, whatever the server calls itself
  const title = (typeof description.title === "string" && oneLine(description.title)) || "Camera";
  const id = (typeof description.id === "string" && oneLine(description.id)) || stream.href;
  return [
    {
      ...{ id, kind: "thingscope", title, address: stream.href, modes: [] },
      config: { class: "thingscope/things:RemoteCamera", kwargs: { url: stream.href } },
    },
  ];
}
