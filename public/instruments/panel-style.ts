import { css } from "lit";

/** What the panels of instruments have in common. */
export const panelStyle = css`
  :host {
    display: grid;
    gap: 10px;
    padding: 4px 12px 12px;
    min-width: 0;
  }
  .row {
    display: flex;
    flex-wrap: wrap;
    align-items: center;
    gap: 8px;
    min-width: 0;
  }
  .row.top {
    align-items: flex-start;
    gap: 12px;
  }
  .row.end {
    justify-content: flex-end;
  }
  .grow {
    display: grid;
    flex: 1;
    gap: 8px;
    min-width: 120px;
  }
  .state {
    display: flex;
    align-items: center;
    gap: 8px;
    color: var(--quiet);
  }
  .problem:empty,
  .quiet:empty {
    display: none;
  }
  .fields {
    display: grid;
    gap: 6px;
  }
  .step {
    display: grid;
    grid-template-columns: auto minmax(40px, 1fr) auto;
    gap: 2px 4px;
    align-items: center;
  }
  .step label,
  .step .number {
    grid-column: 1 / -1;
    font-size: 12px;
  }
  .step label {
    color: var(--quiet);
  }
  .step input {
    width: 100%;
    min-height: 28px;
    padding-inline: 4px;
    text-align: center;
  }
  .step button {
    min-height: 28px;
    padding: 0 4px; /* with more, ×10 would stand out of the panel */
    font-size: 12px;
  }
  form {
    display: grid;
    gap: 8px;
  }
  table {
    width: 100%;
    border-collapse: collapse;
  }
  th,
  td {
    padding: 2px 0 2px 10px;
    text-align: right;
  }
  th {
    padding-left: 0;
    color: var(--quiet);
    font-weight: 600;
    text-align: left;
  }
  td input {
    width: 84px;
    min-height: 28px;
    text-align: right;
  }
  label.field {
    display: grid;
    gap: 2px;
    color: var(--quiet);
    font-size: 12px;
  }
  label.field input,
  label.field select {
    width: 100%;
    color: var(--text);
    font-size: 13px;
  }
  .cells {
    display: grid;
    grid-template-columns: repeat(4, minmax(0, 1fr));
    gap: 8px;
  }
  progress {
    width: 100%;
    accent-color: var(--accent);
  }
  @media (pointer: coarse) {
    .step input,
    .step button,
    td input {
      min-height: 44px;
    }
  }
`;
