import assert from "node:assert/strict";
import { constants } from "node:os";
import { test } from "node:test";
import { TEST_MS } from "../limits.ts";
import { temporaryFolder } from "../temporary-folder.ts";
import { runOnFaultyDisk } from "./disk-shim.ts";

const timeout = TEST_MS;
const { EPERM, EOPNOTSUPP, ENOSYS, EMLINK } = constants.errno;

const ERRORS = process.env.THINGSCOPE_LONG ? { EPERM, EOPNOTSUPP, ENOSYS, EMLINK } : { EPERM };

/** Whatever a disk calls it that it has no hard links, nothing else depends on that. */
for (const [name, fat] of Object.entries(ERRORS)) {
  test(`a disk like FAT that answers a link with ${name} is recorded to, and nothing is overwritten`, {
    timeout,
  }, async () => {
    const folder = await temporaryFolder("fat-");
    const told = await runOnFaultyDisk(folder, { fat }, "system/fat-child.js", folder);
    assert.deepEqual(JSON.parse(told), {
      recorded: ["film.mkv", "Film-2.mkv"],
      written: [3, 3],
      verified: [true, true],
      stills: ["still.jpg", "STILL-2.jpg"],
      settings: { n: 2 },
      second: "SETTINGS_IN_USE",
      refused: `${folder}/12:30.mkv cannot be created: EINVAL: invalid argument, open '${folder}/12:30.mkv'. On FAT, exFAT and Windows, a name must not contain <>:"|?* or end with a space or a dot.`,
      drafts: [],
    });
  });
}
