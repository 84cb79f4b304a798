package uploads

import (
	"errors"
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

// reasonOf is the store's own words.
func reasonOf(err error) string {
	if e, ok := errors.AsType[*Error](err); ok {
		return e.Reason
	}
	return err.Error()
}
