//go:build long

package recovery

// restarts says whether each fault happens once more with a restart in the middle.
var restarts = []bool{false, true}
