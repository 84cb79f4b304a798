// Package debts shows that nothing is lost: the cases of issue C. A store that is away, a recorder that is killed, a
// disk that is full; what was recorded arrives, its bytes are the same, and each egress is told once and truly.
package debts
