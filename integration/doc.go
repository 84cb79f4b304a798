// Package integration holds the full-stack tests and benches: the built
// ffegress binary between real servers, judged by what it recorded.
//
// Its folders are the tools for that: card (the picture and sound language),
// publish (synthetic participants), page (web pages to record), lab (all of it for one case), rig (servers,
// API client, process table) and meter (what is in a recording).
//
// Invariant: nothing here imports a package of the product, and every wait
// is for an event with a deadline.
package integration
