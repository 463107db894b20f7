import { ERROR_STATUS, type ErrorCode, messageOf, ThingError } from "../../base/errors.ts";
import { isRecord } from "../../base/values.ts";
import { ClientError, ThingClient } from "../../client/index.ts";
import type { Peers, PeerThing } from "../../core/peers.ts";
import type { FleetRequests } from "./fleet-requests.ts";
import type { MemberThing, Roster } from "./roster.ts";

/** Things of the other members, as Things of this one operate them: by NATS, with the role `operate`. */
export class FleetPeers implements Peers {
  /** By what they are asked; undefined while there is no connection. */
  requests: FleetRequests | undefined;
  readonly #roster: Roster;

  constructor(roster: Roster) {
    this.#roster = roster;
  }

  async thing(address: string, signal?: AbortSignal): Promise<PeerThing> {
    const found = this.#roster.things.find((one) => namesOf(one).includes(trimmed(address)));
    if (!found) throw this.#notFound(address);
    const url = urlOf(found);
    const name = `${found.member}/${found.thing}`;
    const fetch = this.#fetch;
    const client = await told(name, () =>
      ThingClient.connect(url, { fetch, ...(signal && { signal }) }),
    );
    return {
      ...{ address: name, url },
      read: (property, signal) => told(name, () => client.read(property, signal ? { signal } : {})),
      invoke: (action, input, { signal, onProgress } = {}) =>
        told(name, () =>
          client.invoke(action, input, {
            signal,
            ...(onProgress && { onProgress }),
          }),
        ),
    };
  }

  readonly #fetch: typeof fetch = async (input, init) => {
    if (!this.requests) throw new TypeError("this server has no connection to NATS now");
    return this.requests.fetch(input, init);
  };

  #notFound(address: string): ThingError {
    const names = this.#roster.present.map(({ name }) => name);
    const others = names.length > 0 ? `These members are there: ${names.join(", ")}` : "Nobody is";
    return new ThingError(
      "NOT_READY",
      `No member of the fleet that is there now has a Thing '${address}'. ${others}. Start the one that has it, or correct the address (MEMBER/THING).`,
    );
  }
}

/** What a Thing may be called by. */
function namesOf(one: MemberThing): string[] {
  return [`${one.member}/${one.thing}`, trimmed(urlOf(one))];
}

function trimmed(address: string): string {
  return address.replace(/\/+$/, "");
}

/** Where a description says that its Thing is, for other machines. */
function urlOf({ description }: MemberThing): string {
  const links = listOf(description.links).filter(isRecord);
  const { href } = links.find(({ rel }) => rel === "self") ?? {};
  return typeof href === "string" ? href : "";
}

function listOf(value: unknown): readonly unknown[] {
  return Array.isArray(value) ? value : [];
}

/** A client's errors with the codes of this side, and with who it was. */
async function told<T>(name: string, asked: () => Promise<T>): Promise<T> {
  try {
    return await asked();
  } catch (error) {
    if (!(error instanceof ClientError)) throw error;
    const isOwnCode = Object.hasOwn(ERROR_STATUS, error.code);
    const code = isOwnCode ? (error.code as ErrorCode) : "NOT_READY";
    throw new ThingError(code, `'${name}': ${messageOf(error)}`, { cause: error });
  }
}
