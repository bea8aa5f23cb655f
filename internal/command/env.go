// Package command holds what the commands of the program share: their environment, the demo,
// and the wording of messages.
//
// Each command is a package below this one, with Options and Run. Commands do not import each
// other, and they know nothing of the command line: main parses it.
package command

import (
	"context"
	"io"
	"net"

	"github.com/go-kit/log"
)

// Dial connects to a console; nil is the ordinary network.
type Dial = func(ctx context.Context, network, addr string) (net.Conn, error)

// Env is the environment that a command runs in.
type Env struct {
	Logger log.Logger
	Stdout io.Writer
	Dial   Dial
}
