package rig

import (
	"bytes"
	"fmt"
	"os"
	"slices"
	"strconv"
	"strings"
	"time"
)

// Said counts the lines of the child's log that have all the texts.
func (c *Child) Said(texts ...string) (int, error) {
	log, err := os.ReadFile(c.LogPath)
	if err != nil {
		return 0, err
	}
	n := 0
	for line := range bytes.Lines(log) {
		if !slices.ContainsFunc(texts, func(text string) bool { return !bytes.Contains(line, []byte(text)) }) {
			n++
		}
	}
	return n, nil
}

// SaidAt is when the child's log last said something about an egress.
func (c *Child) SaidAt(msg, egressID string) (time.Time, error) {
	log, err := os.ReadFile(c.LogPath)
	if err != nil {
		return time.Time{}, err
	}
	var when time.Time
	for line := range bytes.Lines(log) {
		if !bytes.Contains(line, []byte(msg)) || !bytes.Contains(line, []byte("egressID="+egressID)) {
			continue
		}
		stamp, _, _ := bytes.Cut(bytes.TrimPrefix(line, []byte("time=")), []byte(" "))
		if when, err = time.Parse(time.RFC3339Nano, string(stamp)); err != nil {
			return when, err
		}
	}
	if when.IsZero() {
		return when, fmt.Errorf("%s's log does not say %q about %s", c.Name, msg, egressID)
	}
	return when, nil
}

// Counts finds the last line of the child's log that says msg about an egress (about any, when none
// is named) and returns the numbers among its key=value fields.
func (c *Child) Counts(msg, egressID string) (map[string]int64, error) {
	said := "msg=" + msg + " "
	if strings.Contains(msg, " ") {
		said = "msg=" + strconv.Quote(msg) + " "
	}
	log, err := os.ReadFile(c.LogPath)
	if err != nil {
		return nil, err
	}
	var found map[string]int64
	for line := range bytes.Lines(log) {
		if !bytes.Contains(line, []byte(said)) || !bytes.Contains(line, []byte("egressID="+egressID)) {
			continue
		}
		found = map[string]int64{}
		for field := range bytes.FieldsSeq(line) {
			key, value, _ := bytes.Cut(field, []byte("="))
			if n, err := strconv.ParseInt(string(value), 10, 64); err == nil {
				found[string(key)] = n
			}
		}
	}
	if found == nil {
		return nil, fmt.Errorf("%s's log does not say %q about %s", c.Name, msg, egressID)
	}
	return found, nil
}
