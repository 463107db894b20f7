import assert from "node:assert/strict";
import { connect, createServer, type Socket } from "node:net";
import { type TestContext, test } from "node:test";
import { Elapsed } from "../elapsed.ts";
import { TEST_MS } from "../limits.ts";
import { openPage, rendererPids } from "./chromium.ts";
import { dot, gauge, scopeServer, until } from "./live-scope.ts";

/** Whether the server hears nothing of the end of what was lost, as when the address has changed: its pings find out in 15 to 30 s. */
const staysLost = process.env.THINGSCOPE_LONG === "1";

/** A way to a server on which, while it is dark, nothing passes and nothing is told: as with an interface that is down, no connection ends. */
async function darkeningWay(t: TestContext, port: number) {
  let isDark = false;
  const ends = new Set<Socket>();
  const lost = new Set<Socket>();
  const way = createServer((client) => {
    ends.add(client);
    client.on("error", () => {});
    if (isDark) {
      lost.add(client.pause());
      return;
    }
    const onward = connect(port, "127.0.0.1");
    onward.on("error", () => {});
    ends.add(onward);
    for (const [from, to] of [
      [client, onward],
      [onward, client],
    ] as const) {
      from.on("data", (data) => {
        if (!lost.has(from)) to.write(data);
      });
      from.on("close", () => {
        ends.delete(from);
        if (!lost.has(from) || !staysLost) to.destroy();
      });
    }
  });
  await new Promise<void>((resolve) => way.listen(0, "127.0.0.1", resolve));
  t.after(() => {
    way.close();
    for (const socket of ends) socket.destroy();
  });
  return {
    url: `http://127.0.0.1:${Object(way.address()).port}`,
    darken: () => {
      isDark = true;
      for (const socket of ends) lost.add(socket);
    },
    lighten: () => {
      isDark = false;
      if (!staysLost) for (const socket of lost) socket.destroy();
    },
  };
}

test("a network that is down says nothing: the page does within 5 s, is live again within 5 s of its return, and the server keeps no stream of the lost connection", {
  timeout: TEST_MS,
}, async (t) => {
  const { scope, server, url, port } = await scopeServer();
  t.after(() => server.close());
  scope.picture = dot;
  const way = await darkeningWay(t, port);
  const { page } = await openPage(t, { width: 640, height: 600 });
  page.setDefaultTimeout(TEST_MS);
  await page.goto(`${way.url}/scope/live/viewer`);
  const streaming = page.locator("[data-state=streaming]");
  await streaming.waitFor();
  assert.equal(await gauge(url, "websocket_connections"), 1);
  way.darken();
  const dark = new Elapsed(...rendererPids());
  await page.locator(".banner").getByText("The server does not answer.").waitFor();
  const said = dark.ms;
  assert.ok(said < 5000, `${said} ms`);
  way.lighten();
  const light = new Elapsed(...rendererPids());
  await streaming.waitFor();
  const back = light.ms;
  t.diagnostic(`told after ${Math.round(said)} ms, live again after ${Math.round(back)} ms`);
  assert.ok(back < 5000, `${back} ms`);
  await until(async () => (await gauge(url, "websocket_connections")) === 1);
  await until(() => scope.live.stats.viewers === 1);
});
