//go:build !linux

package server

// Reloading is what a service manager is told when a reload begins.
func Reloading() string { return "RELOADING=1" }
