//go:build e2e

package e2e

import (
	"context"
	"fmt"
	"net"
	"path/filepath"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/redis/go-redis/v9"
)

// redisServer is a real Redis on a socket, whose ordinary user, the tests, may do everything. It has a user for exporters.
type redisServer struct {
	t        *testing.T
	dir      string
	password string // of the exporters
	p        *process
	client   *redis.Client
}

const (
	redisUser = "exporter"
	// allowed is what docs/replicas.md lets the exporters do.
	allowed = "~{runzero_exporter}:* -@all +get +set +del +exists +mget +pexpire +expire +hget +hgetall +hset +zadd +zrem +zscore" +
		" +zrangebyscore +eval +evalsha +script|load +ping +hello +auth +client +select"
)

func startRedis(t *testing.T, password string) *redisServer {
	t.Helper()
	s := &redisServer{t: t, dir: t.TempDir(), password: password}
	s.client = redis.NewClient(&redis.Options{Network: "unix", Addr: s.socket(), MaxRetries: -1})
	t.Cleanup(func() { _ = s.client.Close() })
	s.start("yes")
	return s
}

func (s *redisServer) socket() string { return filepath.Join(s.dir, "socket") }

// start starts the server with the data of its folder, if append is yes, and with none otherwise.
func (s *redisServer) start(appendonly string) {
	s.t.Helper()
	settings := fmt.Sprintf("port 0\nunixsocket %s\ndir %s\nappendonly %s\nsave \"\"\nuser %s on >%s %s\n",
		s.socket(), s.dir, appendonly, redisUser, s.password, allowed)
	overwrite(s.t, filepath.Join(s.dir, "redis.conf"), settings)
	s.p = startProgram(s.t, "/usr/bin/redis-server", nil, filepath.Join(s.dir, "redis.conf"))
	s.p.waitForLine(&s.p.stdout, "(eady to accept connections)")
}

// do sends a command, and requires it to succeed.
func (s *redisServer) do(words ...any) any {
	s.t.Helper()
	answer, err := s.client.Do(context.Background(), words...).Result()
	if err != nil {
		s.t.Fatalf("redis: %v: %v", words, err)
	}
	return answer
}

// entries are the keys that contain a text.
func (s *redisServer) entries(text string) []string {
	s.t.Helper()
	var keys []string
	for _, key := range s.do("KEYS", "*").([]any) {
		if strings.Contains(key.(string), text) {
			keys = append(keys, key.(string))
		}
	}
	return keys
}

// content is everything that is in it, by key, without when it expires.
func (s *redisServer) content() map[string]any {
	s.t.Helper()
	content := map[string]any{}
	for _, key := range s.entries("") {
		content[key] = s.do("DUMP", key)
	}
	return content
}

// link is the network between one exporter and Redis.
type link struct {
	listener net.Listener
	server   string       // a socket
	lag      atomic.Int64 // of all that passes, as a time.Duration
	mu       sync.Mutex
	open     chan struct{} // closed unless the link is cut
}

func startLink(t *testing.T, server string) *link {
	t.Helper()
	listener, err := (&net.ListenConfig{}).Listen(t.Context(), "tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	l := &link{listener: listener, server: server, open: make(chan struct{})}
	close(l.open)
	ctx, cancel := context.WithCancel(context.Background())
	var carrying sync.WaitGroup
	carrying.Go(func() {
		for {
			c, err := listener.Accept()
			if err != nil {
				return
			}
			carrying.Go(func() { l.carry(ctx, c) })
		}
	})
	t.Cleanup(func() {
		cancel()
		_ = listener.Close()
		carrying.Wait()
	})
	return l
}

func (l *link) carry(ctx context.Context, exporter net.Conn) {
	defer func() { _ = exporter.Close() }()
	server, err := (&net.Dialer{}).DialContext(ctx, "unix", l.server)
	if err != nil {
		return
	}
	stop := context.AfterFunc(ctx, func() { _, _ = exporter.Close(), server.Close() })
	defer stop()
	var both sync.WaitGroup
	both.Go(func() { l.pass(ctx, server, exporter) })
	both.Go(func() { l.pass(ctx, exporter, server) })
	both.Wait()
}

// pass carries bytes as a network does: what was sent before the link was cut arrives when it is mended.
func (l *link) pass(ctx context.Context, to, from net.Conn) {
	defer func() { _, _ = to.Close(), from.Close() }()
	buffer := make([]byte, 64<<10)
	for {
		n, err := from.Read(buffer)
		if n == 0 && err != nil {
			l.arrive(ctx)
			return
		}
		if !l.arrive(ctx) {
			return
		}
		if _, err := to.Write(buffer[:n]); err != nil {
			return
		}
	}
}

// arrive waits until what was sent arrives.
func (l *link) arrive(ctx context.Context) bool {
	l.mu.Lock()
	open := l.open
	l.mu.Unlock()
	select {
	case <-open:
	case <-ctx.Done():
		return false
	}
	select {
	case <-time.After(time.Duration(l.lag.Load())):
		return true
	case <-ctx.Done():
		return false
	}
}

// cut lets nothing pass, and says nothing to either side.
func (l *link) cut() {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.open = make(chan struct{})
}

func (l *link) mend() {
	l.mu.Lock()
	defer l.mu.Unlock()
	close(l.open)
}
