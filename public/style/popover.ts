import { css } from "lit";

/** What opens over the page: a panel that scrolls. Its place, and how large it may be, are its element's. */
export const popover = css`
  [popover] {
    margin: 0;
    padding: 16px;
    border: 1px solid var(--edge);
    border-radius: var(--radius, 8px);
    background: var(--panel);
    color: var(--text);
    box-shadow: 0 12px 40px rgb(0 0 0 / 30%);
    overflow: auto;
  }
  [popover]:popover-open {
    display: grid;
    gap: 16px;
  }
`;

/**
 * Gives the keyboard back to the button that opened a panel, as it closes with the keyboard in it: a browser does so in a document, but
 * not in a shadow tree. For `beforetoggle`.
 */
export function giveKeyboardBack(event: ToggleEvent): void {
  const panel = event.currentTarget as HTMLElement;
  if (event.newState === "closed" && panel.matches(":focus-within")) openerOf(panel)?.focus();
}

/** Closes a panel that the keyboard has left, so that it covers nothing that the keyboard is at. For `focusout`. */
export function closeBehindKeyboard({ currentTarget, relatedTarget }: FocusEvent): void {
  const panel = currentTarget as HTMLElement;
  if (!(relatedTarget instanceof Node) || panel.contains(relatedTarget)) return;
  if (relatedTarget !== openerOf(panel)) panel.hidePopover();
}

function openerOf(panel: HTMLElement): HTMLElement | null {
  return panel.parentNode?.querySelector(`[popovertarget="${panel.id}"]`) ?? null;
}
