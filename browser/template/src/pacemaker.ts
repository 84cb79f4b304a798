// What keeps Chromium drawing at 60 pictures a second.

/** what breaks a stream of frames into a track; not in TypeScript's library */
declare class MediaStreamTrackGenerator extends MediaStreamTrack {
  constructor(init: { kind: "video" });
  readonly writable: WritableStream<VideoFrame>;
}

// Chromium forgets a video that has stood for five of its pictures.
const EVERY_MS = 50;
const PERIOD_US = 16_600;
const PIXELS_PER_CORE = 500_000; // on two cores 720p gains by it, 1080p loses
const BLACK = new Uint8Array([16, 16, 16, 16, 128, 128]); // 2x2 in I420

/**
 * Pacemaker keeps Chromium drawing at 60 pictures a second beside calls. While it shows two videos or more, Chromium
 * draws the page just as often as the fastest of them has a picture. A call's pictures then meet the drawing at one
 * phase, which is chance: where they come shortly before their turn, those that are a little late miss it, and one in
 * twenty is lost. So one more video plays, of a single dark dot that is next to transparent; the times of its pictures
 * say that it has 60 a second, though few of them are ever sent.
 */
export class Pacemaker {
  private halt: (() => void) | undefined;

  /** run starts or stops it. */
  run(on: boolean): void {
    if (on === (this.halt !== undefined)) return;
    if (!on) {
      this.halt?.();
      this.halt = undefined;
    } else if (typeof MediaStreamTrackGenerator === "function") {
      this.halt = beat();
    }
  }
}

function beat(): () => void {
  const track = new MediaStreamTrackGenerator({ kind: "video" });
  const frames = track.writable.getWriter();
  const dot = document.createElement("video");
  dot.className = "pacemaker";
  dot.autoplay = dot.muted = true;
  dot.srcObject = new MediaStream([track]);
  document.body.append(dot);
  let timestamp = 0;
  const timer = setInterval(() => {
    timestamp += PERIOD_US;
    const frame = new VideoFrame(BLACK, { format: "I420", codedWidth: 2, codedHeight: 2, timestamp });
    frames.write(frame).catch(() => frame.close()); // it has been stopped
  }, EVERY_MS);
  return () => {
    clearInterval(timer);
    track.stop();
    dot.srcObject = null;
    dot.remove();
  };
}

/** affordable says whether this machine can draw a page of this size at each tick. */
export function affordable(): boolean {
  return window.innerWidth * window.innerHeight <= PIXELS_PER_CORE * navigator.hardwareConcurrency;
}
