import { css } from "lit";

/** Groups of controls beside one another as far as there is room; what is in them too. */
export const thingViewStyle = css`
  :host {
    display: grid;
    align-content: start;
    gap: 8px;
    min-width: 0;
    padding: 12px;
    border: 1px solid var(--line);
    border-radius: var(--radius);
    background: var(--panel);
    container-type: inline-size;
  }
  header {
    display: flex;
    align-items: center;
    gap: 10px;
  }
  header h2 {
    overflow-wrap: anywhere;
  }
  header .quiet {
    margin-left: auto;
  }
  summary {
    padding: 4px 0;
    color: var(--quiet);
    font-size: 12px;
    font-weight: 600;
    cursor: pointer;
  }
  .groups,
  .properties,
  .actions {
    display: grid;
    grid-template-columns: repeat(auto-fill, minmax(min(100%, 420px), 1fr));
    align-items: start;
    gap: 4px 28px;
  }
  .groups > .large {
    grid-column: 1 / -1;
  }
  .properties {
    --row: 34px;
    gap: 4px 28px;
    padding: 2px 0;
  }
  .readings {
    grid-template-columns: repeat(auto-fill, minmax(min(100%, 280px), 1fr));
    --row: 0;
    gap: 2px 28px;
  }
  .actions {
    gap: 8px 28px;
    padding: 2px 0;
  }
  .actions > action-form {
    padding-top: 8px;
    border-top: 1px solid var(--line);
  }
  input[type="search"] {
    width: 100%;
  }
`;
