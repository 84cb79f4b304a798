package uploads

import (
	"slices"
	"strings"
)

// older tells which of two debts comes first.
func older(a, b *entry) bool { return byAge(a, b) < 0 }

func byAge(a, b *entry) int {
	if c := a.debt.Added.Compare(b.debt.Added); c != 0 {
		return c
	}
	return strings.Compare(a.dir, b.dir)
}

func sortByAge(list []*entry) { slices.SortFunc(list, byAge) }
