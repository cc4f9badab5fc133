package cli

import (
	"encoding/json"
	"net/http"

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
