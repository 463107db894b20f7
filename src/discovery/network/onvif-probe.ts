import { randomUUID } from "node:crypto";
import { createSocket, type RemoteInfo, type Socket } from "node:dgram";
import { networkInterfaces } from "node:os";
import { delay, ignoreAbort } from "../../base/abort.ts";
import { reasonOf } from "../../base/errors.ts";
import { type FoundCamera, oneLine } from "../found-camera.ts";
import { MOST_FOUND, type SearchOptions, type SearchResult } from "../search.ts";

/** Where and through which of this machine's addresses ONVIF devices are asked for. */
interface ProbeTarget {
  /** A multicast group. */
  readonly group: string;
  readonly port: number;
  readonly interfaces: readonly string[];
}

const WHAT = "network cameras that speak ONVIF";
/** Answers that are read of one search, and of one sender, which could crowd out the others; further ones are dropped. */
export const MOST_ANSWERS = 1024;
export const MOST_OF_ONE_SENDER = 32;
/** An answer that is longer is not read, bytes. */
export const LONGEST_ANSWER = 32 * 1024;
const TTL = 1;

/**
 * The ONVIF devices that answer a probe, which is sent twice: a packet may be lost.
 * @see OASIS Web Services Dynamic Discovery 1.0 (the version of April 2005); ONVIF Core Specification, 7.
 */
export async function probeOnvif(
  { ms, signal }: SearchOptions,
  target: Partial<ProbeTarget> = {},
): Promise<SearchResult> {
  const { group = "239.255.255.250", port = 3702, interfaces = ipv4Interfaces() } = target;
  const answers = new Answers();
  const read = (packet: Buffer, { address }: RemoteInfo) => answers.read(packet, address);
  const opened = await Promise.allSettled(interfaces.map((one) => socketAt(one, read)));
  const sockets = opened.flatMap((one) => (one.status === "fulfilled" ? [one.value] : []));
  try {
    for (let times = 0; times < 2; times++) {
      const probe = Buffer.from(probeMessage());
      for (const socket of sockets) socket.send(probe, port, group, () => {}); // a network may be down
      await delay(ms / 2, signal);
    }
  } catch (error) {
    ignoreAbort(error);
  } finally {
    for (const socket of sockets) socket.close();
  }
  const failed = opened.find((one) => one.status === "rejected");
  const notes = [
    ...(failed ? [`A network could not be asked: ${reasonOf(failed.reason)}.`] : []),
    ...(interfaces.length === 0 ? ["This computer is in no network."] : []),
    ...(answers.dropped > 0
      ? [
          `${answers.dropped} answers or cameras were too many or too long and were left out: something on the network answers in place of cameras.`,
        ]
      : []),
  ];
  return {
    what: WHAT,
    cameras: answers.cameras,
    ...(notes.length > 0 && { note: notes.join(" ") }),
  };
}

/** The cameras of the answers that came, each address once, within bounds. */
class Answers {
  readonly #found = new Map<string, FoundCamera>();
  readonly #senders = new Map<string, number>();
  #read = 0;
  dropped = 0;

