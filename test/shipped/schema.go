package shipped

// What of Grafana's model depends on the type of a panel, as @grafana/schema 13.2 has
// it.

// options are the keys that the options of a type of panel may have. There are no other
// types.
func options() map[string]set {
	const single = " orientation reduceOptions text"
	return map[string]set{
		"row":        {},
		"stat":       words("colorMode graphMode justifyMode percentChangeColorMode showPercentChange textMode wideLayout" + single),
		"gauge":      words("minVizHeight minVizWidth showThresholdLabels showThresholdMarkers sizing" + single),
		"bargauge":   words("displayMode legend maxVizHeight minVizHeight minVizWidth namePlacement showUnfilled sizing valueMode" + single),
		"timeseries": words("legend tooltip timezone orientation"),
		"table":      words("cellHeight enablePagination frameIndex frozenColumns maxRowHeight showHeader showTypeIcons sortBy"),
	}
}

// customs are the keys that custom of a type of panel may have, in the defaults of
// fields as well as in overrides.
func customs() map[string]set {
	return map[string]set{
		"timeseries": words(`drawStyle gradientMode insertNulls showValues thresholdsStyle transform
			lineColor lineInterpolation lineStyle lineWidth spanNulls fillBelowTo fillColor fillOpacity
			pointColor pointSize pointSymbol showPoints barAlignment barMaxWidth barWidthFactor stacking hideFrom
			axisBorderShow axisCenteredZero axisColorMode axisGridShow axisLabel axisPlacement axisSoftMax axisSoftMin
			axisWidth scaleDistribution`),
		"table": words(`align cellOptions displayMode filterable footer hideFrom hideHeader inspect minWidth sortable
			styleField tooltip width wrapHeaderText wrapText`),
	}
}

// properties are what an override may set beside what is custom.
func properties() set {
	return words("color decimals description displayName filterable links mappings max min noValue thresholds unit")
}

// matchers tell which fields an override is for.
func matchers() set { return words("byName byRegexp byFrameRefID byType") }

// transformations that Grafana has and there is use for.
func transformations() set {
	return words("filterFieldsByName groupBy joinByField labelsToFields limit merge organize reduce sortBy")
}

// units that our numbers have, each of which is in Grafana's list: an unknown one is
// shown as text behind the number.
func units() set { return words("none locale percentunit s bytes") }
