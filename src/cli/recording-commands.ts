import type { Command } from "commander";
import { EXIT } from "./exit-codes.ts";

/** `verify` and `repair`: what there is to ask of recordings on disk. */
export function addRecordingCommands(program: Command): void {
  program
    .command("verify")
    .description(
      "count the frames of recordings, byte for byte, and compare them with their ledgers",
    )
    .argument("<files...>", "recordings (.mkv), each with its ledger beside it")
    .action(async (files: string[]) => {
      const { verifyRecording } = await import("../recording/verify.ts");
      for (const file of files) {
        const { ok, sentence } = await verifyRecording(file);
        console.log(sentence);
        if (!ok) process.exitCode = EXIT.failed;
      }
    });
  program
    .command("repair")
    .description("close recordings that ended by a crash or a power cut")
    .argument("<files...>", "recordings (.mkv), each with its ledger beside it")
    .action(async (files: string[]) => {
      const { repairRecording } = await import("../recording/repair.ts");
      for (const file of files) console.log((await repairRecording(file)).sentence);
    });
}