  get cameras(): FoundCamera[] {
    return [...this.#found.values()];
  }

  read(packet: Buffer, from: string): void {
    const ofSender = (this.#senders.get(from) ?? 0) + 1;
    const isTooMuch = this.#read >= MOST_ANSWERS || ofSender > MOST_OF_ONE_SENDER;
    if (isTooMuch || packet.length > LONGEST_ANSWER) {
      this.dropped += 1;
      return;
    }
    this.#read += 1;
    this.#senders.set(from, ofSender);
    for (const camera of matchesIn(packet.toString("utf8"), from)) this.#add(camera, from);
  }

  /** The first camera of an id keeps it: some makers give all of theirs the same, and anybody can claim that of another. */
  #add(camera: FoundCamera, from: string): void {
    const known = this.#found.get(camera.id);
    const isOther = known !== undefined && known.address !== camera.address;
    const id = isOther ? `${camera.id}@${from}` : camera.id;
    if (this.#found.has(id)) return;
    if (this.#found.size >= MOST_FOUND) this.dropped += 1;
    else this.#found.set(id, { ...camera, id });
  }
}

function socketAt(
  address: string,
  read: (packet: Buffer, from: RemoteInfo) => void,
): Promise<Socket> {
  return new Promise((resolve, reject) => {
    const socket = createSocket("udp4");
    const fail = (error: unknown) => {
      socket.close();
      reject(error);
    };
    socket.once("error", fail);
    socket.on("message", read);
    socket.bind(0, address, () => {
      socket.off("error", fail);
      socket.on("error", () => {}); // of one network; the others answer
      try {
        socket.setMulticastTTL(TTL);
        socket.setMulticastInterface(address); // which may be gone by now
        resolve(socket);
      } catch (error) {
        fail(error);
      }
    });
  });
}

function ipv4Interfaces(): string[] {
  const all = Object.values(networkInterfaces()).flatMap((one) => one ?? []);
  return all
    .filter(({ family, internal }) => family === "IPv4" && !internal)
    .map((one) => one.address);
}

function probeMessage(): string {
  return `<?xml version="1.0" encoding="UTF-8"?>
<e:Envelope xmlns:e="http://www.w3.org/2003/05/soap-envelope" xmlns:w="http://schemas.xmlsoap.org/ws/2004/08/addressing" xmlns:d="http://schemas.xmlsoap.org/ws/2005/04/discovery" xmlns:dn="http://www.onvif.org/ver10/network/wsdl">
<e:Header><w:MessageID>uuid:${randomUUID()}</w:MessageID><w:To e:mustUnderstand="true">urn:schemas-xmlsoap-org:ws:2005:04:discovery</w:To><w:Action e:mustUnderstand="true">http://schemas.xmlsoap.org/ws/2005/04/discovery/Probe</w:Action></e:Header>
<e:Body><d:Probe><d:Types>dn:NetworkVideoTransmitter</d:Types></d:Probe></e:Body></e:Envelope>`;
}

/** The devices of an answer. It is read as text between tags: no document type, no entity, no reference is followed. */
export function matchesIn(text: string, from: string): FoundCamera[] {
  const parts = text.split(/<(?:[\w.-]+:)?ProbeMatch[\s>]/).slice(1, 1 + MOST_FOUND);
  return parts.flatMap((part): FoundCamera[] => {
    const address = addressOf(wordsOf(part, "XAddrs"), from);
    if (!address) return [];
    const scopes = wordsOf(part, "Scopes");
    const uuid = /(?:urn:)?uuid:([\w-]{1,64})/i.exec(textOf(part, "Address"))?.[1]?.toLowerCase();
    const name = scopeOf(scopes, "name") ?? scopeOf(scopes, "hardware") ?? `Camera at ${from}`;
    return [
      {
        ...{ id: `onvif-${uuid ?? from}`, kind: "onvif", title: name, address, modes: [] },
        config: { class: "thingscope/things:RtspCamera", kwargs: { url: address } },
      },
    ];
  });
}

function textOf(part: string, tag: string): string {
  const found =
    new RegExp(`<(?:[\\w.-]{1,64}:)?${tag}(?:\\s[^<>]*)?>([^<]*)<`).exec(part)?.[1] ?? "";
  return found.replaceAll("&amp;", "&").trim();
}

function wordsOf(part: string, tag: string): string[] {
  return textOf(part, tag).split(/\s+/).slice(0, 100);
}

/**
 * Of several addresses the one that the answer came from: others may be of networks that this machine is not in. If none is,
 * the first one at the host that answered: an answer cannot send anybody to another computer, or log in there.
 */
function addressOf(addresses: readonly string[], from: string): string | undefined {
  const urls = addresses.flatMap((one) => (URL.canParse(one) ? [new URL(one)] : []));
  const http = urls.filter(({ protocol }) => protocol === "http:" || protocol === "https:");
  const url = http.find(({ hostname }) => hostname === from) ?? http[0];
  if (!url) return undefined;
  Object.assign(url, { hostname: from, username: "", password: "" });
  return url.href;
}

function scopeOf(scopes: readonly string[], key: string): string | undefined {
  const prefix = `onvif://www.onvif.org/${key}/`;
  const found = scopes
    .find((scope) => scope.toLowerCase().startsWith(prefix))
    ?.slice(prefix.length);
  if (!found) return undefined;
  let text = found;
  try {
    text = decodeURIComponent(found);
  } catch {
    // Some cameras have a % in their name as it is.
  }
  return oneLine(text) || undefined;
}
