import { isIP } from "node:net";
import { type ConnectionOptions, checkServerIdentity } from "node:tls";
import type { Authenticator, NatsConnection, TlsOptions } from "@nats-io/transport-node";
import { within } from "../../base/abort.ts";
import { messageOf, reasonOf, ThingError } from "../../base/errors.ts";
import { optionFile, tlsFrom } from "../option-files.ts";
import { greetings, placeOf } from "./greetings.ts";
import type { Nats } from "./library.ts";
import type { FleetOptions } from "./options.ts";

/** Time between two pings, ms. A NATS server that answers two in a row with nothing is left: others take whoever is silent for 9 s for gone. */
const PING_MS = 1500;
const CONNECT_MS = 5000;
/** A connection that does not close is left, ms. */
const END_MS = 2000;

/**
 * Connects to the NATS server that answers first, and to the next one where it refuses. A connection that is lost stays so: nothing waits
 * in it to be sent later.
 * @param options.folder - Relative paths begin there.
 * @throws {ThingError} `PROGRAM_REFUSED`, `BAD_CONFIG`.
 */
export async function connectTo(
  library: Nats,
  fleet: Pick<FleetOptions, "servers" | "credentials" | "tls">,
  { folder, client }: { readonly folder: string; readonly client: string },
): Promise<NatsConnection> {
  const { servers } = fleet;
  const [authenticator, tls] = await Promise.all([
    authenticatorFor(library, fleet, folder),
    tlsFor(fleet, folder),
  ]);
  const options = {
    name: client,
    reconnect: false,
    pingInterval: PING_MS,
    maxPingOut: 2,
    timeout: CONNECT_MS,
    noAsyncTraces: true, // each request would take two stacks, a twentieth of what a ticket costs
    ...(authenticator && { authenticator }),
    ...(tls && { tls }),
  };
  let silence: unknown;
  let refusal: unknown;
  for await (const { server, error } of greetings(servers, CONNECT_MS)) {
    if (error !== undefined) silence ??= error;
    else
      try {
        return await library.connect({ ...options, servers: [server] });
      } catch (error) {
        refusal ??= error;
      }
  }
  const cause = refusal ?? silence;
  throw new ThingError(
    "PROGRAM_REFUSED",
    `No NATS server of ${servers.join(", ")} can be used (${plainReason(cause)}). Check 'servers', 'credentials' and 'tls' in 'fleet'.`,
    { cause },
  );
}

/**
 * Settles when a connection has ended.
 * @throws {ThingError} `DISCONNECTED`, always.
 */
export async function connectionLost(connection: NatsConnection): Promise<never> {
  const error = await connection.closed();
  const why = error ? `was lost (${reasonOf(error)})` : "was closed";
  throw new ThingError("DISCONNECTED", `The connection to NATS ${why}, and is made again.`);
}

/**
 * Sends what was published, and closes a connection. One that breaks meanwhile is not waited for: nats.js would answer a `flush` never
 * that began between the loss and the end.
 */
export async function endConnection(connection: NatsConnection): Promise<void> {
  const sent = connection.flush().then(() => connection.close());
  const ended = Promise.race([sent, connection.closed()]).catch(() => {}); // it was lost already
  await within(ended, END_MS, () => new ThingError("DISCONNECTED", "NATS is left.")).catch(
    () => {},
  );
  void connection.close().catch(() => {});
}

/** OpenSSL's own words stand between numbers and lines of its source: `tlsv13 alert certificate required`. */
function plainReason(error: unknown): string {
  const text = messageOf(error);
  return /:SSL routines:[^:]*:([^:]+):/.exec(text)?.[1] ?? reasonOf(error);
}

/**
 * What a member tells the broker of itself.
 * @param folder - Relative paths begin there.
 * @throws {ThingError} `BAD_CONFIG` for contradictions, and for files that cannot be read.
 */
async function authenticatorFor(
  { usernamePasswordAuthenticator, nkeyAuthenticator, credsAuthenticator }: Nats,
  { credentials = {} }: Pick<FleetOptions, "credentials">,
  folder: string,
): Promise<Authenticator | undefined> {
  const { user, password_file, nkey_file, creds_file } = credentials;
  const ways = [user ?? password_file, nkey_file, creds_file].filter((way) => way !== undefined);
  if (ways.length > 1) throw bad("names several logins. Keep one");
  if (nkey_file !== undefined) return nkeyAuthenticator(await bytesOf(nkey_file, folder));
  if (creds_file !== undefined) return credsAuthenticator(await bytesOf(creds_file, folder));
  if (user === undefined && password_file === undefined) return undefined;
  if (user === undefined || password_file === undefined)
    throw bad("must have 'user' and 'password_file' together");
  const password = await optionFile(password_file, { folder, key: "fleet" });
  return usernamePasswordAuthenticator(user, password);
}

/** @throws {ThingError} `BAD_CONFIG` for files that cannot be read. */
async function tlsFor(
  { servers, tls }: Pick<FleetOptions, "servers" | "tls">,
  folder: string,
): Promise<(TlsOptions & Pick<ConnectionOptions, "checkServerIdentity">) | undefined> {
  if (!tls) return undefined;
  return {
    checkServerIdentity: identityCheck(servers),
    ...(await tlsFrom(tls, { folder, key: "fleet" })),
  };
}

/** nats.js 3.4 names no server at an IP address, so that Node looks for `localhost` in its certificate: it is to have the address. */
function identityCheck(servers: readonly string[]): typeof checkServerIdentity {
  const hosts = servers
    .map((server) => placeOf(server).host)
    .filter((host) => isIP(host) > 0 || host === "localhost");
  return (name, certificate) => {
    if (name !== "localhost" || hosts.length === 0) return checkServerIdentity(name, certificate);
    const faults = hosts.map((host) => checkServerIdentity(host, certificate));
    return faults.includes(undefined) ? undefined : faults[0];
  };
}

async function bytesOf(file: string, folder: string): Promise<Uint8Array> {
  return new TextEncoder().encode(await optionFile(file, { folder, key: "fleet" }));
}

function bad(what: string): ThingError {
  return new ThingError("BAD_CONFIG", `'credentials' in 'fleet' ${what}.`);
}
