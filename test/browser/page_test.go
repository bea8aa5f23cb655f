package browser

import (
	"context"
	_ "embed"
	"flag"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/chromedp/cdproto/accessibility"
	"github.com/chromedp/cdproto/emulation"
	"github.com/chromedp/chromedp"
)

var pictures = flag.String("pictures", "", "folder to save pictures of the page in each state in")

// contrast lists texts whose contrast is below that of WCAG's level AA.
//
//go:embed contrast.js
var contrast string

func TestEveryStateCanBeReadInEveryWindow(t *testing.T) {
	for _, s := range states() {
		t.Run(s.name, func(t *testing.T) {
			t.Parallel()
			address := s.start(t)
			tab := open(t, address)
			for _, l := range looks() {
				tab.show(t, address, l)
				if over := evaluate[int](t, tab, `document.documentElement.scrollWidth - document.documentElement.clientWidth`); over > 0 {
					t.Errorf("%v: the page is %d pixels too wide", l, over)
				}
				if faint := evaluate[[]string](t, tab, contrast); len(faint) > 0 {
					t.Errorf("%v: too little contrast: %s", l, strings.Join(faint, "\n"))
				}
				if *pictures != "" && (l == look{1280, "light"} || l == look{420, "dark"}) {
					tab.picture(t, s, l)
				}
			}
			if said := tab.noted(); said != "" {
				t.Errorf("the page %s", said)
			}
		})
	}
}

func (t *tab) picture(test *testing.T, s state, l look) {
	test.Helper()
	var png []byte
	t.run(test, chromedp.CaptureScreenshot(&png))
	path := filepath.Join(*pictures, fmt.Sprintf("status-%s-%d-%s.png", s.name, l.width, l.theme))
	if err := os.WriteFile(path, png, 0o600); err != nil {
		test.Fatal(err)
	}
}

// It runs alone, and the best of twenty counts, because something else may have the machine.
func TestThreeHundredOrganizationsAreRenderedAtOnce(t *testing.T) {
	address := state{name: "300-organizations", organizations: 300}.start(t)
	tab := open(t, address)
	const limit = 100 // milliseconds
	best := 1e9
	for range 20 {
		tab.show(t, address, looks()[0])
		best = min(best, evaluate[float64](t, tab, `(() => {
			const t = performance.getEntriesByType("navigation")[0];
			return t.loadEventEnd - t.responseEnd;
		})()`))
	}
	if t.Logf("rendered in %.0f ms", best); best > limit {
		t.Errorf("that is more than %d ms", limit)
	}
}

func TestThePageIsUsableWithoutScripts(t *testing.T) {
	t.Parallel()
	address := states()[0].start(t)
	tab := open(t, address)
	// Those of the page stay out, but the test looks at it with one.
	tab.run(t, emulation.SetScriptExecutionDisabled(true), chromedp.Navigate(address), emulation.SetScriptExecutionDisabled(false))
	if said := evaluate[string](t, tab, `document.getElementById("refresh").textContent`); said != "" {
		t.Fatalf("the script has run: %s", said)
	}
	const visible = `document.querySelector("#o0-0 table").checkVisibility()`
	if !evaluate[bool](t, tab, visible) {
		t.Error("the polls of the first organization cannot be seen")
	}
	if evaluate[bool](t, tab, `document.querySelector("#o0-0 summary").click();`+visible) {
		t.Error("they cannot be folded")
	}
}

func TestOrganizationsAreFilteredAndOpenedByKeyboard(t *testing.T) {
	t.Parallel()
	address := state{organizations: 300}.start(t)
	tab := open(t, address)
	tab.show(t, address, looks()[0])
	const shown = `[...document.querySelectorAll("[data-name]")].filter(o => o.checkVisibility()).map(o => o.querySelector(".name").textContent)`
	if all := evaluate[[]string](t, tab, shown); len(all) != 300 {
		t.Fatalf("%d organizations", len(all))
	}
	tab.run(t, chromedp.SendKeys(`input[type=search]`, "organization 27"))
	if some := evaluate[[]string](t, tab, shown); len(some) != 11 || some[0] != "Organization 27" {
		t.Errorf("filtered: %v", some)
	}
	tab.run(t, chromedp.KeyEvent("\t "))
	if some := evaluate[[]string](t, tab, shown); len(some) != 0 {
		t.Errorf("those of them that fail: %v", some)
	}
	tab.run(t, chromedp.KeyEvent(" \t\r"), chromedp.WaitVisible(`details table`))
	if one := evaluate[[]string](t, tab, shown); len(one) != 1 || one[0] != "Organization 27" {
		t.Errorf("chosen: %v", one)
	}
}

// What a screen reader reads out: everything that can be used or seen has a name, and tables and sections have theirs.
func TestEverythingHasANameToBeReadOut(t *testing.T) {
	t.Parallel()
	address := state{organizations: 300, failing: 3}.start(t)
	tab := open(t, address)
	tab.show(t, address, looks()[0])
	named := map[string]int{}
	tab.run(t, chromedp.ActionFunc(func(ctx context.Context) error {
		nodes, err := accessibility.GetFullAXTree().Do(ctx)
		for _, node := range nodes {
			if node.Ignored || node.Role == nil {
				continue
			}
			role, name := string(node.Role.Value), ""
			if node.Name != nil {
				name = string(node.Name.Value)
			}
			switch role = strings.Trim(role, `"`); role {
			case "link", "button", "DisclosureTriangle", "searchbox", "checkbox", "image", "region", "navigation", "heading", "columnheader", "rowheader":
				if named[role]++; strings.Trim(name, `" `) == "" {
					t.Errorf("a %s has no name", role)
				}
			}
		}
		return err
	}))
	for _, role := range []string{"link", "DisclosureTriangle", "searchbox", "checkbox", "image", "region", "heading", "columnheader", "rowheader"} {
		if named[role] == 0 {
			t.Errorf("there is no %s among %v", role, named)
		}
	}
}

// What the page shows follows the exporter, and what somebody has opened stays open.
func TestThePageRefreshesItself(t *testing.T) {
	t.Parallel()
	address := states()[0].start(t)
	tab := open(t, address)
	tab.show(t, address, looks()[0])
	tab.run(t, chromedp.Click(`#o0-1 summary`))
	before := evaluate[string](t, tab, `document.querySelector("footer").textContent`)
	tab.run(t, chromedp.Poll(fmt.Sprintf(`document.querySelector("footer").textContent !== %q`, before), nil))
	if open := evaluate[bool](t, tab, `document.getElementById("o0-1").open`); open {
		t.Error("what was closed is open again")
	}
	if focused := evaluate[string](t, tab, `document.activeElement.parentElement.id`); focused != "o0-1" {
		t.Errorf("the focus is in %q", focused)
	}
}
