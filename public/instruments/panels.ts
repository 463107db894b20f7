import { html, type TemplateResult } from "lit";
import "../elements/thing-view.ts";
import "./recorder-panel.ts";
import type { LiveThing } from "../things/live-thing.ts";

/** What shows a Thing on the bench: the panel of its kind, by `@type`, or all that its description has. */
export function panelFor(thing: LiveThing): TemplateResult {
  if (thing.is("Recorder")) return html`<recorder-panel .thing=${thing}></recorder-panel>`;
  return html`<thing-view .thing=${thing}></thing-view>`;
}
