// Package hlspage plays HLS with hls.js in a headless Chromium and tells how that went.
//
// The page's source is in src, the built bundle in dist is committed so that tests need no npm; `npm run build` makes it
// again.
//
// It is called by integration/outlets.
package hlspage
