// Package gate is an HTTP proxy on the loopback that a browser's pages go through: what they may not reach is refused.
//
// Invariant: what is dialled is what was checked. An address is looked at when the connection is made, after names were
// resolved, so that redirects and names that change their address reach no further than the first request. Only HTTP,
// HTTPS, WebSocket and a call's TCP go this way; its UDP does not. Behind a proxy of the machine's own (HTTPS_PROXY) names
// are checked here as far as they are known, and dialled there. Package browser starts one for each Chromium.
package gate
