import { encodeQR } from "qr";
import { lanAddresses } from "../server/access/tls/certificate-files.ts";
import { isLoopback } from "../server/http/listen.ts";
import type { ThingServer } from "../server/thing-server.ts";
import type { ProcessLog } from "./pino-log.ts";

/** Where a server with a login is, for its links. */
interface LoginPlace {
  /** As this computer reaches it, with the prefix, without a slash at the end. */
  readonly url: string;
  /** The address that it listens on. */
  readonly host: string;
}

/**
 * Shows at the terminal how to log in: a link for this computer, and a QR code for another. Without a terminal no login link is
 * written, since it would remain in a log.
 */
export function sayHowToLogIn(server: ThingServer, place: LoginPlace, log: ProcessLog): void {
  if (server.newLoginCode() === undefined) return;
  if (!log.isShown) {
    log.say("log in at /login with a token: thingscope tokens create --role admin");
    return;
  }
  log.show("log in (each link opens one browser, once, within ten minutes):");
  log.show(`  ${linkTo(server, place.url)}`);
  const [nearest, ...others] = urlsOnLan(place);
  if (nearest === undefined) return;
  const link = linkTo(server, nearest);
  log.show(`from another computer or a phone:\n  ${link}\n${qrCode(link)}`);
  for (const other of others) log.show(`  ${linkTo(server, other)}`);
}

/** Each link has a code of its own: the first to be opened leaves the others as they are. */
function linkTo(server: ThingServer, url: string): string {
  const to = `${new URL(url).pathname.replace(/\/$/, "")}/`;
  return `${url}/login?to=${to}#code=${server.newLoginCode()}`;
}

/** Of a server that listens on every address of this machine, all that others may reach; else the only one. */
function urlsOnLan({ url, host }: LoginPlace): string[] {
  if (isLoopback(host)) return [];
  return isEveryAddress(host) ? lanAddresses().map((address) => withHost(url, address)) : [url];
}

/** True for an address that stands for all of this machine's. */
function isEveryAddress(host: string): boolean {
  return ["0.0.0.0", "::", "[::]"].includes(host);
}

function withHost(url: string, host: string): string {
  const changed = new URL(url);
  changed.hostname = host;
  return changed.href.replace(/\/$/, "");
}

const BLACK_ON_WHITE = "\u001b[30;107m";
const AS_BEFORE = "\u001b[0m";
/** By what is black above and below: a character is two modules high. */
const BLOCKS = { none: " ", above: "▀", below: "▄", both: "█" } as const;

/** A QR code for a terminal, dark or light: two modules in each character's height. */
export function qrCode(text: string): string {
  const modules = encodeQR(text, "raw", { ecc: "low", border: 2 });
  const lines: string[] = [];
  for (let y = 0; y < modules.length; y += 2) {
    const line = modules[y]!.map((isBlack, x) => blockOf(isBlack, modules[y + 1]?.[x] ?? false));
    lines.push(`  ${BLACK_ON_WHITE}${line.join("")}${AS_BEFORE}`);
  }
  return lines.join("\n");
}

function blockOf(above: boolean, below: boolean): string {
  if (above && below) return BLOCKS.both;
  return above ? BLOCKS.above : below ? BLOCKS.below : BLOCKS.none;
}
