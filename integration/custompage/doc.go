// Package custompage serves a room page as users write their own: a bundle
// around the npm package @livekit/egress-sdk that knows nothing of ffegress.
//
// The source is in src, the built bundle in dist is committed so that tests
// need no npm; `npm run build` makes it again.
//
// It is called by integration/spine.
package custompage
