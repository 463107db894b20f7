import type { Output } from "../../src/cli/client-output.ts";

/** A terminal that remembers. */
export class Terminal implements Output {
  readonly isTTY = true;
  readonly columns = 100;
  text = "";
  write(text: string): void {
    this.text += text;
  }
}
