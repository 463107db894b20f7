import { wallTime } from "../base/clock.ts";

/**
 * By what a time that the server tells becomes one of `now()`, ms: it has told the time of its own clock, `X-Clock`, between the request
 * and the answer, so it is right to half of that time. Clocks that may agree are taken to agree.
 * @param begun - When the request began, of `now()`.
 * @param answered - When the head of the answer was there.
 * @returns Undefined of a server that does not tell the time.
 */
export function senderOffset(
  headers: ReadonlyMap<string, string>,
  begun: number,
  answered: number,
): number | undefined {
  const text = headers.get("x-clock") ?? "";
  if (!/^\d{1,12}(\.\d{1,9})?$/.test(text)) return undefined;
  const told = Number(text) * 1000;
  const agreed = answered - wallTime(answered); // of clocks that show the same
  const mayAgree = told + agreed >= begun && told + agreed <= answered;
  return mayAgree ? agreed : (begun + answered) / 2 - told;
}
