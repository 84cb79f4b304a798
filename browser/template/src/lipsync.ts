// Keeps pictures beside their sound.

/** Played is a subscribed track, as far as it matters when it is played. */
export interface Played {
  readonly receiver?: Pick<RTCRtpReceiver, "getStats"> | undefined;
  setPlayoutDelay(seconds: number): void;
}

const EVERY_MS = 500;
const TOLERATED = 0.025; // seconds; what the sound of a call without a hitch wanders by: nothing moves in one
const FINE = 0.01; // what is tolerated after a hitch, once nothing moves by more than half of that
const FALL = 0.065; // by how much in EVERY_MS Chromium lets a picture wait less, in seconds; to wait more is done at once
const SMOOTH = 0.2;
const MOST = 1; // seconds

/**
 * Lag is by how much later than asked a picture is to be played for its sound's sake. After a hitch of the network or
 * of the machine sound is late by as much; Chromium catches up within seconds, but only down to some 60 ms, where it
 * stays. Pictures know nothing of that: the server gives each track a stream of its own, so Chromium does not
 * synchronise them. Sound that is a little early is left alone.
 */
export class Lag {
  private asked = 0;
  private reached = 0; // of what was asked
  private own: number | undefined; // what the picture would wait without
  private off = 0; // by how much sound was later than that

  /** next takes how long sound and picture waited in the last EVERY_MS, in seconds. */
  next(sound: number, picture: number): number {
    this.reached = Math.max(this.asked, this.reached - FALL);
    const own = picture - this.reached;
    this.own = this.own === undefined ? own : this.own + SMOOTH * (own - this.own);
    const off = sound - this.own;
    const tolerated = this.asked > 0 && Math.abs(off - this.off) < FINE / 2 ? FINE : TOLERATED;
    this.off = off;
    if (Math.abs(off - this.asked) > tolerated) this.asked = Math.max(0, Math.min(MOST, off));
    return this.asked;
  }
}

/** Wait tells how long what is played waits in its jitter buffer. */
class Wait {
  private delay = 0;
  private count = 0;

  constructor(readonly track: Played) {}

  /** lately is the mean since the last call in seconds; undefined when nothing was played. */
  async lately(): Promise<number | undefined> {
    const stats = await this.track.receiver?.getStats();
    let mean: number | undefined;
    stats?.forEach((s: RTCInboundRtpStreamStats) => {
      if (s.type !== "inbound-rtp") return;
      const { jitterBufferDelay: delay = 0, jitterBufferEmittedCount: count = 0 } = s;
      if (this.count > 0 && count > this.count) mean = (delay - this.delay) / (count - this.count);
      [this.delay, this.count] = [delay, count];
    });
    return mean;
  }
}

type Pair = { sound?: Wait; picture?: Wait; lag: Lag };

/** LipSync has each picture follow the sound that was made with it. asked is the delay of all tracks, in seconds. */
export class LipSync {
  private readonly pairs = new Map<string, Pair>();

  constructor(private readonly asked: number) {
    setInterval(() => void this.look(), EVERY_MS);
  }

  /** add takes a track; what has the same name belongs together. */
  add(name: string, picture: boolean, track: Played): void {
    track.setPlayoutDelay(this.asked);
    const pair = this.pairs.get(name) ?? { lag: new Lag() };
    if (picture) pair.lag = new Lag();
    pair[picture ? "picture" : "sound"] = new Wait(track);
    this.pairs.set(name, pair);
  }

  remove(track: Played): void {
    for (const [name, pair] of this.pairs) {
      if (pair.sound?.track === track) delete pair.sound;
      if (pair.picture?.track === track) delete pair.picture;
      if (!pair.sound && !pair.picture) this.pairs.delete(name);
    }
  }

  private async look(): Promise<void> {
    await Promise.all([...this.pairs.values()].map((pair) => this.follow(pair)));
  }

  private async follow({ sound, picture, lag }: Pair): Promise<void> {
    if (!sound || !picture) return;
    const [heard, seen] = await Promise.all([sound.lately(), picture.lately()]);
    if (heard === undefined || seen === undefined) return; // muted, or out of view
    picture.track.setPlayoutDelay(this.asked + lag.next(heard, seen));
  }
}
