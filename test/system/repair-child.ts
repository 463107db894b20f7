// A process that repairs recordings. Its arguments: the files. One without a whole frame is passed over.
import { ThingError } from "../../src/base/errors.ts";
import { repairRecording } from "../../src/recording/repair/repair.ts";

for (const path of process.argv.slice(2)) {
  await repairRecording(path).catch((error) => {
    if (!(error instanceof ThingError) || error.code !== "BAD_RECORDING") throw error;
  });
}
