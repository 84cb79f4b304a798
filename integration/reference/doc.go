// Package reference writes docs/configuration.md from service/config: its types, defaults, tags and comments. cmd/reference
// writes the file; a test fails when it is stale or a key has no words.
package reference
