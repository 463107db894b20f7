#!/usr/bin/env node
import { nodeFault } from "./node-version.ts";

const fault = nodeFault(process.versions.node);
if (fault) {
  console.error(fault);
  process.exitCode = 1;
} else {
  // Not before: an old Node ends at the first module that it cannot read, with a stack.
  const { runCommand } = await import("./command.ts");
  await runCommand(process.argv.slice(2));
}
