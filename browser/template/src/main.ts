// The page that a RoomComposite egress records: joins the room and shows it.
import { type RemoteParticipant, type RemoteTrack, Room, RoomEvent, Track } from "livekit-client";
import { showError } from "./failure.ts";
import { lookFromQuery } from "./look.ts";
import { layoutFromMetadata } from "./metadata.ts";
import { preview } from "./preview.ts";
import { endRecording, startRecording, StartRule } from "./signal.ts";
import { Stage } from "./stage.ts";
import { type Owner, Tile } from "./tile.ts";

const POLL_MS = 100;

/**
 * The server takes the lowest layer whose height is 0.9 of what is asked for or more
 * (GetQualityForDimension in livekit-server); asked for as much more, it is never lower than its tile.
 */
const PIXEL_DENSITY = 1 / 0.9;

/**
 * How long pictures and sound wait before they are played, in seconds. A recording has time: with
 * less, a picture that comes a little late (each keyframe) misses its turn, and sound and picture
 * settle at a different distance in each session, because WebRTC leaves up to 30 ms uncorrected.
 */
const PLAYOUT_DELAY = 0.2;

async function run(): Promise<void> {
  const query = new URLSearchParams(location.search);
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

  const applyMetadata = (): void => {
    const layout = layoutFromMetadata(room.localParticipant.metadata);
    if (layout !== undefined) stage.setLayout(layout);
  };
  const remove = (track: RemoteTrack, sid: string): void => {
    stage.remove(sid);
    if (sounds.delete(sid)) for (const element of track.detach()) element.remove();
  };

  room
    .on(RoomEvent.TrackSubscribed, (track, publication, participant) => {
      subscribed++;
      track.setPlayoutDelay(PLAYOUT_DELAY);
      if (track.kind === Track.Kind.Video) {
        const screen = publication.source === Track.Source.ScreenShare;
        stage.add(publication.trackSid, new Tile(track, ownerOf(participant), screen, look));
      } else {
        const element = track.attach();
        element.hidden = true;
        sounds.set(publication.trackSid, element);
        document.body.append(element);
      }
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
    .on(RoomEvent.Disconnected, () => {
      // A connection that never was is a failure, not an end.
      if (connected) endRecording();
    });

  await room.connect(url, token);
  connected = true;
  applyMetadata();
  void room.startAudio().catch(() => undefined);

  const rule = new StartRule();
  let started = false;
  setInterval(() => {
    stage.arrange();
    if (started) return;
    const publications = [...room.remoteParticipants.values()].flatMap((p) => [...p.videoTrackPublications.values()]);
    started = rule.ready(performance.now(), {
      subscribed,
      videoPublications: publications.length,
      picture: stage.picture(),
    });
    if (started) {
      stage.beSeen();
      startRecording();
    }
  }, POLL_MS);
}

function ownerOf({ identity, name }: RemoteParticipant): Owner {
  return { identity, name: name ?? "" };
}

run().catch(showError);
