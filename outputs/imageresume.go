package outputs

import (
	"context"
	"errors"
	"fmt"
	"path"
)

// Resume goes on where a dead process was killed: the pictures that it left in Work are delivered. It is called instead
// of Start and everything else; Programme is not used. The result is that of all pictures, without its duration; whole
// says that none is missing at the end. ErrNothing if there is nothing to go on from.
func (i *Images) Resume(ctx context.Context, from Heirloom) (made Result, whole bool, err error) {
	i.defaults()
	left, whole, err := readLedger(i.FS, i.Work)
	if err != nil {
		return Result{}, whole, fmt.Errorf("images %s: %w", path.Base(i.Prefix), err)
	}
	var failed error
	for _, l := range left {
		there, err := i.inherit(ctx, l, from)
		if err != nil {
			failed = errors.Join(failed, fmt.Errorf("image %s: %w", path.Base(l.Name), err))
			continue
		}
		i.tell(there)
	}
	made = i.Progress()
	if made.Count == 0 {
		failed = errors.Join(failed, ErrNothing)
	}
	if failed != nil {
		return made, false, fmt.Errorf("images %s: %w", path.Base(i.Prefix), failed)
	}
	return made, whole, nil
}

// inherit gets one picture to its place, if it is not there.
func (i *Images) inherit(ctx context.Context, l step, from Heirloom) (Delivered, error) {
	if file := i.path(l.Number); !l.Told && isThere(i.FS, file) {
		return i.Deliver.Deliver(ctx, Delivery{Path: file, Name: l.Name, Type: typeJPEG})
	}
	there, ok, err := from.Taken(ctx, l.Name)
	switch {
	case err != nil || ok:
		return there, err
	case l.Told: // whoever wanted it has fetched it
		return Delivered{Size: l.Size}, nil
	}
	return Delivered{}, fmt.Errorf("%w of it", ErrNothing)
}
