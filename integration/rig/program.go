package rig

import (
	"context"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
)

// RepoRoot is the folder of the go.mod above the working directory.
func RepoRoot() (string, error) {
	dir, err := os.Getwd()
	if err != nil {
		return "", err
	}
	for {
		if _, err := os.Stat(filepath.Join(dir, "go.mod")); err == nil {
			return dir, nil
		}
		up := filepath.Dir(dir)
		if up == dir {
			return "", errors.New("no go.mod above the working directory")
		}
		dir = up
	}
}

// CacheDir is .cache at the repository's root: material, clips and binaries.
func CacheDir() (string, error) {
	root, err := RepoRoot()
	if err != nil {
		return "", err
	}
	dir := filepath.Join(root, ".cache")
	return dir, os.MkdirAll(filepath.Join(dir, "bin"), 0o755)
}

// program finds an executable: the environment variable, then .cache/bin,
// then PATH.
func program(variable, name string) (string, error) {
	if path := os.Getenv(variable); path != "" {
		return path, nil
	}
	if dir, err := CacheDir(); err == nil {
		path := filepath.Join(dir, "bin", name)
		if _, err := os.Stat(path); err == nil {
			return path, nil
		}
	}
	path, err := exec.LookPath(name)
	if err != nil {
		return "", fmt.Errorf("%s is neither in %s, .cache/bin nor PATH: %w", name, variable, err)
	}
	return path, nil
}

// BuildPublisher builds cmd/publish into .cache/bin and gives its path: for publishers that are to be killed.
func BuildPublisher(ctx context.Context) (string, error) {
	root, err := RepoRoot()
	if err != nil {
		return "", err
	}
	dir, err := CacheDir()
	if err != nil {
		return "", err
	}
	out := filepath.Join(dir, "bin", "publish")
	cmd := exec.CommandContext(ctx, "go", "build", "-o", out, "./integration/cmd/publish")
	cmd.Dir = root
	if text, err := cmd.CombinedOutput(); err != nil {
		return "", fmt.Errorf("build publish: %w: %s", err, strings.TrimSpace(string(text)))
	}
	return out, nil
}

// BuildFFegress builds cmd/ffegress into .cache/bin and gives its path; with
// FFEGRESS set it takes that binary instead. race adds the race detector.
func BuildFFegress(ctx context.Context, race bool) (string, error) {
	if path := os.Getenv("FFEGRESS"); path != "" {
		return path, nil
	}
	root, err := RepoRoot()
	if err != nil {
		return "", err
	}
	dir, err := CacheDir()
	if err != nil {
		return "", err
	}
	out, args := filepath.Join(dir, "bin", "ffegress"), []string{"build"}
	if race {
		out, args = out+"-race", append(args, "-race")
	}
	cmd := exec.CommandContext(ctx, "go", append(args, "-o", out, "./cmd/ffegress")...)
	cmd.Dir = root
	if text, err := cmd.CombinedOutput(); err != nil {
		return "", fmt.Errorf("build ffegress: %w: %s", err, strings.TrimSpace(string(text)))
	}
	return out, nil
}
