package sound

// Law is one of the two companding laws of G.711.
type Law int

const (
	MuLaw Law = iota // PCMU
	ALaw             // PCMA
)

// tables are the linear values of all codes.
var tables = [...][256]int16{MuLaw: muTable(), ALaw: aTable()}

func muTable() (t [256]int16) {
	for i := range t {
		c := ^byte(i)
		v := (int(c&0x0f)<<3 + 0x84) << (c >> 4 & 7)
		v -= 0x84
		if c&0x80 != 0 {
			v = -v
		}
		t[i] = int16(v)
	}
	return t
}

func aTable() (t [256]int16) {
	for i := range t {
		c := byte(i) ^ 0x55
		v := int(c&0x0f)<<4 + 8
		if segment := c >> 4 & 7; segment > 0 {
			v = (v + 0x100) << (segment - 1)
		}
		if c&0x80 == 0 {
			v = -v
		}
		t[i] = int16(v)
	}
	return t
}

// g711 decodes G.711 and resamples it from 8 to 48 kHz.
type g711 struct {
	table *[256]int16
	up    upsampler
}

var _ Decoder = (*g711)(nil)

// NewG711 makes a decoder.
func NewG711(law Law) Decoder { return &g711{table: &tables[law]} }

func (d *g711) Delay() int { return upDelay }

func (d *g711) Decode(payload []byte, out []int16) ([]int16, error) {
	payload = payload[:min(len(payload), maxPacket/upFactor)]
	for _, c := range payload {
		for _, v := range d.up.push(d.table[c]) {
			out = append(out, v, v)
		}
	}
	return out, nil
}
