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
)

const (
	// processLimit ends programs that tests have forgotten.
	processLimit = 10 * time.Minute
	// patience is how long a test waits for a condition. It is far longer than it ever
	// takes, because the machine may be busy.
	patience  = 2 * time.Minute
	pollEvery = 20 * time.Millisecond
	// shutdownLimit is the time within which the exporter promises to end.
	shutdownLimit = 5 * time.Second

	// The kernel chooses a free port.
	anyPort = "--web.listen-address=127.0.0.1:0"
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

// process is a running program.
type process struct {
	t              *testing.T
	command        *exec.Cmd
	stdout, stderr output
	done           chan struct{}
}

// start starts the exporter with no environment but env.
func start(t *testing.T, env []string, args ...string) *process {
	t.Helper()
	return startProgram(t, binary, env, args...)
}

// startProgram starts a program that ends with the test.
func startProgram(t *testing.T, path string, env []string, args ...string) *process {
	t.Helper()
	ctx, cancel := context.WithTimeout(context.Background(), *soakFor+processLimit)
	p := &process{t: t, command: exec.CommandContext(ctx, path, args...), done: make(chan struct{})}
	// Most tests wait for the next poll of any collector. When assets are polled on change is tested elsewhere.
	p.command.Env = append([]string{"PATH=" + os.Getenv("PATH"), "HOME=" + t.TempDir(), "RUNZERO_COLLECTOR_ASSETS_REFRESH=interval"}, env...)
	p.command.Stdout, p.command.Stderr = &p.stdout, &p.stderr
	if err := p.command.Start(); err != nil {
		cancel()
		t.Fatalf("start %s: %v", path, err)
	}
	go func() {
		defer close(p.done)
		_ = p.command.Wait() // exitCode reports it
	}()
	t.Cleanup(func() {
		defer cancel()
		p.signal(syscall.SIGTERM)
		select {
		case <-p.done:
		case <-time.After(2 * shutdownLimit):
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
		p.t.Errorf("send %v: %v", s, err)
	}
}

// kill ends the program without a warning.
func (p *process) kill() {
	p.signal(syscall.SIGKILL)
	<-p.done
}

// exitCode waits for the program to end.
func (p *process) exitCode() int {
	p.t.Helper()
	select {
	case <-p.done:
		return p.command.ProcessState.ExitCode()
	case <-time.After(patience):
		before := len(p.stderr.String())
		p.signal(syscall.SIGQUIT) // prints all stacks
		select {
		case <-p.done:
		case <-time.After(patience):
		}
		p.t.Fatalf("the program has not ended within %s:\n%s", patience, p.stderr.String()[before:])
		return -1
	}
}

// stop sends a signal and requires the program to end in time, with exit code 0.
func (p *process) stop(s os.Signal) {
	p.t.Helper()
	elapsed := stopwatch()
	p.signal(s)
	if code := p.exitCode(); code != 0 {
		p.t.Errorf("after %v the exit code is %d", s, code)
	}
	if took := elapsed(); took > shutdownLimit {
		p.t.Errorf("%v took %s, want at most %s", s, took, shutdownLimit)
	}
}

// problems are the warnings and errors in the log.
func (p *process) problems() []string {
	return regexp.MustCompile(`(?m)^.*level=(?:warn|error).*$`).FindAllString(p.stderr.String(), -1)
}

var errEnded = errors.New("the program has ended")

// alive returns errEnded once the program has ended.
func (p *process) alive() error {
	select {
	case <-p.done:
		return errEnded
	default:
		return nil
	}
}

// waitForLine waits for a line that matches, and returns the first group.
func (p *process) waitForLine(out *output, pattern string) string {
	p.t.Helper()
	line := regexp.MustCompile("(?m)" + pattern)
	var found string
	eventually(p.t, func() error {
		ended := p.alive() // before its last words are read
		match := line.FindStringSubmatch(out.String())
		if match == nil {
			return errors.Join(ended, fmt.Errorf("no line matches %s", pattern))
		}
		found = match[1]
		return nil
	})
	return found
}

// url is where the exporter, or any program with exporter-toolkit, listens according to its log.
func (p *process) url() string {
	p.t.Helper()
	return "http://" + p.waitForLine(&p.stderr, `address[=":]+(127\.0\.0\.1:[1-9]\d*)`)
}

// eventually waits for a condition.
func eventually(t *testing.T, check func() error) {
	t.Helper()
	eventuallyWithin(t, patience, check)
}

func eventuallyWithin(t *testing.T, most time.Duration, check func() error) {
	t.Helper()
	limit, tick := time.NewTimer(most), time.NewTicker(pollEvery)
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
			t.Fatalf("not within %s: %v", most, err)
		}
	}
}
