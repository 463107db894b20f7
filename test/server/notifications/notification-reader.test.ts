import assert from "node:assert/strict";
import { test } from "node:test";
import { stamps } from "../../../src/base/history.ts";
import { HeldNotifications } from "../../../src/server/notifications/notification-log.ts";
import { NotificationReader } from "../../../src/server/notifications/notification-reader.ts";
import { patience } from "../../limits.ts";

test("a reader of several logs is told all in the order in which it arose, each once, and leaves what it does not follow", () => {
  const [one, other] = [new HeldNotifications("one"), new HeldNotifications("other")];
  one.tell("0", "view");
  const reader = new NotificationReader<string>("view");
  const present = stamps.present();
  for (const log of [other, one]) reader.follow(log, present, `about ${log.name}`);
  one.tell("1", "view");
  other.tell("2", "view");
  one.tell("3", "view");
  const told = [reader.next(), reader.next(), reader.next()];
  assert.deepEqual(
    told.map((due) => [due?.notification.data, due?.about]),
    [
      ["1", "about one"],
      ["2", "about other"],
      ["3", "about one"],
    ],
  );
  assert.deepEqual([reader.next(), reader.missed], [undefined, 0]);
  reader.leaveAll((about) => about === "about one");
  one.tell("4", "view");
  other.tell("5", "view");
  assert.deepEqual([reader.next()?.notification.data, reader.next()], ["5", undefined]);
});

test("a reader that waits while more come at once than are held goes on with the oldest that is, and knows how many are gone", async () => {
  const log = new HeldNotifications("events");
  const reader = new NotificationReader("view");
  reader.follow(log, stamps.present(), undefined);
  const waiting = reader.nextToCome(patience());
  for (let n = 0; n < 1005; n++) log.tell(String(n), "view");
  const { notification, missed } = await waiting;
  assert.deepEqual([notification.data, missed], ["5", 5]);
  const next = await reader.nextToCome(patience());
  assert.deepEqual([next.notification.data, next.missed], ["6", 0]);
  reader.leaveAll();
  await assert.rejects(reader.nextToCome(AbortSignal.abort()), { name: "AbortError" });
});
