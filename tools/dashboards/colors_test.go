package main

import (
	"math"
	"strconv"
	"strings"
	"testing"

	"github.com/grafana/grafana-foundation-sdk/go/dashboard"
)

// vision is how a kind of colour blindness changes linear RGB: Machado, Oliveira and Fernandes, 2009.
func vision() map[string][3][3]float64 {
	return map[string][3][3]float64{
		"normal":       {{1, 0, 0}, {0, 1, 0}, {0, 0, 1}},
		"protanopia":   {{0.152286, 1.052583, -0.204868}, {0.114503, 0.786281, 0.099216}, {-0.003882, -0.048116, 1.051998}},
		"deuteranopia": {{0.367322, 0.860646, -0.227968}, {0.280085, 0.672501, 0.047413}, {-0.011820, 0.042940, 0.968881}},
		"tritanopia":   {{1.255528, -0.076749, -0.178779}, {-0.078411, 0.930809, 0.147602}, {0.004733, 0.691367, 0.303900}},
	}
}

func linear(t *testing.T, color string) [3]float64 {
	t.Helper()
	var rgb [3]float64
	for i := range rgb {
		v, err := strconv.ParseUint(color[1+2*i:3+2*i], 16, 8)
		if err != nil {
			t.Fatal(err)
		}
		if rgb[i] = float64(v) / 255; rgb[i] <= 0.04045 {
			rgb[i] /= 12.92
		} else {
			rgb[i] = math.Pow((rgb[i]+0.055)/1.055, 2.4)
		}
	}
	return rgb
}

func transform(m [3][3]float64, v [3]float64) [3]float64 {
	var out [3]float64
	for i, row := range m {
		out[i] = row[0]*v[0] + row[1]*v[1] + row[2]*v[2]
	}
	return out
}

// lab is the colour in CIELAB, where distances are about what eyes see.
func lab(rgb [3]float64) [3]float64 {
	for i := range rgb {
		rgb[i] = min(max(rgb[i], 0), 1)
	}
	xyz := transform([3][3]float64{{0.4124, 0.3576, 0.1805}, {0.2126, 0.7152, 0.0722}, {0.0193, 0.1192, 0.9505}}, rgb)
	for i, white := range []float64{0.95047, 1, 1.08883} {
		if xyz[i] /= white; xyz[i] > 0.008856 {
			xyz[i] = math.Cbrt(xyz[i])
		} else {
			xyz[i] = 7.787*xyz[i] + 16.0/116
		}
	}
	return [3]float64{116*xyz[1] - 16, 500 * (xyz[0] - xyz[1]), 200 * (xyz[1] - xyz[2])}
}

// distance is how much two colours differ for an eye.
func distance(t *testing.T, eye [3][3]float64, one, other string) float64 {
	t.Helper()
	a, b := lab(transform(eye, linear(t, one))), lab(transform(eye, linear(t, other)))
	return math.Hypot(math.Hypot(a[0]-b[0], a[1]-b[1]), a[2]-b[2])
}

// Series that are neighbours, in a stack or a legend.
func TestNeighbouringColorsDifferForEveryEye(t *testing.T) {
	const least = 15 // red and green of Grafana's palette: 8 with deuteranopia
	g := &generator{series: catalogue()}
	for _, b := range []*board{inventory(g), scans(g), exporter(g), organization(g)} {
		for _, p := range b.allPanels() {
			var colors []string
			for _, o := range p.FieldConfig.Overrides {
				if color, ok := o.Properties[0].Value.(*dashboard.FieldColor); ok && strings.HasPrefix(*color.FixedColor, "#") {
					colors = append(colors, *color.FixedColor)
				}
			}
			for i := 1; i < len(colors); i++ {
				for eye, matrix := range vision() {
					if d := distance(t, matrix, colors[i-1], colors[i]); d < least {
						t.Errorf("%s, %s: %s and %s differ by %.0f with %s, less than %d", b.uid, *p.Title, colors[i-1], colors[i], d, eye, least)
					}
				}
			}
		}
	}
}

// The colours of judgements are those of numbers and words: they must be legible on both themes' panels.
func TestJudgementsAreLegibleAndDiffer(t *testing.T) {
	luminance := func(color string) float64 {
		return transform([3][3]float64{{0.2126, 0.7152, 0.0722}}, linear(t, color))[0]
	}
	colors := []string{good, warn, bad}
	for i, color := range colors {
		for eye, matrix := range vision() {
			if d := distance(t, matrix, color, colors[(i+1)%len(colors)]); d < 25 {
				t.Errorf("%s and %s differ by %.0f with %s", color, colors[(i+1)%len(colors)], d, eye)
			}
		}
		for _, background := range []string{"#181b1f", "#ffffff"} {
			a, b := luminance(color)+0.05, luminance(background)+0.05
			if contrast := max(a, b) / min(a, b); contrast < 2.8 {
				t.Errorf("%s on %s has a contrast of %.1f", color, background, contrast)
			}
		}
	}
}
