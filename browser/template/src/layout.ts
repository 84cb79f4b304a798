// Where the tiles stand. Arithmetic only: no DOM, no room.

export type Rect = { x: number; y: number; width: number; height: number };
export type Size = { width: number; height: number };

export type Arrangement = "grid" | "speaker" | "single-speaker";
export type Layout = { arrangement: Arrangement; light: boolean };

const ASPECT = 16 / 9; // what most pictures have
const STRIP_SHARE = 1 / 6; // of the long side, for the strip beside the main tile
const STRIP_MOST = 10; // more tiles than that are too small to tell anything

/** parseLayout reads a layout name; an unknown one is a dark grid. */
export function parseLayout(name: string): Layout {
  const light = name.endsWith("-light");
  if (name.startsWith("single-speaker")) return { arrangement: "single-speaker", light };
  if (name.startsWith("speaker")) return { arrangement: "speaker", light };
  return { arrangement: "grid", light };
}

/** arrangementFor gives the arrangement to draw: a shared screen turns a grid into a main tile with a strip. */
export function arrangementFor(layout: Layout, screenShared: boolean): Arrangement {
  return layout.arrangement === "grid" && screenShared ? "speaker" : layout.arrangement;
}

/** gapFor gives the space between tiles in pixels. */
export function gapFor({ width, height }: Size): number {
  return Math.max(2, Math.round(Math.min(width, height) / 120));
}

/** grid places count tiles so that 16:9 pictures are as large as they can be; a short last row is centred. */
export function grid(count: number, frame: Size): Rect[] {
  if (count < 1) return [];
  if (count === 1) return [whole(frame)];
  const gap = gapFor(frame);
  const { columns, rows } = bestGrid(count, frame, gap);
  const width = (frame.width - gap * (columns - 1)) / columns;
  const height = (frame.height - gap * (rows - 1)) / rows;
  const rects: Rect[] = [];
  for (let i = 0; i < count; i++) {
    const row = Math.floor(i / columns);
    const inRow = Math.min(columns, count - row * columns);
    const indent = ((columns - inRow) * (width + gap)) / 2;
    const column = i - row * columns;
    rects.push(snap({ x: indent + column * (width + gap), y: row * (height + gap), width, height }));
  }
  return rects;
}

/** speaker places the first of count tiles as the main one and the others in a strip; those beyond the strip get no place. */
export function speaker(count: number, frame: Size): Rect[] {
  if (count < 1) return [];
  if (count === 1) return [whole(frame)];
  const gap = gapFor(frame);
  const wide = frame.width >= frame.height;
  const others = Math.min(count - 1, STRIP_MOST);
  const long = wide ? frame.width : frame.height;
  const along = wide ? frame.height : frame.width; // the strip's own length
  // A crowded strip gets thinner, too, and the main tile larger.
  const shape = wide ? 1 / ASPECT : ASPECT;
  const each = Math.min(long * STRIP_SHARE * shape, (along - gap * (others - 1)) / others);
  const thick = Math.round(each / shape);
  const start = (along - each * others - gap * (others - 1)) / 2;
  const main = wide
    ? { x: thick + gap, y: 0, width: frame.width - thick - gap, height: frame.height }
    : { x: 0, y: thick + gap, width: frame.width, height: frame.height - thick - gap };
  const rects = [snap(main)];
  for (let i = 0; i < others; i++) {
    const at = start + i * (each + gap);
    rects.push(
      snap(wide ? { x: 0, y: at, width: thick, height: each } : { x: at, y: 0, width: each, height: thick }),
    );
  }
  return rects;
}

/** place gives the rectangles for count tiles, the main one first; tiles without one are not shown. */
export function place(arrangement: Arrangement, count: number, frame: Size): Rect[] {
  switch (arrangement) {
    case "grid":
      return grid(count, frame);
    case "speaker":
      return speaker(count, frame);
    case "single-speaker":
      return count > 0 ? [whole(frame)] : [];
  }
}

function bestGrid(count: number, frame: Size, gap: number): { columns: number; rows: number } {
  let best = { columns: count, rows: 1 };
  let bestWidth = 0;
  const wide = frame.width >= frame.height;
  for (let n = 1; n <= count; n++) {
    // Among equals the first wins: more columns than rows in a wide frame, the other way round in a tall one.
    const columns = wide ? count + 1 - n : n;
    const rows = Math.ceil(count / columns);
    const cellWidth = (frame.width - gap * (columns - 1)) / columns;
    const cellHeight = (frame.height - gap * (rows - 1)) / rows;
    const width = Math.min(cellWidth, cellHeight * ASPECT);
    // A gap's width of difference does not decide, or rounding would choose the shape.
    if (width > bestWidth + gap) {
      bestWidth = width;
      best = { columns, rows };
    }
  }
  // Equal columns with fewer in the last row: 5 in rows of 4 + 1 become 3 + 2.
  return { columns: Math.ceil(count / best.rows), rows: best.rows };
}

function whole(frame: Size): Rect {
  return { x: 0, y: 0, width: frame.width, height: frame.height };
}

// Whole pixels keep the pictures' edges sharp.
function snap(r: Rect): Rect {
  const x = Math.round(r.x);
  const y = Math.round(r.y);
  return { x, y, width: Math.round(r.x + r.width) - x, height: Math.round(r.y + r.height) - y };
}
