import { html, type TemplateResult } from "lit";
import "../elements/thing-view.ts";
import type { LiveThing } from "../things/live-thing.ts";
import "./autofocus-panel.ts";
import "./mapping-panel.ts";
import "./recorder-panel.ts";
import "./scan-panel.ts";
import "./stage-panel.ts";
import "./thing-rest.ts";

/** By `@type`, the first that a Thing has. */
const PANELS: readonly (readonly [type: string, panel: (thing: LiveThing) => TemplateResult])[] = [
  ["Stage", (thing) => html`<stage-panel .thing=${thing}></stage-panel>`],
  ["Autofocus", (thing) => html`<autofocus-panel .thing=${thing}></autofocus-panel>`],
  ["CameraStageMapping", (thing) => html`<mapping-panel .thing=${thing}></mapping-panel>`],
  ["Recorder", (thing) => html`<recorder-panel .thing=${thing}></recorder-panel>`],
  ["Scan", (thing) => html`<scan-panel .thing=${thing}></scan-panel>`],
];

/** What shows a Thing on the bench: the panel of its kind, by `@type`, or all that its description has. */
export function panelFor(thing: LiveThing): TemplateResult {
  const [type, panel] = PANELS.find(([kind]) => thing.is(kind)) ?? [];
  if (!panel) return html`<thing-view .thing=${thing}></thing-view>`;
  if (type === "Recorder") return panel(thing); // has all of it
  return html`${panel(thing)}<thing-rest .thing=${thing}></thing-rest>`;
}
