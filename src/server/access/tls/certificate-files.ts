import { createPrivateKey, X509Certificate } from "node:crypto";
import { readFile, rename, writeFile } from "node:fs/promises";
import { isIP } from "node:net";
import { networkInterfaces } from "node:os";
import { join } from "node:path";
import { domainToASCII } from "node:url";
import { reasonOf, ThingError } from "../../../base/errors.ts";
import { ownNames } from "../policy.ts";
import { makePrivate } from "../private-folder.ts";

/** What a server shows that it is who it says it is. */
export interface TlsFiles {
  /** PEM; the certificate first, then those that vouch for it. */
  readonly cert: string;
  /** PEM. */
  readonly key: string;
}

/** No longer is accepted, by Apple's systems at least. */
const VALID_DAYS = 825;
const DAY_MS = 24 * 3600_000;
const RENEW_BEFORE_MS = 30 * DAY_MS;

/**
 * A certificate of the server's own, from `folder` or made new: when there is none, when it ends within 30 days, or
 * when this machine has another name or address than it says.
 * @param names - Further names under which the server is reached.
 * @throws {ThingError} `BAD_CONFIG` for a folder that others may write to.
 */
export async function ownCertificate(
  folder: string,
  { names = [], now = Date.now() }: { names?: readonly string[]; now?: number } = {},
): Promise<TlsFiles & { isNew: boolean }> {
  const [certFile, keyFile] = [join(folder, "certificate.pem"), join(folder, "key.pem")];
  const wanted = [...new Set([...ownAddresses(), ...names].map(certifiedName))];
  await makePrivate(folder);
  const found = await filesAt(certFile, keyFile).catch(() => undefined);
  if (found && isGood(found, wanted, now)) return { ...found, isNew: false };
  const { selfSigned } = await import("./self-signed.ts"); // takes 0.2 s to load, and few starts need it
  const made = await selfSigned({ names: wanted, days: VALID_DAYS, from: now });
  await replace(keyFile, made.key);
  await replace(certFile, made.cert);
  return { ...made, isNew: true };
}

/**
 * A certificate and its key, as somebody else made them.
 * @throws {ThingError} `BAD_ARGUMENT` for files that cannot be read, do not belong together or have expired.
 */
export async function givenCertificate(
  certFile: string,
  keyFile: string,
  now = Date.now(),
): Promise<TlsFiles> {
  try {
    const files = await filesAt(certFile, keyFile);
    const certificate = new X509Certificate(files.cert);
    const ends = Date.parse(certificate.validTo);
    if (ends < now) throw new Error(`the certificate expired on ${certificate.validTo}`);
    if (!belongTogether(files)) throw new Error("the key does not belong to the certificate");
    return files;
  } catch (cause) {
    throw new ThingError(
      "BAD_ARGUMENT",
      `The certificate ${certFile} with the key ${keyFile} cannot be used: ${reasonOf(cause)}. Give two PEM files, or --tls auto for a certificate of the server's own.`,
      { cause },
    );
  }
}

/** What people compare, to be sure that a browser's warning is about this certificate and no other. */
export function fingerprintOf({ cert }: TlsFiles): string {
  return new X509Certificate(cert).fingerprint256;
}

async function filesAt(certFile: string, keyFile: string): Promise<TlsFiles> {
  const [cert, key] = await Promise.all([readFile(certFile, "utf8"), readFile(keyFile, "utf8")]);
  return { cert, key };
}

function isGood(files: TlsFiles, names: readonly string[], now: number): boolean {
  try {
    const certificate = new X509Certificate(files.cert);
    const lasts = Date.parse(certificate.validTo) - now > RENEW_BEFORE_MS;
    const isFor = (name: string) =>
      (isIP(name) ? certificate.checkIP(name) : certificate.checkHost(name)) !== undefined;
    return lasts && belongTogether(files) && names.every(isFor);
  } catch {
    return false; // whatever it is, it is not a certificate of ours
  }
}

function belongTogether({ cert, key }: TlsFiles): boolean {
  return new X509Certificate(cert).checkPrivateKey(createPrivateKey(key));
}

/** A name or an address as certificates have it: no brackets, no zone, IPv4 in IPv6 as digits, other alphabets as Punycode. */
function certifiedName(name: string): string {
  const bare = name.replace(/^\[|\]$|%.*$/g, "");
  if (isIP(bare) === 6) return new URL(`http://[${bare}]`).hostname.slice(1, -1);
  return domainToASCII(bare) || bare;
}

/** Under which names and addresses other machines, and this one, know this machine. */
function ownAddresses(): string[] {
  return [...ownNames(), "localhost", "127.0.0.1", "::1", ...lanAddresses()];
}

/** This machine's IPv4 addresses on networks. Those of IPv6 change by the day. */
export function lanAddresses(): string[] {
  return Object.values(networkInterfaces())
    .flatMap((addresses) => addresses ?? [])
    .filter(({ family, internal, address }) => {
      return family === "IPv4" && !internal && !address.startsWith("169.254.");
    })
    .map(({ address }) => address);
}

async function replace(path: string, text: string): Promise<void> {
  await writeFile(`${path}.new`, text, { mode: 0o600 });
  await rename(`${path}.new`, path);
}
