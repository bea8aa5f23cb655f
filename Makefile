# Builds releases as .promu.yml defines them, without promu: see docs/releasing.md. The same commit
# and the same version of Go produce the same bytes everywhere.
#
#   make build      ./runzero_exporter, for this machine or for GOOS and GOARCH
#   make release    dist/: an archive and an SBOM for each platform, and their checksums
#   make sbom       dist/: the SBOM of ./runzero_exporter
#   make licences   THIRD_PARTY_LICENSES, from the modules that are built in

NAME     = runzero_exporter
VERSION ?= $(patsubst v%,%,$(shell git describe --tags --always --dirty))
REVISION ?= $(shell git rev-parse HEAD)
# The time of the commit: the time of the build would make every build different.
EPOCH    = $(shell git log -1 --format=%ct)
DATE     = $(shell TZ=UTC0 git log -1 --format=%cd --date=format-local:%Y%m%d-%H:%M:%S)

CYCLONEDX ?= go run -trimpath github.com/CycloneDX/cyclonedx-gomod/cmd/cyclonedx-gomod@v1.10.0

FLAGS     = $(shell sed -nE 's/^  flags: +//p' .promu.yml)
TAGS      = $(shell sed -nE 's/^    all: \[(.*)\]/\1/p' .promu.yml | tr -d ' ')
LDFLAGS   = $(shell sed -nE 's/^    (-s|-X .*)$$/\1/p' .promu.yml | sed -E 's/\{\{\.Version\}\}/$(VERSION)/; s/\{\{\.Revision\}\}/$(REVISION)/; s/\{\{date [^}]*\}\}/$(DATE)/')
PLATFORMS = $(shell sed -nE 's,^    - ([a-z]+/[a-z0-9]+)$$,\1,p' .promu.yml)
FILES     = $(shell sed -nE '/^tarball:/,/^[a-z]+:$$/ s/^    - ([A-Z].*)/\1/p' .promu.yml)

export CGO_ENABLED = 0

build:
	go build $(FLAGS) -tags $(TAGS) -ldflags "$(LDFLAGS)" -o $(OUT)$(NAME)$(EXE) .

# The tool runs go version, which reads the modules of programs for any platform.
sbom: build
	mkdir -p dist
	GOOS= GOARCH= GOARM= $(CYCLONEDX) bin -json -std -noserial -notimestamp -version v$(VERSION) \
		-output $(or $(SBOM),dist/$(NAME)-$(VERSION).cdx.json) $(OUT)$(NAME)$(EXE)

release: $(PLATFORMS)
	cd dist && sha256sum -- *.tar.gz *.cdx.json >sha256sums.txt

$(PLATFORMS): OF = $(NAME)-$(VERSION).$(subst /,-,$@)
$(PLATFORMS):
	mkdir -p dist .build/$(OF)
	$(MAKE) --no-print-directory sbom OUT=.build/$(OF)/ SBOM=dist/$(OF).cdx.json EXE=$(if $(filter windows/%,$@),.exe) \
		GOOS=$(firstword $(subst /, ,$@)) GOARCH=$(if $(findstring armv,$@),arm,$(lastword $(subst /, ,$@))) \
		GOARM=$(if $(findstring armv,$@),$(subst linux/armv,,$@))
	cp $(FILES) .build/$(OF)/
	tar --sort=name --mtime=@$(EPOCH) --owner=0 --group=0 --numeric-owner --mode=u=rwX,go=rX \
		-C .build -cf - $(OF) | gzip -n >dist/$(OF).tar.gz

licences:
	cd test/shipped && go test . -run '^TestLicences$$' -update

.PHONY: build sbom release licences $(PLATFORMS)
