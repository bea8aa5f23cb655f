package runzero

import (
	"errors"
	"fmt"
	"net"
	"os"
	"strings"
	"syscall"
	"testing"
)

// net/http reports both with the same words.
func TestAConnectionThatBreaksEarlyIsNoServerThatSpeaksFirst(t *testing.T) {
	reset := &net.OpError{Op: "read", Net: "tcp", Err: os.NewSyscallError("read", syscall.ECONNRESET)}
	early := requestError("/health", fmt.Errorf("net/http: HTTP/1.x transport connection broken: %w", fmt.Errorf("readLoopPeekFailLocked: %w", reset)))
	if !strings.Contains(early.Error(), "connection reset") || errors.Is(early, errNotHTTP) {
		t.Errorf("reset: %v", early)
	}
	if first := requestError("/health", errors.New("readLoopPeekFailLocked: %!w(<nil>)")); !errors.Is(first, errNotHTTP) {
		t.Errorf("spoken first: %v", first)
	}
}
