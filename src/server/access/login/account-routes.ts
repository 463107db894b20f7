import { isIP } from "node:net";
import { encodeQR } from "qr";
import { type Static, Type } from "typebox";
import { wallTime } from "../../../base/clock.ts";
import { accept } from "../../../core/schema.ts";
import { isLoopback } from "../../http/listen.ts";
import { type Exchange, JSON_TYPE, type Route } from "../../http/route.ts";
import { lanAddresses } from "../tls/certificate-files.ts";
import type { Login } from "./login.ts";
import { CODE_MS } from "./one-time-codes.ts";

const LinkRole = Type.Enum(["view", "operate", "admin"], {
  description: "What the browser that opens the link may do",
});
const LinkBody = Type.Object({ role: LinkRole }, { additionalProperties: false });
const Link = Type.Object({
  url: Type.String({ format: "uri" }),
  qr: Type.String({ description: "Its QR code, an image in SVG" }),
});
const Links = Type.Object({
  role: LinkRole,
  expires: Type.String({ format: "date-time" }),
  links: Type.Array(Link, {
    description: "The same code at each address of this server; the first that is opened spends it",
  }),
  local: Type.Boolean({ description: "Whether only browsers of the server's computer reach it" }),
});
const Session = Type.Object({
  id: Type.String(),
  name: Type.String(),
  role: Type.String(),
  used: Type.String({ format: "date-time" }),
  current: Type.Boolean({ description: "Whether it is that of this request" }),
});
const Token = Type.Object({
  name: Type.String(),
  role: Type.String(),
  created: Type.String({ format: "date-time" }),
  expires: Type.String({ format: "date-time" }),
});

/** Where a server is reached. */
export interface Bound {
  readonly host: string;
  readonly port: number;
}

const MOST_ADDRESSES = 4;

/** What an admin sees and does about those who log in. @param bound - Undefined before the server listens. */
export function accountRoutes(
  login: Login,
  prefix: string,
  bound: () => Bound | undefined,
): Route[] {
  return [
    {
      method: "POST",
      path: `${prefix}/login/links`,
      role: "admin",
      summary: "Create a link, with a QR code, that logs one browser in, once, within ten minutes",
      request: { contentType: JSON_TYPE, schema: LinkBody },
      response: { status: 201, contentType: JSON_TYPE, schema: Links },
      handle: async (exchange) => {
        const input = accept(LinkBody, await exchange.json(), "The link");
        const { role } = input as Static<typeof LinkBody>;
        const code = login.newCode(role);
        const urls = rootsOf(exchange, bound());
        const links = urls.map((url) => linkTo(`${url}${prefix}/login#code=${code}`));
        const expires = new Date(wallTime() + CODE_MS).toISOString();
        const local = urls.every((url) => isLoopback(hostOf(url)));
        return { status: 201, body: { role, expires, links, local } };
      },
    },
    {
      method: "GET",
      path: `${prefix}/login/sessions`,
      role: "admin",
      summary: "List the browsers that are logged in",
      response: { status: 200, contentType: JSON_TYPE, schema: Type.Array(Session) },
      handle: async ({ identity }) => ({
        status: 200,
        body: login.sessions().map(({ used, ...session }) => ({
          ...session,
          used: new Date(used).toISOString(),
          current: session.id === identity?.session,
        })),
      }),
    },
    {
      method: "DELETE",
      path: `${prefix}/login/sessions/:session`,
      role: "admin",
      summary: "Log a browser out",
      response: { status: 204 },
      errors: ["NOT_FOUND"],
      handle: async ({ params: { session = "" } }) => {
        await login.endSession(session);
        return { status: 204 };
      },
    },
    {
      method: "GET",
      path: `${prefix}/login/tokens`,
      role: "admin",
      summary: "List the tokens of programs, without their secrets",
      response: { status: 200, contentType: JSON_TYPE, schema: Type.Array(Token) },
      handle: async () => ({ status: 200, body: login.tokens() }),
    },
  ];
}

function linkTo(url: string): Static<typeof Link> {
  return { url, qr: encodeQR(url, "svg", { ecc: "low", border: 2 }) };
}

/** As the request was addressed, unless that is known to this computer alone: then at its addresses on the network. */
function rootsOf({ root }: Exchange, bound: Bound | undefined): string[] {
  const isEveryAddress = bound !== undefined && /^(0\.0\.0\.0|\[?::\]?)$/.test(bound.host);
  if (!isLoopback(hostOf(root)) || !isEveryAddress) return [root];
  const found = lanAddresses().slice(0, MOST_ADDRESSES);
  return found.length > 0 ? found.map((address) => withHost(root, address)) : [root];
}

function hostOf(url: string): string {
  return new URL(url).hostname.replace(/^\[|\]$/g, "");
}

function withHost(root: string, address: string): string {
  const changed = new URL(root);
  changed.hostname = isIP(address) === 6 ? `[${address}]` : address;
  return changed.href.replace(/\/$/, "");
}
