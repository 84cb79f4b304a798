// Command publish joins a LiveKit room with synthetic participants that send
// test cards (VP8) and tones (Opus) in real time. It prints one line when all
// tracks are published and goes on until --duration is over, a participant is
// lost (exit code 1) or SIGINT or SIGTERM comes.
package main
