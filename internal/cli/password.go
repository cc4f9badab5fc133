package cli

import (
	"github.com/spf13/cobra"

	"github.com/toygres/toygres/openapi"
)

// passwordCommand changes the user's own password.
func (a *app) passwordCommand() *cobra.Command {
	var currentFile, newFile string
	cmd := &cobra.Command{
		Use:     "password",
		GroupID: groupAccess,
		Short:   "Change your password, which ends your sessions in browsers",
		Args:    cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error {
			if terminal(a.In) == nil && (currentFile == "" || newFile == "") {
				return &failure{code: exitUsage, message: "there is no terminal to ask for the passwords on", hint: "use --current-password-file and --new-password-file"}
			}
			c, err := a.connect()
			if err != nil {
				return err
			}
			current, err := a.askPassword("Current password", currentFile)
			if err != nil {
				return err
			}
			next, err := a.askPassword("New password", newFile)
			if err != nil {
				return err
			}
			if err := done(c.ChangePassword(cmd.Context(), openapi.ChangePasswordRequest{CurrentPassword: current, NewPassword: next})); err != nil {
				return err
			}
			return a.say("The password is changed\n")
		},
	}
	cmd.Flags().StringVar(&currentFile, "current-password-file", "", "file that holds the current password")
	cmd.Flags().StringVar(&newFile, "new-password-file", "", "file that holds the new password")
	return cmd
}
