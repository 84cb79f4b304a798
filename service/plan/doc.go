// Package plan turns a StartEgress request and the configuration into everything a session needs to run it, or into
// the error that the caller gets.
//
// Texts and codes of the errors are those of LiveKit Egress, because clients match on them. What this version does
// not do yet is refused with "… is not yet supported", after the ordinary checks, so that a wrong field is always
// named first.
//
// Invariant: a *Plan is complete and final. File names are frozen when it is made; nothing in it asks the clock, the
// environment or the configuration again. The one exception is a track that is recorded as it comes: its own tokens and
// the extension are settled by NameTrack, once it is subscribed to. Making a plan touches neither disk nor network;
// Prepare, called before anything starts, does.
//
// service and the record command make plans; only service/session consumes them.
package plan
