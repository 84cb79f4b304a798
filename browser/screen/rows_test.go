package screen

import "testing"

func TestRows(t *testing.T) {
	cases := []struct{ a, b, with rows }{
		{rows{}, rows{}, rows{}},
		{rows{3, 5}, rows{}, rows{3, 5}},
		{rows{9, 9}, rows{3, 5}, rows{3, 5}},
		{rows{3, 5}, rows{8, 9}, rows{3, 9}},
		{rows{3, 9}, rows{4, 5}, rows{3, 9}},
	}
	for _, c := range cases {
		if got := c.a.with(c.b); got != c.with {
			t.Errorf("%v with %v: %v, want %v", c.a, c.b, got, c.with)
		}
	}
	if got := (rows{-4, 50}).within(20); got != (rows{0, 20}) {
		t.Error(got)
	}
	if got := (rows{30, 50}).within(20); !got.empty() {
		t.Error(got)
	}
	if got := (rows{3, 5}).even(); got != (rows{2, 6}) {
		t.Error(got)
	}
}
