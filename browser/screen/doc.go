// Package screen reads the picture of an X display in this process: a small X11
// client of its own, the MIT-SHM extension for the pixels, the DAMAGE extension
// for when and where they change, and the arithmetic from them to I420.
//
// Its invariant: a picture is whole, or an error. Grab returns what the server
// had on its screen at one moment of the call, the loss of the server is told
// at once by Done, and nothing outlives the process: the shared memory is
// marked for removal before the server knows of it.
//
// The client is written here because it needs six requests. What libraries for
// X offer keeps extension tables that displays share, which is a race as soon
// as there are two of them, and some goroutines for each.
//
// The caller is package browser.
package screen
