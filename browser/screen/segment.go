package screen

import (
	"fmt"

	"golang.org/x/sys/unix"
)

// segment is memory that the server writes images to.
type segment struct {
	id  int
	mem []byte
}

// newSegment makes a segment that is removed with its last user. Linux lets
// others attach to it while it is marked so, and thus nothing is left behind
// whenever this process or the server is killed.
func newSegment(size int) (*segment, error) {
	id, err := unix.SysvShmGet(unix.IPC_PRIVATE, size, unix.IPC_CREAT|0o600)
	if err != nil {
		return nil, fmt.Errorf("get shared memory of %d bytes: %w", size, err)
	}
	mem, err := unix.SysvShmAttach(id, 0, unix.SHM_RDONLY)
	if _, removal := unix.SysvShmCtl(id, unix.IPC_RMID, nil); err == nil && removal != nil {
		_ = unix.SysvShmDetach(mem)
		err = removal
	}
	if err != nil {
		return nil, fmt.Errorf("attach shared memory: %w", err)
	}
	return &segment{id: id, mem: mem}, nil
}

func (s *segment) close() error { return unix.SysvShmDetach(s.mem) }
