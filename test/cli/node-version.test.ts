import assert from "node:assert/strict";
import { test } from "node:test";
import { nodeFault } from "../../src/cli/node-version.ts";

test("a Node before 20.19 is refused with a sentence, and none since", () => {
  for (const version of ["18.20.8", "20.18.3", "16.0.0"]) {
    assert.equal(
      nodeFault(version),
      `Thingscope needs Node 20.19 or newer, and this is Node ${version}. Install a newer one: https://nodejs.org`,
    );
  }
  for (const version of ["20.19.0", "20.20.2", "22.0.0", "24.1.0", "26.0.0-nightly"])
    assert.equal(nodeFault(version), undefined, version);
});
