// Package proof is what the tests of the pure machines, dealer and admission,
// have in common: that nothing impure is in them (pure.go), and that their
// checkers find faults which are put into them (mutant.go, overlay.go). Only tests
// import it: it reads files and starts programs, which the machines may not, and no
// machine may import it (pure.go).
package proof
