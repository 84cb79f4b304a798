// Package lab is what one acceptance case records in: servers, a recorder, a room with participants, pages, and the
// recordings that run; and what cases of several issues look at in the same way. Cases of every issue use it.
//
// Invariant: no recording is judged here; a lab's media stays until the cache folder is cleared away.
package lab
