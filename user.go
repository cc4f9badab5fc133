package toygres

// Role says what a user may do.
type Role string

// The roles, each of which may do all that the ones before it may.
const (
	RoleViewer   Role = "viewer"   // read everything but passwords
	RoleOperator Role = "operator" // change instances and reveal passwords
	RoleAdmin    Role = "admin"    // everything
)

var rank = map[Role]int{RoleViewer: 1, RoleOperator: 2, RoleAdmin: 3}

// Covers reports whether a user with role r may do what needs role needed.
func (r Role) Covers(needed Role) bool { return rank[r] >= rank[needed] && rank[r] > 0 }

// User is a person or a program that signs in.
type User struct {
	ID   UserID
	Name string // unique, compared without regard to case
	Role Role
}
