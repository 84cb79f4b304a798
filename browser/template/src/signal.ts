// When the recording starts, and how the recorder is told.

/** Seen is what the room has given so far. */
export type Seen = {
  /** subscribed tracks of any kind */
  subscribed: number;
  /** video publications of others, subscribed or not */
  videoPublications: number;
  /** whether a picture of any video was shown */
  picture: boolean;
  /** whether one of every video that has a place was */
  whole: boolean;
};

/** How long others may take to be seen once one is: cameras that are asked for a picture at once give it at once. */
export const WHOLE_MS = 100;
const AUDIO_ONLY_MS = 500;
const ANYTHING_MS = 5000;

/** StartRule says when there is something worth recording: never in an empty room. */
export class StartRule {
  private since: number | undefined;
  private seen: number | undefined; // the first picture

  ready(now: number, seen: Seen): boolean {
    if (seen.subscribed === 0) {
      this.since = this.seen = undefined;
      return false;
    }
    this.since ??= now;
    const waited = now - this.since;
    if (seen.picture) {
      this.seen ??= now;
      return seen.whole || now - this.seen >= WHOLE_MS;
    }
    if (seen.videoPublications === 0 && waited > AUDIO_ONLY_MS) return true;
    return waited > ANYTHING_MS;
  }
}

const FRAMES_TO_PAINT = 3; // the page's own, the compositor's, and one to spare

/** painted resolves when what the page shows now is on the screen. */
export async function painted(): Promise<void> {
  for (let n = 0; n < FRAMES_TO_PAINT; n++) await new Promise(requestAnimationFrame);
}

/** The recorder listens to the console for exactly these two strings. */
export function startRecording(): void {
  console.log("START_RECORDING");
}

export function endRecording(): void {
  console.log("END_RECORDING");
}
