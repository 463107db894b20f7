import assert from "node:assert/strict";
import { test } from "node:test";
import { isOwn, webcamsIn } from "../../../src/adapters/moonraker/webcams.ts";

const PATH = "/camera/mjpeg_stream";

test("a webcam is this server's by its id or its stream, wherever that is, and else somebody's", () => {
  const answer = JSON.stringify({
    result: {
      webcams: [
        { name: "moved", stream_url: `http://10.0.0.9:5000${PATH}?expires=1` },
        {
          name: "renamed",
          stream_url: "http://pi:5000/other/live",
          extra_data: { thingscope: "a" },
        },
        { name: "theirs", stream_url: "/webcam/?action=stream" },
        { name: "another's", stream_url: "http://pi/other/live", extra_data: { thingscope: "b" } },
        { name: "odd" },
        null,
      ],
    },
  });
  const webcams = webcamsIn(answer);
  const own = [...webcams].filter(([, webcam]) => isOwn(webcam, "a", PATH));
  assert.deepEqual(
    own.map(([name]) => name),
    ["moved", "renamed"],
  );
  assert.equal(webcams.size, 5);
});

test("what is no answer of Moonraker has no webcams", () => {
  for (const text of ["", "<html>", "null", "[]", '{"result":null}', '{"result":{"webcams":5}}'])
    assert.equal(webcamsIn(text).size, 0, text);
});
