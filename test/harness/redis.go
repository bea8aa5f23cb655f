package harness

import (
	"context"
	"net"
	"sync/atomic"
	"testing"

	"github.com/alicebob/miniredis/v2"
	"github.com/alicebob/miniredis/v2/server"
)

// Redis is a simulated Redis for replicas, whose clock is that of the bubble.
type Redis struct {
	*miniredis.Miniredis
	fails atomic.Value // of func(command string, args []string) string
}

// NewRedis makes a Redis that is empty.
func NewRedis(t testing.TB) *Redis {
	t.Helper()
	r := &Redis{Miniredis: miniredis.NewMiniRedis()}
	r.ClockTTL(true)
	r.Repair()
	t.Cleanup(r.Close)
	return r
}

// Way is a new way to the Redis, for one replica.
func (r *Redis) Way() *Way {
	return NewWay(func(context.Context, string, string) (net.Conn, error) {
		c, err := r.Dial()
		if err == nil {
			r.Server().SetPreHook(r.hook)
		}
		return c, err
	})
}

func (r *Redis) hook(c *server.Peer, command string, args ...string) bool {
	text := r.fails.Load().(func(string, []string) string)(command, args)
	if text != "" {
		c.WriteError(text)
	}
	return text != ""
}

// Fail has the Redis answer commands with an error for which fails returns one, until it is repaired.
func (r *Redis) Fail(fails func(command string, args []string) string) { r.fails.Store(fails) }

// Repair ends what Fail began.
func (r *Redis) Repair() { r.Fail(func(string, []string) string { return "" }) }

// Full is a Redis without memory left: it refuses what would take more, and nothing else.
func Full(command string, args []string) string {
	const keysOfAnEntry = "4" // of a script that writes one
	if command == "EVALSHA" && args[1] == keysOfAnEntry {
		return "OOM command not allowed when used memory > 'maxmemory'."
	}
	return ""
}

// ReadOnly is a Redis that has become a replica of another.
func ReadOnly(command string, _ []string) string {
	if command == "EVALSHA" {
		return "READONLY You can't write against a read only replica."
	}
	return ""
}
