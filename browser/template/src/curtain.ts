// When a new arrangement is shown. Pure: time comes in as an argument.

const MOST_MS = 1000; // nobody waits longer for a picture that may never come

/** Curtain stays closed while pictures of the next scene are still missing, so that no tile is ever seen without one. */
export class Curtain {
  private since: number | undefined;

  /** opens says whether the next scene is shown now; waiting: some of its pictures are not there yet. */
  opens(now: number, waiting: boolean): boolean {
    if (waiting) {
      this.since ??= now;
      if (now - this.since < MOST_MS) return false;
    }
    this.since = undefined;
    return true;
  }
}
