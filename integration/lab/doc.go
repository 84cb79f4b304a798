// Package lab is what one acceptance case records in: servers, a recorder, a room with participants, pages, and the
// recordings that run. Cases of every issue use it.
//
// Invariant: nothing here judges; a lab's media stays until the cache folder is cleared away.
package lab
