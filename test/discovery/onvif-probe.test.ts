import assert from "node:assert/strict";
import { createSocket, type Socket } from "node:dgram";
import { once } from "node:events";
import { readdirSync } from "node:fs";
import { type TestContext, test } from "node:test";
import type { FoundCamera } from "../../src/discovery/found-camera.ts";
import {
  LONGEST_ANSWER,
  MOST_ANSWERS,
  MOST_OF_ONE_SENDER,
  matchesIn,
  probeOnvif,
} from "../../src/discovery/network/onvif-probe.ts";
import { patience, TEST_MS } from "../limits.ts";
import { fc, runs } from "../property.ts";

const LOOPBACK = "127.0.0.1";

function answer(
  uuid: string,
  address: string,
  scopes = "onvif://www.onvif.org/name/Hall%20Door",
): string {
  return `<?xml version="1.0"?><SOAP-ENV:Envelope xmlns:SOAP-ENV="http://www.w3.org/2003/05/soap-envelope"><SOAP-ENV:Body>
    <d:ProbeMatches><d:ProbeMatch><wsa:EndpointReference><wsa:Address>urn:uuid:${uuid}</wsa:Address></wsa:EndpointReference>
    <d:Types>dn:NetworkVideoTransmitter</d:Types><d:Scopes>onvif://www.onvif.org/type/ptz ${scopes}</d:Scopes>
    <d:XAddrs>${address}</d:XAddrs></d:ProbeMatch></d:ProbeMatches></SOAP-ENV:Body></SOAP-ENV:Envelope>`;
}

/** A device that answers each probe with what `answers` gives. */
async function device(
  t: TestContext,
  answers: (probe: string) => readonly string[],
  group?: string,
) {
  const socket: Socket = createSocket({ type: "udp4", reuseAddr: true });
  t.after(() => socket.close());
  socket.on("message", (probe, { port, address }) => {
    for (const text of answers(probe.toString())) socket.send(text, port, address);
  });
  socket.bind(0, group ? "0.0.0.0" : LOOPBACK);
  await once(socket, "listening");
  if (group) socket.addMembership(group, LOOPBACK);
  return socket.address().port;
}

/** What a search finds; on a busy machine the first one may be over before the answers are read. */
async function search(
  port: number,
  group: string,
  fewest: number,
): Promise<readonly FoundCamera[]> {
  const limit = patience();
  for (;;) {
    limit.throwIfAborted();
    const target = { group, port, interfaces: [LOOPBACK] };
    const { cameras } = await probeOnvif({ ms: 200, signal: limit }, target);
    if (cameras.length >= fewest) return cameras;
  }
}

test("devices that answer a multicast probe are found, each once, with an entry for a configuration", {
  timeout: TEST_MS,
}, async (t) => {
  const group = "239.255.255.250";
  const probes: string[] = [];
  const port = await device(
    t,
    (probe) => {
      probes.push(probe);
      const url = `http://192.168.7.9/onvif http://${LOOPBACK}:8899/onvif/device_service`;
      return [answer("AA-1", url), answer("aa-2", "http://10.0.0.7/onvif", "")];
    },
    group,
  );
  const cameras = await search(port, group, 2);
  assert.match(probes[0] ?? "", /<d:Types>dn:NetworkVideoTransmitter<\/d:Types>/);
  assert.deepEqual(
    cameras.map(({ id, title, address }) => [id, title, address]),
    [
      ["onvif-aa-1", "Hall Door", `http://${LOOPBACK}:8899/onvif/device_service`],
      ["onvif-aa-2", `Camera at ${LOOPBACK}`, `http://${LOOPBACK}/onvif`],
    ],
  );
  assert.deepEqual(cameras[0]?.config, {
    class: "thingscope/things:RtspCamera",
    kwargs: { url: `http://${LOOPBACK}:8899/onvif/device_service` },
  });
});

test("answers that are too long, too many or no answers are left out", {
  timeout: TEST_MS,
}, async (t) => {
  const flood = Array.from({ length: 2 * MOST_ANSWERS }, (_, at) => answer(`f-${at}`, "http://h/"));
  const long = answer("long", `http://h/${"a".repeat(LONGEST_ANSWER)}`);
  const port = await device(t, () => [long, "\u0000\u0001", "<ProbeMatch>", ...flood]);
  const cameras = await search(port, LOOPBACK, 1);
  assert.ok(cameras.length > 0 && cameras.length <= 64, `${cameras.length}`);
  assert.ok(!cameras.some(({ id }) => id === "onvif-long"));
});

