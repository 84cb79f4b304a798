package programme

// Steering moves sound towards its place by single samples, in short runs and
// not as a constant dither.
type Steering struct {
	by    int
	given int64
}

// Correct gives by how many samples, −1, 0 or +1, the next block has to be made
// longer when it stands e samples too early (see [AdjustPCM]). A run begins at
// an error of on samples and ends when off are left.
func (s *Steering) Correct(e, on, off int64) int {
	switch {
	case e >= on:
		s.by = 1
	case e <= -on:
		s.by = -1
	case e*int64(s.by) <= off:
		s.by = 0
	}
	if s.by != 0 {
		s.given++
	}
	return s.by
}

// Rest ends the run of corrections: the error is gone.
func (s *Steering) Rest() { s.by = 0 }

// Given is how many corrections there were.
func (s *Steering) Given() int64 { return s.given }
