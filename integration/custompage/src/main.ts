// A page of somebody who is not ffegress: all that it knows of a recorder is what the SDK tells.
import EgressHelper from "@livekit/egress-sdk";
import { Room, RoomEvent, Track } from "livekit-client";

type Box = [left: number, top: number, width: number, height: number];

// A query parameter of the page's own, which must arrive beside the recorder's.
const top = Number(new URLSearchParams(location.search).get("top"));

const layouts: Record<string, (i: number) => Box> = {
  speaker: (i) => (i === 0 ? [0, top, 960, 540] : [1000, top + (i - 1) * 160, 256, 144]),
  grid: (i) => [(i % 2) * 500, top + Math.floor(i / 2) * 290, 480, 270],
};

const videos = new Map<string, HTMLVideoElement>();

function arrange(layout: string): void {
  const boxes = layouts[layout] ?? layouts["grid"]!;
  for (const [i, identity] of [...videos.keys()].sort().entries()) {
    const [left, above, width, height] = boxes(i);
    const style = { left: `${left}px`, top: `${above}px`, width: `${width}px`, height: `${height}px` };
    Object.assign(videos.get(identity)!.style, style);
  }
}

async function run(): Promise<void> {
  const room = new Room();
  room.on(RoomEvent.TrackSubscribed, (track, _, participant) => {
    const element = track.attach();
    document.body.append(element);
    if (track.kind !== Track.Kind.Video) return;
    videos.set(participant.identity, element as HTMLVideoElement);
    arrange(EgressHelper.getLayout());
    element.addEventListener("playing", () => EgressHelper.startRecording(), { once: true });
  });
  EgressHelper.onLayoutChanged(arrange);
  await room.connect(EgressHelper.getLiveKitURL(), EgressHelper.getAccessToken());
  EgressHelper.setRoom(room);
}

void run();
