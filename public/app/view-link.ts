import { html, nothing, type TemplateResult } from "lit";
import { address } from "./address.ts";

type Changes = Readonly<Record<string, string | undefined>>;

/** A link to another view of this page, which needs no loading; with a key held down it opens where the browser says. */
export function viewLink(changes: Changes, isCurrent: boolean, content: unknown): TemplateResult {
  return html`<a
    href=${address.hrefOf(changes)}
    aria-current=${isCurrent ? "page" : nothing}
    @click=${(event: MouseEvent) => {
      if (event.ctrlKey || event.metaKey || event.shiftKey || event.button > 0) return;
      event.preventDefault();
      address.go(changes);
    }}
    >${content}</a
  >`;
}
