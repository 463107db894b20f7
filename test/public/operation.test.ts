import assert from "node:assert/strict";
import { execFile } from "node:child_process";
import { test } from "node:test";
import { promisify } from "node:util";
import { openLab } from "../client/instrument.ts";
import { TEST_MS } from "../limits.ts";
import { pageModule } from "./page-module.ts";

interface Operation {
  readonly id: string;
}
interface Filled {
  readonly parameters: Readonly<Record<string, unknown>>;
  readonly body?: unknown;
  readonly accept?: string;
}
interface Request {
  readonly url: string;
  readonly body?: unknown;
}

const { sectionsOf, requestOf, curlOf, isComplete } = await pageModule<{
  sectionsOf(document: object): { name: string; operations: Operation[] }[];
  requestOf(operation: Operation, filled: Filled, root: string): Request;
  curlOf(request: Request, operation: Operation): string;
  isComplete(operation: Operation, filled: Filled): boolean;
}>("api/operation");

const EVIL = `it's "quoted" $HOME \`id\` \\ !! \n; touch /tmp/x #`;
const NOTHING: Filled = { parameters: {} };

function operationOf(document: object, id: string): Operation {
  const all = sectionsOf(document).flatMap(({ operations }) => operations);
  const found = all.find((operation) => operation.id === id);
  assert.ok(found, `there is no ${id}`);
  return found;
}

test("the command of an operation, typed into a shell, sends what the page sends, whatever is in it", {
  timeout: TEST_MS,
}, async () => {
  await using lab = await openLab();
  const document = Object(await (await fetch(`${lab.origin}/openapi.json`)).json());
  const shell = async (id: string, filled: Filled) => {
    const operation = operationOf(document, id);
    const command = curlOf(requestOf(operation, filled, lab.origin), operation);
    const { stdout } = await promisify(execFile)("sh", ["-c", command]);
    return stdout;
  };
  await shell("put_instrument_label", { ...NOTHING, body: EVIL });
  assert.equal(lab.instrument.label, EVIL);
  assert.equal(await shell("get_instrument_label", NOTHING), JSON.stringify(EVIL));
  await shell("put_instrument_exposure", { ...NOTHING, body: 42 });
  assert.equal(lab.instrument.exposure, 42);
  const names = { propertyNames: "exposure,pitch" };
  const read = JSON.parse(await shell("get_instrument_properties", { parameters: names }));
  assert.deepEqual(read, { exposure: 42, pitch: 2.5 });
  const { id } = JSON.parse(await shell("post_instrument_zero", NOTHING));
  const run = JSON.parse(await shell("get_action_invocations_id", { parameters: { id } }));
  assert.equal(run.id, id);
  const refused = await shell("get_action_invocations_id", { parameters: { id: EVIL } });
  assert.equal(JSON.parse(refused).code, "NOT_FOUND");
});

const DOCUMENT = {
  tags: [{ name: "a" }, { name: "b" }],
  security: [{ token: [] }],
  paths: {
    "/a/x": {
      get: {
        tags: ["a"],
        operationId: "stream",
        responses: { 200: { content: { "text/event-stream": {} } } },
      },
    },
    "/a/{id}": {
      put: {
        tags: ["a"],
        operationId: "file",
        security: [],
        parameters: [{ name: "id", in: "path", required: true }],
        requestBody: { content: { "application/octet-stream": {} } },
        responses: { 204: {} },
      },
    },
    "/a/": { get: { tags: ["a"], operationId: "description", responses: {} } },
    "/odd": { post: null },
  },
};

test("a Thing's description comes first in its section; what is odd in a document harms nothing", () => {
  const [a, b] = sectionsOf(DOCUMENT);
  const ids = a?.operations.map(({ id }) => id);
  assert.deepEqual([ids, b?.operations], [["description", "stream", "file"], []]);
  assert.deepEqual(sectionsOf({}), []);
});

test("a command says what its operation needs: a login, an open stream, a file as it is, the type of the answer", () => {
  const root = "http://h:1";
  const [stream, file] = ["stream", "file"].map((id) => operationOf(DOCUMENT, id)) as [
    Operation,
    Operation,
  ];
  assert.equal(
    curlOf(requestOf(stream, NOTHING, root), stream),
    'curl -N http://h:1/a/x \\\n  -H "Authorization: Bearer $TOKEN"',
  );
  const accept = { ...NOTHING, accept: "text/event-stream" };
  assert.match(curlOf(requestOf(stream, accept, root), stream), /-H 'Accept: text\/event-stream'/);
  const filled = { parameters: { id: "a/b c" }, body: new File(["x"], "it's.bin") };
  assert.equal(
    curlOf(requestOf(file, filled, root), file),
    "curl -X PUT http://h:1/a/a%2Fb%20c \\\n  -H 'Content-Type: application/octet-stream' \\\n  --data-binary '@it'\\''s.bin'",
  );
  assert.deepEqual([isComplete(file, NOTHING), isComplete(file, filled)], [false, true]);
});
