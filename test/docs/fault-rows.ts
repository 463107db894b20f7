import { pageText } from "./page.ts";

/** A row of docs/internals/faults.md, the one place that says which test stands for which fault. */
export interface FaultRow {
  readonly id: string;
  readonly fault: string;
  readonly holds: string;
  /** The figure of the last release run. */
  readonly measured: string;
  /** A path below test/ without its ending, and a part of the test's title. */
  readonly tests: readonly { readonly file: string; readonly title: string }[];
  /** Why there is no test. */
  readonly notPromised: string | undefined;
}

/** The rows in the order of the page. */
export function faultRows(text = pageText("internals/faults.md")): FaultRow[] {
  return [...text.matchAll(/^\| (F\d\d) \|(.+)\|$/gm)].map(([, id = "", rest = ""]) => {
    const [fault = "", holds = "", measured = "", cell = ""] = rest
      .split("|")
      .map((one) => one.trim());
    const tests = [...cell.matchAll(/`([\w/-]+)` "([^"]+)"/g)];
    return {
      id,
      fault,
      holds,
      measured,
      tests: tests.map(([, file = "", title = ""]) => ({ file, title })),
      notPromised: /^not promised: (.+)$/.exec(cell)?.[1],
    };
  });
}
