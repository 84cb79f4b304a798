// Command demo performs the main job on real input and shows the result: it starts `ffegress serve
// --dev`, livekit-server and three synthetic participants, records the room through the LiveKit API
// for 15 s, and prints where the MP4 is, what ffprobe says of it, and a contact sheet.
package main
