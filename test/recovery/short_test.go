//go:build !long

package recovery

// restarts says whether each fault happens once more with a restart in the middle: that is for the build tag long.
var restarts = []bool{false}
