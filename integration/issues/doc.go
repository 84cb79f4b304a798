// Package issues knows the acceptance cases of every issue. cmd/accept runs them; the map of what is compatible names them.
package issues
