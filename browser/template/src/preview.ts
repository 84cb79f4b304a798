// Drawn participants instead of a room: for looking at a layout, and for the tests that do.
import type { Look } from "./look.ts";
import type { Stage } from "./stage.ts";
import { type Feed, Tile } from "./tile.ts";

const REDRAW_MS = 250; // a canvas gives a picture when it is drawn

// Most cameras are wide; phones and old cameras stand between them.
const SHAPES: readonly (readonly [number, number])[] = [
  [320, 180],
  [320, 180],
  [180, 320],
  [320, 180],
  [240, 180],
];
const SCREEN_SHAPE = [320, 200] as const;
const FRAME = "#c8c8c8"; // seen on black and on white

/** Preview is what scripts find as window.preview. */
export interface Preview {
  show(participants: number, screens: number): void;
  setLayout(name: string): void;
}

/** preview shows as many participants and shared screens as `preview=N&screens=N` ask for. No room is joined. */
export function preview(stage: Stage, query: URLSearchParams, look: Look): void {
  const ids: string[] = [];
  const drawn: Drawing[] = [];
  const add = (name: string, screen: boolean, [width, height]: readonly [number, number]): void => {
    const drawing = new Drawing(ids.length, width, height);
    const id = `${name} ${screen}`;
    drawn.push(drawing);
    ids.push(id);
    stage.add(id, new Tile(drawing, { identity: name, name }, screen, look));
  };
  const show = (participants: number, screens: number): void => {
    for (const id of ids.splice(0)) stage.remove(id);
    drawn.splice(0);
    for (let i = 0; i < participants; i++) add(`Participant ${i + 1}`, false, SHAPES[i % SHAPES.length]!);
    for (let i = 0; i < screens; i++) add(`Participant ${i + 1}`, true, SCREEN_SHAPE);
  };
  setInterval(() => drawn.forEach((drawing) => drawing.draw()), REDRAW_MS);
  show(count(query.get("preview")), count(query.get("screens")));
  const handle: Preview = { show, setLayout: (name) => stage.setLayout(name) };
  Object.assign(window, { preview: handle });
}

function count(text: string | null): number {
  return Math.max(0, Math.min(100, Number.parseInt(text ?? "", 10) || 0));
}

/** Drawing is a flat colour with a frame, which tells whether it is cut, and a disc, which tells whether it is stretched. */
class Drawing implements Feed {
  readonly isMuted = false;
  private readonly canvas = document.createElement("canvas");
  private readonly stream: MediaStream;
  private readonly colour: string;

  constructor(index: number, width: number, height: number) {
    this.canvas.width = width;
    this.canvas.height = height;
    this.colour = `hsl(${Math.round(index * 137.5) % 360} 60% ${35 + (index % 3) * 12}%)`;
    this.draw();
    this.stream = this.canvas.captureStream();
  }

  draw(): void {
    const { width, height } = this.canvas;
    const pen = this.canvas.getContext("2d")!;
    pen.fillStyle = FRAME;
    pen.fillRect(0, 0, width, height);
    pen.fillStyle = this.colour;
    pen.fillRect(8, 8, width - 16, height - 16);
    pen.fillStyle = FRAME;
    pen.beginPath();
    pen.arc(width / 2, height / 2, Math.min(width, height) / 4, 0, 2 * Math.PI);
    pen.fill();
  }

  attach(element: HTMLMediaElement): void {
    element.srcObject = this.stream;
  }

  detach(element: HTMLMediaElement): void {
    element.srcObject = null;
  }
}
