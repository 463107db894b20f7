import "reflect-metadata"; // must be loaded before @peculiar/x509
import { KeyObject, randomBytes, webcrypto } from "node:crypto";
import { isIP } from "node:net";
import {
  BasicConstraintsExtension,
  ExtendedKeyUsage,
  ExtendedKeyUsageExtension,
  KeyUsageFlags,
  KeyUsagesExtension,
  SubjectAlternativeNameExtension,
  SubjectKeyIdentifierExtension,
  X509CertificateGenerator,
} from "@peculiar/x509";

const P256 = { name: "ECDSA", namedCurve: "P-256", hash: "SHA-256" };
const LONGEST_COMMON_NAME = 64; // RFC 5280, appendix A
const DAY_MS = 24 * 3600_000;
/** Clocks of other computers may be behind. */
const BACKDATED_MS = DAY_MS;

/** What a certificate is made for. */
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
export async function selfSigned({
  names,
  days,
  from = Date.now(),
}: CertificateRequest): Promise<{ cert: string; key: string }> {
  const keys = await webcrypto.subtle.generateKey(P256, true, ["sign", "verify"]);
  const commonName = (names[0] ?? "thingscope").slice(0, LONGEST_COMMON_NAME);
  const certificate = await X509CertificateGenerator.createSelfSigned({
    keys,
    signingAlgorithm: P256,
    serialNumber: serialNumber(),
    name: [{ CN: [commonName] }],
    notBefore: new Date(from - BACKDATED_MS),
    notAfter: new Date(from - BACKDATED_MS + days * DAY_MS),
    extensions: [
      new SubjectAlternativeNameExtension(
        names.map((value) => ({ type: isIP(value) ? "ip" : "dns", value })),
      ),
      new BasicConstraintsExtension(false, undefined, true), // it is not a certificate authority
      new KeyUsagesExtension(KeyUsageFlags.digitalSignature, true), // it signs handshakes
      new ExtendedKeyUsageExtension([ExtendedKeyUsage.serverAuth]),
      await SubjectKeyIdentifierExtension.create(keys.publicKey),
    ],
  });
  const key = KeyObject.from(keys.privateKey).export({ type: "pkcs8", format: "pem" });
  return { cert: `${certificate.toString("pem")}\n`, key: key.toString() };
}

/** 127 bits, positive, in hexadecimal digits. */
function serialNumber(): string {
  const bytes = randomBytes(16);
  bytes[0] = (bytes[0]! & 0x7f) | 0x40;
  return bytes.toString("hex");
}
