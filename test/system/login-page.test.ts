import assert from "node:assert/strict";
import { mkdtemp } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { type TestContext, test } from "node:test";
import type { Page } from "playwright-core";
import { endSessions } from "../../src/server/access/login/account-changes.ts";
import { ownCertificate } from "../../src/server/access/tls/certificate-files.ts";
import { jpegOf } from "../frames/jpegs.ts";
import { TEST_MS } from "../limits.ts";
import { serverFor } from "../server/requests.ts";
import { bearer, PASSWORD, type Secured, secured } from "../server/secured.ts";
import { assertAccessible } from "./accessibility.ts";
import { holdBack, openPage } from "./chromium.ts";

const timeout = TEST_MS;

/** A laboratory whose camera runs. */
async function running(t: TestContext, options: Parameters<typeof secured>[1] = {}) {
  const lab = await secured(t, { users: true, ...options });
  const jpeg = await jpegOf(64, 48);
  const source = setInterval(() => lab.camera.live.addFrame(jpeg), 50);
  t.after(() => clearInterval(source));
  return lab;
}

/** The width of an image of a stream in the page, 0 when the browser shows nothing. */
function widthOf(page: Page, src: string): Promise<number> {
  return page.evaluate(`new Promise((resolve) => {
    const image = document.body.appendChild(new Image());
    image.onload = () => resolve(image.naturalWidth);
    image.onerror = () => resolve(0);
    image.src = ${JSON.stringify(src)};
  })`);
}

async function isViewer(page: Page): Promise<void> {
  await page.waitForSelector("[data-state=streaming]");
  assert.match(new URL(page.url()).pathname, /\/camera\/live\/viewer$/);
}

test("the link that the server printed logs a browser in, and leaves no code behind", {
  timeout,
}, async (t) => {
  const { server, url } = await running(t);
  const { page, complaints } = await openPage(t);
  const code = server.newLoginCode();
  await page.goto(`${url}/login?to=/camera/live/viewer#code=${code}`);
  await isViewer(page);
  assert.equal(await widthOf(page, `${url}/camera/live`), 64);
  const kept = String(await page.evaluate("location.href + document.cookie"));
  assert.ok(!kept.includes(code!) && !kept.includes("thingscope-"));
  assert.deepEqual(complaints, []);
});

test("an admin shows a login link for a phone, sees it come in, logs it out, and then itself", {
  timeout,
}, async (t) => {
  const { server, url } = await running(t);
  const { page, browser, complaints } = await openPage(t, { width: 1440, height: 900 });
  await page.goto(`${url}/login#code=${server.newLoginCode()}`);
  await page.getByRole("button", { name: "owner" }).click();
  await page.getByRole("radio", { name: "Operate" }).check();
  const held = await holdBack(page, /\/login\/links$/);
  await page.getByRole("button", { name: "Show link and QR code" }).press("Enter");
  await page.getByRole("button", { name: "Making the link" }).press("Enter");
  held.release();
  await page.locator("copy-field input:focus").waitFor(); // the button is gone, and the link is ready to be copied
  const link = await page.getByRole("textbox", { name: "Login link" }).inputValue();
  assert.equal(held.count(), 1);
  await assertAccessible(page, "the account's menu");
  const phone = await browser.newContext({ viewport: { width: 390, height: 844 } });
  const theirs = await phone.newPage();
  await theirs.goto(link);
  await theirs.getByRole("button", { name: "guest operate" }).waitFor();
  await page.keyboard.press("Escape");
  await page.locator("account-menu .who:focus").waitFor();
  await page.keyboard.press("Enter");
  await page.getByRole("button", { name: "Log out guest" }).click();
  await theirs.getByRole("heading", { name: "Log in" }).waitFor();
  const others = (expected: RegExp) => complaints.filter((text) => !expected.test(text));
  assert.deepEqual(others(/401/), []);
  await page.getByRole("button", { name: "Log out", exact: true }).click();
  await page.getByRole("heading", { name: "Log in" }).waitFor();
  assert.deepEqual(others(/401|INCOMPLETE_CHUNKED/), []); // who is logged out loses the streams
});

test("whoever opens any page logs in there with a token or a password, and then sees it", {
  timeout,
}, async (t) => {
  const { url, tokens } = await running(t);
  for (const [width, height, fill] of [
    [1280, 800, (page: Page) => page.getByLabel("Token", { exact: true }).last().fill(tokens.view)],
    [
      390,
      844,
      async (page: Page) => {
        await page.getByRole("radio", { name: "Name and password" }).check();
        await page.getByLabel("Name", { exact: true }).fill("viewer");
        await page.getByLabel("Password", { exact: true }).fill(PASSWORD);
      },
    ],
  ] as const) {
    const { page } = await openPage(t, { width, height });
    await page.goto(`${url}/camera/live/viewer#x`);
    await page.screenshot({ path: join(tmpdir(), `thingscope-login-${width}.png`) });
    await page.emulateMedia({ colorScheme: "dark" });
    await assertAccessible(page, "the login page, dark");
    await page.emulateMedia({ colorScheme: "light" });
    await assertAccessible(page, "the login page, light");
    await page.getByRole("button", { name: "Log in" }).click();
    await page.getByText(/^Enter the (token|name)\.$/).waitFor();
    await fill(page);
    await page.getByRole("button", { name: "Log in" }).click();
    await isViewer(page);
  }
});

