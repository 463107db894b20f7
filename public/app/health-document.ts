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
        border-collapse: collapse;
        background: var(--panel);
      }
      th,
      td {
        padding: 8px 12px;
        border: 1px solid var(--line);
        text-align: left;
        vertical-align: top;
        font-weight: 400;
      }
      thead th {
        color: var(--quiet);
      }
      .lamp {
        display: inline-block;
        margin-right: 8px;
      }
      .scroll {
        overflow-x: auto;
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
      <div class="scroll" tabindex="0" role="region" aria-label="Things">
        <table>
          <thead><tr><th scope="col">Thing</th><th scope="col">State</th><th scope="col">Why</th></tr></thead>
          <tbody>${Object.entries(things).map(thingRow)}</tbody>
        </table>
      </div>
      ${
        streams.length > 0
          ? html`<div class="scroll" tabindex="0" role="region" aria-label="Streams">
              <table>
                <thead>
                  <tr><th scope="col">Stream</th><th scope="col">State</th><th scope="col">Rate</th><th scope="col">Newest frame</th><th scope="col">Viewers</th></tr>
                </thead>
                <tbody>${streams.map(({ path, stream }) => streamRow(path, stream))}</tbody>
              </table>
            </div>`
          : nothing
      }
    `;
  }
}

function thingRow([name, health]: readonly [string, ThingHealth]) {
  const { state, word, reason } = lampOf(health);
  return html`<tr>
    <th scope="row">${name}</th>
    <td><span class="lamp" data-state=${state}></span>${word}</td>
    <td>${reason}</td>
  </tr>`;
}

function streamRow(path: string, { state, rate, age, viewers }: StreamHealth) {
  return html`<tr>
    <th scope="row">${path}</th>
    <td>${state}</td>
    <td class="number">${rate.toFixed(1)} fps</td>
    <td class="number">${age === null ? "none yet" : `${age.toFixed(1)} s ago`}</td>
    <td class="number">${viewers}</td>
  </tr>`;
}

function duration(seconds: number): string {
  if (seconds < 120) return `${Math.round(seconds)} s`;
  if (seconds < 7200) return `${Math.round(seconds / 60)} min`;
  return `${(seconds / 3600).toFixed(1)} h`;
}
