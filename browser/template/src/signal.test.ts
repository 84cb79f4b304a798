import assert from "node:assert/strict";
import { test } from "node:test";
import { layoutFromMetadata } from "./metadata.ts";
import { type Seen, StartRule } from "./signal.ts";

/** firstReady polls every 100 ms and gives the time of the start, or undefined within 10 s. */
function firstReady(seen: (now: number) => Seen): number | undefined {
  const rule = new StartRule();
  for (let now = 0; now <= 10_000; now += 100) if (rule.ready(now, seen(now))) return now;
  return undefined;
}

test("start rule", () => {
  assert.equal(firstReady(() => ({ subscribed: 0, videoPublications: 0, picture: false, whole: false })), undefined, "empty room");
  assert.equal(firstReady(() => ({ subscribed: 0, videoPublications: 1, picture: false, whole: false })), undefined, "nothing subscribed");
  assert.equal(firstReady((now) => ({ subscribed: 1, videoPublications: 1, picture: now >= 300, whole: true })), 300, "picture");
  assert.equal(firstReady((now) => ({ subscribed: 2, videoPublications: 2, picture: now >= 300, whole: false })), 400, "one of two");
  assert.equal(firstReady(() => ({ subscribed: 1, videoPublications: 0, picture: false, whole: false })), 600, "audio only");
  assert.equal(firstReady(() => ({ subscribed: 1, videoPublications: 1, picture: false, whole: false })), 5100, "video that never comes");
  const late = (now: number): Seen => ({ subscribed: now < 2000 || now >= 3000 ? 1 : 0, videoPublications: 1, picture: false, whole: false });
  assert.equal(firstReady(late), 8100, "the wait begins anew after the room was empty");
});

test("layout in metadata", () => {
  const cases: [string | undefined, string | undefined][] = [
    [undefined, undefined],
    ["", undefined],
    ['{"layout":"speaker"}', "speaker"],
    ['{"layout":""}', ""],
    ['{"layout":5}', undefined],
    ["null", undefined],
    ["[1]", undefined],
    ["{", undefined],
  ];
  for (const [metadata, layout] of cases) assert.equal(layoutFromMetadata(metadata), layout, metadata);
});
