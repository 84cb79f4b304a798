// A call of the page with itself: with it Chromium starts its threads and loads its decoders, mixer and sound device.

const PATIENCE_MS = 3000;
const SIZE = 64; // of the picture that is sent

/** rehearse returns when the page has shown a picture of its own call, or cannot; nothing of it is left. */
export async function rehearse(): Promise<void> {
  const caller = new RTCPeerConnection();
  const callee = new RTCPeerConnection();
  const sound = new AudioContext();
  const canvas = document.createElement("canvas");
  canvas.width = canvas.height = SIZE;
  const pen = canvas.getContext("2d")!;
  const stream = canvas.captureStream();
  const heard: HTMLMediaElement[] = [];
  const drawing = setInterval(() => pen.fillRect(0, 0, SIZE, SIZE), 30);
  try {
    for (const track of [...stream.getTracks(), ...sound.createMediaStreamDestination().stream.getTracks()]) {
      caller.addTrack(track);
    }
    const shown = new Promise<void>((resolve) => {
      callee.addEventListener("track", ({ track }) => {
        const element = document.createElement(track.kind === "video" ? "video" : "audio");
        element.autoplay = true;
        element.srcObject = new MediaStream([track]);
        heard.push(element);
        document.body.append(element);
        if (element instanceof HTMLVideoElement) element.requestVideoFrameCallback(() => resolve());
      });
    });
    pass(caller, callee);
    pass(callee, caller);
    await caller.setLocalDescription();
    await callee.setRemoteDescription(caller.localDescription!);
    await callee.setLocalDescription();
    await caller.setRemoteDescription(callee.localDescription!);
    await Promise.race([shown, new Promise((resolve) => setTimeout(resolve, PATIENCE_MS))]);
  } finally {
    clearInterval(drawing);
    for (const element of heard) {
      element.srcObject = null;
      element.remove();
    }
    for (const track of stream.getTracks()) track.stop();
    caller.close();
    callee.close();
    await sound.close();
  }
}

function pass(from: RTCPeerConnection, to: RTCPeerConnection): void {
  from.addEventListener("icecandidate", ({ candidate }) => {
    if (candidate) void to.addIceCandidate(candidate).catch(() => undefined);
  });
}
