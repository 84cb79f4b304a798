package uploads

import (
	"context"
	"errors"
	"os"
)

// putFile is what every object store's Put has in common: send is given the opened file, explain makes an *Error of
// what it ends with.
func putFile(ctx context.Context, store string, o Object, explain func(error) error, send func(f *os.File, info os.FileInfo) error) error {
	f, err := os.Open(o.File)
	if err != nil {
		return lost(store, err)
	}
	defer f.Close()
	before, err := f.Stat()
	if err != nil {
		return lost(store, err)
	}
	if err := send(f, before); err != nil {
		if ctx.Err() != nil {
			return context.Cause(ctx)
		}
		return explain(err)
	}
	after, err := f.Stat()
	if err != nil || after.Size() != before.Size() || !after.ModTime().Equal(before.ModTime()) {
		return lost(store, errors.Join(errors.New("the file changed while it was uploaded"), err))
	}
	return nil
}

func lost(store string, err error) error {
	return &Error{Store: store, Class: Lost, Reason: "the recording cannot be read: " + err.Error(), Err: err}
}
