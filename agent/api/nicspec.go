package api

import (
	"encoding/json"
	"net/netip"
	"regexp"

	"vifd/vif"
)

// What may be asked of a NIC, in every dialect that has a word for it.

var (
	anyString = &schema{kind: "string", maxLength: 255}
	anyBool   = &schema{kind: "boolean"}
	uuidText  = &schema{kind: "string", format: "uuid"}
	uuidList  = &schema{kind: "array", items: uuidText}
	addrText  = &schema{kind: "string", format: "ip"}
	macText   = &schema{kind: "string", format: "mac"}
	ipVersion = &schema{kind: "integer", enum: []any{json.Number("4"), json.Number("6")}}

	// tagText is a device role tag (Compute API 2.49).
	tagText = &schema{
		kind: "string", minLength: 1, maxLength: vif.MaxTag, pattern: regexp.MustCompile(`^[^,/]*$`), rule: tagRule,
	}

	// addressItem is one address that is asked for: itself, or one of a version,
	// or one of a subnet, or both of the last.
	addressItem = &schema{
		kind: "object",
		properties: []property{
			{name: "ip_address", schema: addrText},
			{name: "ip_version", schema: ipVersion},
			{name: "subnet_id", schema: uuidText},
		},
		rule: addressRule,
	}

	// placedItem is one address that a port shall have from now on: itself, or one
	// of a subnet.
	placedItem = &schema{
		kind:       "object",
		properties: []property{{name: "ip_address", schema: addrText}, {name: "subnet_id", schema: uuidText}},
		rule:       addressRule,
	}
)

// addressList returns the schema of fixed_ips with at least and at most so many.
func addressList(least, most int) *schema {
	return &schema{kind: "array", minItems: least, maxItems: most, items: addressItem}
}

func tagRule(v any) string {
	if _, err := vif.ParseTag(v.(string)); err != nil {
		return vif.Shown(err)
	}
	return ""
}

func addressRule(v any) string {
	o := v.(object)
	_, address := o.get("ip_address")
	_, version := o.get("ip_version")
	_, subnet := o.get("subnet_id")
	switch {
	case address && version:
		return "'ip_address' and 'ip_version' are mutually exclusive"
	case !address && !version && !subnet:
		return "'ip_address' is a required property"
	}
	return ""
}

// addressClaims returns what a list of addressItem asks for: nil for no list.
func addressClaims(items []object) []vif.AddressClaim {
	if items == nil {
		return nil
	}
	claims := make([]vif.AddressClaim, 0, len(items))
	for _, o := range items {
		claims = append(claims, vif.AddressClaim{
			Address: address(o, "ip_address"),
			Version: whole(o, "ip_version", 0),
			Subnet:  canonical(text(o, "subnet_id", "")),
		})
	}
	return claims
}

// address returns the address that a member writes, or the zero Addr.
func address(o object, name string) netip.Addr {
	a, _ := parseAddr(text(o, name, ""))
	return a
}

// canonicalAll returns the ids in lower case and with dashes; nil stays nil.
func canonicalAll(ids []string) []string {
	for i := range ids {
		ids[i] = canonical(ids[i])
	}
	return ids
}
