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
