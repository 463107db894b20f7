// A process that repairs a recording, and prints as JSON how that went and which files of its folder it has open then. Its argument: the file.
import { dirname } from "node:path";
import { messageOf, ThingError } from "../../src/base/errors.ts";
import { repairRecording } from "../../src/recording/repair/repair.ts";
import { openIn } from "../things/at-once.ts";

const [path = ""] = process.argv.slice(2);
const failed = await repairRecording(path).then(
  () => undefined,
  (error) => ({ isTold: error instanceof ThingError, why: messageOf(error) }),
);
console.log(JSON.stringify({ failed, open: await openIn(dirname(path)) }));
process.exit(0);
