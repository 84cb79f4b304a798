// Command ffegress records LiveKit rooms and web pages with Chrome and FFmpeg.
//
//	ffegress [serve]   serve requests of livekit-server over Redis
//	ffegress record    record one room or page, without Redis
//	ffegress check     try all that a recording needs
//	ffegress version   tell the version
//
// Exit codes: see exit.go.
package main
