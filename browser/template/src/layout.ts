// Where the tiles stand. Arithmetic only: no DOM, no room.

export type Rect = { x: number; y: number; width: number; height: number };
export type Size = { width: number; height: number };

export type Arrangement = "grid" | "speaker" | "single-speaker";
export type Layout = { arrangement: Arrangement; light: boolean };

const ASPECT = 16 / 9; // what most pictures have
const STRIP_SHARE = 1 / 6; // of the long side, for a tile beside the main one
const STRIP_MOST = 10; // more tiles than that are too small to tell anything
const ROW_MOST = 4; // of them in one row of a tall frame

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

/**
 * speaker places the first of count tiles as the main one and the others beside it, in a column at the left of a wide
 * frame and in rows above in a tall one; those beyond STRIP_MOST get no place.
 */
export function speaker(count: number, frame: Size): Rect[] {
  if (count < 1) return [];
  if (count === 1) return [whole(frame)];
  const others = Math.min(count - 1, STRIP_MOST);
  return frame.width >= frame.height ? withColumn(others, frame) : withRows(others, frame);
}

function withColumn(others: number, frame: Size): Rect[] {
  const gap = gapFor(frame);
  // A crowded column gets thinner, too, and the main tile larger.
  const height = Math.min((frame.width * STRIP_SHARE) / ASPECT, (frame.height - gap * (others - 1)) / others);
  const width = Math.round(height * ASPECT);
  const top = (frame.height - height * others - gap * (others - 1)) / 2;
  const rects = [{ x: width + gap, y: 0, width: frame.width - width - gap, height: frame.height }];
  for (let i = 0; i < others; i++) rects.push(snap({ x: 0, y: top + i * (height + gap), width, height }));
  return rects;
}

function withRows(others: number, frame: Size): Rect[] {
  const gap = gapFor(frame);
  const rows = Math.ceil(others / ROW_MOST);
  const columns = Math.ceil(others / rows);
  const width = Math.min(frame.height * STRIP_SHARE * ASPECT, (frame.width - gap * (columns - 1)) / columns);
  const height = Math.round(width / ASPECT);
  const below = rows * (height + gap);
  const rects = [{ x: 0, y: below, width: frame.width, height: frame.height - below }];
  for (let i = 0; i < others; i++) {
    const row = Math.floor(i / columns);
    const inRow = Math.min(columns, others - row * columns);
    const left = (frame.width - inRow * width - gap * (inRow - 1)) / 2;
    rects.push(snap({ x: left + (i - row * columns) * (width + gap), y: row * (height + gap), width, height }));
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

/** fitted gives where in a box a picture stands: whole and in the middle, or as large as fills the box with cover. */
export function fitted(picture: Size, box: Size, cover: boolean): Rect {
  if (picture.width < 1 || picture.height < 1) return whole(box);
  const across = box.width / picture.width;
  const down = box.height / picture.height;
  const scale = cover ? Math.max(across, down) : Math.min(across, down);
  const width = fill(picture.width * scale, box.width);
  const height = fill(picture.height * scale, box.height);
  return { x: Math.round((box.width - width) / 2), y: Math.round((box.height - height) / 2), width, height };
}

/** within gives the part of r that is seen in a box. */
export function within(r: Rect, box: Size): Rect {
  const x = Math.max(0, r.x);
  const y = Math.max(0, r.y);
  return { x, y, width: Math.min(box.width, r.x + r.width) - x, height: Math.min(box.height, r.y + r.height) - y };
}

// Tiles have whole pixels, so a picture of the same shape misses by one; that is filled.
function fill(length: number, room: number): number {
  return Math.abs(length - room) <= 1 ? room : Math.round(length);
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
