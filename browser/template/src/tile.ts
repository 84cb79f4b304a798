// One picture on the page.
import type { RemoteTrack } from "livekit-client";
import type { Rect } from "./layout.ts";

/** Tile shows one subscribed video track. */
export class Tile {
  readonly box = document.createElement("div");
  /** whether a picture was shown */
  picture = false;
  private readonly video = document.createElement("video");
  private rect = "";

  constructor(
    readonly track: RemoteTrack,
    readonly participant: string,
    readonly screen: boolean,
  ) {
    this.box.className = "tile";
    this.box.hidden = true;
    this.video.autoplay = true;
    this.video.muted = true; // sound comes from the audio elements
    this.video.playsInline = true;
    this.video.disablePictureInPicture = true;
    this.box.append(this.video);
    this.video.requestVideoFrameCallback(() => {
      this.picture = true;
    });
    track.attach(this.video);
    this.setMuted(track.isMuted);
  }

  setMuted(muted: boolean): void {
    this.box.classList.toggle("muted", muted);
  }

  show(rect: Rect | undefined): void {
    // Writing styles that did not change would still cost a layout pass.
    const next = rect ? `${rect.x} ${rect.y} ${rect.width} ${rect.height}` : "";
    if (next === this.rect) return;
    this.rect = next;
    this.box.hidden = rect === undefined;
    if (rect) {
      Object.assign(this.box.style, {
        left: `${rect.x}px`,
        top: `${rect.y}px`,
        width: `${rect.width}px`,
        height: `${rect.height}px`,
      });
    }
  }

  remove(): void {
    this.track.detach(this.video);
    this.box.remove();
  }
}
