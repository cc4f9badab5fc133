package server

// Needs is the table of who may do what.
var Needs = needs
