import assert from "node:assert/strict";
import { test } from "node:test";
import { Curtain } from "./curtain.ts";

test("a scene whose pictures are there is shown at once", () => {
  const c = new Curtain();
  assert.equal(c.opens(0, false), true);
  assert.equal(c.opens(5000, false), true);
});

test("it waits for pictures, but not for long", () => {
  const c = new Curtain();
  assert.equal(c.opens(0, true), false);
  assert.equal(c.opens(900, true), false);
  assert.equal(c.opens(1000, true), true);
  assert.equal(c.opens(1100, true), false, "the next wait begins anew");
  assert.equal(c.opens(1300, false), true);
  assert.equal(c.opens(2200, true), false);
});
