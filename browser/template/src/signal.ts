// When the recording starts, and how the recorder is told.

/** Seen is what the room has given so far. */
export type Seen = {
  /** subscribed tracks of any kind */
  subscribed: number;
  /** video publications of others, subscribed or not */
  videoPublications: number;
  /** whether a picture of any video was shown */
  picture: boolean;
};

const AUDIO_ONLY_MS = 500;
const ANYTHING_MS = 5000;

/** StartRule says when there is something worth recording: never in an empty room. */
export class StartRule {
  private since: number | undefined;

  ready(now: number, seen: Seen): boolean {
    if (seen.subscribed === 0) {
      this.since = undefined;
      return false;
    }
    this.since ??= now;
    const waited = now - this.since;
    if (seen.picture) return true;
    if (seen.videoPublications === 0 && waited > AUDIO_ONLY_MS) return true;
    return waited > ANYTHING_MS;
  }
}

/** The recorder listens to the console for exactly these two strings. */
export function startRecording(): void {
  console.log("START_RECORDING");
}

export function endRecording(): void {
  console.log("END_RECORDING");
}
