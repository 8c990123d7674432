package host

import (
	"os"
	"path/filepath"
	"runtime"
	"strings"
)

// executables lists the regular executable files of a folder and of the folders directly in it.
func executables(folder string) ([]string, error) {
	entries, err := os.ReadDir(folder)
	if err != nil {
		return nil, err
	}
	var out []string
	for _, e := range entries {
		path := filepath.Join(folder, e.Name())
		info, err := os.Stat(path)
		if err != nil {
			continue // a dangling link is no plugin
		}
		if info.IsDir() {
			below, err := os.ReadDir(path)
			if err != nil {
				return nil, err
			}
			for _, b := range below {
				sub := filepath.Join(path, b.Name())
				if info, err := os.Stat(sub); err == nil && isExecutable(info) {
					out = append(out, sub)
				}
			}
			continue
		}
		if isExecutable(info) {
			out = append(out, path)
		}
	}
	return out, nil
}

func isExecutable(info os.FileInfo) bool {
	if !info.Mode().IsRegular() {
		return false
	}
	if runtime.GOOS == "windows" {
		return strings.EqualFold(filepath.Ext(info.Name()), ".exe")
	}
	return info.Mode()&0o111 != 0
}
