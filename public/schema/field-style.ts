import { css } from "lit";

/** What the fields of values have in common. */
export const fieldStyle = css`
  :host {
    display: block;
    min-width: 0;
  }
  input,
  select,
  textarea {
    width: 100%;
  }
  textarea {
    min-height: 74px;
    padding: 6px 8px;
    resize: vertical;
  }
  input[type="checkbox"],
  input[type="radio"] {
    width: auto;
    accent-color: var(--accent);
  }
  [aria-invalid="true"] {
    border-color: var(--lost);
  }
  .row {
    display: flex;
    flex-wrap: wrap;
    align-items: center;
    gap: 6px 10px;
  }
  .unit {
    flex: none;
    min-width: 2.2em;
    color: var(--quiet);
    white-space: nowrap;
  }
  .about {
    color: var(--quiet);
    font-size: 12px;
    overflow-wrap: anywhere;
  }
  .icon {
    min-width: 32px;
    padding: 0 6px;
  }
  fieldset {
    min-width: 0;
    margin: 0;
    padding: 0;
    border: 0;
  }
  @media (pointer: coarse) {
    .icon {
      min-width: 44px;
    }
    label.option {
      min-height: 44px;
    }
  }
`;
