import { createHash, generateKeyPairSync, randomBytes, sign } from "node:crypto";
import { isIP } from "node:net";
import {
  bits,
  boolean,
  context,
  integer,
  objectId,
  octets,
  sequence,
  set,
  time,
  utf8,
} from "./der.ts";

const COMMON_NAME = objectId("2.5.4.3");
const ECDSA_WITH_SHA256 = sequence(objectId("1.2.840.10045.4.3.2"));
const SERVER_AUTH = objectId("1.3.6.1.5.5.7.3.1");
const DAY_MS = 24 * 3600_000;
/** Clocks of other computers may be behind. */
const BACKDATED_MS = DAY_MS;

/** For whom a certificate is made. */
export interface CertificateRequest {
  /** Names and IP addresses under which the server is reached; the first is its common name. */
  readonly names: readonly string[];
  readonly days: number;
  /** Epoch ms. */
  readonly from?: number;
}

/**
 * A new key (ECDSA, P-256) and a certificate that it signs itself, in PEM.
 * @see RFC 5280, 4.1; Apple's requirements of 2019: 825 days at most, names as alternative names, for servers.
 */
export function selfSigned({ names, days, from = Date.now() }: CertificateRequest): {
  cert: string;
  key: string;
} {
  const { publicKey, privateKey } = generateKeyPairSync("ec", { namedCurve: "prime256v1" });
  const publicKeyInfo = publicKey.export({ type: "spki", format: "der" });
  const name = sequence(set(sequence(COMMON_NAME, utf8((names[0] ?? "thingscope").slice(0, 64)))));
  const keyId = createHash("sha1").update(publicKeyInfo).digest(); // any short name of the key will do
  const content = sequence(
    context(0, integer(Buffer.from([2]))), // version 3
    integer(serialNumber()),
    ECDSA_WITH_SHA256,
    name,
    sequence(time(from - BACKDATED_MS), time(from - BACKDATED_MS + days * DAY_MS)),
    name,
    publicKeyInfo,
    context(
      3,
      sequence(
        extension("2.5.29.17", false, alternativeNames(names)),
        extension("2.5.29.19", true, sequence(boolean(false))), // it vouches for no other
        extension("2.5.29.15", true, bits(Buffer.from([0x80]), 7)), // it signs handshakes
        extension("2.5.29.37", false, sequence(SERVER_AUTH)),
        extension("2.5.29.14", false, octets(keyId)),
      ),
    ),
  );
  const signature = sign("sha256", content, privateKey);
  const certificate = sequence(content, ECDSA_WITH_SHA256, bits(signature));
  return {
    cert: pem("CERTIFICATE", certificate),
    key: privateKey.export({ type: "pkcs8", format: "pem" }).toString(),
  };
}

function extension(id: string, isCritical: boolean, content: Uint8Array): Buffer {
  const critical = isCritical ? [boolean(true)] : [];
  return sequence(objectId(id), ...critical, octets(content));
}

function alternativeNames(names: readonly string[]): Buffer {
  return sequence(
    ...names.map((name) =>
      isIP(name)
        ? context(7, addressBytes(name), false)
        : context(2, Buffer.from(name, "ascii"), false),
    ),
  );
}

/** 4 bytes of an IPv4 address, 16 of an IPv6 address. */
function addressBytes(address: string): Buffer {
  if (isIP(address) === 4) return Buffer.from(address.split(".").map(Number));
  const plain = new URL(`http://[${address}]`).hostname.slice(1, -1); // always in hexadecimal digits
  const [head = "", tail = ""] = plain.split("::");
  const [start, end] = [groupsOf(head), groupsOf(tail)];
  return Buffer.concat([start, Buffer.alloc(16 - start.length - end.length), end]);
}

function groupsOf(text: string): Buffer {
  const groups = text.split(":").filter(Boolean);
  return Buffer.from(groups.map((group) => group.padStart(4, "0")).join(""), "hex");
}

/** 127 bits, positive. */
function serialNumber(): Buffer {
  const bytes = randomBytes(16);
  bytes[0] = (bytes[0]! & 0x7f) | 0x40;
  return bytes;
}

function pem(label: string, der: Buffer): string {
  const lines = der.toString("base64").replace(/(.{64})/g, "$1\n");
  return `-----BEGIN ${label}-----\n${lines.trimEnd()}\n-----END ${label}-----\n`;
}
