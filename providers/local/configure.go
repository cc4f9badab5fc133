package local

import (
	"context"

	"github.com/toygres/toygres"
)

// Configure records the configuration and writes the server's files, which it
// reads when it is told to, and which are written anew before each start.
func (p *Provider) Configure(ctx context.Context, id toygres.InstanceID, to toygres.Configuration) error {
	d, r, held, err := p.open(ctx, id)
	if err != nil {
		return err
	}
	defer held.release()
	if !r.spec().Configuration().Equal(to) {
		r.Parameters, r.Allowed = to.Parameters, to.AllowedCIDRs
		if err := d.write(r); err != nil {
			return p.failure("recording the instance's configuration", err)
		}
	}
	return p.failure("writing the server's configuration", d.configure(r))
}
