import assert from "node:assert/strict";
import { test } from "node:test";
import { arrangementFor, fitted, grid, parseLayout, place, type Rect, type Size, speaker, within } from "./layout.ts";

const wide: Size = { width: 1280, height: 720 };
const tall: Size = { width: 720, height: 1280 };
const old: Size = { width: 640, height: 480 };

function area(r: Rect, aspect = 16 / 9): number {
  const width = Math.min(r.width, r.height * aspect);
  return (width * width) / aspect;
}

function checkFits(rects: Rect[], frame: Size): void {
  for (const [i, r] of rects.entries()) {
    assert.ok(r.width > 0 && r.height > 0, `tile ${i} is empty`);
    assert.ok(r.x >= 0 && r.y >= 0 && r.x + r.width <= frame.width && r.y + r.height <= frame.height, `tile ${i} leaves the frame`);
    for (const [j, o] of rects.entries()) {
      if (j <= i) continue;
      const apart = r.x + r.width <= o.x || o.x + o.width <= r.x || r.y + r.height <= o.y || o.y + o.height <= r.y;
      assert.ok(apart, `tiles ${i} and ${j} overlap`);
    }
  }
}

test("grid rows and fill", () => {
  // The share of the frame that 16:9 pictures cover, and the tiles in each row.
  const cases: [Size, number, number[], number][] = [
    [wide, 1, [1], 1],
    [wide, 2, [2], 0.49],
    [wide, 3, [2, 1], 0.73],
    [wide, 4, [2, 2], 0.98],
    [wide, 5, [3, 2], 0.54],
    [wide, 6, [3, 3], 0.65],
    [wide, 9, [3, 3, 3], 0.96],
    [tall, 2, [1, 1], 0.63],
    [tall, 3, [1, 1, 1], 0.94],
    [tall, 4, [1, 1, 1, 1], 0.76],
    [old, 4, [2, 2], 0.73],
  ];
  for (const [frame, count, rows, fill] of cases) {
    const rects = grid(count, frame);
    checkFits(rects, frame);
    const byRow = new Map<number, number>();
    for (const r of rects) byRow.set(r.y, (byRow.get(r.y) ?? 0) + 1);
    assert.deepEqual([...byRow.values()], rows, `${count} in ${frame.width}x${frame.height}`);
    const covered = rects.reduce((sum, r) => sum + area(r), 0) / (frame.width * frame.height);
    assert.ok(covered >= fill, `${count} in ${frame.width}x${frame.height} cover ${covered.toFixed(3)}`);
  }
});

test("every count fits in every arrangement", () => {
  for (const frame of [wide, tall, old]) {
    for (let count = 0; count <= 60; count++) {
      checkFits(grid(count, frame), frame);
      checkFits(speaker(count, frame), frame);
      assert.equal(grid(count, frame).length, count);
      assert.equal(place("single-speaker", count, frame).length, Math.min(count, 1));
    }
  }
});

test("a short last row is centred", () => {
  const [, , last] = grid(3, wide);
  assert.ok(last);
  assert.ok(Math.abs(last.x + last.width / 2 - wide.width / 2) <= 1);
});

test("speaker gives the main tile most of the frame", () => {
  assert.deepEqual(speaker(1, wide), [{ x: 0, y: 0, ...wide }]);
  for (const frame of [wide, tall]) {
    const [main, ...strip] = speaker(4, frame);
    assert.ok(main);
    assert.equal(strip.length, 3);
    assert.ok((main.width * main.height) / (frame.width * frame.height) > 0.8);
    for (const r of strip) assert.ok(Math.abs(r.width / r.height - 16 / 9) < 0.05);
  }
  for (const frame of [wide, tall, old]) assert.equal(speaker(40, frame).length, 11);
  for (const r of speaker(11, tall).slice(1)) assert.ok(r.width > tall.width / 5, "a full strip can be told apart in a tall frame");
});

test("layout names", () => {
  const cases: [string, string, boolean][] = [
    ["", "grid", false],
    ["grid", "grid", false],
    ["grid-light", "grid", true],
    ["grid-dark", "grid", false],
    ["speaker", "speaker", false],
    ["speaker-light", "speaker", true],
    ["speaker-anything", "speaker", false],
    ["single-speaker", "single-speaker", false],
    ["single-speaker-light", "single-speaker", true],
    ["mosaic", "grid", false],
    ["lightgrid", "grid", false],
  ];
  for (const [name, arrangement, light] of cases) assert.deepEqual(parseLayout(name), { arrangement, light }, name);
});

test("a shared screen turns a grid into speaker", () => {
  assert.equal(arrangementFor(parseLayout("grid"), true), "speaker");
  assert.equal(arrangementFor(parseLayout("grid"), false), "grid");
  assert.equal(arrangementFor(parseLayout("speaker"), false), "speaker");
  assert.equal(arrangementFor(parseLayout("single-speaker"), true), "single-speaker");
});

test("a picture in its tile", () => {
  const at = (x: number, y: number, width: number, height: number): Rect => ({ x, y, width, height });
  const camera: Size = { width: 640, height: 360 };
  const phone: Size = { width: 360, height: 640 };
  const cases: [Size, Size, boolean, Rect][] = [
    [camera, wide, false, at(0, 0, 1280, 720)],
    [camera, wide, true, at(0, 0, 1280, 720)],
    [camera, tall, false, at(0, 438, 720, 405)],
    [camera, tall, true, at(-778, 0, 2276, 1280)],
    [phone, wide, false, at(438, 0, 405, 720)],
    [camera, { width: 317, height: 178 }, false, at(0, 0, 317, 178)],
    [{ width: 0, height: 0 }, wide, false, at(0, 0, 1280, 720)],
  ];
  for (const [picture, box, cover, want] of cases) {
    const got = fitted(picture, box, cover);
    assert.deepEqual(got, want);
    const seen = within(got, box);
    assert.ok(seen.x >= 0 && seen.y >= 0 && seen.x + seen.width <= box.width && seen.y + seen.height <= box.height);
    if (cover) assert.deepEqual(seen, { x: 0, y: 0, ...box });
  }
});
