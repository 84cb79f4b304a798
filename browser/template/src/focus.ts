// Who is on the main tile. Pure: time comes in as an argument.

const CHALLENGE_MS = 600; // somebody new must lead this long while the one on stage is silent
const OVERLAP_MS = 2000; // and this long while the one on stage speaks too
const HOLD_MS = 1500; // nobody leaves the stage sooner

/** Focus keeps the main speaker, slow enough that a cough or a crossing does not cut the picture. */
export class Focus {
  private current: string | undefined;
  private since = 0;
  private challenger: string | undefined;
  private challengeSince = 0;

  /**
   * update takes the ids that can be shown in their order and the ids that speak, loudest first,
   * and returns who is on the main tile. Call it when either changes and while a challenge is open.
   */
  update(now: number, shown: readonly string[], speaking: readonly string[]): string | undefined {
    const heard = speaking.filter((id) => shown.includes(id));
    if (this.current === undefined || !shown.includes(this.current)) {
      return this.take(heard[0] ?? shown[0], now);
    }
    const leader = heard[0];
    if (leader === undefined || leader === this.current) {
      this.challenger = undefined;
      return this.current;
    }
    if (leader !== this.challenger) {
      this.challenger = leader;
      this.challengeSince = now;
    }
    const need = heard.includes(this.current) ? OVERLAP_MS : CHALLENGE_MS;
    if (now - this.challengeSince >= need && now - this.since >= HOLD_MS) {
      return this.take(leader, now);
    }
    return this.current;
  }

  private take(id: string | undefined, now: number): string | undefined {
    this.current = id;
    this.since = now;
    this.challenger = undefined;
    return id;
  }
}
