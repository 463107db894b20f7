import assert from "node:assert/strict";
import { test } from "node:test";
import { pageModule } from "./page-module.ts";

const { record } = await pageModule<{
  record(thing: unknown, isOn: boolean): Promise<string>;
}>("instruments/recorder-deeds");

/** A Recorder that records, or does not, whatever a page shows. */
function recorderThat(records: boolean) {
  const invoked: string[] = [];
  const begin = (name: string) => async () => {
    invoked.push(name);
    return { result: async () => ({ ended: "stopped", written: 3, dropped: 0, files: [] }) };
  };
  const td = {
    properties: { until_stopped: {}, armed: {} },
    actions: { record: { input: { properties: { until_stopped: {} } } }, stop_recording: {} },
  };
  const client = {
    read: async (name: string) => (name === "until_stopped" ? records : true),
    actions: {
      record: { start: begin("record") },
      stop_recording: { start: begin("stop_recording") },
    },
  };
  return { thing: { td, client }, invoked };
}

test("a click does what its button said, although another page has begun or stopped meanwhile", async () => {
  const begun = recorderThat(true);
  assert.equal(await record(begun.thing, false), "Recording");
  assert.deepEqual(begun.invoked, [], "Record does not stop what somebody else has begun");
  const stopped = recorderThat(false);
  assert.match(await record(stopped.thing, true), /stopped already/);
  assert.deepEqual(stopped.invoked, [], "Stop does not begin a recording");
  for (const [isOn, action] of [
    [false, "record"],
    [true, "stop_recording"],
  ] as const) {
    const { thing, invoked } = recorderThat(isOn);
    await record(thing, isOn);
    assert.deepEqual(invoked, [action]);
  }
});
