//go:build !linux

package host

import "os/exec"

// dieWithParent has no kernel support here: the plugin process ends itself when its Watch stream breaks.
func dieWithParent(*exec.Cmd) {}
