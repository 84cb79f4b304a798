// All tiles and which of them stands where.
import { Curtain } from "./curtain.ts";
import { Focus } from "./focus.ts";
import { arrangementFor, parseLayout, place, type Rect, type Size } from "./layout.ts";
import { affordable, Pacemaker } from "./pacemaker.ts";
import type { Tile } from "./tile.ts";

/** Stage arranges the tiles by the layout, the screen shares and who speaks. */
export class Stage {
  private layout = parseLayout("");
  private readonly tiles = new Map<string, Tile>();
  private readonly focus = new Focus();
  private readonly curtain = new Curtain();
  private readonly pacemaker = new Pacemaker();
  private speaking: readonly string[] = [];
  private patient = false;
  private torn = false; // who was shown is gone
  private look = 0; // the coming look behind the curtain

  constructor(private readonly root: HTMLElement) {}

  setLayout(name: string): void {
    this.layout = parseLayout(name);
    this.arrange();
  }

  /** beSeen is called when the recording starts: from then on tiles appear with their pictures only. */
  beSeen(): void {
    this.patient = true;
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

  /** coming is how large the next tile will be once there are so many. */
  coming(tiles: number): Size {
    const frame = { width: window.innerWidth, height: window.innerHeight };
    const rects = place(this.layout.arrangement, Math.max(tiles, this.tiles.size + 1), frame);
    return rects[this.tiles.size] ?? { width: 0, height: 0 };
  }

  remove(id: string): void {
    const tile = this.tiles.get(id);
    if (!tile) return;
    this.tiles.delete(id);
    this.torn ||= tile.shown;
    tile.remove();
    this.arrange();
  }

  setName(participant: string, name: string): void {
    for (const tile of this.tiles.values()) if (tile.participant === participant) tile.setName(name);
  }

  setMuted(id: string, muted: boolean): void {
    this.tiles.get(id)?.setMuted(muted);
  }

  /** picture says whether any video has been seen on the page. */
  picture(): boolean {
    return [...this.tiles.values()].some((tile) => tile.picture);
  }

  /** whole says whether all who have a place and send a picture have been seen. */
  whole(): boolean {
    return [...this.tiles.values()].every((tile) => tile.picture || !tile.shown || tile.feed.isMuted);
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
    if (!this.curtain.opens(performance.now(), this.wakes(order, rects))) {
      this.look ||= requestAnimationFrame(() => {
        this.look = 0;
        this.arrange();
      });
      return;
    }
    this.torn = false;
    document.body.classList.toggle("light", this.layout.light);
    order.forEach((tile, i) => tile.show(rects[i]));
    this.pacemaker.run(order.filter((tile) => tile.shown && !tile.feed.isMuted).length > 1 && affordable());
  }

  // wakes prepares those who come newly into view and says whether one is not awake yet.
  private wakes(order: readonly Tile[], rects: readonly Rect[]): boolean {
    if (!this.patient || this.torn || !order.some((tile) => tile.shown)) return false;
    let waiting = false;
    for (const [i, tile] of order.entries()) {
      if (tile.shown) continue;
      const rect = rects[i];
      if (rect) {
        tile.wake(rect);
        waiting ||= !tile.awake;
      } else {
        tile.show(undefined); // it was woken for a scene that never came
      }
    }
    return waiting;
  }
}
