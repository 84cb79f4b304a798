package node

import (
	"regexp"
	"strconv"
	"strings"
)

// sample is one line of what Prometheus reads.
type sample struct {
	name   string
	labels map[string]string
	text   string // the labels as they were written
	value  float64
}

type samples []sample

var (
	metricLine  = regexp.MustCompile(`^([a-zA-Z_:][a-zA-Z0-9_:]*)(?:\{(.*)\})? (\S+)$`)
	metricLabel = regexp.MustCompile(`([a-zA-Z_][a-zA-Z0-9_]*)="((?:[^"\\]|\\.)*)"`)
)

// parseMetrics reads Prometheus' text format.
func parseMetrics(body string) (all samples) {
	for line := range strings.Lines(body) {
		m := metricLine.FindStringSubmatch(strings.TrimSpace(line))
		if m == nil {
			continue
		}
		v, err := strconv.ParseFloat(m[3], 64)
		if err != nil {
			continue
		}
		s := sample{name: m[1], labels: map[string]string{}, text: m[2], value: v}
		for _, l := range metricLabel.FindAllStringSubmatch(m[2], -1) {
			s.labels[l[1]] = l[2]
		}
		all = append(all, s)
	}
	return all
}

// value is that of the first sample of that name with all the labels, written `name="value"`; -1 = there is none.
func (all samples) value(name string, labels ...string) float64 {
next:
	for _, s := range all {
		if s.name != name {
			continue
		}
		for _, l := range labels {
			if !strings.Contains(s.text, l) {
				continue next
			}
		}
		return s.value
	}
	return -1
}

// has tells whether there is a sample of that name that has labels of all these names.
func (all samples) has(name string, labels ...string) bool {
next:
	for _, s := range all {
		if s.name != name {
			continue
		}
		for _, l := range labels {
			if _, ok := s.labels[l]; !ok {
				continue next
			}
		}
		return true
	}
	return false
}
