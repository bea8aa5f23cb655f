//go:build !long

package simulate

// historyLength covers the incidents of the last days only.
const historyLength = 74 * hour
