package publish

import (
	"fmt"
	"strconv"
	"strings"
)

// Size is the size of a published picture in pixels.
type Size struct{ Width, Height int }

// String gives the form 640x360.
func (s Size) String() string { return fmt.Sprintf("%dx%d", s.Width, s.Height) }

// ParseSize reads 640x360. Both numbers must be even and 90 … 4096.
func ParseSize(text string) (Size, error) {
	w, h, ok := strings.Cut(text, "x")
	width, errW := strconv.Atoi(w)
	height, errH := strconv.Atoi(h)
	good := func(v int) bool { return v >= 90 && v <= 4096 && v%2 == 0 }
	if !ok || errW != nil || errH != nil || !good(width) || !good(height) {
		return Size{}, fmt.Errorf("size %q is not like 640x360, with even numbers from 90 to 4096", text)
	}
	return Size{width, height}, nil
}
