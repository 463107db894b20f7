import assert from "node:assert/strict";
import { test } from "node:test";
import { tdFaults } from "../../conformance/td-schema.ts";
import { TEST_MS } from "../../limits.ts";
import { openApiFaults } from "../openapi-faults.ts";
import { bearer, secured } from "../secured.ts";

const timeout = TEST_MS;

test("descriptions say HTTP Basic alone where there is a login, and still claim the profile", {
  timeout,
}, async (t) => {
  const { url, tokens } = await secured(t);
  const read = async (path: string) =>
    JSON.parse(await (await fetch(url + path, { headers: bearer(tokens.view) })).text());
  const descriptions = Object.values(Object(await read("/thing_descriptions/")));
  for (const description of [...descriptions, await read("/.well-known/wot")]) {
    assert.deepEqual(tdFaults(description), []);
    const { security, securityDefinitions } = Object(description);
    assert.equal(security, "basic");
    assert.deepEqual(Object.keys(securityDefinitions), ["basic"]);
    const { scheme, in: place, name } = securityDefinitions.basic;
    assert.deepEqual([scheme, place, name], ["basic", "header", "Authorization"]);
  }
  const { profile } = await read("/camera/");
  assert.ok(profile.includes("https://www.w3.org/2022/wot/profile/http-basic/v1"));
});

test("/openapi.json says how to log in, and where that is not needed", { timeout }, async (t) => {
  const { url, tokens, server } = await secured(t);
  const answer = await fetch(`${url}/openapi.json`, { headers: bearer(tokens.view) });
  const document = JSON.parse(await answer.text());
  assert.deepEqual(openApiFaults(document), []);
  const schemes = Object.keys(document.components.securitySchemes);
  assert.deepEqual(schemes, ["basic", "bearer", "session", "signature"]);
  assert.deepEqual(document.security, [{ basic: [] }, { bearer: [] }, { session: [] }]);
  for (const { method, path, role, picture } of server.routes) {
    const shown = document.paths[path.replace(/:(\w+)/g, "{$1}")][method.toLowerCase()];
    assert.equal(shown["x-role"], role);
    const isOpen = shown.security?.length === 0;
    assert.equal(isOpen, role === "none", path);
    if (picture) assert.deepEqual(shown.security.at(-1), { signature: [] });
  }
});
