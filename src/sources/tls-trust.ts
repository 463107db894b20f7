import { X509Certificate } from "node:crypto";
import { readFileSync } from "node:fs";
import type { TLSSocket } from "node:tls";
import { reasonOf, ThingError } from "../base/errors.ts";

const FINGERPRINT = /^(?:sha-?256[:=\s])?\s*((?:[0-9a-f]{2}[:\s]?){31}[0-9a-f]{2})$/i;

/** A server whose certificate is not trusted; the message goes on after "cannot be read: ". */
export class TlsFault extends Error {
  override readonly name = "TlsFault";
}

/**
 * The SHA-256 fingerprint of the one certificate that a server is trusted with.
 * @param trust - The fingerprint, with or without colons, or the path of a PEM file with the certificate.
 * @throws {ThingError} `BAD_CONFIG` if it is neither.
 */
export function trustedFingerprint(trust: string): string {
  const [, digits] = FINGERPRINT.exec(trust.trim()) ?? [];
  if (digits !== undefined) return withColons(digits);
  try {
    return new X509Certificate(readFileSync(trust)).fingerprint256;
  } catch (cause) {
    throw new ThingError(
      "BAD_CONFIG",
      `trust is neither the SHA-256 fingerprint of a certificate (64 hexadecimal digits, with or without colons) nor a PEM file: ${reasonOf(cause)}.`,
      { cause },
    );
  }
}

/**
 * Why a server is not trusted, once its certificate has come; undefined for one that is. With a fingerprint, that
 * counts and nothing else: neither names nor dates nor authorities.
 */
export function distrust(socket: TLSSocket, fingerprint: string | undefined): Error | undefined {
  const shown = socket.getPeerX509Certificate()?.fingerprint256;
  if (fingerprint !== undefined) {
    if (shown === fingerprint) return undefined;
    return new TlsFault(
      `it shows another certificate than the trusted one: its SHA-256 fingerprint is ${shown}, expected is ${fingerprint}. If the certificate was renewed, set trust to the new fingerprint; otherwise another server answers at this address.`,
    );
  }
  if (socket.authorized || process.env.NODE_TLS_REJECT_UNAUTHORIZED === "0") return undefined;
  return new TlsFault(
    `its certificate is not trusted (${whyNot(socket.authorizationError)}). Its SHA-256 fingerprint is ${shown}: compare it with the one that the camera shows, then set trust (or --trust) to it.`,
  );
}

const REASONS: Readonly<Record<string, string>> = {
  DEPTH_ZERO_SELF_SIGNED_CERT: "self-signed certificate",
  SELF_SIGNED_CERT_IN_CHAIN: "self-signed certificate in its chain",
  UNABLE_TO_VERIFY_LEAF_SIGNATURE: "unknown authority",
  UNABLE_TO_GET_ISSUER_CERT_LOCALLY: "unknown authority",
  CERT_HAS_EXPIRED: "expired certificate",
  CERT_NOT_YET_VALID: "certificate that is not valid yet",
  ERR_TLS_CERT_ALTNAME_INVALID: "certificate for another name",
};

function whyNot(error: Error | string | undefined): string {
  const code = typeof error === "string" ? error : String(Reflect.get(error ?? {}, "code") ?? "");
  return REASONS[code] ?? (code || reasonOf(error));
}

function withColons(digits: string): string {
  const pairs = digits.replace(/[:\s]/g, "").toUpperCase().match(/../g) ?? [];
  return pairs.join(":");
}
