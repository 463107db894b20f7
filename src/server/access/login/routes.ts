import { type Static, type TSchema, Type } from "typebox";
import { ThingError } from "../../../base/errors.ts";

import { ROLES } from "../../../core/affordances.ts";
import { accept, errorsIn } from "../../../core/schema.ts";
import type { Identity } from "../../http/identity.ts";
import { prefixOf } from "../../http/origin.ts";
import { type Exchange, JSON_TYPE, type Route } from "../../http/route.ts";
import type { Login } from "./login.ts";
import { LOGIN_ASSETS, loginFile, loginPage } from "./login-page.ts";
import { LONGEST_SIGNED_S } from "./signed-urls.ts";

const Secret = Type.String({ minLength: 1, maxLength: 1000 });
const LoginBody = Type.Object(
  {
    code: Type.Optional(
      Type.String({ ...Secret, description: "The code that the server printed" }),
    ),
    token: Type.Optional(Secret),
    user: Type.Optional(Secret),
    password: Type.Optional(Secret),
  },
  { additionalProperties: false },
);
const LoggedIn = Type.Object({ name: Type.String(), role: Type.Enum([...ROLES]) });
const Who = Type.Object({
  name: Type.Union([Type.String(), Type.Null()]),
  role: Type.Enum(["none", ...ROLES]),
  login: Type.Boolean({ description: "Whether this server requires a login" }),
});
const SignBody = Type.Object(
  {
    path: Type.String({ description: "Path of a stream's pictures", maxLength: 2000 }),
    seconds: Type.Integer({ minimum: 1, maximum: LONGEST_SIGNED_S, default: 3600 }),
  },
  { additionalProperties: false },
);
const SignedUrl = Type.Object({
  url: Type.String({ format: "uri" }),
  expires: Type.String({ format: "date-time" }),
});

type Who = Static<typeof Who>;

/** Who sends a request, and what that account may do: also where nobody has to log in. */
export function whoRoute(prefix: string, hasLogin: boolean): Route {
  return {
    method: "GET",
    path: `${prefix}/login/who`,
    role: "none",
    summary: hasLogin ? "Who is logged in" : "Who is logged in: nobody has to be",
    response: { status: 200, contentType: JSON_TYPE, schema: Who },
    handle: async ({ identity }) => ({
      status: 200,
      body: hasLogin ? whoIs(identity) : { name: null, role: "admin", login: false },
    }),
  };
}

/** What there is to log in and out, and to let others look. */
export function loginRoutes(login: Login, prefix: string, table: () => readonly Route[]): Route[] {
  const page = `${prefix}/login`;
  return [
    {
      method: "GET",
      path: page,
      role: "none",
      summary: "The login page",
      response: { status: 200, contentType: "text/html" },
      handle: async ({ request }) => {
        const body = loginPage(prefixOf(request) + prefix);
        return { status: 200, body, contentType: "text/html; charset=utf-8" };
      },
    },
    ...[...LOGIN_ASSETS].map(
      ([name, contentType]): Route => ({
        method: "GET",
        path: `${page}/${name}`,
        role: "none",
        summary: "A file of the login page",
        response: { status: 200, contentType },
        handle: async () => ({ status: 200, body: loginFile(name), contentType }),
      }),
    ),
    {
      method: "POST",
      path: page,
      role: "none",
      summary: "Log in a browser with a code, a token or a password; the response sets a cookie",
      request: { contentType: JSON_TYPE, schema: LoginBody },
      response: { status: 200, contentType: JSON_TYPE, schema: LoggedIn },
      handle: async (exchange) => {
        const asked = loginRequest(await exchange.json());
        const { account, cookie } = await login.begin(exchange.request, asked);
        const { name, role } = account;
        return { status: 200, body: { name, role }, headers: { "Set-Cookie": cookie } };
      },
    },
    {
      method: "POST",
      path: `${prefix}/logout`,
      role: "view",
      summary: "End the session of a browser",
      response: { status: 204 },
      handle: async ({ request, identity }) => {
        return { status: 204, headers: { "Set-Cookie": await login.end(request, identity) } };
      },
    },
    {
      method: "POST",
      path: `${prefix}/signed_urls`,
      role: "view",
      summary: "Create an address of a stream's pictures that needs no login until it expires",
      request: { contentType: JSON_TYPE, schema: SignBody },
      response: { status: 201, contentType: JSON_TYPE, schema: SignedUrl },
      handle: async (exchange) => {
        const { path: asked, seconds } = await inputOf(exchange, SignBody);
        const path = withoutPrefix(asked, prefixOf(exchange.request));
        assertPicture(path, table());
        const signed = login.sign(identified(exchange), path, seconds);
        const expires = new Date(signed.expires).toISOString();
        return { status: 201, body: { url: exchange.root + signed.path, expires } };
      },
    },
  ];
}

async function inputOf<T extends TSchema>(exchange: Exchange, schema: T): Promise<Static<T>> {
  const body = await exchange.json();
  return accept(schema, body, "The signed address") as Static<T>;
}

/**
 * Nothing of what was sent is in the error: whoever logs in is not known yet.
 * @throws {ThingError} `INVALID_INPUT`; `BAD_ARGUMENT` for none or for several ways at once.
 */
function loginRequest(body: unknown) {
  if (!isLogin(body)) {
    throw new ThingError(
      "INVALID_INPUT",
      "A login must be a JSON object with a code, a token, or a user and a password, each a string of 1 to 1000 characters.",
    );
  }
  const { code, token, user, password } = body;
  const given = [code, token, user ?? password].filter((one) => one !== undefined);
  if (given.length === 1) {
    if (code !== undefined) return { code };
    if (token !== undefined) return { token };
    if (user !== undefined && password !== undefined) return { user, password };
  }
  throw new ThingError("BAD_ARGUMENT", "Give a code, a token, or a user and a password.");
}

function isLogin(body: unknown): body is Static<typeof LoginBody> {
  return errorsIn(LoginBody, body).length === 0;
}

function whoIs(identity: Identity | undefined): Who {
  return { name: identity?.account.name ?? null, role: identity?.role ?? "none", login: true };
}

function identified({ identity }: Exchange): Identity {
  if (identity) return identity;
  throw new ThingError(
    "LOGIN_REQUIRED",
    "Log in first: an address is signed on behalf of an account.",
  );
}

/** The path as it gets here: a client knows it with what a proxy takes off. */
function withoutPrefix(path: string, prefix: string): string {
  return prefix !== "" && path.startsWith(`${prefix}/`) ? path.slice(prefix.length) : path;
}

/** @throws {ThingError} `BAD_ARGUMENT` unless the path is that of pictures. */
function assertPicture(path: string, routes: readonly Route[]): void {
  const pictures = routes.filter(({ method, picture }) => method === "GET" && picture);
  if (pictures.some((route) => patternOf(route).test(path))) return;
  throw new ThingError(
    "BAD_ARGUMENT",
    `${path} is not a path of pictures. Give the path of a stream, e.g. /camera/mjpeg_stream, without a query.`,
  );
}

function patternOf({ path }: Route): RegExp {
  const literal = path
    .replace(/[.*+?^${}()|[\]\\]/g, "\\$&")
    .replace(/:\w+/g, "(?!\\.+(?:/|$))[\\w.%-]+");
  return new RegExp(`^${literal}$`);
}
