import { html, nothing } from "lit";
import type { PictureReport } from "../../frames/messages.ts";
import { bytes, duration } from "../../style/quantities.ts";
import { ageOf, type PictureState } from "./picture-state.ts";

/** What is known of a picture, in one line. */
export function facts(state: PictureState, report: PictureReport | undefined, isCompact: boolean) {
  const lamp = html`<span class="word"><span class="lamp" aria-hidden="true"></span>${state.word}</span>`;
  if (!report) return lamp;
  const { index, rate, size, fullWidth, fullHeight, run } = report;
  const perSecond = rate > 0 ? `${rate.toFixed(rate < 10 ? 1 : 0)} fps` : "– fps";
  const age = duration(ageOf(report, performance.timeOrigin + performance.now()));
  const more = html`
    <span class="size">size <span class="number">${bytes(size)}</span></span>
    <span class="pixels"><span class="number">${fullWidth} × ${fullHeight}</span>${received(report)}</span>
  `;
  return html`
    ${lamp}
    <span class="index" title="Run ${run}">frame <span class="number">${index}</span></span>
    <span class="rate number">${perSecond}</span>
    <span class="age">age <span class="number">${age}</span></span>
    ${isCompact ? nothing : more}
  `;
}

/** A picture in one sentence, for those who do not see it. */
export function describe(
  name: string,
  state: PictureState,
  report: PictureReport | undefined,
): string {
  const what = state.banner ? `${state.word}. ${state.why ?? ""}` : `${state.word}.`;
  if (!report || state.banner) return `${name}: ${what}`;
  return `${name}: ${what} ${report.fullWidth} by ${report.fullHeight} pixels, ${Math.round(report.rate)} frames a second.`;
}

function received({ width, height, fullWidth }: PictureReport) {
  return width === fullWidth ? nothing : html` as ${width} × ${height}`;
}
