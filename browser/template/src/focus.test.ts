import assert from "node:assert/strict";
import { test } from "node:test";
import { Focus } from "./focus.ts";

const shown = ["a", "b", "c"];

test("the first is on stage until somebody speaks", () => {
  const f = new Focus();
  assert.equal(f.update(0, [], []), undefined);
  assert.equal(f.update(0, shown, []), "a");
  assert.equal(f.update(10_000, shown, []), "a");
});

test("a speaker takes the stage after leading for a while", () => {
  const f = new Focus();
  f.update(0, shown, []);
  assert.equal(f.update(5000, shown, ["b"]), "a");
  assert.equal(f.update(5500, shown, ["b"]), "a");
  assert.equal(f.update(5600, shown, ["b"]), "b");
});

test("a cough does not cut", () => {
  const f = new Focus();
  f.update(0, shown, ["a"]);
  assert.equal(f.update(5000, shown, ["b"]), "a");
  assert.equal(f.update(5300, shown, []), "a");
  assert.equal(f.update(5700, shown, ["b"]), "a");
});

test("talking at once does not flap", () => {
  const f = new Focus();
  let switches = 0;
  let last = f.update(0, shown, ["a"]);
  for (let now = 100; now < 20_000; now += 100) {
    const order = Math.floor(now / 400) % 2 === 0 ? ["a", "b"] : ["b", "a"];
    const next = f.update(now, shown, order);
    if (next !== last) switches++;
    last = next;
  }
  assert.equal(switches, 0);
});

test("who leaves is replaced at once by who speaks", () => {
  const f = new Focus();
  f.update(0, shown, []);
  assert.equal(f.update(1, ["b", "c"], ["c"]), "c");
  assert.equal(f.update(2, ["b"], []), "b");
});

test("a speaker without a picture is passed over", () => {
  const f = new Focus();
  f.update(0, shown, []);
  f.update(5000, shown, ["voice", "c"]);
  assert.equal(f.update(6000, shown, ["voice", "c"]), "c");
});
