import { readFile } from "node:fs/promises";
import { resolve } from "node:path";
import { type Static, Type } from "typebox";
import { reasonOf, ThingError } from "../base/errors.ts";

/** The files of TLS in options, by their paths. */
export const TlsFiles = Type.Object(
  {
    ca_file: Type.Optional(Type.String()),
    cert_file: Type.Optional(Type.String()),
    key_file: Type.Optional(Type.String()),
  },
  {
    description: "an object with the paths of 'ca_file', 'cert_file' and 'key_file'",
    additionalProperties: false,
  },
);

export type TlsFiles = Static<typeof TlsFiles>;

/** The options that name a file. */
interface NamingOptions {
  /** Relative paths begin there. */
  readonly folder: string;
  /** Their key in the configuration, for the sentence. */
  readonly key: string;
}

/**
 * The text of a file that an option names, without the end of the last line, which editors add.
 * @throws {ThingError} `BAD_CONFIG` for a file that cannot be read.
 */
export async function optionFile(file: string, { folder, key }: NamingOptions): Promise<string> {
  try {
    return (await readFile(resolve(folder, file), "utf8")).replace(/\r?\n$/, "");
  } catch (error) {
    throw new ThingError(
      "BAD_CONFIG",
      `'${file}' in '${key}' cannot be read: ${reasonOf(error)}. Give the path of a file that this user may read.`,
    );
  }
}

/**
 * What Node's `tls.connect` takes, of the files that are named.
 * @throws {ThingError} `BAD_CONFIG` for a file that cannot be read.
 */
export async function tlsFrom(
  { ca_file, cert_file, key_file }: TlsFiles,
  naming: NamingOptions,
): Promise<{ ca?: string; cert?: string; key?: string }> {
  return {
    ...(ca_file !== undefined && { ca: await optionFile(ca_file, naming) }),
    ...(cert_file !== undefined && { cert: await optionFile(cert_file, naming) }),
    ...(key_file !== undefined && { key: await optionFile(key_file, naming) }),
  };
}
