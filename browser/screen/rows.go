package screen

// rows is a range of rows, to excluded.
type rows struct{ from, to int }

func (r rows) empty() bool { return r.from >= r.to }

// with is the smallest range that has both.
func (r rows) with(s rows) rows {
	switch {
	case r.empty():
		return s
	case s.empty():
		return r
	}
	return rows{min(r.from, s.from), max(r.to, s.to)}
}

// within cuts it to a picture of that height.
func (r rows) within(height int) rows { return rows{max(r.from, 0), min(r.to, height)} }

// even widens it to pairs of rows, which share their chroma.
func (r rows) even() rows { return rows{r.from &^ 1, (r.to + 1) &^ 1} }
