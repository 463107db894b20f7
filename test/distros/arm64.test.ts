// The packed package in user lands for arm64, by qemu-user, without a compiler: nothing is lost. `npm run test:distros`, which downloads them.
import { test } from "node:test";
import { LAND_MS } from "./limits.ts";
import { tryOut } from "./trial.ts";
import { ON_ARM64 } from "./user-lands.ts";

for (const tried of ON_ARM64)
  test(`${tried.title}: an installation without a compiler loses nothing`, {
    timeout: LAND_MS,
  }, async () => {
    await using land = await tried.open();
    await tryOut(land, tried);
  });
