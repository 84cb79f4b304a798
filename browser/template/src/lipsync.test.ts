import assert from "node:assert/strict";
import { test } from "node:test";
import { Lag } from "./lipsync.ts";

// played follows sound with a picture that waits longer at once, and less only by and by.
function played(sound: readonly number[]): number[] {
  const lag = new Lag();
  let picture = 0.11;
  return sound.map((heard) => {
    const aim = 0.11 + lag.next(heard, picture);
    picture = Math.max(aim, picture - 0.065);
    return heard - picture;
  });
}

function held(seconds: number, rounds: number): number[] {
  return new Array<number>(rounds).fill(seconds);
}

test("a picture waits for sound that stays late", () => {
  const off = played(held(0.17, 20));
  assert.ok(off.slice(4).every((d) => Math.abs(d) <= 0.02), `${off}`);
});

test("a picture waits no longer once sound has caught up", () => {
  const off = played([...held(0.17, 20), ...held(0.11, 20)]);
  assert.ok(off.slice(-10).every((d) => Math.abs(d) <= 0.01), `${off}`);
});

test("a hitch is over within three seconds", () => {
  const off = played([...held(0.1, 4), 0.5, 0.48, 0.44, 0.4, 0.36, 0.3, 0.25, 0.2, ...held(0.17, 20)]);
  assert.ok(off.slice(10).every((d) => Math.abs(d) <= 0.06), `${off}`);
  assert.ok(off.slice(-10).every((d) => Math.abs(d) <= 0.015), `${off}`);
});

test("what is left after a hitch is made good once it is steady", () => {
  const off = played([...held(0.11, 4), 0.5, 0.4, 0.3, 0.2, 0.18, ...held(0.16, 10)]);
  assert.ok(off.slice(-5).every((d) => Math.abs(d) <= 0.01), `${off}`);
});

test("a picture that is late by itself is not held back", () => {
  const lag = new Lag();
  for (let i = 0; i < 20; i++) assert.equal(lag.next(0.15, 0.3), 0);
});

test("sound that is early, or late by what is usual, is left alone", () => {
  const lag = new Lag();
  for (const sound of [0.08, 0.09, 0.1, 0.12, 0.13]) assert.equal(lag.next(sound, 0.11), 0);
});

test("a picture waits a second more at most", () => {
  const lag = new Lag();
  for (let i = 0; i < 100; i++) lag.next(9, i === 0 ? 0.11 : 1.11);
  assert.equal(lag.next(9, 1.11), 1);
});
