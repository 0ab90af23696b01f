// Command wampool is a WAMP sidecar proxy: it stands between callees and the
// WAMP router that is there already, and shares procedures among callees,
// limits the calls in flight at each, and queues what is above that.
//
//	wampool run -c FILE        runs the sidecar by a configuration
//	wampool run --router URL   runs it for one realm, without a file
//	wampool check FILE...      reports every mistake in configuration files
//	wampool config -c FILE     prints the configuration that is in force
//	wampool fmt FILE...        brings configuration files into their canonical form
//	wampool import crossbar FILE writes a configuration from that of a Crossbar.io node
//	wampool health -c FILE     asks a sidecar that runs whether it is well
//	wampool top -c FILE        watches its pools; trace POOL follows calls as they end
//	wampool reload -c FILE     has it read its configuration again
//	wampool drain NAME -c FILE has a callee get no new call; undrain takes it back
//	wampool pause POOL -c FILE has a pool's calls wait; resume has them go on
//	wampool demo               shows it at work: router, callees, callers, one process
//	wampool bench --caller URL measures a router, or wampool before it
//	wampool version            says which version this is
//
// Its exit code is 0 after a clean stop, 1 after a failure, 2 where the command
// line or the configuration is wrong.
package main

import "os"

func main() {
	os.Exit(execute(os.Args[1:], streams{os.Stdin, os.Stdout, os.Stderr, heedSignals}))
}
