// One picture on the page.
import { fitted, type Rect, within } from "./layout.ts";
import type { Look } from "./look.ts";

/** Feed is a video that a tile shows: a subscribed track, or a drawn one in the preview. */
export interface Feed {
  readonly isMuted: boolean;
  attach(element: HTMLMediaElement): unknown;
  detach(element: HTMLMediaElement): unknown;
}

/** Owner is whose video it is. */
export type Owner = { identity: string; name: string };

/** Tile shows one video, with its owner's name if the look asks for it. */
export class Tile {
  readonly box = document.createElement("div");
  readonly participant: string;
  /** whether a picture was shown */
  picture = false;
  /** called when the first one is */
  onPicture: (() => void) | undefined;
  private readonly video = document.createElement("video");
  private readonly label: HTMLElement | undefined;
  private readonly cover: boolean;
  private rect: Rect | undefined;
  private style = "";
  private state: "hidden" | "waking" | "shown" = "hidden";
  private seenFrames = 0; // when it was woken

  constructor(
    readonly feed: Feed,
    owner: Owner,
    readonly screen: boolean,
    look: Look,
  ) {
    this.participant = owner.identity;
    this.cover = look.cover && !screen;
    this.box.className = "tile";
    this.box.hidden = true;
    this.video.autoplay = true;
    this.video.muted = true; // sound comes from the audio elements
    this.video.playsInline = true;
    this.video.disablePictureInPicture = true;
    this.video.addEventListener("resize", () => this.fit());
    this.box.append(this.video);
    if (look.names) {
      this.label = document.createElement("div");
      this.label.className = "name";
      this.label.dir = "auto";
      this.box.append(this.label);
      this.setName(owner.name);
    }
    this.video.requestVideoFrameCallback(() => {
      this.picture = true;
      this.onPicture?.();
    });
    feed.attach(this.video);
    this.setMuted(feed.isMuted);
  }

  setMuted(muted: boolean): void {
    this.box.classList.toggle("muted", muted);
  }

  /** setName is for who has no name, too: the identity then says who it is. */
  setName(name: string): void {
    if (this.label) this.label.textContent = name || this.participant;
  }

  get shown(): boolean {
    return this.state === "shown";
  }

  /** wake prepares a hidden tile for its place: the server sends a picture only to what has a size on the page. */
  wake(rect: Rect): void {
    if (this.state === "hidden") this.seenFrames = this.frames();
    this.put("waking", rect);
  }

  /** awake says whether a picture has come since wake; a muted one sends none. */
  get awake(): boolean {
    return this.feed.isMuted || this.frames() > this.seenFrames;
  }

  show(rect: Rect | undefined): void {
    this.put(rect ? "shown" : "hidden", rect);
  }

  private put(state: typeof this.state, rect: Rect | undefined): void {
    this.rect = rect;
    if (state !== this.state) {
      this.state = state;
      this.box.hidden = state === "hidden";
      this.box.classList.toggle("waking", state === "waking");
    }
    this.fit();
  }

  private frames(): number {
    return this.video.getVideoPlaybackQuality().totalVideoFrames;
  }

  remove(): void {
    this.feed.detach(this.video);
    this.box.remove();
  }

  // The video element has the picture's own size, because that is what the server is told of: with the
  // tile's it would send more than is seen.
  private fit(): void {
    const { rect, video } = this;
    if (!rect) return;
    const at = fitted({ width: video.videoWidth, height: video.videoHeight }, rect, this.cover);
    // Writing styles that did not change would still cost a layout pass.
    const style = JSON.stringify([rect, at]);
    if (style === this.style) return;
    this.style = style;
    place(this.box, rect);
    place(video, at);
    if (this.label) {
      const seen = within(at, rect);
      Object.assign(this.label.style, {
        left: `${seen.x}px`,
        bottom: `${rect.height - seen.y - seen.height}px`,
        maxWidth: `${rect.width - seen.x}px`, // a narrow picture's name goes on beside it
        fontSize: `${nameSize(seen.height)}px`,
      });
    }
  }
}

function place(element: HTMLElement, r: Rect): void {
  Object.assign(element.style, {
    left: `${r.x}px`,
    top: `${r.y}px`,
    width: `${r.width}px`,
    height: `${r.height}px`,
  });
}

// A small picture's name is larger beside it than a large one's, or nobody could read it.
function nameSize(height: number): number {
  const most = Math.min(window.innerWidth, window.innerHeight) / 26;
  return Math.round(Math.max(11, Math.min(height / 10, most)));
}
