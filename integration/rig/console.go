package rig

import (
	"fmt"
	"os"
	"os/exec"
	"syscall"

	"golang.org/x/sys/unix"
)

// Console is a terminal that a program can be run at, and its keyboard.
type Console struct {
	keyboard *os.File
	line     *os.File
}

// NewConsole opens a pseudoterminal. Nobody reads what is shown on it: a program's output goes elsewhere.
func NewConsole() (*Console, error) {
	keyboard, err := os.OpenFile("/dev/ptmx", os.O_RDWR|unix.O_NOCTTY, 0)
	if err != nil {
		return nil, err
	}
	fd := int(keyboard.Fd())
	n, err := unix.IoctlGetInt(fd, unix.TIOCGPTN)
	if err == nil {
		err = unix.IoctlSetPointerInt(fd, unix.TIOCSPTLCK, 0)
	}
	if err != nil {
		keyboard.Close()
		return nil, fmt.Errorf("pseudoterminal: %w", err)
	}
	line, err := os.OpenFile(fmt.Sprintf("/dev/pts/%d", n), os.O_RDWR|unix.O_NOCTTY, 0)
	if err != nil {
		keyboard.Close()
		return nil, err
	}
	return &Console{keyboard, line}, nil
}

// At has a program run at the terminal, in its foreground.
func (t *Console) At(cmd *exec.Cmd) {
	cmd.Stdin = t.line
	cmd.SysProcAttr = &syscall.SysProcAttr{Setsid: true, Setctty: true, Ctty: 0}
}

// Press presses keys.
func (t *Console) Press(keys string) error {
	_, err := t.keyboard.WriteString(keys)
	return err
}

// Cooked tells whether the terminal waits for whole lines and shows what is typed, as a shell wants it.
func (t *Console) Cooked() (bool, error) {
	now, err := unix.IoctlGetTermios(int(t.line.Fd()), unix.TCGETS)
	if err != nil {
		return false, err
	}
	return now.Lflag&(unix.ICANON|unix.ECHO) == unix.ICANON|unix.ECHO, nil
}

// Close closes it.
func (t *Console) Close() {
	t.line.Close()
	t.keyboard.Close()
}
