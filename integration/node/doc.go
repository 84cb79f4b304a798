// Package node shows a service that operators can trust: the cases of issue F. What a node takes and what it refuses, how it
// goes away, what it tells of itself, and what it never tells.
package node
