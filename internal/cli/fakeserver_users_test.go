package cli

import (
	"encoding/json"
	"net/http"
	"strconv"

	"github.com/google/uuid"

	"github.com/toygres/toygres/openapi"
)

func (s *fakeServer) createUser(w http.ResponseWriter, r *http.Request) {
	var request openapi.CreateUserRequest
	_ = json.NewDecoder(r.Body).Decode(&request)
	if request.Password != testPassword {
		refuse(w, 400, openapi.ErrorCodeInvalid, "that is not what was typed")
		return
	}
	s.user = openapi.User{Id: uuid.MustParse(userID), Name: request.Name, Role: *request.Role, CreatedAt: testNow}
	answer(w, 201, s.user)
}

func (s *fakeServer) updateUser(w http.ResponseWriter, r *http.Request) {
	var request openapi.UpdateUserRequest
	_ = json.NewDecoder(r.Body).Decode(&request)
	if request.Role != nil {
		s.user.Role = *request.Role
	}
	if request.Disabled != nil {
		s.user.Disabled = *request.Disabled
	}
	if request.Quota != nil {
		s.user.Override = *request.Quota
		s.user.Quota = openapi.QuotaUse{Instances: openapi.Used{Limit: request.Quota.Instances}, StorageGib: openapi.Used{Limit: request.Quota.StorageGib}}
	}
	answer(w, 200, s.user)
}

// listAudit answers entries 250 to 1 of the user who is asked for.
func (s *fakeServer) listAudit(w http.ResponseWriter, r *http.Request) {
	query := r.URL.Query()
	next, _ := strconv.Atoi(query.Get("cursor"))
	if next == 0 {
		next = 251
	}
	limit, _ := strconv.Atoi(query.Get("limit"))
	user, status := query.Get("user"), 202
	list := openapi.AuditList{Items: []openapi.AuditEntry{}}
	for id := next - 1; id > 0 && len(list.Items) < limit; id-- {
		list.Items = append(list.Items, openapi.AuditEntry{Id: strconv.Itoa(id), At: testNow, User: &user, Credential: "session", Address: "203.0.113.9",
			Action: "deleteInstance", Target: "instances/db-" + strconv.Itoa(id), Status: &status, RequestId: "r"})
		cursor := strconv.Itoa(id)
		list.NextCursor = &cursor
	}
	answer(w, 200, list)
}
