# Builds releases as .promu.yml defines them, without promu: see docs/releasing.md. The same commit
# and the same version of Go produce the same bytes everywhere.
#
#   make build      ./runzero_exporter, for this machine or for GOOS and GOARCH
#   make release    dist/: everything below, and its checksums
#   make archives   dist/: an archive and an SBOM for each platform
#   make packages   dist/: deb and rpm packages
#   make chart      dist/: the Helm chart
#   make sbom       dist/: the SBOM of ./runzero_exporter
#   make licences   THIRD_PARTY_LICENSES, from the modules that are built in
#   make dashboards dashboards/, from the metric catalogue
#   make pictures   docs/pictures/status-*.png, the status page in each state, in Chromium

NAME     = runzero_exporter
VERSION ?= $(patsubst v%,%,$(shell git describe --tags --always --dirty))
REVISION ?= $(shell git rev-parse HEAD)
# The time of the commit: the time of the build would make every build different.
EPOCH   := $(shell git log -1 --format=%ct)
DATE     = $(shell TZ=UTC0 git log -1 --format=%cd --date=format-local:%Y%m%d-%H:%M:%S)
# Package managers and Helm want a semantic version, also of a commit that is no release.
SEMVER   = $(shell echo $(VERSION) | sed -E '/^[0-9]+\.[0-9]+\.[0-9]+/!s/^/0.0.0-0.g/; s/-([0-9]+)-g([0-9a-f]+)/+\1.g\2/; s/(\+.*)-dirty/\1.dirty/')

# They run on this machine, whatever they build for.
TOOL       = env -u GOOS -u GOARCH -u GOARM go tool -modfile=tools/go.mod
CYCLONEDX ?= $(TOOL) cyclonedx-gomod
NFPM      ?= $(TOOL) nfpm

FLAGS     = $(shell sed -nE 's/^  flags: +//p' .promu.yml)
TAGS      = $(shell sed -nE 's/^    all: \[(.*)\]/\1/p' .promu.yml | tr -d ' ')
LDFLAGS   = $(shell sed -nE 's/^    (-s|-X .*)$$/\1/p' .promu.yml | sed -E 's/\{\{\.Version\}\}/$(VERSION)/; s/\{\{\.Revision\}\}/$(REVISION)/; s/\{\{date [^}]*\}\}/$(DATE)/')
PLATFORMS = $(shell sed -nE 's,^    - ([a-z]+/[a-z0-9]+)$$,\1,p' .promu.yml)
FILES     = $(shell sed -nE '/^tarball:/,/^[a-z]+:$$/ s/^    - (.*)/\1/p' .promu.yml)
PACKAGED  = linux/amd64 linux/arm64 linux/armv7

# What git knows of the files: nothing else that lies in the folders, and no tests in Go.
CONTENTS  = git ls-files -- $(FILES) ':!*.go'
COPY      = $(CONTENTS) | xargs cp -P --parents --target-directory
REPRODUCIBLE_TAR = tar --sort=name --mtime=@$(EPOCH) --owner=0 --group=0 --numeric-owner --mode=u=rwX,go=rX

export CGO_ENABLED = 0

build:
	go build $(FLAGS) -tags $(TAGS) -ldflags "$(LDFLAGS)" -o $(OUT)$(NAME)$(EXE) .

# The tool runs go version, which reads the modules of programs for any platform.
sbom: build
	mkdir -p dist
	GOOS= GOARCH= GOARM= $(CYCLONEDX) bin -json -std -noserial -notimestamp -version v$(VERSION) \
		-output $(or $(SBOM),dist/$(NAME)-$(VERSION).cdx.json) $(OUT)$(NAME)$(EXE)

release: archives packages chart
	cd dist && ls | grep -vx sha256sums.txt | LC_ALL=C sort | xargs sha256sum -- >sha256sums.txt

archives: $(PLATFORMS)

# The names of all files that archives and packages hold beside the program.
contents:
	@$(CONTENTS)

$(PLATFORMS): OF = $(NAME)-$(VERSION).$(subst /,-,$@)
$(PLATFORMS):
	mkdir -p dist
	rm -rf .build/$(OF) && mkdir -p .build/$(OF)
	$(MAKE) --no-print-directory sbom OUT=.build/$(OF)/ SBOM=dist/$(OF).cdx.json EXE=$(if $(filter windows/%,$@),.exe) \
		GOOS=$(firstword $(subst /, ,$@)) GOARCH=$(if $(findstring armv,$@),arm,$(lastword $(subst /, ,$@))) \
		GOARM=$(if $(findstring armv,$@),$(subst linux/armv,,$@))
	$(COPY) .build/$(OF)
	$(REPRODUCIBLE_TAR) -C .build -cf - $(OF) | gzip -n >dist/$(OF).tar.gz

packages: $(PACKAGED:%=packages/%)

# The deb and the rpm of one platform.
$(PACKAGED:%=packages/%): packages/%: % generated
	for format in deb rpm; do \
		SOURCE_DATE_EPOCH=$(EPOCH) VERSION=$(SEMVER) ARCH=$(subst armv,arm,$(notdir $*)) GENERATED=.build/generated \
		STAGE=.build/$(NAME)-$(VERSION).$(subst /,-,$*) $(NFPM) package --config packaging/nfpm.yaml --packager $$format --target dist/ \
		|| exit; \
	done

# What the program prints about itself, the units with the path of the packages, and the documents.
generated:
	rm -rf .build/generated && mkdir -p .build/generated/doc .build/generated/systemd
	env -u GOOS -u GOARCH -u GOARM $(MAKE) --no-print-directory build OUT=.build/generated/
	.build/generated/$(NAME) --help-man | gzip -n9 >.build/generated/$(NAME).1.gz
	for shell in bash zsh fish; do .build/generated/$(NAME) completion $$shell >.build/generated/$$shell || exit; done
	$(COPY) .build/generated/doc
	for unit in examples/systemd/*.service examples/systemd/*.timer; do \
		sed 's,/usr/local/bin/,/usr/bin/,' $$unit >.build/generated/systemd/$${unit##*/} || exit; done
	find .build/generated -exec touch --no-dereference --date=@$(EPOCH) {} +
	chmod -R u=rwX,go=rX .build/generated

# Links of the chart to the rules and dashboards become files. helm package would stamp it with the
# time of the build.
chart:
	mkdir -p dist
	rm -rf .build/chart && mkdir -p .build/chart
	cp -rL examples/helm/runzero-exporter .build/chart/
	find .build/chart -name '*.go' -delete
	sed -i -E 's/^(version|appVersion): .*/\1: "$(SEMVER)"/' .build/chart/runzero-exporter/Chart.yaml
	$(REPRODUCIBLE_TAR) -C .build/chart -cf - runzero-exporter | gzip -n >dist/runzero-exporter-$(SEMVER).tgz

dashboards:
	cd tools/dashboards && go run . ../../dashboards

pictures:
	cd test/browser && go test . -count=1 -run '^TestEveryState' -pictures ../../docs/pictures

licences:
	cd test/shipped && go test . -run '^TestLicences$$' -update

.PHONY: build sbom release archives contents packages generated chart dashboards licences pictures $(PLATFORMS) $(PACKAGED:%=packages/%)
