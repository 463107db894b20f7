import { css } from "lit";

/** What the list of recordings looks like. */
export const recordingsStyle = css`
  :host {
    display: grid;
    grid-template-columns: minmax(320px, 440px) minmax(0, 1fr);
    min-height: 0;
  }
  .list {
    display: grid;
    grid-template: auto auto auto / minmax(0, 1fr);
    align-content: start;
    min-height: 0;
    overflow: auto;
    border-right: 1px solid var(--line);
  }
  .bar {
    position: sticky;
    top: 0;
    z-index: 1;
    display: flex;
    flex-wrap: wrap;
    align-items: center;
    gap: 8px;
    padding: 10px 12px;
    border-bottom: 1px solid var(--line);
    background: var(--panel);
  }
  .bar input {
    flex: 1 1 120px;
  }
  main {
    display: contents;
  }
  h1 {
    margin: 0;
    font-size: 14px;
    font-weight: 600;
  }
  .bar [role="status"] {
    flex: 1 0 60%;
    text-align: right;
  }
  .problem:not(:empty) {
    padding: 8px 12px;
  }
  ul {
    list-style: none;
  }
  li {
    display: flex;
    align-items: center;
    border-bottom: 1px solid var(--line);
  }
  li.played {
    background: color-mix(in srgb, var(--accent) 10%, transparent);
  }
  @media (forced-colors: active) {
    li.played {
      outline: 2px solid Highlight;
      outline-offset: -2px;
    }
  }
  li > input {
    flex: none;
    width: 16px;
    height: 16px;
    margin: 0 4px 0 12px;
  }
  .open {
    flex: 1;
    justify-content: flex-start;
    gap: 12px;
    min-width: 0;
    padding: 8px 12px 8px 8px;
    border: 0;
    border-radius: 0;
    background: none;
    text-align: left;
    white-space: normal;
  }
  .poster {
    flex: none;
    display: grid;
    width: 84px;
    aspect-ratio: 3 / 2;
    overflow: hidden;
    border-radius: 5px;
    background: var(--picture);
  }
  .poster img {
    width: 100%;
    height: 100%;
    object-fit: cover;
  }
  .words {
    display: flex;
    flex: 1;
    flex-wrap: wrap;
    gap: 0 10px;
    min-width: 0;
    font-size: 12px;
  }
  .words .name {
    flex: 1 0 100%;
    font-size: 13px;
    font-weight: 600;
    overflow-wrap: anywhere;
  }
  .going,
  .lost {
    color: var(--lost);
  }
  .played {
    min-width: 0;
    min-height: 0;
  }
  section.played {
    display: grid;
    grid-template: auto minmax(0, 1fr) auto auto / minmax(0, 1fr);
    gap: 10px;
    padding: 12px;
    overflow: auto;
  }
  header {
    display: flex;
    align-items: center;
    gap: 12px;
    min-width: 0;
  }
  header h2 {
    overflow-wrap: anywhere;
  }
  .file {
    flex: 1;
    overflow: hidden;
    font-size: 12px;
    text-overflow: ellipsis;
    white-space: nowrap;
  }
  .none {
    padding: 24px 16px;
  }
  .hint {
    place-self: center;
    padding: 24px;
  }
  .pages {
    display: flex;
    align-items: center;
    justify-content: space-between;
    gap: 8px;
    padding: 10px 12px;
  }
  @media (max-width: 900px) {
    :host {
      display: flex;
      flex-direction: column;
      overflow: auto;
    }
    .hint {
      display: none;
    }
    section.played {
      order: -1;
      flex: none;
      width: 100%;
      overflow: visible;
      border-bottom: 1px solid var(--line);
    }
    .list {
      flex: none;
      overflow: visible;
      border-right: 0;
    }
  }
`;
