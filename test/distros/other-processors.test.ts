// Processors that the package has no binaries for, by qemu-user: everything works, and what is worse is told once.
import assert from "node:assert/strict";
import { test } from "node:test";
import { LAND_MS } from "./limits.ts";
import { assertIs, doctor, INSTALL, nativeLines, servedPicture } from "./trial.ts";
import { ON_OTHERS } from "./user-lands.ts";

for (const { title, arch, library, open } of ON_OTHERS)
  test(`${title}: the microscope is served, and the log says once what is worse without addons`, {
    timeout: LAND_MS,
  }, async () => {
    await using land = await open();
    await assertIs(land, arch, library);
    await land.told(INSTALL);
    const [node, sharp, addons, program] = await doctor(land);
    assert.deepEqual([node?.level, sharp?.level], ["ok", "ok"], sharp?.message);
    for (const part of [addons, program]) {
      assert.equal(part?.level, "warn");
      assert.match(part.message, new RegExp(`the package has none for linux-${arch}`));
      assert.match(part.fix ?? "", /^With a C compiler, this builds them: node \//);
    }
    const said = nativeLines(await servedPicture(land));
    assert.equal(said.length, 1, said.join("\n"));
    assert.match(said[0]!, /Addons do not run here \(crc32, send-to-each, tcp-lowat\)/);
  });
