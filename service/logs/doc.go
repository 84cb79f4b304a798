// Package logs makes the logger that the logging section of the configuration asks for: its form, the least level that is
// told, by component where component_levels says so, and what is left out of the same line said too often.
//
// Invariant: an error is never left out. cmd/ffegress calls it.
package logs
