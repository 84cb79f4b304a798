package uploads

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	iofs "io/fs"
	"os"
	"path/filepath"
	"strings"
	"time"
)

const (
	debtsFolder = "debts"     // below an egress' home
	debtFile    = "debt.json" // what is owed
	dataFile    = "data"      // the file itself
	retryMark   = "retry"     // left by another process: try now
	dropMark    = "drop"      // left by another process: forget it
)

// Debt is a file that is to be uploaded, or was and is not yet forgotten.
type Debt struct {
	ID          string    `json:"id"` // unique in its egress; a plain name
	Egress      string    `json:"egress"`
	Name        string    `json:"name"` // as EgressInfo calls the file
	Key         string    `json:"key"`
	ContentType string    `json:"content_type"`
	Provider    string    `json:"provider"`
	Size        int64     `json:"size"`
	Added       time.Time `json:"added"`

	Tries  int       `json:"tries"`
	Last   time.Time `json:"last,omitzero"`    // when the last try ended
	Reason string    `json:"reason,omitempty"` // why it failed
	// BackupReason is why the backup failed after that.
	BackupReason   string `json:"backup_reason,omitempty"`
	BackupProvider string `json:"backup_provider,omitempty"` // "" = there is no backup
	// Switched says that the target has failed this egress, so that the backup is tried first.
	Switched bool `json:"switched,omitempty"`
	// BackupUsed says that the backup has it.
	BackupUsed bool      `json:"backup_used,omitempty"`
	Paid       time.Time `json:"paid,omitzero"` // when the store confirmed it
	// Left says that nobody waits for it any more: with its payment it is forgotten.
	Left bool `json:"left,omitempty"`

	Target   Target  `json:"-"`
	Backup   *Backup `json:"-"` // nil = none
	Location string  `json:"-"` // once it is paid; a presigned one is a secret

	Sealed      []byte `json:"sealed"` // hidden
	Source      string `json:"source"` // where the file came from; until it is moved here it is there
	state       []byte // of an interrupted upload
	backupState []byte // likewise
}

// hidden is what of a debt is sealed.
type hidden struct {
	Target   Target `json:"target"`
	Location string `json:"location,omitempty"`
	State    []byte `json:"state,omitempty"`

	Backup      *Backup `json:"backup,omitempty"`
	BackupState []byte  `json:"backup_state,omitempty"`
}

// failed notes what a try ended with.
func (d *Debt) failed(err error) {
	d.Reason, d.BackupReason = err.Error(), ""
	if e, ok := errors.AsType[*Error](err); ok {
		d.Reason = e.Reason
		if e.Backup != nil {
			d.BackupReason = e.Backup.Reason
		}
	}
}

// failure is the last try's error as far as it is written down; nil = none has failed.
func (d *Debt) failure() error {
	if d.Reason == "" {
		return nil
	}
	e := &Error{Store: d.Provider, Reason: d.Reason}
	if d.BackupReason != "" {
		e.Backup = &Error{Store: d.BackupProvider, Reason: d.BackupReason}
	}
	return e
}

// Trouble is why it is not paid, in one line; "" = no try has failed.
func (d *Debt) Trouble() string {
	if e, ok := errors.AsType[*Error](d.failure()); ok {
		return e.Reasons()
	}
	return ""
}

func (d *Debt) about() string { return "debt " + d.Egress + " " + d.ID }

// debtDir is the directory of a debt in its egress' home.
func debtDir(home, id string) string { return filepath.Join(home, debtsFolder, id) }

// write makes the debt's file durable.
func (d *Debt) write(dir string, s *Sealer) error {
	secret, err := json.Marshal(hidden{d.Target, d.Location, d.state, d.Backup, d.backupState})
	if err != nil {
		return fmt.Errorf("write debt: %w", err)
	}
	d.Sealed = s.Seal(secret, d.about())
	body, err := json.MarshalIndent(d, "", "  ")
	if err != nil {
		return fmt.Errorf("write debt: %w", err)
	}
	if err := WriteFile(filepath.Join(dir, debtFile), append(body, '\n')); err != nil {
		return fmt.Errorf("write debt: %w", err)
	}
	return nil
}

// readDebt reads a debt's file; with a nil Sealer without what is hidden.
func readDebt(dir string, s *Sealer) (Debt, error) {
	var d Debt
	body, err := os.ReadFile(filepath.Join(dir, debtFile))
	if err != nil {
		return d, fmt.Errorf("read debt: %w", err)
	}
	if err := json.Unmarshal(body, &d); err != nil {
		return d, fmt.Errorf("read debt %s: %w", dir, err)
	}
	if d.ID != filepath.Base(dir) {
		return d, fmt.Errorf("read debt %s: it is that of %q", dir, d.ID)
	}
	if s == nil {
		return d, nil
	}
	secret, err := s.Open(d.Sealed, d.about())
	if err != nil {
		return d, err
	}
	var h hidden
	if err := json.Unmarshal(secret, &h); err != nil {
		return d, fmt.Errorf("read debt %s: %w", dir, err)
	}
	d.Target, d.Location, d.state = h.Target, h.Location, h.State
	d.Backup, d.backupState = h.Backup, h.BackupState
	return d, nil
}

// validID tells a plain file name.
func validID(id string) bool {
	return id != "" && id == filepath.Base(id) && id[0] != '.' && !strings.ContainsAny(id, "/\x00")
}

// takeIn moves a file into the debt's directory. It is called again after a crash between its steps.
func takeIn(dir, source string) (path string, size int64, err error) {
	path = filepath.Join(dir, dataFile)
	info, err := os.Lstat(path)
	if errors.Is(err, iofs.ErrNotExist) {
		if err := os.Rename(source, path); err != nil {
			return "", 0, fmt.Errorf("take %s over: %w", filepath.Base(source), err)
		}
		if err := errors.Join(syncDir(dir), syncDir(filepath.Dir(source))); err != nil {
			return "", 0, fmt.Errorf("take %s over: %w", filepath.Base(source), err)
		}
		info, err = os.Lstat(path)
	}
	if err != nil {
		return "", 0, fmt.Errorf("take %s over: %w", filepath.Base(source), err)
	}
	return path, info.Size(), nil
}

// WriteFile replaces a file of 0600 at once and durably.
func WriteFile(path string, body []byte) (err error) {
	temporary := path + ".new"
	f, err := os.OpenFile(temporary, os.O_WRONLY|os.O_CREATE|os.O_TRUNC, 0o600)
	if err != nil {
		return err
	}
	_, err = bytes.NewReader(body).WriteTo(f)
	if err = errors.Join(err, f.Sync(), f.Close()); err != nil {
		return errors.Join(err, os.Remove(temporary))
	}
	if err := os.Rename(temporary, path); err != nil {
		return err
	}
	return syncDir(filepath.Dir(path))
}
