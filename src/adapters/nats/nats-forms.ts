import { isRecord } from "../../base/values.ts";
import { type MemberName, requestSubject } from "./subjects.ts";

/** Where a server answers by NATS. */
export interface NatsAddress {
  readonly name: MemberName;
  /** A server of NATS, e.g. `nats://nats.lab:4222`. */
  readonly broker: string;
}

/** How forms of NATS are protected, whatever those of HTTP need: by what the broker asks for. */
const SECURITY = "nats_sc";

/** A Thing Description with a form of NATS behind each form of one HTTP request. */
export function withNatsForms(
  description: Record<string, unknown>,
  address: NatsAddress,
): Record<string, unknown> {
  const { securityDefinitions } = description;
  return {
    ...(inMembers(description, address) as Record<string, unknown>),
    securityDefinitions: { ...Object(securityDefinitions), [SECURITY]: { scheme: "auto" } },
  };
}

/** The first NATS server of a configuration as an address for others: without a login. */
export function brokerOf([server = ""]: readonly string[]): string {
  const [, scheme = "nats", address = server] = /^([a-z]+):\/\/(.*)$/.exec(server) ?? [];
  return `${scheme}://${address.replace(/^.*@/, "").replace(/\/+$/, "")}`;
}

function inMembers(value: unknown, address: NatsAddress): unknown {
  if (Array.isArray(value)) return value.map((item) => inMembers(item, address));
  if (!isRecord(value)) return value;
  return Object.fromEntries(
    Object.entries(value).map(([key, member]) => [
      key,
      key === "forms" && Array.isArray(member)
        ? member.flatMap((form) => [form, ...natsForm(form, address)])
        : inMembers(member, address),
    ]),
  );
}

function natsForm(form: unknown, { name, broker }: NatsAddress): object[] {
  if (!isRecord(form)) return [];
  const { href, subprotocol, "htv:methodName": method, ...rest } = form;
  const isRequest = typeof href === "string" && href.startsWith("/") && subprotocol === undefined;
  const isStream = String(rest.contentType).startsWith("multipart/");
  if (!isRequest || isStream || typeof method !== "string") return [];
  const [path = ""] = href.split("{?");
  return [
    { ...rest, href: `${broker}/${requestSubject(name, method, path)}`, security: [SECURITY] },
  ];
}
