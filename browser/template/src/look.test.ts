import assert from "node:assert/strict";
import { test } from "node:test";
import { lookFromQuery } from "./look.ts";

test("look of a query", () => {
  const cases: [string, boolean, boolean][] = [
    ["", false, false],
    ["layout=grid&url=x&token=y", false, false],
    ["fit=contain&names=false", false, false],
    ["fit=cover", true, false],
    ["names=true", false, true],
    ["names=1", false, true],
    ["names", false, true],
    ["names=0", false, false],
    ["fit=cover&names=true", true, true],
  ];
  for (const [query, cover, names] of cases) {
    assert.deepEqual(lookFromQuery(new URLSearchParams(query)), { cover, names, soundOnly: false }, query);
  }
  assert.equal(lookFromQuery(new URLSearchParams("sound=only&layout=grid")).soundOnly, true);
});
