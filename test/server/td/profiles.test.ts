import assert from "node:assert/strict";
import { test } from "node:test";
import type { Route } from "../../../src/server/http/route.ts";
import { failureStatuses } from "../../../src/server/td/forms.ts";
import { profilesFor } from "../../../src/server/td/security.ts";

const names = (...given: Parameters<typeof profilesFor>) =>
  profilesFor(...given).map((uri) => uri.split("/").at(-2));

test("profiles are claimed where everybody can get in, and not where only some can", () => {
  const basic = { scheme: "basic", in: "header", name: "Authorization" };
  assert.deepEqual(names({ open: { scheme: "nosec" } }), ["http-basic", "http-sse"]);
  assert.deepEqual(names({ basic }), ["http-basic", "http-sse"]);
  assert.deepEqual(names({ basic, bearer: { scheme: "bearer" } }), ["http-basic", "http-sse"]);
  assert.deepEqual(names({ basic: { scheme: "basic" } }), [], "the name has to be said");
  assert.deepEqual(names({ basic: { ...basic, in: "query" } }), []);
  assert.deepEqual(names({ bearer: { scheme: "bearer" } }), []);
  assert.deepEqual(names({ cookie: { scheme: "apikey", in: "cookie", name: "session" } }), []);
  assert.deepEqual(names({ open: { scheme: "nosec" } }, { hasWebhooks: true }), [
    "http-basic",
    "http-sse",
    "http-webhook",
  ]);
});

test("a form tells each status with which it may fail, once and in order", () => {
  const route: Route = {
    method: "PUT",
    path: "/lamp/level",
    role: "operate",
    summary: "",
    request: { contentType: "application/json" },
    response: { status: 204 },
    errors: ["LOCK_BUSY", "INVALID_INPUT"],
    handle: async () => undefined,
  };
  assert.deepEqual(failureStatuses(route, false), [403, 408, 409, 413, 415, 422, 500]);
  assert.deepEqual(failureStatuses(route, true), [401, 403, 408, 409, 413, 415, 422, 429, 500]);
});
