package uploads

// TicketNamed finds the debt of a file of that name, the youngest if there are several; nil if there is none.
func (q *Queue) TicketNamed(home, name string) *Ticket {
	q.mu.Lock()
	defer q.mu.Unlock()
	var found *entry
	for _, e := range q.debts {
		if e.home == home && e.debt.Name == name && (found == nil || older(found, e)) {
			found = e
		}
	}
	if found == nil {
		return nil
	}
	return &Ticket{q, found}
}
