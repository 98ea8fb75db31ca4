package admin

import "context"

// ACL implements Service.
func (c *Client) ACL(ctx context.Context, at Place) ([]ACLEntry, error) {
	return exchange[[]ACLEntry, any](ctx, c, callACL, at, nil)
}

// SetACL implements Service.
func (c *Client) SetACL(ctx context.Context, change ACLChange) (ACLEntry, error) {
	return exchange[ACLEntry, any](ctx, c, callSetACL, change, nil)
}

// DeleteACL implements Service.
func (c *Client) DeleteACL(ctx context.Context, change ACLChange) error {
	return c.tell(ctx, callDeleteACL, change)
}

// Why implements Service.
func (c *Client) Why(ctx context.Context, q WhyQuestion) (Why, error) {
	return exchange[Why, any](ctx, c, callWhy, q, nil)
}

// Policy implements Service.
func (c *Client) Policy(ctx context.Context, at Place) (string, error) {
	return exchange[string, any](ctx, c, callPolicy, at, nil)
}

// SetPolicy implements Service.
func (c *Client) SetPolicy(ctx context.Context, change PolicyChange) error {
	return c.tell(ctx, callSetPolicy, change)
}

// AddTeam implements Service.
func (c *Client) AddTeam(ctx context.Context, t Team) (Team, error) {
	return exchange[Team, any](ctx, c, callAddTeam, t, nil)
}

// Addresses implements Service.
func (c *Client) Addresses(ctx context.Context, name string) ([]string, error) {
	return exchange[[]string, any](ctx, c, callAddresses, name, nil)
}

// AddAddress implements Service.
func (c *Client) AddAddress(ctx context.Context, change AddressChange) error {
	return c.tell(ctx, callAddAddress, change)
}

// RemoveAddress implements Service.
func (c *Client) RemoveAddress(ctx context.Context, change AddressChange) error {
	return c.tell(ctx, callRemoveAddress, change)
}

// Audit implements Service.
func (c *Client) Audit(ctx context.Context, q AuditQuestion) ([]AuditRecord, error) {
	return exchange[[]AuditRecord, any](ctx, c, callAudit, q, nil)
}

// Expunged implements Service.
func (c *Client) Expunged(ctx context.Context, at Place) ([]Expunged, error) {
	return exchange[[]Expunged, any](ctx, c, callExpunged, at, nil)
}

// Undelete implements Service.
func (c *Client) Undelete(ctx context.Context, what Undelete) (Undeleted, error) {
	return exchange[Undeleted, any](ctx, c, callUndelete, what, nil)
}

// Quota implements Service.
func (c *Client) Quota(ctx context.Context, owner string) (Quota, error) {
	return exchange[Quota, any](ctx, c, callQuota, owner, nil)
}

// SetQuota implements Service.
func (c *Client) SetQuota(ctx context.Context, q Quota) error {
	return c.tell(ctx, callSetQuota, q)
}

// RecalculateQuota implements Service.
func (c *Client) RecalculateQuota(ctx context.Context, owner string) (Quota, error) {
	return exchange[Quota, any](ctx, c, callRecalculateQuota, owner, nil)
}
