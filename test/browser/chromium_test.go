package browser

import (
	"context"
	"os"
	"strings"
	"sync"
	"testing"

	"github.com/chromedp/cdproto/emulation"
	"github.com/chromedp/cdproto/network"
	"github.com/chromedp/cdproto/page"
	"github.com/chromedp/cdproto/runtime"
	"github.com/chromedp/chromedp"
)

// look is how somebody looks at the page.
type look struct {
	width int64
	theme string
}

func looks() []look {
	return []look{{1280, "light"}, {1280, "dark"}, {420, "light"}, {420, "dark"}}
}

// tab is a tab of Chromium. It notes what a page must not do.
type tab struct {
	context.Context

	mu       sync.Mutex
	problems []string
}

func (t *tab) note(problem string) {
	t.mu.Lock()
	defer t.mu.Unlock()
	t.problems = append(t.problems, problem)
}

func (t *tab) noted() string {
	t.mu.Lock()
	defer t.mu.Unlock()
	return strings.Join(t.problems, "\n")
}

// open starts Chromium with an empty tab. The page at origin may request nothing from elsewhere.
func open(t *testing.T, origin string) *tab {
	t.Helper()
	options := append(chromedp.DefaultExecAllocatorOptions[:], chromedp.NoSandbox)
	if path := os.Getenv("CHROMIUM"); path != "" {
		options = append(options, chromedp.ExecPath(path))
	}
	limited, cancel := context.WithTimeout(t.Context(), patience)
	t.Cleanup(cancel)
	allocator, cancel := chromedp.NewExecAllocator(limited, options...)
	t.Cleanup(cancel)
	ctx, cancel := chromedp.NewContext(allocator)
	t.Cleanup(cancel)
	t.Cleanup(func() { _ = chromedp.Cancel(ctx) }) // waits until Chromium has ended
	opened := &tab{Context: ctx}
	chromedp.ListenTarget(ctx, func(event any) {
		switch e := event.(type) {
		case *network.EventRequestWillBeSent:
			if !strings.HasPrefix(e.Request.URL, origin) {
				opened.note("requests " + e.Request.URL)
			}
		case *runtime.EventExceptionThrown:
			opened.note("throws " + e.ExceptionDetails.Error())
		case *runtime.EventConsoleAPICalled:
			for _, argument := range e.Args {
				opened.note("logs " + string(argument.Value))
			}
		}
	})
	const watchPolicy = `addEventListener("securitypolicyviolation", e => console.log("violates the policy: " + e.violatedDirective + " " + e.blockedURI))`
	opened.run(t, network.Enable(), chromedp.ActionFunc(func(ctx context.Context) error {
		_, err := page.AddScriptToEvaluateOnNewDocument(watchPolicy).Do(ctx)
		return err
	}))
	return opened
}

func (t *tab) run(test *testing.T, actions ...chromedp.Action) {
	test.Helper()
	if err := chromedp.Run(t.Context, actions...); err != nil {
		test.Fatal(err)
	}
}

// evaluate runs a script in the page.
func evaluate[T any](test *testing.T, t *tab, script string) T {
	test.Helper()
	var result T
	await := func(p *runtime.EvaluateParams) *runtime.EvaluateParams { return p.WithAwaitPromise(true) }
	t.run(test, chromedp.Evaluate(script, &result, await))
	return result
}

// show loads the address as somebody would look at it.
func (t *tab) show(test *testing.T, address string, l look) {
	test.Helper()
	t.run(test,
		emulation.SetDeviceMetricsOverride(l.width, 900, 1, l.width < 600),
		emulation.SetEmulatedMedia().WithFeatures([]*emulation.MediaFeature{{Name: "prefers-color-scheme", Value: l.theme}}),
		chromedp.Navigate(address),
	)
}
