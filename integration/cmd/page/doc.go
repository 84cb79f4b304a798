// Command page serves the pages for Web egress on loopback until SIGINT or
// SIGTERM, and prints their addresses.
package main
