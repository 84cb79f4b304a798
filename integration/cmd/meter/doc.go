// Command meter measures recordings of test cards. It prints a text report,
// or JSON with --json, and exits with 1 when a file cannot be read or, with
// --check, when it does not keep the limits given by the flags.
package main