test("a wrong token and a used code are told, and the form is there", { timeout }, async (t) => {
  const { server, url } = await running(t);
  const { page } = await openPage(t);
  const code = server.newLoginCode()!;
  await page.goto(`${url}/login#code=${code}x`);
  await page.getByText(/older than ten minutes/).waitFor();
  const held = await holdBack(page, /\/login$/);
  await page.getByLabel("Token", { exact: true }).last().fill("ts_wrong");
  await page.getByRole("button", { name: "Log in" }).press("Enter");
  await page.getByText("Logging in").waitFor();
  await page.locator("#enter:focus").press("Enter");
  held.release();
  await page.getByText(/not valid here/).waitFor();
  assert.equal(held.count(), 1);
  await page.screenshot({ path: join(tmpdir(), "thingscope-login-wrong.png") });
});

test("a page whose session is ended elsewhere shows where to log in", { timeout }, async (t) => {
  const { server, url, file } = await running(t);
  const { page } = await openPage(t);
  for (const path of ["/", "/camera/live/viewer"]) {
    await page.goto(`${url}/login?to=${path}#code=${server.newLoginCode()}`);
    await page.waitForURL(url + path);
    await endSessions(file);
    await page.getByRole("heading", { name: "Log in" }).waitFor();
  }
});

test("a page becomes that of whoever logs in beside it, in the same browser", {
  timeout,
}, async (t) => {
  const { server, url, tokens } = await running(t);
  const { browser } = await openPage(t);
  const context = await browser.newContext();
  const page = await context.newPage();
  await page.goto(`${url}/login#code=${server.newLoginCode()}`);
  await page.getByRole("button", { name: "owner admin" }).waitFor();
  const made = await fetch(`${url}/login/links`, {
    method: "POST",
    headers: { ...bearer(tokens.admin), "Content-Type": "application/json" },
    body: '{"role": "view"}',
  });
  const { links } = Object(await made.json());
  const beside = await context.newPage();
  await beside.goto(links[0].url);
  await beside.getByRole("button", { name: "guest view" }).waitFor();
  await page.getByRole("button", { name: "guest view" }).waitFor();
});

test("a page that shows where to log in goes on when somebody logs in beside it", {
  timeout,
}, async (t) => {
  const { server, url } = await running(t);
  const { browser } = await openPage(t);
  const context = await browser.newContext();
  const waits = await context.newPage();
  await waits.goto(`${url}/camera/live/viewer`);
  await waits.getByRole("heading", { name: "Log in" }).waitFor();
  const beside = await context.newPage();
  await beside.goto(`${url}/login#code=${server.newLoginCode()}`);
  await isViewer(waits);
});

test("after a login no `to` leads off this server, nor nowhere", { timeout }, async (t) => {
  const { server, url } = await running(t);
  const { page } = await openPage(t);
  for (const to of [
    "//elsewhere.example/",
    "/\\\\elsewhere.example",
    "https://elsewhere.example/camera/",
    "javascript:document.title='hacked'",
    "http://[",
    "/login?to=/login",
  ]) {
    await page.goto(`${url}/login?to=${encodeURIComponent(to)}#code=${server.newLoginCode()}`);
    await page.waitForURL(`${url}/`);
  }
});

test("a link from another site finds the browser logged in", { timeout }, async (t) => {
  const { server, url } = await running(t);
  const { port } = await serverFor(t, (_, response) => {
    response.setHeader("Content-Type", "text/html");
    response.end(`<a href="${url}/camera/live/viewer">look</a>`);
  });
  const { page } = await openPage(t);
  await page.goto(`${url}/login#code=${server.newLoginCode()}`);
  await page.waitForURL(`${url}/`);
  await page.goto(`http://localhost:${port}/`);
  await page.getByText("look").click();
  await isViewer(page);
});

test("an <img> on a page of another site shows a signed address, and no other", {
  timeout,
}, async (t) => {
  const lab = await running(t, { embed: ["camera"] });
  const { port } = await serverFor(t, (_, response) => {
    response.setHeader("Content-Type", "text/html");
    response.end("<!doctype html><title>elsewhere</title>");
  });
  const { page } = await openPage(t);
  await page.goto(`${lab.url}/login#code=${lab.server.newLoginCode()}`);
  await page.waitForURL(`${lab.url}/`);
  await page.goto(`http://localhost:${port}/`);
  assert.equal(await widthOf(page, `${lab.url}/camera/live`), 0);
  assert.equal(await widthOf(page, await signedUrl(lab)), 64);
});

test("over TLS the browser logs in and sees the picture, once it trusts the certificate", {
  timeout,
}, async (t) => {
  const tls = await ownCertificate(await mkdtemp(join(tmpdir(), "thingscope-tls-")));
  const { server, url } = await running(t, { tls });
  const { browser } = await openPage(t);
  const strict = await browser.newPage();
  await assert.rejects(strict.goto(`${url}/login`), /ERR_CERT_AUTHORITY_INVALID/);
  const page = await browser.newPage({ ignoreHTTPSErrors: true });
  await page.goto(`${url}/login?to=/camera/live/viewer#code=${server.newLoginCode()}`);
  await isViewer(page);
  assert.equal(await widthOf(page, `${url}/camera/live`), 64);
});

async function signedUrl({ url, tokens }: Secured): Promise<string> {
  const answer = await fetch(`${url}/signed_urls`, {
    method: "POST",
    headers: { ...bearer(tokens.view), "Content-Type": "application/json" },
    body: '{"path": "/camera/live", "seconds": 600}',
  });
  return Object(await answer.json()).url;
}
