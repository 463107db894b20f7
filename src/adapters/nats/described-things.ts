import inject from "light-my-request";
import type { Log } from "../../base/log.ts";
import { isRecord } from "../../base/values.ts";
import type { JoiningServer } from "../../server/server-options.ts";
import type { OwnThings } from "./presence.ts";
import { clientWith } from "./requests.ts";
import { type MemberName, requestSubject } from "./subjects.ts";

/** Where a server is, for the descriptions of its Things. */
interface Place {
  readonly name: MemberName;
  /** Where it begins for other machines. */
  readonly root: string;
  /** A server of NATS, e.g. `nats://nats.lab:4222`. */
  readonly broker: string;
}

/** Descriptions of all Things of a server, as it gives them over HTTP, with forms of NATS beside each of HTTP. */
export function describedThings(server: JoiningServer, place: Place, log: Log): OwnThings {
  const listener = server.listenerFor(clientWith("view"));
  const { host } = server;
  return {
    async describe() {
      const descriptions = new Map<string, string>();
      for (const name of host.things.keys()) {
        const url = `${place.root}${server.prefix}/${name}/`;
        const headers = { host: new URL(url).host, accept: "application/td+json" };
        const { statusCode, payload } = await inject(listener, { method: "GET", url, headers });
        if (statusCode === 200)
          descriptions.set(name, JSON.stringify(withNatsForms(JSON.parse(payload), place)));
        else if (host.things.has(name)) log.warn(`The fleet does not list '${name}': ${payload}`);
      }
      return descriptions;
    },
    onChange(listener) {
      const stops = [host.onState(listener), host.onModel(listener)];
      return () => {
        for (const stop of stops) stop();
      };
    },
  };
}

/** Each form of one HTTP request, and the same by NATS behind it. */
function withNatsForms(value: unknown, place: Place): unknown {
  if (Array.isArray(value)) return value.map((item) => withNatsForms(item, place));
  if (!isRecord(value)) return value;
  return Object.fromEntries(
    Object.entries(value).map(([key, member]) => [
      key,
      key === "forms" && Array.isArray(member)
        ? member.flatMap((form) => [form, ...natsForm(form, place)])
        : withNatsForms(member, place),
    ]),
  );
}

function natsForm(form: unknown, { name, broker }: Place): object[] {
  if (!isRecord(form)) return [];
  const { href, subprotocol, "htv:methodName": method, ...rest } = form;
  const isRequest = typeof href === "string" && href.startsWith("/") && subprotocol === undefined;
  if (!isRequest || typeof method !== "string") return [];
  const [path = ""] = href.split("{?");
  return [{ ...rest, href: `${broker}/${requestSubject(name, method, path)}` }];
}
