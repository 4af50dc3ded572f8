// Command controlplane is a Kubernetes control plane in one binary, for relc's own tests: etcd, the API
// server, the controllers and the scheduler of upstream Kubernetes, chosen by the first argument, and `pki`,
// which writes the certificates and keys they need. Pods are played by KWOK (see ./run).
//
// Only the component that was asked for may be constructed: two of them in one process register the same
// metrics and flags twice and panic.
package main

import (
	"errors"
	"fmt"
	"os"
	_ "time/tzdata" // CronJob time zones

	"github.com/spf13/cobra"
	"go.etcd.io/etcd/server/v3/etcdmain"
	"k8s.io/component-base/cli"
	apiserver "k8s.io/kubernetes/cmd/kube-apiserver/app"
	controllers "k8s.io/kubernetes/cmd/kube-controller-manager/app"
	scheduler "k8s.io/kubernetes/cmd/kube-scheduler/app"
)

const usage = "usage: controlplane etcd|apiserver|controllers|scheduler FLAGS... | pki DIR"

func main() {
	if len(os.Args) < 2 {
		fail(errors.New(usage))
	}
	component := os.Args[1]
	os.Args = append(os.Args[:1], os.Args[2:]...)

	var command *cobra.Command
	switch component {
	case "etcd":
		etcdmain.Main(os.Args)
		return
	case "pki":
		if len(os.Args) != 2 {
			fail(errors.New(usage))
		}
		if err := writePKI(os.Args[1]); err != nil {
			fail(err)
		}
		return
	case "apiserver":
		command = apiserver.NewAPIServerCommand()
	case "controllers":
		command = controllers.NewControllerManagerCommand()
	case "scheduler":
		command = scheduler.NewSchedulerCommand()
	default:
		fail(fmt.Errorf("unknown component %q; %s", component, usage))
	}
	os.Exit(cli.Run(command))
}

func fail(err error) {
	fmt.Fprintln(os.Stderr, "controlplane:", err)
	os.Exit(1)
}
