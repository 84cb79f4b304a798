package uploads

import (
	"errors"
	"fmt"
	iofs "io/fs"
	"os"
	"path/filepath"
	"slices"
)

// Owed is a debt that lies below a work directory, whoever works on it.
type Owed struct {
	Debt
	Home string
}

// List reads the debts below a work directory that are not paid, oldest first, without their targets. Those that
// cannot be read are told in the error.
func List(workDir string) ([]Owed, error) {
	files, err := filepath.Glob(filepath.Join(globEscape(workDir), "*", debtsFolder, "*", debtFile))
	if err != nil {
		return nil, fmt.Errorf("list uploads: %w", err)
	}
	var list []Owed
	var failed error
	for _, file := range files {
		dir := filepath.Dir(file)
		d, err := readDebt(dir, nil)
		switch {
		case errors.Is(err, iofs.ErrNotExist): // paid meanwhile
		case err != nil:
			failed = errors.Join(failed, err)
		case d.Paid.IsZero():
			list = append(list, Owed{d, filepath.Dir(filepath.Dir(dir))})
		}
	}
	slices.SortFunc(list, func(a, b Owed) int { return a.Added.Compare(b.Added) })
	return list, failed
}

// AskRetry has the process that works on the debt try now.
func (o Owed) AskRetry() error { return o.mark(retryMark) }

// AskDrop has the process that works on the debt forget it.
func (o Owed) AskDrop() error { return o.mark(dropMark) }

func (o Owed) mark(name string) error {
	return os.WriteFile(filepath.Join(debtDir(o.Home, o.ID), name), nil, 0o600)
}

// Drop forgets the debt and its file; the caller must have the home.
func (o Owed) Drop() error { return os.RemoveAll(debtDir(o.Home, o.ID)) }
