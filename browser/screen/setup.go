package screen

import "errors"

var errShortSetup = errors.New("the display's answer is too short")

// setup is what a server tells about itself and its first screen.
type setup struct {
	idBase, idMask uint32
	root           uint32
	width, height  int
	depth          int
	bits           int // of a pixel in memory
	pad            int // of a row, in bits
	bigEndian      bool
	red            uint32 // masks of the root's visual
	green          uint32
	blue           uint32
	trueColor      bool
}

// parseSetup reads the body of a successful connection setup (X protocol, 8).
func parseSetup(b []byte) (setup, error) {
	var s setup
	if len(b) < 32 {
		return s, errShortSetup
	}
	s.idBase, s.idMask = order.Uint32(b[4:]), order.Uint32(b[8:])
	vendor, roots, formats := int(order.Uint16(b[16:])), int(b[20]), int(b[21])
	s.bigEndian = b[22] != 0
	at := 32 + (vendor+3)/4*4
	if roots < 1 || len(b) < at+8*formats+40 {
		return s, errShortSetup
	}
	layouts, screen := b[at:at+8*formats], b[at+8*formats:]
	s.root = order.Uint32(screen)
	s.width, s.height = int(order.Uint16(screen[20:])), int(order.Uint16(screen[22:]))
	visual := order.Uint32(screen[32:])
	s.depth = int(screen[38])
	for ; len(layouts) >= 8; layouts = layouts[8:] {
		if int(layouts[0]) == s.depth {
			s.bits, s.pad = int(layouts[1]), int(layouts[2])
		}
	}
	rest := screen[40:]
	for range int(screen[39]) {
		if len(rest) < 8 {
			return s, errShortSetup
		}
		visuals := int(order.Uint16(rest[2:]))
		rest = rest[8:]
		if len(rest) < 24*visuals {
			return s, errShortSetup
		}
		for ; visuals > 0; visuals-- {
			if order.Uint32(rest) == visual {
				s.trueColor = rest[4] == 4
				s.red, s.green, s.blue = order.Uint32(rest[8:]), order.Uint32(rest[12:]), order.Uint32(rest[16:])
			}
			rest = rest[24:]
		}
	}
	return s, nil
}

// stride is the bytes of an image row of that many pixels.
func (s *setup) stride(width int) int {
	unit := max(s.pad, 8)
	return (width*s.bits + unit - 1) / unit * unit / 8
}
