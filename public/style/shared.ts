import { css } from "lit";

/** What buttons, fields and lamps look like in every element of the pages; the colours are those of page.css. */
export const shared = css`
  :host {
    --state: var(--quiet);
    font-size: 13px;
    line-height: 1.45;
  }
  :host([hidden]),
  [hidden] {
    display: none !important;
  }
  * {
    box-sizing: border-box;
  }
  h2,
  h3,
  p,
  ul,
  dl,
  dd {
    margin: 0;
    padding: 0;
  }
  h2 {
    font-size: 14px;
    font-weight: 600;
  }
  h3 {
    color: var(--quiet);
    font-size: 12px;
    font-weight: 600;
  }
  a {
    color: var(--accent);
  }
  button,
  .button {
    display: inline-flex;
    align-items: center;
    justify-content: center;
    gap: 6px;
    min-height: 32px;
    padding: 0 12px;
    border: 1px solid var(--edge);
    border-radius: var(--radius, 8px);
    background: var(--panel);
    color: var(--text);
    font: inherit;
    text-decoration: none;
    white-space: nowrap;
    cursor: pointer;
  }
  /* Without weight: a button that has a colour of its own keeps it. A touch leaves no pointer behind. */
  @media (hover: hover) {
    button:where(:hover:enabled),
    .button:where(:hover) {
      border-color: var(--accent);
      color: var(--accent);
    }
  }
  button:disabled,
  button[aria-disabled="true"] {
    color: var(--quiet);
    cursor: default;
  }
  button.first {
    border-color: var(--accent);
    background: var(--accent);
    color: var(--on-accent);
  }
  button.first:is(:disabled, [aria-disabled="true"]) {
    opacity: 0.6;
  }
  @media (hover: hover) {
    button.first:hover:enabled {
      filter: brightness(1.08);
    }
  }
  button[aria-pressed="true"] {
    border-color: var(--accent);
    color: var(--accent);
  }
  input,
  select,
  textarea {
    min-height: 32px;
    min-width: 0;
    padding: 0 8px;
    border: 1px solid var(--edge);
    border-radius: var(--radius, 8px);
    background: var(--raised);
    color: var(--text);
    font: inherit;
  }
  input:placeholder-shown {
    text-overflow: ellipsis;
  }
  input[type="range"],
  input[type="radio"],
  input[type="checkbox"] {
    min-height: 0;
    padding: 0;
    accent-color: var(--accent);
  }
  :focus-visible {
    outline: 2px solid var(--accent);
    outline-offset: 2px;
  }
  .unseen {
    position: absolute;
    width: 1px;
    height: 1px;
    overflow: hidden;
    clip-path: inset(50%);
    white-space: nowrap;
  }
  .quiet {
    color: var(--quiet);
  }
  .number {
    font-family: var(--mono);
    font-variant-numeric: tabular-nums;
  }
  .problem {
    color: var(--lost);
    overflow-wrap: anywhere;
  }
  .lamp {
    flex: none;
    width: 9px;
    height: 9px;
    border-radius: 50%;
    background: var(--state);
    box-shadow: 0 0 0 3px color-mix(in srgb, var(--state) 18%, transparent);
  }
  [data-state="open"],
  [data-state="streaming"],
  [data-state="live"],
  [data-state="ok"] {
    --state: var(--live);
  }
  [data-state="opening"],
  [data-state="starting"],
  [data-state="stalled"],
  [data-state="degraded"],
  [data-state="stale"] {
    --state: var(--stale);
  }
  [data-state="failed"],
  [data-state="disconnected"],
  [data-state="lost"] {
    --state: var(--lost);
  }
  /* The colours of page.css are those of the user then. */
  @media (forced-colors: active) {
    .lamp,
    progress::-webkit-progress-value,
    a[aria-current],
    button:is(.first, [aria-pressed], [aria-checked]) {
      forced-color-adjust: none;
    }
    button:is([aria-pressed], [aria-checked]) {
      border-color: var(--edge);
    }
    button[aria-pressed="true"] {
      background: var(--accent);
      color: var(--on-accent);
    }
  }
  @media (pointer: coarse) {
    button,
    .button,
    input,
    select {
      min-height: 44px;
    }
  }
`;
