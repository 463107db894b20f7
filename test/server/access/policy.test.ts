import assert from "node:assert/strict";
import { hostname } from "node:os";
import { type TestContext, test } from "node:test";
import { ThingError } from "thingscope";
import { AccessPolicy } from "../../../src/server/access/policy.ts";
import { readJson } from "../../../src/server/http/body.ts";
import { bindAddressProblem, bindAddressWarning } from "../../../src/server/http/listen.ts";
import { ask, converse, serverFor } from "../requests.ts";

/** A server that does with a request what access alone asks for, and says which error it met. */
async function guarded(test: TestContext, policy = new AccessPolicy()): Promise<number> {
  const { port } = await serverFor(test, async (request, response) => {
    try {
      policy.setCorsHeaders(request, response);
      policy.check(request);
      if (request.method === "OPTIONS") {
        policy.setPreflightHeaders(request, response, "GET, PUT, HEAD, OPTIONS");
      }
      if (request.method === "POST") await readJson(request);
      response.end();
    } catch (error) {
      assert.ok(error instanceof ThingError);
      response.statusCode = error.status;
      response.end(error.code);
    }
  });
  return port;
}

const OWN = "the server's own";
const ORIGINS = [
  undefined,
  OWN,
  "http://dashboard.lab:3000",
  "http://evil.example",
  "http://127.0.0.1:1",
  "http://localhost:1",
  "https://127.0.0.1",
  "file://",
  "chrome-extension://abcdef",
  "null",
  "*",
  "",
];
const TRUSTED_ORIGINS = new Set<string | undefined>([undefined, OWN, "http://dashboard.lab:3000"]);
const TYPES = [
  undefined,
  "application/json",
  "application/json; charset=utf-8",
  "application/ld+json",
  "text/plain",
  "application/x-www-form-urlencoded",
  "multipart/form-data; boundary=x",
  "text/plain; application/json",
  "application/jsonp",
];
const JSON_TYPES = new Set<string | undefined>(TYPES.slice(1, 4));

test("content types x origins x methods: only trusted pages change anything, and only with JSON", async (t) => {
  const policy = new AccessPolicy({ allowedOrigins: ["http://dashboard.lab:3000"] });
  const port = await guarded(t, policy);
  for (const method of ["GET", "HEAD", "POST", "PUT", "DELETE", "PATCH"]) {
    for (const origin of ORIGINS) {
      for (const type of TYPES) {
        const headers: Record<string, string> = {};
        if (type !== undefined) headers["Content-Type"] = type;
        if (origin !== undefined)
          headers.Origin = origin === OWN ? `http://127.0.0.1:${port}` : origin;
        const { status } = await ask(port, { method, headers, body: "{}" });
        const isSafe = method === "GET" || method === "HEAD";
        const expected =
          !isSafe && !TRUSTED_ORIGINS.has(origin)
            ? 403
            : method === "POST" && !JSON_TYPES.has(type)
              ? 415
              : 200;
        assert.equal(status, expected, `${method} of ${type} from ${origin}`);
      }
    }
  }
});

test("what a browser says of a request's site counts where the origin does not", async (t) => {
  const port = await guarded(
    t,
    new AccessPolicy({ allowedOrigins: ["http://dashboard.lab:3000"] }),
  );
  const own = `http://127.0.0.1:${port}`;
  for (const [site, origin, status] of [
    ["cross-site", undefined, 403],
    ["same-site", undefined, 403],
    ["same-origin", undefined, 200],
    ["none", undefined, 200],
    ["cross-site", own, 403],
    ["same-origin", own, 200],
    ["cross-site", "http://dashboard.lab:3000", 200],
  ] as const) {
    const headers = { "Sec-Fetch-Site": site, ...(origin && { Origin: origin }) };
    const answer = await ask(port, { method: "DELETE", headers });
    assert.equal(answer.status, status, `${site} from ${origin}`);
    assert.equal((await ask(port, { headers })).status, 200, `reading: ${site} from ${origin}`);
  }
});

test("the server answers to its own names, to addresses and to configured names, to no other", async (t) => {
  const policy = new AccessPolicy({ allowedHosts: ["Scope.lab.example", "10.0.0.1"] });
  policy.allowHost("Bound.lab");
  const port = await guarded(t, policy);
  const short = hostname().split(".")[0]!;
  const table: [host: string, allowed: boolean][] = [
    ["localhost", true],
    ["LOCALHOST:80", true],
    ["localhost.", true],
    ["camera.localhost:5000", true],
    [`127.0.0.1:${port}`, true],
    ["192.168.1.7", true],
    ["[::1]:5000", true],
    ["[fe80::1]", true],
    [hostname(), true],
    [`${short}.local:5000`, true],
    ["bound.lab:1", true],
    ["scope.lab.example", true],
    ["SCOPE.lab.example.:5000", true],
    ["evil.example", false],
    ["evil.example:80", false],
    ["localhost.evil.example", false],
    ["127.0.0.1.evil.example", false],
    ["127.0.0.1.nip.io", false],
    ["notlocalhost", false],
    ["scope.lab.example.evil.example", false],
    ["user@localhost", false],
    ["localhost:80:80", false],
    ["localhost/evil.example", false],
    ["[evil.example]", false],
    ["2130706433", false],
  ];
  for (const [host, allowed] of table) {
    const { status, text } = await ask(port, { headers: { Host: host } });
    assert.equal(status, allowed ? 200 : 421, host);
    if (!allowed) assert.equal(text, "HOST_NOT_ALLOWED");
  }
  for (const [request, status] of [
    ["GET / HTTP/1.0", 200], // from before there was a Host: no browser sends it
    ["GET / HTTP/1.0\r\nHost: evil.example", 421],
    ["GET / HTTP/1.1\r\nHost:", 421],
    ["GET / HTTP/1.1\r\nHost: localhost\r\nHost: evil.example", 400],
  ] as const) {
    const answer = await converse(port, `${request}\r\nConnection: close\r\n\r\n`);
    assert.equal(Number(answer.slice(9, 12)), status, request);
  }
});

