/** What a check found, and what to do about it. */
export interface CheckResult {
  /** `warn`: it runs, something is worse. `fail`: it will not run. */
  readonly level: "ok" | "warn" | "fail";
  /** One sentence. */
  readonly message: string;
  /** What fixes it: a command, or a sentence. */
  readonly fix?: string;
}

/** One thing that `thingscope doctor` looks at. A part offers its own; `cli/doctor.ts` lists them all. */
export interface Check<
  Result extends CheckResult | readonly CheckResult[] = CheckResult | readonly CheckResult[],
> {
  readonly name: string;
  /** The longest that it may take, ms: 30,000 when absent. */
  readonly limitMs?: number;
  /** Several results are several lines. */
  run(): Promise<Result>;
}
