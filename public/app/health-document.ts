import { css, html, LitElement, nothing } from "lit";
import { customElement, property } from "lit/decorators.js";
import { shared } from "../style/shared.ts";
import { healthIn, type StreamHealth, type ThingHealth } from "../things/health.ts";
import { lampOf } from "../things/lamp.ts";

/** How the server and each of its Things do, renewed while it is looked at. */
@customElement("health-document")
export class HealthDocument extends LitElement {
  static override styles = [
    shared,
    css`
      :host {
        display: grid;
        gap: 16px;
      }
      h1 {
        display: flex;
        align-items: center;
        gap: 12px;
        margin: 0;
        font-size: 22px;
        font-weight: 600;
      }
      ul {
        display: grid;
        gap: 4px;
        padding-left: 18px;
      }
      table {
        width: 100%;
        border-collapse: collapse;
        background: var(--panel);
      }
      th,
      td {
        padding: 8px 12px;
        border: solid var(--line);
        border-width: 1px 0;
        text-align: left;
        vertical-align: top;
        font-weight: 400;
      }
      thead th {
        color: var(--quiet);
      }
      th {
        overflow-wrap: anywhere;
      }
      .state {
        white-space: nowrap;
      }
      .lamp {
        display: inline-block;
        margin: 0 8px 0 3px;
      }
      table,
      ul {
        border-radius: var(--radius);
        overflow: hidden;
      }
      @media (max-width: 640px) {
        thead {
          position: absolute;
          clip-path: inset(50%);
        }
        tr {
          display: grid;
          grid-template-columns: 1fr auto auto auto;
          gap: 2px 14px;
          padding: 8px 12px;
          border-top: 1px solid var(--line);
        }
        tbody th,
        td {
          padding: 0;
          border: 0;
        }
        .things tr {
          grid-template-columns: 1fr auto;
        }
        .streams th,
        .why {
          grid-column: 1 / -1;
        }
        .why:empty {
          display: none;
        }
      }
    `,
  ];

  /** What `/health` answers. */
  @property({ attribute: false }) accessor health: unknown;

  override render() {
    const { things, reasons } = healthIn(this.health) ?? { things: {}, reasons: [] };
    const { status, uptime } = Object(this.health);
    const streams = Object.entries(things).flatMap(([thing, { streams: own = {} }]) =>
      Object.entries(own).map(([name, stream]) => ({ path: `${thing}/${name}`, stream })),
    );
    return html`
      <h1>
        <span class="lamp" data-state=${String(status)}></span>
        ${status === "ok" ? "All is well" : "Degraded"}
      </h1>
      ${reasons.length > 0 ? html`<ul>${reasons.map((reason) => html`<li>${reason}</li>`)}</ul>` : nothing}
      <p class="quiet">Running for ${duration(Number(uptime))}</p>
      <table class="things" role="table" aria-label="Things">
        <thead role="rowgroup">
          <tr role="row">${["Thing", "State", "Why"].map(heading)}</tr>
        </thead>
        <tbody role="rowgroup">${Object.entries(things).map(thingRow)}</tbody>
      </table>
      ${
        streams.length > 0
          ? html`<table class="streams" role="table" aria-label="Streams">
              <thead role="rowgroup">
                <tr role="row">${["Stream", "State", "Rate", "Newest frame", "Viewers"].map(heading)}</tr>
              </thead>
              <tbody role="rowgroup">${streams.map(({ path, stream }) => streamRow(path, stream))}</tbody>
            </table>`
          : nothing
      }
    `;
  }
}

/** A narrow page lays the cells out in lines: their roles would be lost with their layout. */
function heading(title: string) {
  return html`<th role="columnheader" scope="col">${title}</th>`;
}

function thingRow([name, health]: readonly [string, ThingHealth]) {
  const { state, word, reason } = lampOf(health);
  return html`<tr role="row">
    <th role="rowheader" scope="row"><a href=${thingPage(name)}>${name}</a></th>
    <td role="cell" class="state"><span class="lamp" data-state=${state}></span>${word}</td>
    <td role="cell" class="why">${reason}</td>
  </tr>`;
}

/** Where a Thing is used, and tried again. */
function thingPage(name: string): string {
  const home = document.body.dataset.home ?? "./";
  return `${home}?${new URLSearchParams({ view: "things", thing: name })}`;
}

function streamRow(path: string, { state, rate, age, viewers }: StreamHealth) {
  return html`<tr role="row">
    <th role="rowheader" scope="row">${path}</th>
    <td role="cell">${state}</td>
    <td role="cell" class="number">${rate > 0 ? `${rate.toFixed(1)} fps` : "–"}</td>
    <td role="cell" class="number">${age === null ? "none yet" : `${duration(age)} ago`}</td>
    <td role="cell" class="number">${viewers === 1 ? "1 viewer" : `${viewers} viewers`}</td>
  </tr>`;
}

function duration(seconds: number): string {
  if (seconds < 10) return `${seconds.toFixed(1)} s`;
  if (seconds < 120) return `${Math.round(seconds)} s`;
  if (seconds < 7200) return `${Math.round(seconds / 60)} min`;
  return `${(seconds / 3600).toFixed(1)} h`;
}
