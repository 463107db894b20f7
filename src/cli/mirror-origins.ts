import { readFile } from "node:fs/promises";
import { hostname } from "node:os";
import { dirname, resolve } from "node:path";
import { Type } from "typebox";
import {
  type MirroringOptions,
  type MirrorOrigin,
  ServerOrigin,
} from "../adapters/mirror/index.ts";
import { Fleet } from "../adapters/nats/fleet.ts";
import { FleetOptions } from "../adapters/nats/options.ts";
import { reasonOf, ThingError } from "../base/errors.ts";
import type { Log } from "../base/log.ts";
import { authorizationOf, bareUrl, parseUrl } from "../client/http.ts";
import { loginIn } from "../sources/http-login.ts";
import { credentialsOf } from "./client-commands.ts";
import { configProblems, problemsError } from "./config-faults.ts";
import { parseConfigText } from "./config-text.ts";
import { FleetOrigin } from "./fleet-origin.ts";
import type { MirrorFlags } from "./mirror-options.ts";
import { serverAddress } from "./server-address.ts";
import { loginOf, ownFetch } from "./stream-at.ts";

/** Where Things are mirrored from, and as whom pictures are asked for there. */
interface Source {
  readonly source: MirrorOrigin;
  readonly pictures: MirroringOptions["pictures"];
}

/** A server, by its address. @throws {ThingError} `BAD_ARGUMENT`. */
export function serverOrigin(word: string, { trust, operate, ...flags }: MirrorFlags): Source {
  if (trust !== undefined && operate)
    throw new ThingError(
      "BAD_ARGUMENT",
      "--operate does not work with --trust. Give Node the certificate in NODE_EXTRA_CA_CERTS instead.",
    );
  const url = serverAddress(word);
  const parsed = parseUrl(url);
  const credentials = credentialsOf({ ...flags, json: false });
  const login = loginOf(credentials) ?? loginIn(parsed);
  const source = new ServerOrigin(bareUrl(url), {
    credentials: login ?? credentials,
    ...(trust !== undefined && ownFetch(parsed, undefined, trust)),
  });
  const authorization = login ? undefined : authorizationOf(credentials);
  return { source, pictures: { login, authorization, trust } };
}

/** All members of a fleet, of which the mirror becomes one. @throws {ThingError} `BAD_CONFIG`. */
export async function mirrorFleet(
  word: string,
  { trust, name, ...flags }: MirrorFlags,
  log: Log,
): Promise<Source & { readonly member: Fleet }> {
  const isAddress = word.includes("://");
  const options = isAddress ? fleetAt(word, name) : await fleetIn(word);
  const folder = isAddress ? process.cwd() : dirname(resolve(word));
  const member = new Fleet(options, { folder, log });
  const credentials = credentialsOf({ ...flags, json: false });
  const pictures = { authorization: authorizationOf(credentials), trust };
  return { member, pictures, source: new FleetOrigin(member.roster, { credentials }) };
}

/** `nats://nats.lab:4222`, or with the fleet's name behind it: `nats://nats.lab:4222/lab`. */
function fleetAt(word: string, name = `mirror-${hostname()}`): FleetOptions {
  const [, server = word, fleet] = /^(\w+:\/\/[^/]+)\/?([^/]*)$/.exec(word) ?? [];
  return checked(
    { servers: [server], name: name.replace(/[^\w-]/g, "-"), ...(fleet && { fleet }) },
    () => word,
  );
}

async function fleetIn(file: string): Promise<FleetOptions> {
  const text = await readFile(file, "utf8").catch((error) => {
    throw new ThingError("BAD_CONFIG", `'${file}' cannot be read: ${reasonOf(error)}.`);
  });
  const { value, where } = parseConfigText(text, file);
  return checked(Object(value).fleet, (path) => where(["fleet", ...path]));
}

function checked(fleet: unknown, where: Parameters<typeof problemsError>[1]): FleetOptions {
  const problems = configProblems(Type.Object({ fleet: FleetOptions }), { fleet });
  const inner = problems.map((problem) => ({ ...problem, path: problem.path.slice(1) }));
  if (problems.length > 0) throw problemsError(inner, where);
  return fleet as FleetOptions;
}
