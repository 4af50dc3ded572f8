// Times Helm's own engine in this process, for benches/engine.rs.
//
// Arguments: the number of runs, then chart directories. Output: a line a chart, tab-separated: the directory,
// then the least nanoseconds of loading, of combining values, and of rendering; or the directory, `error` and why.
// Helm parses a chart's templates anew whenever it renders, so its rendering always includes parsing.
package main

import (
	"bufio"
	"fmt"
	"os"
	"strconv"
	"strings"
	"time"

	"helm.sh/helm/v4/pkg/chart/common"
	"helm.sh/helm/v4/pkg/chart/common/util"
	chart "helm.sh/helm/v4/pkg/chart/v2"
	"helm.sh/helm/v4/pkg/chart/v2/loader"
	chartutil "helm.sh/helm/v4/pkg/chart/v2/util"
	"helm.sh/helm/v4/pkg/engine"
)

type times struct{ load, values, render time.Duration }

func main() {
	out := bufio.NewWriter(os.Stdout)
	defer out.Flush()
	if len(os.Args) < 2 {
		fmt.Fprintln(os.Stderr, "usage: bench RUNS CHART...")
		os.Exit(2)
	}
	runs, err := strconv.Atoi(os.Args[1])
	if err != nil || runs < 1 {
		fmt.Fprintln(os.Stderr, "RUNS is not a positive number")
		os.Exit(2)
	}
	for _, dir := range os.Args[2:] {
		best, err := measure(dir, runs)
		if err != nil {
			fmt.Fprintf(out, "%s\terror\t%s\n", dir, strings.ReplaceAll(err.Error(), "\n", " "))
			continue
		}
		fmt.Fprintf(out, "%s\t%d\t%d\t%d\n", dir, best.load.Nanoseconds(), best.values.Nanoseconds(), best.render.Nanoseconds())
	}
}

func measure(dir string, runs int) (times, error) {
	var best times
	for run := range runs {
		started := time.Now()
		loaded, err := loader.Load(dir)
		if err != nil {
			return best, err
		}
		load := time.Since(started)

		started = time.Now()
		values, err := prepare(loaded)
		if err != nil {
			return best, err
		}
		combined := time.Since(started)

		started = time.Now()
		if _, err := (engine.Engine{}).Render(loaded, values); err != nil {
			return best, err
		}
		render := time.Since(started)

		if run == 0 {
			best = times{load, combined, render}
		}
		best = times{min(best.load, load), min(best.values, combined), min(best.render, render)}
	}
	return best, nil
}

// prepare does what `helm template` does between loading and rendering.
func prepare(loaded *chart.Chart) (common.Values, error) {
	values := map[string]any{}
	if err := chartutil.ProcessDependencies(loaded, values); err != nil {
		return nil, err
	}
	version, err := common.ParseKubeVersion("1.34.0")
	if err != nil {
		return nil, err
	}
	capabilities := common.DefaultCapabilities.Copy()
	capabilities.KubeVersion = *version
	release := common.ReleaseOptions{Name: "bench", Namespace: "default", Revision: 1, IsInstall: true}
	return util.ToRenderValues(loaded, values, release, capabilities)
}
