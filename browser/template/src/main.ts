// The page that a RoomComposite egress records: joins the room and shows it.
import {
  type RemoteParticipant,
  type RemoteTrack,
  type RemoteTrackPublication,
  Room,
  RoomEvent,
  Track,
  TrackEvent,
  VideoQuality,
} from "livekit-client";
import { showError } from "./failure.ts";
import type { Size } from "./layout.ts";
import { LipSync } from "./lipsync.ts";
import { lookFromQuery } from "./look.ts";
import { layoutFromMetadata } from "./metadata.ts";
import { preview } from "./preview.ts";
import { endRecording, painted, startRecording, StartRule, WHOLE_MS } from "./signal.ts";
import { Stage } from "./stage.ts";
import { type Owner, Tile } from "./tile.ts";
import { wait } from "./wait.ts";

const POLL_MS = 100;

/**
 * The server takes the lowest layer whose height is 0.9 of what is asked for or more
 * (GetQualityForDimension in livekit-server); asked for as much more, it is never lower than its tile.
 */
const PIXEL_DENSITY = 1 / 0.9;

/**
 * How long pictures and sound wait before they are played, in seconds. With less, a picture that comes a little late
 * (each keyframe) misses its turn. With more, sound is early when a call begins: a picture waits as long as asked from
 * the first on, but the sound's jitter buffer begins with some 80 ms, stretches by at most 85 ms a second, and is
 * content with three quarters of what is asked.
 */
const PLAYOUT_DELAY = 0.13;

async function show(query: URLSearchParams): Promise<void> {
  const url = query.get("url");
  const token = query.get("token");
  const stage = new Stage(document.getElementById("stage") as HTMLElement);
  const look = lookFromQuery(query);
  stage.setLayout(query.get("layout") ?? "");
  window.addEventListener("resize", () => stage.arrange());
  if (query.has("preview")) return preview(stage, query, look);
  if (!url || !token) throw new Error("the page needs the query parameters url and token");

  const room = new Room({ adaptiveStream: { pauseVideoInBackground: false, pixelDensity: PIXEL_DENSITY } });
  const sounds = new Map<string, HTMLMediaElement>();
  let subscribed = 0;
  let connected = false;
  const rule = new StartRule();
  let started = false;

  const check = (): void => {
    if (started) return;
    const videos = videoPublications(room);
    started = rule.ready(performance.now(), {
      // A room without a sound is recorded, too, as the silence that it is.
      subscribed: look.soundOnly ? subscribed + videos : subscribed,
      videoPublications: videos,
      picture: look.soundOnly ? subscribed > 0 : stage.picture(),
      whole: stage.whole(),
    });
    if (started) {
      stage.beSeen();
      void painted().then(startRecording);
    }
  };
  const applyMetadata = (): void => {
    const layout = layoutFromMetadata(room.localParticipant.metadata);
    if (layout !== undefined) stage.setLayout(layout);
  };
  const hear = (publication: RemoteTrackPublication): void => {
    if (look.soundOnly && publication.kind === Track.Kind.Audio) publication.setSubscribed(true);
  };
  const lips = new LipSync(PLAYOUT_DELAY);
  const remove = (track: RemoteTrack, sid: string): void => {
    lips.remove(track);
    stage.remove(sid);
    if (sounds.delete(sid)) for (const element of track.detach()) element.remove();
  };

  room
    .on(RoomEvent.TrackSubscribed, (track, publication, participant) => {
      subscribed++;
      const screen = publication.source === Track.Source.ScreenShare;
      const shared = screen || publication.source === Track.Source.ScreenShareAudio;
      lips.add(`${participant.sid} ${shared}`, track.kind === Track.Kind.Video, track);
      if (track.kind === Track.Kind.Video) {
        if (publication.simulcasted) askFor(track, publication, stage.coming(videoPublications(room)));
        const tile = new Tile(track, ownerOf(participant), screen, look);
        tile.onPicture = () => {
          check();
          setTimeout(check, WHOLE_MS);
        };
        stage.add(publication.trackSid, tile);
      } else {
        const element = track.attach();
        element.hidden = true;
        sounds.set(publication.trackSid, element);
        document.body.append(element);
      }
      check();
    })
    .on(RoomEvent.TrackUnsubscribed, (track, publication) => {
      subscribed--;
      remove(track, publication.trackSid);
    })
    .on(RoomEvent.TrackMuted, (publication) => stage.setMuted(publication.trackSid, true))
    .on(RoomEvent.TrackUnmuted, (publication) => stage.setMuted(publication.trackSid, false))
    .on(RoomEvent.ActiveSpeakersChanged, (speakers) =>
      stage.setSpeaking(speakers.map((speaker) => speaker.identity)),
    )
    .on(RoomEvent.ParticipantMetadataChanged, (_, participant) => {
      if (participant === room.localParticipant) applyMetadata();
    })
    .on(RoomEvent.ParticipantNameChanged, (name, participant) => stage.setName(participant.identity, name))
    .on(RoomEvent.SignalConnected, () => {
      applyMetadata();
      for (const participant of room.remoteParticipants.values()) participant.trackPublications.forEach(hear);
    })
    .on(RoomEvent.TrackPublished, hear)
    .on(RoomEvent.Disconnected, () => {
      // A connection that never was is a failure, not an end.
      if (connected) endRecording();
    });

  setInterval(() => {
    stage.arrange();
    check();
  }, POLL_MS);
  await room.connect(url, token, { autoSubscribe: !look.soundOnly });
  connected = true;
  void room.startAudio().catch(() => undefined);
}

function videoPublications(room: Room): number {
  return [...room.remoteParticipants.values()].reduce((sum, p) => sum + p.videoTrackPublications.size, 0);
}

/**
 * askFor asks for a layer until the page knows the picture's size: without, the SDK asks for the highest. It is not for
 * pictures that have one layer: with it, those of several participants came out of step more often.
 */
function askFor(track: RemoteTrack, publication: RemoteTrackPublication, { width, height }: Size): void {
  publication.setVideoDimensions({ width: width * PIXEL_DENSITY, height: height * PIXEL_DENSITY });
  // From then on it is what the SDK measures; "high" is no bound for that.
  track.once(TrackEvent.VideoDimensionsChanged, () => publication.setVideoQuality(VideoQuality.HIGH));
}

function ownerOf({ identity, name }: RemoteParticipant): Owner {
  return { identity, name: name ?? "" };
}

const query = new URLSearchParams(location.search);
if (query.has("wait")) wait(show);
else show(query).catch(showError);
