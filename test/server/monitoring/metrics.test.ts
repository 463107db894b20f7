import assert from "node:assert/strict";
import { once } from "node:events";
import { test } from "node:test";
import { WebSocket } from "ws";
import { prometheusText } from "../../../src/server/monitoring/prometheus-text.ts";
import { jpegOf } from "../../frames/jpegs.ts";
import { TEST_MS } from "../../limits.ts";
import { laboratory } from "../cameras.ts";

test("labels and numbers are written as Prometheus reads them", () => {
  const samples = [
    { labels: { thing: 'a "b"\\\n' }, value: 1 },
    { value: Number.NaN },
    { value: -1 / 0 },
  ];
  const text = prometheusText([
    { name: "a_total", type: "counter", help: "Line\nline \\", samples },
    { name: "empty", type: "gauge", help: "Left out.", samples: [] },
  ]);
  assert.equal(
    text,
    '# HELP a_total Line\\nline \\\\\n# TYPE a_total counter\na_total{thing="a \\"b\\"\\\\\\n"} 1\na_total NaN\na_total -Inf\n',
  );
});

test("metrics count every frame, loss, viewer, invocation and WebSocket", {
  timeout: TEST_MS,
}, async (t) => {
  const { url, camera, host } = await laboratory(t);
  const jpeg = await jpegOf(64, 48);
  for (let n = 0; n < 3; n++) camera.live.addFrame(jpeg);
  camera.live.offerFrame(new Uint8Array(10));
  const viewer = await fetch(`${url}/camera/live`);
  await host.get("camera").invoke("shoot", {}).ended;
  const socket = new WebSocket(`${url.replace("http", "ws")}/camera/ws`);
  await once(socket, "open");
  const response = await fetch(`${url}/metrics`);
  const text = await response.text();
  assert.match(response.headers.get("content-type") ?? "", /^text\/plain; version=0\.0\.4/);
  for (const line of [
    'thingscope_thing_open{thing="camera"} 1',
    'thingscope_thing_open{thing="stage"} 0',
    'thingscope_stream_running{thing="camera",stream="live"} 1',
    'thingscope_stream_viewers{thing="camera",stream="live"} 1',
    'thingscope_stream_frames_total{thing="camera",stream="live"} 3',
    'thingscope_stream_skipped_frames_total{thing="camera",stream="live"} 0',
    'thingscope_stream_refused_frames_total{thing="camera",stream="live",reason="corrupt"} 1',
    'thingscope_invocations_running{thing="camera",action="shoot"} 0',
    'thingscope_invocations_total{thing="camera",action="shoot",status="completed"} 1',
    "thingscope_websocket_connections 1",
  ]) {
    assert.ok(text.includes(`${line}\n`), `${line}\n\n${text}`);
  }
  for (const name of [
    "thingscope_stream_age_seconds",
    "thingscope_stream_rate_hertz",
    "thingscope_event_loop_delay_p99_seconds",
    'thingscope_event_loop_delay_seconds_bucket{le="0.05"}',
    "thingscope_event_loop_delay_seconds_count",
    "process_resident_memory_bytes",
    "process_open_fds",
  ]) {
    assert.match(text, new RegExp(`^${name}(\\{.*\\})? [0-9.e-]+$`, "m"));
  }
  for (const line of text.trimEnd().split("\n")) {
    assert.match(line, /^(# (HELP|TYPE) .+|[a-z0-9_]+(\{([a-z]+="[^"\n]*",?)+\})? [-+0-9.eInf]+)$/);
  }
  await viewer.body?.cancel();
  socket.close();
});
