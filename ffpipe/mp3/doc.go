// Package mp3 knows MPEG audio layer III (ISO/IEC 11172-3 and 13818-3) from the
// outside: where its frames begin and end, and the Info frame that Xing and
// LAME invented, which tells players how long the file is and what of it is the
// encoder's own delay.
//
// The callers are outputs, which makes one stream of what successive encoders
// write, and ffpipe/workfile, which cuts and completes the file. It imports
// nothing of ours.
package mp3
