// Package notice tells people what changed in what is theirs.
package notice