test("a page whose name points here by trickery is told where to go instead", () => {
  const request = { headers: { host: "evil.example:5000" }, method: "GET" };
  const socket = { localAddress: "::ffff:127.0.0.1", localPort: 5000 };
  assert.throws(
    () => new AccessPolicy().check(Object.assign(Object.create(null), request, { socket })),
    {
      code: "HOST_NOT_ALLOWED",
      message:
        "The request names the host 'evil.example', which is not a name of this server. Open http://127.0.0.1:5000/, or add the name to allowed_hosts in the configuration.",
    },
  );
});

test("pages of a configured origin may read answers and ask before they write, others get no permission", async (t) => {
  const port = await guarded(
    t,
    new AccessPolicy({ allowedOrigins: ["http://dashboard.lab:3000/"] }),
  );
  const question = {
    "Access-Control-Request-Method": "PUT",
    "Access-Control-Request-Headers": "content-type",
  };
  const asked = await ask(port, {
    method: "OPTIONS",
    headers: { Origin: "http://dashboard.lab:3000", ...question },
  });
  assert.equal(asked.status, 200);
  assert.equal(asked.headers["access-control-allow-origin"], "http://dashboard.lab:3000");
  assert.equal(asked.headers["access-control-allow-methods"], "GET, PUT, HEAD, OPTIONS");
  assert.equal(asked.headers["access-control-allow-headers"], "content-type");
  assert.equal(asked.headers.vary, "Origin");
  for (const origin of ["http://dashboard.lab", "http://evil.example", "null"]) {
    const { headers } = await ask(port, {
      method: "OPTIONS",
      headers: { Origin: origin, ...question },
    });
    const granted = Object.keys(headers).filter((name) => name.startsWith("access-control"));
    assert.deepEqual(granted, [], origin);
  }
  const plain = await ask(port, { headers: { Origin: "http://dashboard.lab:3000" } });
  assert.equal(plain.headers["access-control-allow-credentials"], undefined);
  assert.match(String(plain.headers["access-control-expose-headers"]), /X-Frame-Index/);
});

test("a host or an origin that is none is refused where it is configured", () => {
  for (const allowedOrigins of [["*"], ["dashboard.lab"], ["http://a.b/path"], ["http://*.b"]]) {
    assert.throws(() => new AccessPolicy({ allowedOrigins }), { code: "BAD_CONFIG" });
  }
  for (const allowedHosts of [["*"], ["http://a.b"], ["a b"], [""]]) {
    assert.throws(() => new AccessPolicy({ allowedHosts }), { code: "BAD_CONFIG" });
  }
});

test("without login only loopback is bound, unless somebody takes the risk, loudly", () => {
  for (const host of ["127.0.0.1", "127.1.2.3", "localhost", "::1", "[::1]", "::ffff:127.0.0.1"]) {
    assert.equal(bindAddressProblem(host), undefined, host);
    assert.equal(bindAddressWarning(host), undefined, host);
  }
  for (const host of ["0.0.0.0", "::", "", "192.168.1.7", "lab", "127.0.0.1.evil.example"]) {
    assert.match(bindAddressProblem(host)?.message ?? "", /--insecure-no-auth/, host);
    assert.equal(bindAddressProblem(host, { insecureNoAuth: true }), undefined, host);
    assert.match(bindAddressWarning(host) ?? "", /^NO LOGIN/, host);
  }
});

test("a WebSocket is opened for programs and own pages only", async (t) => {
  const policy = new AccessPolicy();
  const { port, server } = await serverFor(t, () => {});
  server.on("upgrade", (request, socket) => {
    try {
      policy.checkUpgrade(request);
      socket.end("HTTP/1.1 400 Checked\r\nContent-Length: 0\r\n\r\n");
    } catch (error) {
      assert.ok(error instanceof ThingError);
      socket.end(`HTTP/1.1 ${error.status} No\r\nContent-Length: 0\r\n\r\n`);
    }
  });
  for (const [headers, status] of [
    [{}, 400],
    [{ Origin: `http://127.0.0.1:${port}` }, 400],
    [{ Origin: "http://evil.example" }, 403],
    [{ Origin: "null" }, 403],
    [{ "Sec-Fetch-Site": "cross-site" }, 403],
    [{ Host: "evil.example" }, 421],
  ] as [Record<string, string>, number][]) {
    const upgrade = { Connection: "Upgrade", Upgrade: "websocket", ...headers };
    assert.equal((await ask(port, { headers: upgrade })).status, status, JSON.stringify(headers));
  }
});
