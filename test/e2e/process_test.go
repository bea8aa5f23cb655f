//go:build e2e

package e2e

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"regexp"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"

	"github.com/runzero-exporter/runzero_exporter/runzero/simulator"
)

const (
	// No program of a test outlives this, but where the test says so.
	processLimit = 10 * time.Minute
	// How long a test waits for something that should come soon; far longer than it
	// takes, because the machine may be busy.
	soon = 30 * time.Second
	// How often a condition is looked at.
	pollEvery = 20 * time.Millisecond
)

// output is what a program has written so far.
type output struct {
	mu   sync.Mutex
	text bytes.Buffer
}

func (o *output) Write(b []byte) (int, error) {
	o.mu.Lock()
	defer o.mu.Unlock()
	return o.text.Write(b)
}

func (o *output) String() string {
	o.mu.Lock()
	defer o.mu.Unlock()
	return o.text.String()
}

// process is a program that runs.
type process struct {
	t              *testing.T
	command        *exec.Cmd
	stdout, stderr output
	done           chan struct{}
}

// start starts the exporter. It has nothing of the environment of the tests but
// what env gives it.
func start(t *testing.T, env []string, args ...string) *process {
	t.Helper()
	return startProgram(t, binary, env, args...)
}

// startProgram starts a program, and sees to it that it ends with the test.
func startProgram(t *testing.T, path string, env []string, args ...string) *process {
	t.Helper()
	return startFor(t, processLimit, path, env, args...)
}

// startFor starts a program that may run for so long.
func startFor(t *testing.T, limit time.Duration, path string, env []string, args ...string) *process {
	t.Helper()
	ctx, cancel := context.WithTimeout(context.Background(), limit)
	p := &process{t: t, command: exec.CommandContext(ctx, path, args...), done: make(chan struct{})}
	p.command.Env = append([]string{"PATH=" + os.Getenv("PATH"), "HOME=" + t.TempDir()}, env...)
	p.command.Stdout, p.command.Stderr = &p.stdout, &p.stderr
	if err := p.command.Start(); err != nil {
		cancel()
		t.Fatalf("%s cannot be started: %v", path, err)
	}
	go func() {
		defer close(p.done)
		_ = p.command.Wait() // exitCode tells
	}()
	t.Cleanup(func() {
		defer cancel()
		p.signal(syscall.SIGTERM)
		select {
		case <-p.done:
		case <-time.After(10 * time.Second):
			cancel()
			<-p.done
		}
		if t.Failed() {
			t.Logf("%s %s\nstdout: %s\nstderr: %s", path, strings.Join(args, " "), tail(p.stdout.String()), tail(p.stderr.String()))
		}
	})
	return p
}

func tail(s string) string {
	const most = 4000
	return s[max(len(s)-most, 0):]
}

func (p *process) signal(s os.Signal) {
	if err := p.command.Process.Signal(s); err != nil && !errors.Is(err, os.ErrProcessDone) {
		p.t.Errorf("%v cannot be sent: %v", s, err)
	}
}

// exitCode waits for the program to end by itself.
func (p *process) exitCode(limit time.Duration) int {
	p.t.Helper()
	select {
	case <-p.done:
		return p.command.ProcessState.ExitCode()
	case <-time.After(limit):
		said := len(p.stderr.String())
		p.signal(syscall.SIGQUIT) // it tells where it stands
		select {
		case <-p.done:
		case <-time.After(limit):
		}
		p.t.Fatalf("the program has not ended within %s:\n%s", limit, p.stderr.String()[said:])
		return -1
	}
}

// running tells, as an error, when the program has ended.
func (p *process) running() error {
	select {
	case <-p.done:
		return errEnded
	default:
		return nil
	}
}

var errEnded = errors.New("the program has ended")

// find waits for a line of the program's output that fits, and returns what the
// first group caught.
func (p *process) find(out *output, pattern string) string {
	p.t.Helper()
	line := regexp.MustCompile("(?m)" + pattern)
	var found string
	eventually(p.t, func() error {
		match := line.FindStringSubmatch(out.String())
		if match == nil {
			if err := p.running(); err != nil {
				return err
			}
			return fmt.Errorf("no line fits %s", pattern)
		}
		found = match[1]
		return nil
	})
	return found
}

// url is where the exporter, or any program with exporter-toolkit, listens. It is
// taken from its log because tests let the kernel choose ports.
func (p *process) url() string {
	p.t.Helper()
	return "http://" + p.find(&p.stderr, `address[=":]+(127\.0\.0\.1:[1-9]\d*)`)
}

// eventually waits for a condition.
func eventually(t *testing.T, check func() error) {
	t.Helper()
	limit, tick := time.NewTimer(soon), time.NewTicker(pollEvery)
	defer limit.Stop()
	defer tick.Stop()
	for {
		err := check()
		if err == nil {
			return
		}
		if errors.Is(err, errEnded) {
			t.Fatal(err)
		}
		select {
		case <-tick.C:
		case <-limit.C:
			t.Fatalf("not within %s: %v", soon, err)
		}
	}
}

// Serving on a port that the kernel chooses.
const anyPort = "--web.listen-address=127.0.0.1:0"

// console is the simulated console as a program of its own, and its twin in the
// test, which knows the truth.
type console struct {
	*process
	url  string
	twin *simulator.Console
	// now is the twin's clock.
	now time.Time
}

func startConsole(t *testing.T) *console {
	t.Helper()
	c := &console{now: time.Now()}
	c.twin = simulator.New(simulator.Options{Seed: 7, Organizations: 3, Assets: 500, Limit: 9000, Now: func() time.Time { return c.now }})
	c.process = start(t, nil, "simulate", "--simulate.listen-address=127.0.0.1:0", "--simulate.seed=7", "--simulate.assets=500", "--simulate.limit=9000")
	c.url = c.find(&c.stdout, `console is at (http://\S+)$`)
	return c
}

func (c *console) tokenEnv() []string { return []string{"RUNZERO_TOKEN=" + c.twin.AccountToken()} }
