// The Go vulnerability database, as data for scripts/vulncheck. `go mod tidy`
// must not be run here: no package of it is imported. A newer one comes by
// go -C tools/vulndb get golang.org/x/vulndb@latest
module poststube/tools/vulndb

go 1.26.0

require golang.org/x/vulndb v0.0.0-20261105234957-e22db6528018