test("a sender that floods is read only so far, which is told, and an id that is claimed twice stays with the first", {
  timeout: TEST_MS,
}, async (t) => {
  const real = answer("a", "http://h/real", "onvif://www.onvif.org/name/Real");
  const claims = Array.from({ length: 2 * MOST_OF_ONE_SENDER }, (_, at) =>
    answer("a", `http://h/${at}`, "onvif://www.onvif.org/name/Other"),
  );
  const port = await device(t, () => [real, ...claims]);
  const limit = patience();
  for (;;) {
    limit.throwIfAborted();
    const target = { group: LOOPBACK, port, interfaces: [LOOPBACK] };
    const { cameras, note = "" } = await probeOnvif({ ms: 400, signal: limit }, target);
    if (!note) continue; // a busy machine: the answers are not read yet
    assert.deepEqual(
      cameras.map(({ id, title }) => [id, title]),
      [
        ["onvif-a", "Real"],
        [`onvif-a@${LOOPBACK}`, "Other"],
      ],
    );
    assert.match(note, /^\d+ answers or cameras were too many or too long and were left out/);
    break;
  }
});

test("what an answer says is text, and nothing in it is followed", () => {
  const hostile = [
    answer("x", "javascript:alert(1)"),
    answer("x", "file:///etc/passwd"),
    `<!DOCTYPE a [<!ENTITY b SYSTEM "file:///etc/passwd">]>${answer("x", "&b;")}`,
  ];
  for (const text of hostile) assert.deepEqual(matchesIn(text, LOOPBACK), []);
  const named = answer(
    "x",
    "http://h/",
    `onvif://www.onvif.org/name/%1b[2J%zz onvif://www.onvif.org/name/b`,
  );
  assert.equal(matchesIn(named, LOOPBACK)[0]?.title, "%1b[2J%zz");
  const escaped = answer("x", "http://h/?a=1&amp;b=2", `onvif://www.onvif.org/name/${"%1B%5B2JA"}`);
  const [camera] = matchesIn(escaped, LOOPBACK);
  assert.deepEqual([camera?.title, camera?.address], ["[2JA", `http://${LOOPBACK}/?a=1&b=2`]);
  const elsewhere = answer("x", "http://admin:secret@169.254.169.254:81/latest");
  assert.equal(matchesIn(elsewhere, LOOPBACK)[0]?.address, `http://${LOOPBACK}:81/latest`);
});

test("no text makes reading an answer fail", () => {
  const piece = fc.oneof(
    fc.string(),
    fc.constantFrom(
      "<d:ProbeMatch>",
      "<d:XAddrs>",
      "</d:XAddrs>",
      "http://h/",
      "<",
      ">",
      "<wsa:Address>urn:uuid:",
    ),
  );
  fc.assert(
    fc.property(fc.array(piece, { maxLength: 60 }), (pieces) => {
      for (const { address } of matchesIn(pieces.join(""), LOOPBACK))
        assert.match(address, /^https?:/);
    }),
    { numRuns: runs(300) },
  );
});

test("a search that is ended early gives what it has, and a network that cannot be asked is told", {
  timeout: TEST_MS,
}, async () => {
  const ended = new AbortController();
  ended.abort();
  const target = { group: LOOPBACK, port: 9, interfaces: [] };
  const none = await probeOnvif({ ms: 60_000, signal: ended.signal }, target);
  assert.deepEqual([none.cameras, none.note], [[], "This computer is in no network."]);
  const foreign = { ...target, interfaces: ["192.0.2.77"] };
  const { note } = await probeOnvif({ ms: 60_000, signal: ended.signal }, foreign);
  assert.match(note ?? "", /^A network could not be asked: /);
  const open = readdirSync("/proc/self/fd").length;
  const many = { ...target, interfaces: Array<string>(20).fill("192.0.2.77") };
  await probeOnvif({ ms: 60_000, signal: ended.signal }, many);
  assert.ok(readdirSync("/proc/self/fd").length < open + 20, "their sockets are closed");
});
