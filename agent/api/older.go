package api

import (
	"net/http"

	"vifd/vif"
)

// Compute 2.0, as it was before there were microversions: the resources of 2.1
// below /v2, with other faults.

// Older says how the older dialects behave.
type Older struct {
	Gone  bool  // os-virtual-interfaces is answered as by Nova since Rocky: it is gone
	Rates Rates // of requests to os-virtual-interfacesv2
}

// olderStatus has the kinds that Compute 2.0 answers with another status than
// 2.1 (nova/api/openstack/compute/contrib/attach_interfaces.py, until Kilo).
var olderStatus = map[vif.Kind]int{
	vif.InUse:       http.StatusBadRequest,
	vif.Unsupported: http.StatusNotImplemented,
}

// olderFault says err as Compute 2.0 does.
func olderFault(_ *call, err error) reply { return novaFault(computeStatus(err, olderStatus)) }

// inOlderWords says of an attach that failed what Compute 2.0 says: a port or a
// network that is not there is a failure of the server's, as any other.
func inOlderWords(err error, _ string) error {
	const failed = "Failed to attach interface"
	switch kindOf(err) {
	case vif.NotFound:
		return &httpError{status: http.StatusInternalServerError, text: shown(err, failed), cause: err}
	case vif.Internal:
		return &httpError{status: http.StatusInternalServerError, text: failed, cause: err}
	}
	return err
}
