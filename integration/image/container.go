package image

import (
	"context"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"syscall"

	"github.com/ffegress/ffegress/integration/rig"
)

const (
	// user is the image's own.
	user = 1000
	// storage is where scripts/image keeps what it builds.
	storage = "STORAGE_DRIVER=vfs"
)

// build makes the image from the Dockerfile as it stands in the work tree, and gives its name; with FFEGRESS_IMAGE
// set it takes that one, made by `scripts/image --local`, instead.
func build(ctx context.Context) (tag string, err error) {
	if tag := os.Getenv("FFEGRESS_IMAGE"); tag != "" {
		return tag, nil
	}
	root, err := rig.RepoRoot()
	if err != nil {
		return "", err
	}
	tag = "localhost/ffegress:accept"
	cmd := exec.CommandContext(ctx, "scripts/image", "--local", tag)
	cmd.Dir = root
	cmd.Env = append(os.Environ(), storage)
	text, err := cmd.CombinedOutput()
	if err != nil {
		return "", fmt.Errorf("build the image: %w: %s", err, lastLines(string(text), 20))
	}
	return tag, nil
}

// size is that of the image's files in bytes.
func size(ctx context.Context, tag string) (bytes int64, err error) {
	text, err := podman(ctx, "image", "inspect", "--format", "{{.Size}}", tag)
	if err != nil {
		return 0, err
	}
	_, err = fmt.Sscan(text, &bytes)
	return bytes, err
}

// podman runs a command to its end.
func podman(ctx context.Context, args ...string) (string, error) {
	cmd := exec.CommandContext(ctx, "podman", args...)
	cmd.Env = append(os.Environ(), storage)
	text, err := cmd.CombinedOutput()
	if err != nil {
		return string(text), fmt.Errorf("podman %s: %w: %s", args[0], err, lastLines(string(text), 10))
	}
	return string(text), nil
}

// lineOf is the documented command line of an image, and what the image is asked to do: the folder is mounted at /out and has config.yaml in it. The root filesystem
// can not be written, nothing is allowed that a process is not born with, and servers are reached over the loopback.
func lineOf(tag, dir string, more ...string) ([]string, error) {
	limits, err := limits()
	if err != nil {
		return nil, err
	}
	line := append([]string{
		"--runtime", "runc", "run", "--rm", "--read-only", "--cap-drop", "ALL", "--security-opt", "no-new-privileges", "--network", "host",
		"--env", "EGRESS_CONFIG_FILE=/out/config.yaml", "--volume", dir + ":/out",
	}, limits...)
	return append(append(line, tag), more...), nil
}

// limits keep podman from raising its own ones, which it may not everywhere.
func limits() ([]string, error) {
	var files syscall.Rlimit
	if err := syscall.Getrlimit(syscall.RLIMIT_NOFILE, &files); err != nil {
		return nil, err
	}
	return []string{"--ulimit", fmt.Sprintf("nofile=%d:%d", files.Cur, files.Cur), "--ulimit", "nproc=30000:30000"}, nil
}

// mount makes a folder that belongs to a user, with a configuration in it that this one can read.
func mount(dir string, uid int, config []byte) error {
	file := filepath.Join(dir, "config.yaml")
	return errors.Join(os.MkdirAll(dir, 0o755), os.WriteFile(file, config, 0o644), os.Chmod(dir, 0o755), os.Chown(dir, uid, uid))
}

// start runs the image in the foreground, so that signals to podman are signals to it.
func start(tag, dir, logPath string) (*rig.Child, error) {
	line, err := lineOf(tag, dir)
	if err != nil {
		return nil, err
	}
	return rig.Launch("podman", "podman", line, []string{storage}, logPath)
}

func lastLines(text string, n int) string {
	lines := strings.Split(strings.TrimSpace(text), "\n")
	return strings.Join(lines[max(0, len(lines)-n):], "\n")
}
