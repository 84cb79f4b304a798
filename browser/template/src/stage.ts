// All tiles and which of them stands where.
import { Focus } from "./focus.ts";
import { arrangementFor, parseLayout, place } from "./layout.ts";
import type { Tile } from "./tile.ts";

/** Stage arranges the tiles by the layout, the screen shares and who speaks. */
export class Stage {
  private layout = parseLayout("");
  private readonly tiles = new Map<string, Tile>();
  private readonly focus = new Focus();
  private speaking: readonly string[] = [];

  constructor(private readonly root: HTMLElement) {}

  setLayout(name: string): void {
    this.layout = parseLayout(name);
    document.body.classList.toggle("light", this.layout.light);
    this.arrange();
  }

  setSpeaking(participants: readonly string[]): void {
    this.speaking = participants;
    this.arrange();
  }

  add(id: string, tile: Tile): void {
    this.remove(id);
    this.tiles.set(id, tile);
    this.root.append(tile.box);
    this.arrange();
  }

  remove(id: string): void {
    const tile = this.tiles.get(id);
    if (!tile) return;
    this.tiles.delete(id);
    tile.remove();
    this.arrange();
  }

  setMuted(id: string, muted: boolean): void {
    this.tiles.get(id)?.setMuted(muted);
  }

  /** picture says whether any video has been seen on the page. */
  picture(): boolean {
    return [...this.tiles.values()].some((tile) => tile.picture);
  }

  /** arrange also moves the main speaker on, so it is called while nothing else happens, too. */
  arrange(): void {
    const tiles = [...this.tiles.values()];
    const screens = tiles.filter((tile) => tile.screen);
    const cameras = tiles.filter((tile) => !tile.screen);
    const main = this.focus.update(
      performance.now(),
      [...new Set(cameras.map((tile) => tile.participant))],
      this.speaking,
    );
    const arrangement = arrangementFor(this.layout, screens.length > 0);
    let order = tiles;
    if (arrangement !== "grid") {
      // The strip keeps its order, so that only the one who takes the stage moves.
      const first = screens[0] ?? cameras.find((tile) => tile.participant === main);
      order = first ? [first, ...tiles.filter((tile) => tile !== first)] : tiles;
    }
    const rects = place(arrangement, order.length, {
      width: window.innerWidth,
      height: window.innerHeight,
    });
    order.forEach((tile, i) => tile.show(rects[i]));
  }
}
