import Hls from "hls.js";

// What the server is told, in hlspage.State's words.
const state = {
  playing: false,
  ended: false,
  time: 0,
  from: 0,
  duration: 0,
  frames: 0,
  dropped: 0,
  stalls: [] as number[],
  errors: [] as string[],
};

const video = document.querySelector("video")!;
const source = new URLSearchParams(location.search).get("src")!;

function tell() {
  const quality = video.getVideoPlaybackQuality();
  state.time = video.currentTime;
  state.duration = Number.isFinite(video.duration) ? video.duration : 0;
  state.frames = quality.totalVideoFrames;
  state.dropped = quality.droppedVideoFrames;
  return fetch("/state", { method: "POST", body: JSON.stringify(state) }).catch(() => {});
}

video.addEventListener("playing", () => {
  if (!state.playing) {
    state.playing = true;
    state.from = video.currentTime;
  }
});
video.addEventListener("waiting", () => {
  // At the very end there is nothing more to wait for.
  if (state.playing && !(video.duration - video.currentTime < 0.5)) {
    state.stalls.push(video.currentTime);
  }
});
video.addEventListener("ended", () => {
  state.ended = true;
  void tell();
});

if (Hls.isSupported()) {
  const hls = new Hls();
  hls.on(Hls.Events.ERROR, (_, d) => state.errors.push(`${d.details}${d.fatal ? " (fatal)" : ""}: ${d.error?.message ?? d.reason ?? ""}`));
  hls.loadSource(source);
  hls.attachMedia(video);
  video.play().catch((e: unknown) => state.errors.push(String(e)));
} else {
  state.errors.push("Media Source Extensions are not supported");
}
setInterval(() => void tell(), 100);
